/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/cgroup.h - A container's cgroup, made by us or by systemd
 */
#ifndef CMD_OCI_CGROUP_H
#define CMD_OCI_CGROUP_H

#include <sys/types.h>

#include "cgroups/hierarchy.h"

struct error;
struct oci_bundle;
struct oci_globals;
struct state;

struct oci_cgroup {
	struct cgroup_root root;
	int fd; /* -1: there is none */
};

#define OCI_CGROUP_NONE ((struct oci_cgroup){ .root = { .fd = -1 }, .fd = -1 })

void oci_cgroup_close(struct oci_cgroup *cg);
#define autocgroup __attribute__((cleanup(oci_cgroup_close)))

/* Made before the process, to be born in; or, by systemd, around it. */
int oci_cgroup_create(struct oci_cgroup *cg, const struct oci_globals *g,
		      const struct oci_bundle *b, struct state *s, int dirfd, struct error *err);
int oci_cgroup_adopt(struct oci_cgroup *cg, const struct oci_bundle *b, struct state *s, pid_t pid,
		     struct error *err);

int oci_cgroup_confine(struct oci_cgroup *cg, const struct oci_bundle *b, struct error *err);
int oci_cgroup_open(struct oci_cgroup *cg, const struct state *s, struct error *err);
int oci_cgroup_move(const struct state *s, pid_t pid, struct error *err);
void oci_cgroup_forget(int dirfd);
int oci_cgroup_end(const struct state *s, struct error *err);

#endif
