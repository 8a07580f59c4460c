/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/oom.h - Be told when a process of a cgroup is killed for want of memory
 */
#ifndef CGROUPS_OOM_H
#define CGROUPS_OOM_H

#include <stdint.h>

struct error;

struct cgroup_oom_watch {
	int fd;		/* readable when there is news: for poll(); -1: closed */
	int dirfd;	/* the cgroup, borrowed */
	uint64_t kills; /* reported so far */
};

int cgroup_oom_watch_open(struct cgroup_oom_watch *watch, int dirfd, struct error *err);
int cgroup_oom_watch_read(struct cgroup_oom_watch *watch, struct error *err);
void cgroup_oom_watch_close(struct cgroup_oom_watch *watch);

#endif
