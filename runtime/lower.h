/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/lower.h - Layers that are not in the store: attached to it for one container
 */
#ifndef RUNTIME_LOWER_H
#define RUNTIME_LOWER_H

#include <stdbool.h>
#include <stddef.h>

struct config;
struct error;

bool lower_is_elsewhere(const struct config *c);
const char *lower_name(const struct config *c);
int lower_open(const struct config *c, struct error *err);
int lower_mount_view(const int *fds, size_t n, struct error *err);

#endif
