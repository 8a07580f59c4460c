/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/update.h - Other limits for a container that runs
 */
#ifndef CGROUPS_UPDATE_H
#define CGROUPS_UPDATE_H

#include <stddef.h>

struct cgroup_device_rules;
struct cgroup_limits;
struct cgroup_root;
struct cgroup_setting;
struct error;

int cgroup_update(const struct cgroup_root *root, const char *relpath,
		  const struct cgroup_limits *limits, const struct cgroup_device_rules *devices,
		  struct error *err);

/* The pure parts. */
char *cgroup_update_undo(const struct cgroup_setting *setting, const char *text);
void cgroup_update_order(struct cgroup_setting *settings, char **undo, size_t n);

#endif
