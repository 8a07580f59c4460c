/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/mount_options.h - Mount options by name, as config.json has them
 */
#ifndef RUNTIME_MOUNT_OPTIONS_H
#define RUNTIME_MOUNT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct config_mount;

bool mount_option_apply(struct config_mount *m, const char *option);
bool mount_option_propagation(const char *option, unsigned long *flags, bool *below);
const char *mount_option_name(size_t i);

#endif
