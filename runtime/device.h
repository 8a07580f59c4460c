/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/device.h - Device nodes inside a container's root
 */
#ifndef RUNTIME_DEVICE_H
#define RUNTIME_DEVICE_H

#include <stdbool.h>

#include "runtime/config.h"

struct error;

int device_make_defaults(int dev, const struct config *c, struct error *err);
int device_make_links(int dev, struct error *err);
int device_make_node(int rootfd, const struct config_node *node, bool userns, struct error *err);

#endif
