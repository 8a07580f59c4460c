/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/namespace.h - Namespaces that a container's first process is not cloned into
 */
#ifndef RUNTIME_NAMESPACE_H
#define RUNTIME_NAMESPACE_H

#include <sys/types.h>

#include "runtime/config.h"

struct error;
struct init_plan;
struct rootfs;

/* What is open while a container is cloned: where to, and the way back. */
struct namespace_set {
	int there[CONFIG_NS_COUNT]; /* -1: none to enter */
	int back[CONFIG_NS_COUNT];
};

int namespace_open(struct namespace_set *set, const struct config *c, struct error *err);
bool namespace_has_way_back(const struct namespace_set *set, const struct config *c);
int namespace_enter(struct namespace_set *set, const struct config *c, struct error *err);
int namespace_leave(struct namespace_set *set, struct error *err);
void namespace_close(struct namespace_set *set);

int namespace_run_apart(int (*fn)(void *), void *arg, void *stack, size_t size, struct error *err);

int namespace_open_of(pid_t pid, const char *name, struct error *err);
int namespace_receive_net(struct rootfs *fs, const struct init_plan *plan, struct error *err);

#endif
