/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/kernelfs.h - /proc, /dev and /sys of a container
 */
#ifndef RUNTIME_KERNELFS_H
#define RUNTIME_KERNELFS_H

struct config;
struct error;
struct init_plan;
struct rootfs;

int kernelfs_setup(struct rootfs *fs, const struct config *c, struct error *err);
int kernelfs_setup_sys(struct rootfs *fs, const struct init_plan *plan, struct error *err);

#endif
