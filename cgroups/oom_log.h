/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/oom_log.h - Who was killed for want of memory, and at whose limit: the kernel's log
 */
#ifndef CGROUPS_OOM_LOG_H
#define CGROUPS_OOM_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OOM_LOG_VICTIMS 32 /* the last ones are kept */

struct oom_log_victim {
	pid_t pid; /* as the kernel counts: that of the first pid namespace */
	char command[17];
};

struct oom_log {
	/* Looked for: */
	const char *group; /* kills in this cgroup, "tare/ID", and below; NULL: none */
	pid_t pid;	   /* and of this process; 0: none */
	int64_t since_us;  /* not before this, CLOCK_MONOTONIC */

	/* Found: */
	struct oom_log_victim victims[OOM_LOG_VICTIMS];
	size_t n_victims;
	size_t n_again;	  /* of a group the kernel kills, and counts, the one it chose twice */
	bool machine;	  /* the last kill was for want of the machine's memory */
	char *limit_path; /* else the cgroup whose limit it was, from the hierarchy's top; or NULL */

	bool in_group; /* all of a cgroup of ours are being killed: more lines follow */
};

void oom_log_take(struct oom_log *log, const char *record);
bool oom_log_read(struct oom_log *log);
bool oom_log_has(const struct oom_log *log, pid_t pid);
bool oom_log_is_below(const char *path, const char *group);
void oom_log_done(struct oom_log *log);

#endif
