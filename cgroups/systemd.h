/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/systemd.h - A container's cgroup made, changed and removed by systemd
 */
#ifndef CGROUPS_SYSTEMD_H
#define CGROUPS_SYSTEMD_H

#include <stddef.h>
#include <sys/types.h>

#include "cgroups/systemd_property.h"
#include "cgroups/systemd_unit.h"

struct cgroup_limits;
struct cgroup_root;
struct error;

struct systemd_start {
	pid_t pid; /* goes there; waits meanwhile, as a process that is just being set up does */
	const struct cgroup_limits *limits; /* NULL: none */
	const struct systemd_property *properties;
	size_t n_properties;
};

int cgroup_systemd_start(const struct systemd_unit *unit, const struct systemd_start *start,
			 const struct cgroup_root *root, char **relpath, int *dirfd,
			 struct error *err);
int cgroup_systemd_update(const struct systemd_unit *unit, const struct cgroup_limits *limits,
			  struct error *err);
int cgroup_systemd_attach(const struct systemd_unit *unit, pid_t pid, struct error *err);
int cgroup_systemd_stop(const struct systemd_unit *unit, struct error *err);

#endif
