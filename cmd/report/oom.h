/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/oom.h - Who was killed for want of memory, how many, and whose limit it was
 */
#ifndef CMD_REPORT_OOM_H
#define CMD_REPORT_OOM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroups/oom_log.h"

struct cgroup_root;
struct json;
struct record;

enum oom_level {
	OOM_LEVEL_UNKNOWN,
	OOM_LEVEL_CONTAINER,
	OOM_LEVEL_INSIDE,   /* of a cgroup that the container made below its own */
	OOM_LEVEL_SLICE,    /* of a cgroup between ours and the container's */
	OOM_LEVEL_ANCESTOR, /* of one further up */
	OOM_LEVEL_HOST,	    /* the machine has no more */
};

enum oom_answer { OOM_UNKNOWN = -1, OOM_NO = 0, OOM_YES = 1 };

/* What is known of a run when its first process has ended. */
struct oom_query {
	const struct cgroup_root *root;
	const char *group;	    /* its cgroup, below the root; "": none */
	int cgroup_fd;		    /* -1: none */
	pid_t pid;		    /* of the first process */
	bool killed;		    /* it ended by SIGKILL */
	bool by_us;		    /* which tare has sent */
	int64_t began_ns, ended_ns; /* CLOCK_MONOTONIC */
	uint64_t earlier_kills;	    /* counted before it began */
	/* What a watch has seen of memory.events, and when; whether the first one was dying then */
	bool watched, seen_dying;
	uint64_t seen_kills;
	int64_t seen_ns;
};

struct oom {
	bool known; /* whether there were any: the kernel counts here, or its log says so */
	uint64_t kills;
	enum oom_answer first; /* the first process was one of them */
	enum oom_answer group; /* all of a cgroup were killed together */
	enum oom_level level;
	char *limit_path;     /* the cgroup whose limit it was, as the kernel names it, or NULL */
	uint64_t limit_bytes; /* of that cgroup; CGROUP_NO_LIMIT: none, or not known */
	uint64_t peak_bytes;  /* of the container; 0: not known */
	bool has_victims;     /* the log could be read */
	struct oom_log log;
};

void oom_look(struct oom *oom, const struct oom_query *q);
void oom_of_running(struct oom *oom, const struct record *r, int64_t now_ns);
void oom_done(struct oom *oom);
#define autooom __attribute__((cleanup(oom_done)))

char *oom_describe(const struct oom *oom);
struct json *oom_to_json(const struct oom *oom);

#endif
