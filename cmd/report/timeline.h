/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/timeline.h - What a run does to its container at given times: --at
 *
 *	timeline_parse()	from the flags; all mistakes are told here
 *	timeline_check_files()	the container's cgroup is there: does it have the files?
 *	timeline_begin()	its program has started: now is 0
 *	timeline_end()		it has ended; outcomes stay to be read
 */
#ifndef CMD_REPORT_TIMELINE_H
#define CMD_REPORT_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/deadline.h"

struct error;
struct strlist;

enum timeline_verb { TIMELINE_SET, TIMELINE_FREEZE, TIMELINE_KILL, TIMELINE_RECLAIM };
enum timeline_outcome { TIMELINE_NOT_REACHED, TIMELINE_BEGUN, TIMELINE_DONE, TIMELINE_FAILED };

struct timeline;

struct timeline_step {
	char *spec;	  /* as given: "5s memory.max=64M" */
	const char *text; /* in there: "memory.max=64M" */
	int64_t at_ms;
	enum timeline_verb verb;
	char *file, *value; /* TIMELINE_SET */
	int64_t amount;	    /* milliseconds frozen; the signal; bytes to reclaim */

	enum timeline_outcome outcome;
	int64_t began_us; /* since the start */
	int64_t took_us;
	int64_t left_bytes; /* to reclaim */
	char *error;	    /* TIMELINE_FAILED: why */

	struct timeline *timeline;
	struct deadline deadline;
};

struct timeline {
	struct timeline_step *steps; /* in the order of time */
	size_t n;

	int cgroup_fd, pidfd; /* borrowed, from timeline_begin() on */
	int64_t start_ns;
	unsigned int n_frozen; /* steps that keep it frozen */
	/* Told of each step that is done or has failed. */
	void (*tell)(void *arg, const struct timeline_step *step);
	/* Asked at the end of a freeze: did somebody pause it meanwhile? Or NULL. */
	bool (*is_paused)(void *arg);
	void *arg;
};

int timeline_parse(struct timeline *t, const struct strlist *specs, struct error *err);
int timeline_check(const struct strlist *specs, struct error *err);
int timeline_check_files(const struct timeline *t, int cgroup_fd, struct error *err);
bool timeline_touches_memory(const struct timeline *t);
void timeline_begin(struct timeline *t, int cgroup_fd, int pidfd, struct deadline **deadlines);
const char *timeline_outcome_name(enum timeline_outcome outcome);
void timeline_end(struct timeline *t);
void timeline_done(struct timeline *t);

#endif
