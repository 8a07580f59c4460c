/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/remark.h - Limits that hold otherwise than they were asked for
 */
#ifndef CGROUPS_REMARK_H
#define CGROUPS_REMARK_H

#include "base/str.h"

struct cgroup_limits;
struct cgroup_root;
struct cgroup_setting;
struct error;

char *cgroup_remark_rounded(const struct cgroup_setting *setting, const char *read_back);
char *cgroup_remark_above(const struct cgroup_setting *setting, const char *file,
			  const char *above);
int cgroup_limits_remark(const struct cgroup_root *root, const char *relpath,
			 const struct cgroup_limits *limits, struct strlist *remarks,
			 struct error *err);

#endif
