/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/freezer.h - Stop all processes of a cgroup where they are, and let them go on
 */
#ifndef CGROUPS_FREEZER_H
#define CGROUPS_FREEZER_H

#include <stdbool.h>

struct error;

int cgroup_freeze(int dirfd, bool freeze, struct error *err);
int cgroup_is_frozen(int dirfd, struct error *err);

#endif
