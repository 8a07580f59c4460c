/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/path.h - Where a container's cgroup is: linux.cgroupsPath
 */
#ifndef CGROUPS_PATH_H
#define CGROUPS_PATH_H

#include <stdbool.h>
#include <sys/types.h>

struct error;

bool cgroup_path_is_clean(const char *relpath);
int cgroup_path_resolve(const char *cgroups_path, const char *id, const char *own, char **relpath,
			struct error *err);
char *cgroup_path_parse(const char *proc_cgroup);
int cgroup_path_of_process(pid_t pid, char **path, struct error *err);

#endif
