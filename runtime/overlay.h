/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/overlay.h - The container's root as an overlay over the layers of an image
 */
#ifndef RUNTIME_OVERLAY_H
#define RUNTIME_OVERLAY_H

struct config;
struct error;
struct rootfs;

int overlay_mount(const struct rootfs *fs, const struct config *c, struct error *err);

#endif
