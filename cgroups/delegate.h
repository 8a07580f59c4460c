/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/delegate.h - A cgroup whose processes make cgroups of their own below it
 */
#ifndef CGROUPS_DELEGATE_H
#define CGROUPS_DELEGATE_H

#include <stdbool.h>
#include <sys/types.h>

struct error;

int cgroup_delegate(int dirfd, uid_t uid, struct error *err);
int cgroup_bound_descendants(int dirfd, struct error *err);
bool cgroup_limits_hold_for_root(void);

#endif
