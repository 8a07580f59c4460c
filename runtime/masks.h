/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/masks.h - Kernel files that a container must not see or change
 *
 * Both lists end with NULL. Whether a path is a file, a directory or missing
 * depends on the kernel, so whoever covers it looks first.
 */
#ifndef RUNTIME_MASKS_H
#define RUNTIME_MASKS_H

extern const char *const masks_hidden[];
extern const char *const masks_host_mounts[];
extern const char *const masks_read_only[];

#endif
