/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/container.h - From a configuration to a running process
 *
 *	container_spawn()	the process exists, in its namespaces and cgroup,
 *				and builds its root; meanwhile the caller wires
 *				the network through container_netns()
 *	container_console()	with a terminal: its master end
 *	container_start()	it may exec
 *	container_await_exec()	it did, or why not
 */
#ifndef RUNTIME_CONTAINER_H
#define RUNTIME_CONTAINER_H

#include <sys/types.h>

#include "runtime/config.h"
#include "runtime/place.h"
#include "runtime/sync.h"

struct error;

struct container {
	pid_t pid;
	int pidfd;
	int sync_fd;
	int netns; /* see container_netns() */
};

#define CONTAINER_NONE ((struct container){ .pidfd = -1, .sync_fd = -1, .netns = -1 })

int container_spawn(struct container *ct, const struct config *config,
		    const struct container_place *place, struct error *err);
int container_netns(struct container *ct, struct error *err);
int container_await(struct container *ct, enum sync_step want, int *fd, struct error *err);
int container_hooked(struct container *ct, struct error *err);
int container_console(struct container *ct, struct error *err);
int container_listener(struct container *ct, int *fd, struct error *err);
int container_listener_taken(struct container *ct, struct error *err);
int container_start(struct container *ct, const struct rlimit_set *limits, struct error *err);
int container_await_exec(struct container *ct, enum sync_step *failed, struct error *err);
void container_kill(struct container *ct);
void container_done(struct container *ct);

#endif
