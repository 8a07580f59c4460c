// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/inspect.c - tare inspect: all there is to know of containers and images
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/container_inspect.h"
#include "cmd/format.h"
#include "cmd/image_inspect.h"
#include "cmd/message.h"
#include "cmd/target.h"

struct inspect_options {
	const char *format, *type;
};

#define O(...) OPTION(struct inspect_options, __VA_ARGS__)

static const struct option_def inspect_options[] = {
	O('f', "format", "TEMPLATE", OPTION_TEXT, format, "A line per item: a Go template"),
	O(0, "type", "TYPE", OPTION_TEXT, type, "container or image (default: whichever is found)"),
	{ 0 },
};

/* -ENOENT: neither of the kinds that were asked for has this name. */
static int describe(const struct context *ctx, const char *operand, struct json **doc,
		    struct error *err)
{
	const struct inspect_options *o = ctx->options;
	autorecord struct record r;
	int ret = -ENOENT;

	record_init(&r);
	if (!o->type || !strcmp(o->type, "container")) {
		ret = target_find(ctx, operand, &r, err);
		if (ret == 0)
			*doc = container_inspect(ctx, &r, err);
		if (ret == 0 && !*doc)
			return -err->code;
	}
	if (ret == -ENOENT && (!o->type || !strcmp(o->type, "image")))
		ret = image_inspect(ctx, operand, doc, err);
	if (ret == -ENOENT && !o->type)
		error_set(err, ENOENT, "no such container or image: '%s'", operand);
	return ret;
}

static int show(const struct inspect_options *o, struct json *list, struct json *doc,
		struct error *err)
{
	int r;

	if (!o->format || !strcmp(o->format, "json")) {
		json_add(list, doc);
		return 0;
	}
	r = format_print_template(o->format, doc, err);
	json_free(doc);
	return r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct inspect_options *o = ctx->options;
	autojson struct json *list = json_new_list();
	int status = 0, r;

	if (o->type && strcmp(o->type, "container") != 0 && strcmp(o->type, "image") != 0)
		return error_set(err, EINVAL, "--type '%s' is neither container nor image",
				 o->type);
	for (int i = 0; i < argc; i++) {
		struct json *doc = NULL;
		struct error why = { 0 };

		r = describe(ctx, argv[i], &doc, &why);
		if (r < 0) {
			message_error(ctx, &why);
			status = r == -ENOENT && status != EXIT_TARE ? EXIT_ABSENT : EXIT_TARE;
			continue;
		}
		r = show(o, list, doc, err);
		if (r < 0)
			return r;
	}
	if (!o->format || !strcmp(o->format, "json")) {
		autofree char *text = json_print_pretty(list);

		printf("%s\n", text);
	}
	return status;
}

const struct command cmd_inspect = {
	.name = "inspect",
	.args = "NAME [NAME...]",
	.summary = "Show all details of containers and images as JSON",
	.details =
		"The field names are docker's. A name of a container wins over one of an image.\n"
		"Exit code 1: something does not exist; the others are shown.\n"
		"\n"
		"  tare inspect -f '{{.State.Status}}' web\n"
		"  tare inspect -f '{{(index (index .NetworkSettings.Ports \"80/tcp\") 0).HostPort}}' web",
	.options = inspect_options,
	COMMAND_OPTIONS(struct inspect_options, .format = NULL),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE,
	.run = run,
};
