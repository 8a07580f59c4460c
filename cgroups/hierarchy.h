/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/hierarchy.h - The cgroup2 mount: where it is, which controllers it has
 */
#ifndef CGROUPS_HIERARCHY_H
#define CGROUPS_HIERARCHY_H

#include <stdbool.h>

struct error;

enum cgroup_controller {
	CGROUP_CPU,
	CGROUP_CPUSET,
	CGROUP_HUGETLB,
	CGROUP_IO,
	CGROUP_MEMORY,
	CGROUP_MISC,
	CGROUP_PIDS,
	CGROUP_RDMA,
	CGROUP_N_CONTROLLERS,
};

/* A set of controllers is a bit mask. */
#define CGROUP_BIT(controller) (1U << (controller))

struct cgroup_root {
	int fd;		/* the top directory of the tree that is ours to use; -1: none */
	char path[128]; /* where that is mounted */
	bool hybrid;	/* controllers may be in use by cgroup v1 beside it */
	/* Called when the topmost of our cgroups is made, if not NULL; its failure undoes that. */
	int (*on_new_top)(const struct cgroup_root *root, struct error *err);
};

int cgroup_root_open(struct cgroup_root *root, struct error *err);
void cgroup_root_close(struct cgroup_root *root);

const char *cgroup_controller_name(enum cgroup_controller controller);
int cgroup_controller_of_file(const char *file);
unsigned int cgroup_parse_controllers(const char *text);
int cgroup_read_controllers(int dirfd, const char *file, unsigned int *mask, struct error *err);
char *cgroup_controller_absence(enum cgroup_controller controller);
int cgroup_missing_controller(enum cgroup_controller controller, const char *option,
			      struct error *err);
int cgroup_enable_controllers(const struct cgroup_root *root, const char *relpath,
			      unsigned int wanted, struct error *err);
bool cgroup_is_inhabited(int dirfd);
void cgroup_offer_controllers(const struct cgroup_root *root, const char *relpath);

#endif
