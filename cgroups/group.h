/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/group.h - One cgroup, from creation to removal
 *
 * Paths are relative to the root: "tare/ID" for a container of "tare run", for
 * others what cgroup_path_resolve() says.
 */
#ifndef CGROUPS_GROUP_H
#define CGROUPS_GROUP_H

#include <stdbool.h>
#include <sys/types.h>

struct cgroup_limits;
struct cgroup_root;
struct error;

/* The parent of all our cgroups, and the leaf for processes under no container's limits. */
#define CGROUP_PARENT	"tare"
#define CGROUP_MONITORS "tare/monitors"

/* How long the kernel may take to be done with processes that were killed. */
#define CGROUP_END_TIMEOUT_MS 10000

int cgroup_create(const struct cgroup_root *root, const char *relpath,
		  const struct cgroup_limits *limits, int *dirfd, struct error *err);
int cgroup_claim(const struct cgroup_root *root, const char *relpath,
		 const struct cgroup_limits *limits, int *dirfd, struct error *err);
int cgroup_pass_controllers(const struct cgroup_root *root, const char *relpath, int dirfd,
			    const struct cgroup_limits *limits, struct error *err);
int cgroup_open(const struct cgroup_root *root, const char *relpath, struct error *err);
int cgroup_open_of_process(const struct cgroup_root *root, const char *relpath, pid_t pid,
			   struct error *err);
char *cgroup_allowed_cpus(const struct cgroup_root *root, const char *relpath);
int cgroup_open_monitors(const struct cgroup_root *root, struct error *err);
int cgroup_add_process(int dirfd, pid_t pid, struct error *err);
int cgroup_kill(int dirfd, struct error *err);
int cgroup_is_populated(int dirfd, struct error *err);
bool cgroup_remove_if_empty(const struct cgroup_root *root, const char *relpath);
int cgroup_remove(const struct cgroup_root *root, const char *relpath, int timeout_ms,
		  struct error *err);

#endif
