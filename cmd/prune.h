/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/prune.h - Removing what nothing uses: containers, images, volumes
 */
#ifndef CMD_PRUNE_H
#define CMD_PRUNE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct command;
struct context;
struct error;

/* What went. { 0 } is empty. */
struct pruned {
	struct strlist containers, untagged, images, volumes;
	uint64_t bytes;
};

int prune_containers(const struct context *ctx, const struct strlist *filters, struct pruned *out,
		     struct error *err);
int prune_images(const struct context *ctx, bool all, const struct strlist *filters,
		 struct pruned *out, struct error *err);
int prune_volumes(const struct context *ctx, bool all, struct pruned *out, struct error *err);
void pruned_done(struct pruned *p);
#define autopruned __attribute__((cleanup(pruned_done)))

extern const struct command cmd_container_prune, cmd_image_prune, cmd_volume_prune,
	cmd_system_prune;

#endif
