/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/reach.h - A container's files, reached from outside
 *
 * All of it happens in children that enter a mount namespace: the container's,
 * or one in which the tree of a container that is stopped is put together.
 */
#ifndef RUNTIME_REACH_H
#define RUNTIME_REACH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct config;
struct error;

/* Where the tree is. */
struct reach {
	pid_t pid; /* a process of the container, or 0: it does not run */
	uint64_t pid_start;
	bool has_userns;	/* with pid: it has one of its own */
	const char *store_path; /* else: ROOT, */
	struct config *config;	/* and what to make it from */
	bool image_only;	/* as if the container had written nothing */
};

/* Done with the root of a container. What it returns reach_finish() does. */
typedef int reach_work(void *arg, int rootfd, struct error *err);

int reach_open(const struct reach *where, struct error *err);
int reach_start(const struct reach *where, reach_work *work, void *arg, int *channel,
		struct error *err);
int reach_finish(pid_t pid, int channel, struct error *err);

#endif
