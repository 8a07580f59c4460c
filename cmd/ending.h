/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/ending.h - How a run has ended: for the record, for its report, and in words
 */
#ifndef CMD_ENDING_H
#define CMD_ENDING_H

#include <stdbool.h>

#include "cmd/report/oom.h"
#include "cmd/report/report.h"

struct context;
struct error;
struct record;

/* All that is known when the first process has been waited for; the cgroup is still there. */
struct ending {
	const struct context *ctx;
	struct record *record;
	struct report *report;
	const struct strlist *asserts; /* about the report */
	int wait_status;
	int failed;	   /* the program never ran: 126, 127 or -errno; 0: it ran */
	bool timed_out;	   /* its time was over */
	const char *slice; /* whose lease that was; NULL: its own time */
	bool stopped;	   /* somebody wanted it to end */
	bool shut_down;	   /* its supervisor was to end, with all that runs */
	bool look;	   /* for kills, however it ended */
	int netns_fd;	   /* its own; -1: none */
	struct oom_query oom;
};

void ending_record(const struct ending *e, struct error *err);
bool ending_report(const struct ending *e);
bool ending_deliver(const struct ending *e);
void ending_fail(struct record *r, int code, const struct error *err);

#endif
