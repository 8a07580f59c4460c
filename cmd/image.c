// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/image.c - tare image: the commands about images, docker's other spelling
 */
#include <errno.h>

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/images.h"
#include "cmd/prune.h"
#include "cmd/rmi.h"
#include "cmd/stores.h"
#include "image/image.h"

static int exists(struct context *ctx, int argc, char **argv, struct error *err)
{
	autoimagelist struct image_list list = { 0 };
	size_t at;
	int r = stores_list(ctx, &list, err);

	(void)argc;
	if (r < 0)
		return r;
	r = image_lookup(&list, argv[0], &at, err);
	return r == -ENOENT ? EXIT_ABSENT : r;
}

static const struct command image_exists_command = {
	.name = "exists",
	.args = "IMAGE",
	.summary = "Say by the exit code whether there is an image: 0 or 1",
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_STORE,
	.run = exists,
};

static const struct command *const image_commands[] = {
	&image_exists_command,
	&cmd_history,
	&cmd_import,
	&cmd_image_inspect,
	&cmd_load,
	&cmd_image_ls,
	&cmd_image_prune,
	&cmd_image_rm,
	&cmd_save,
	&cmd_tag,
	NULL,
};

const struct command cmd_image = {
	.name = "image",
	.args = "COMMAND",
	.summary = "Work with images: ls, inspect, load, save, tag, rm, prune, …",
	.subcommands = image_commands,
};
