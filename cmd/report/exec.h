/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/exec.h - exec --report: what a command did in a container that goes on
 */
#ifndef CMD_REPORT_EXEC_H
#define CMD_REPORT_EXEC_H

#include <sys/resource.h>
#include <sys/types.h>

#include "cgroups/account.h"
#include "cmd/report/report.h"

struct cgroup_root;
struct context;
struct error;
struct record;
struct strlist;

struct exec_report {
	struct report report;
	struct cgroup_account_part part;
	struct rusage children; /* of ours, before */
	int64_t started_ns;
};

#define EXEC_REPORT_NONE \
	((struct exec_report){ .report = REPORT_NONE, .part = CGROUP_ACCOUNT_PART_NONE })

/* What has become of the command. */
struct exec_report_end {
	const struct record *record;
	const struct strlist *args, *asserts;
	const struct cgroup_root *root;
	int cgroup_fd, wait_status;
	pid_t pid;
	int failed; /* 126, 127 or 125 if it did not run; then why */
	const struct error *why;
};

void exec_report_begin(struct exec_report *r, int cgroup_fd);
int exec_report_end(struct exec_report *r, const struct context *ctx,
		    const struct exec_report_end *end);
void exec_report_done(struct exec_report *r);

#endif
