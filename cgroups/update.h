/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/update.h - Other limits for a container that runs
 */
#ifndef CGROUPS_UPDATE_H
#define CGROUPS_UPDATE_H

#include <stdbool.h>
#include <stddef.h>

struct cgroup_device_rules;
struct cgroup_limits;
struct cgroup_root;
struct cgroup_setting;
struct error;
struct strlist;

struct cgroup_change {
	const struct cgroup_limits *limits;
	const struct cgroup_device_rules *devices; /* in place of those before; NULL: they stay */
	bool spare;		 /* no limit of memory at which something is killed at once */
	bool strict;		 /* remarks are errors */
	struct strlist *remarks; /* what holds otherwise than asked for; NULL: nobody listens */
};

int cgroup_update(const struct cgroup_root *root, const char *relpath,
		  const struct cgroup_change *change, struct error *err);

/* The pure parts. */
char *cgroup_update_undo(const struct cgroup_setting *setting, const char *text);
void cgroup_update_order(struct cgroup_setting *settings, char **undo, size_t n);

#endif
