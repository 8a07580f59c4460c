/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/place.h - What a container's caller has open for it
 */
#ifndef RUNTIME_PLACE_H
#define RUNTIME_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

/* Where a container is made; all borrowed. */
struct container_place {
	int root_fd; /* ROOT */
	const char *root_path;
	int cgroup_fd;		   /* to be born in, or -1 */
	int cgroup_root_fd;	   /* the whole tree, for a bundle that mounts it; or -1 */
	int stdio[3];		   /* unless it has a terminal */
	struct netns_maker *netns; /* begun before; NULL: there was no time */
	int64_t *begun_ns; /* memory to share: init notes there when it goes; NULL: nobody asks */

	/* For the OCI dialect, where all is reported and kept before the start. */
	bool reports_ready; /* init says SYNC_READY before it waits for that */
	int start_fd;	    /* listening socket for a start by another command; or -1 */
	int hook_state_fd;  /* two states for hooks inside, each with its NUL; filled by cloned() */

	/* Once the process exists, before its ids are mapped and it goes on; or NULL. */
	int (*cloned)(void *arg, pid_t pid, struct error *err);
	void *cloned_arg;
};

#endif
