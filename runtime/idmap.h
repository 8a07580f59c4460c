/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/idmap.h - A range of host ids of its own for every container
 */
#ifndef RUNTIME_IDMAP_H
#define RUNTIME_IDMAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct config;
struct config_idmap_list;
struct config_process;
struct error;

int idmap_lease(int run_fd, const char *id, int64_t *base, struct error *err);
int idmap_write(pid_t pid, const struct config *c, struct error *err);
int idmap_tree(int tree_fd, int userns_fd, bool recursive, const char *path, struct error *err);
int idmap_become_root(const struct config_process *p);
int idmap_make_userns(const struct config_idmap_list *uids, const struct config_idmap_list *gids,
		      struct error *err);

#endif
