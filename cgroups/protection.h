/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/protection.h - memory.low and memory.min, which every level must grant
 */
#ifndef CGROUPS_PROTECTION_H
#define CGROUPS_PROTECTION_H

#include <stdbool.h>

struct cgroup_root;
struct error;

bool cgroup_protection_is_claimed(int dirfd);
int cgroup_protection_sum(const struct cgroup_root *root, struct error *err);

#endif
