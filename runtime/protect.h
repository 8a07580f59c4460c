/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/protect.h - What of the kernel a container may neither see nor change
 */
#ifndef RUNTIME_PROTECT_H
#define RUNTIME_PROTECT_H

struct config;
struct error;
struct rootfs;

int protect_setup(const struct rootfs *fs, const struct config *c, struct error *err);

#endif
