/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/trees.h - What of the host a container will attach: opened before the clone
 */
#ifndef RUNTIME_TREES_H
#define RUNTIME_TREES_H

#include <stdbool.h>
#include <sys/types.h>

struct config;
struct config_mount;
struct container_place;
struct error;
struct init_plan;

int trees_open(struct init_plan *plan, const struct container_place *place, struct error *err);
int trees_open_late(struct init_plan *plan, struct error *err);
int trees_set_bind(const struct config *c, int tree, const struct config_mount *m,
		   struct error *err);
bool trees_are_mapped(const struct config *c);
int trees_map(const struct init_plan *plan, pid_t pid, struct error *err);
void trees_close(struct init_plan *plan);

#endif
