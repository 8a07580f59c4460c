/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/init.h - The container's first process, from clone to exec
 */
#ifndef RUNTIME_INIT_H
#define RUNTIME_INIT_H

#include "runtime/config.h"

/* All that init needs; complete before the clone, fds included. */
struct init_plan {
	const struct config *config;
	int sync_fd;
	const char *store_path; /* ROOT */
	int store_tree;		/* detached clone of ROOT, idmapped; -1: open store_path */
	int root_tree;		/* CONFIG_ROOT_DIRECTORY: detached clone of it; else -1 */
	int *mount_trees;	/* per config mount: detached clone of a bind's source, or -1 */
	int stdio[3];		/* become 0, 1, 2; ignored with a terminal */
};

_Noreturn void init_main(const struct init_plan *plan);

#endif
