// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/image.c - tare image: the commands about images, docker's other spelling
 */
#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/image_inspect.h"
#include "cmd/images.h"
#include "cmd/message.h"
#include "cmd/options.h"
#include "cmd/prune.h"
#include "cmd/rmi.h"
#include "cmd/stores.h"
#include "image/image.h"

struct image_inspect_options {
	const char *format;
};

#define O(...) OPTION(struct image_inspect_options, __VA_ARGS__)

static const struct option_def inspect_options[] = {
	O('f', "format", "FORMAT", OPTION_TEXT, format, "json, or a Go template, for each image"),
	{ 0 },
};

static int inspect(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct image_inspect_options *o = ctx->options;
	autojson struct json *all = json_new_list();
	autofree char *text = NULL;
	int status = 0, r = 0;

	for (int i = 0; r == 0 && i < argc; i++) {
		struct json *one = NULL;

		r = image_inspect(ctx, argv[i], &one, err);
		if (r == -ENOENT) {
			message_error(ctx, err);
			status = EXIT_ABSENT;
			r = 0;
			continue;
		}
		if (r < 0)
			return r;
		if (o->format)
			r = format_print_template(o->format, one, err);
		json_add(all, one);
	}
	if (r < 0)
		return r;
	if (!o->format) {
		text = json_print_pretty(all);
		printf("%s\n", text);
	}
	return status;
}

static const struct command image_inspect_command = {
	.name = "inspect",
	.args = "IMAGE [IMAGE...]",
	.summary = "Show all there is to know of images, as JSON",
	.details = "Exit code 1: no such image.",
	.options = inspect_options,
	COMMAND_OPTIONS(struct image_inspect_options, .format = NULL),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE | COMMAND_OPERAND_TEXT,
	.run = inspect,
};

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
	.flags = COMMAND_STORE | COMMAND_OPERAND_TEXT,
	.run = exists,
};

static const struct command *const image_commands[] = {
	&image_exists_command,
	&cmd_history,
	&cmd_import,
	&image_inspect_command,
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
