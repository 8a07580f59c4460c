/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/netns.h - A new network namespace for a container
 */
#ifndef RUNTIME_NETNS_H
#define RUNTIME_NETNS_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct config;

/* One that is being made; zeroed: none is. */
struct netns_maker {
	pthread_t thread;
	bool is_at_work;
	int netns; /* or -errno, and why */
	struct error err;
};

void netns_begin(struct netns_maker *m, const struct config *c);
int netns_finish(struct netns_maker *m, const struct config *c, pid_t pid, struct error *err);
void netns_give_up(struct netns_maker *m);

#endif
