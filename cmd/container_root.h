/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/container_root.h - The file system of a container, running or not, for cp, diff, export,
 * commit
 */
#ifndef CMD_CONTAINER_ROOT_H
#define CMD_CONTAINER_ROOT_H

#include "cmd/settings.h"
#include "image/image.h"
#include "runtime/config.h"
#include "runtime/reach.h"
#include "runtime/record.h"

struct change_list;
struct context;
struct error;

struct container_root {
	const struct context *ctx;
	struct record record;
	struct settings settings;
	struct image image;
	struct config config;
	struct reach where;
	int lock_fd; /* of one that does not run: nobody starts it meanwhile */
	bool has_image;
	int64_t id_base; /* what container_root_fd() shows: first host id, or 0 */
};

int container_root_open(struct container_root *cr, const struct context *ctx, const char *operand,
			struct error *err);
int container_root_fd(struct container_root *cr, struct error *err);
int container_root_changes(struct container_root *cr, int *root, struct change_list *out,
			   struct error *err);
void container_root_close(struct container_root *cr);

#endif
