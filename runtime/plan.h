/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/plan.h - What init is given, and what it has open while it works
 */
#ifndef RUNTIME_PLAN_H
#define RUNTIME_PLAN_H

#include "runtime/config.h"

struct container_place;

/* All that init needs; complete before the clone, fds included. */
struct init_plan {
	const struct config *config;
	int sync_fd;
	const char *store_path; /* ROOT */
	int store_tree;		/* detached clone of ROOT, idmapped; -1: open store_path */
	int root_tree;		/* detached clone of the root directory or of lower.h; or -1 */
	int *mount_trees; /* per config mount: detached, from the host: a bind's source, cgroups; or
			     -1 */
	const struct container_place *late_place; /* init opens these trees itself; or NULL */
	int stdio[3];				  /* become 0, 1, 2; ignored with a terminal */
	bool reports_ready; /* SYNC_READY before the wait for the start; it outlives its parent */
	int start_fd;	    /* a listening socket to wait on for the start; -1: sync_fd */
	int hook_state_fd;  /* what hooks that init runs get, see runtime/hook; or -1 */
	int mount_ns;	    /* mount namespace to enter, or -1 */
	int64_t *begun_ns; /* where to note, CLOCK_MONOTONIC, when it becomes the program; or NULL */
};

/* The tree that is being built; all close-on-exec, -1 when not open. */
struct rootfs {
	int store;   /* ROOT, attached in our mount namespace */
	int scratch; /* where upper, work and generated files are */
	int root;    /* the container's root */
	int proc, dev;
	int host_proc; /* bundle: the host's /proc, where sysctls are written */
	bool in_netns; /* init is in the network namespace */
};

#endif
