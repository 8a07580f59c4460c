/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/rootfs.h - The container's file system tree
 */
#ifndef RUNTIME_ROOTFS_H
#define RUNTIME_ROOTFS_H

struct config;
struct error;
struct init_plan;
struct rootfs;

int rootfs_attach_lowers(struct rootfs *fs, int tree, struct error *err);
int rootfs_open_scratch(struct rootfs *fs, const struct config *c, struct error *err);
int rootfs_setup(struct rootfs *fs, const struct init_plan *plan, struct error *err);
int rootfs_enter(const struct rootfs *fs, const struct config *c, struct error *err);

#endif
