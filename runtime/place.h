/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/place.h - What a container's caller has open for it
 */
#ifndef RUNTIME_PLACE_H
#define RUNTIME_PLACE_H

#include <stdint.h>
#include <sys/types.h>

struct error;

/* Where a container is made; all borrowed. */
struct container_place {
	int root_fd; /* ROOT */
	const char *root_path;
	int cgroup_fd;	    /* to be born in, or -1 */
	int cgroup_root_fd; /* the whole tree, for a bundle that mounts it; or -1 */
	int stdio[3];	    /* unless it has a terminal */
	int64_t *begun_ns;  /* memory to share: init notes there when it goes; NULL: nobody asks */

	/* For a container that another command will start; else -1. */
	int start_fd;	   /* listening socket, see runtime/state */
	int hook_state_fd; /* two states for hooks inside, each with its NUL; filled by cloned() */

	/* Once the process exists, before its ids are mapped and it goes on; or NULL. */
	int (*cloned)(void *arg, pid_t pid, struct error *err);
	void *cloned_arg;
};

#endif
