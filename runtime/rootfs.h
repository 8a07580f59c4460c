/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/rootfs.h - The container's file system tree
 */
#ifndef RUNTIME_ROOTFS_H
#define RUNTIME_ROOTFS_H

struct error;
struct init_plan;

/* Descriptors that later steps of init use; all close-on-exec, -1 when not open. */
struct rootfs {
	int store;   /* ROOT, attached in our mount namespace */
	int scratch; /* where upper, work and generated files are */
	int root;    /* the container's root */
	int proc, dev;
};

int rootfs_setup(struct rootfs *fs, const struct init_plan *plan, struct error *err);
int rootfs_enter(const struct rootfs *fs, struct error *err);
int rootfs_protect(const struct rootfs *fs, const struct init_plan *plan, struct error *err);

#endif
