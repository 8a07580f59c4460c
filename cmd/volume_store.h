/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/volume_store.h - The volumes there are, and who uses them
 */
#ifndef CMD_VOLUME_STORE_H
#define CMD_VOLUME_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct context;
struct error;

int volume_store_list(const struct context *ctx, struct strlist *names, struct error *err);
int volume_store_users(const struct context *ctx, struct strlist *used, struct error *err);
size_t volume_store_count(const struct strlist *used, const char *name);
bool volume_store_is_anonymous(const char *name);
int volume_store_remove(const struct context *ctx, const char *name, struct error *err);

#endif
