// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/tag.c - tare tag: give an image one more name
 */
#include "base/error.h"
#include "cmd/command.h"
#include "image/image.h"

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	struct image_store store;
	int r = image_store_open(ctx->store.root_fd, &store, err);

	if (r < 0)
		return r;
	for (int i = 1; r == 0 && i < argc; i++)
		r = image_tag(&store, argv[0], argv[i], err);
	image_store_close(&store);
	return r;
}

const struct command cmd_tag = {
	.name = "tag",
	.args = "IMAGE NAME[:TAG]...",
	.summary = "Give an image one more name",
	.details = "A name that another image has is taken from it.",
	.min_args = 2,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE,
	.run = run,
};
