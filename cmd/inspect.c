// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/inspect.c - tare inspect, container inspect, image inspect: all there is to know
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
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

enum { INSPECT_TYPED = 1 }; /* options before those that all three have */

static const struct option_def inspect_options[] = {
	O(0, "type", "TYPE", OPTION_TEXT, type, "container or image (default: whichever is found)"),

	/* Also where the command says which of them. */
	O('f', "format", "TEMPLATE", OPTION_TEXT, format, "A line per item: a Go template"),
	{ .name = "size",
	  .short_name = 's',
	  .type = OPTION_REFUSED,
	  .refused = "tare ps -a --size shows it" },
	{ 0 },
};

/* NULL with ENOENT: none of the kinds that were asked for has this name. */
static struct json *describe(const struct context *ctx, const char *operand, struct error *err)
{
	const struct inspect_options *o = ctx->options;
	bool any = !o->type;
	autorecord struct record r;
	struct json *doc;

	record_init(&r);
	if (any || !strcmp(o->type, "container")) {
		if (target_find(ctx, operand, &r, err) == 0)
			return container_inspect(ctx, &r, err);
		if (!any || err->code != ENOENT)
			return NULL;
	}
	if (image_inspect(ctx, operand, &doc, err) == 0)
		return doc;
	if (any && err->code == ENOENT)
		error_set(err, ENOENT, "no such container or image: '%s'", operand);
	return NULL;
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
		struct error why = { 0 };
		struct json *doc = describe(ctx, argv[i], &why);

		if (!doc) {
			message_error(ctx, &why);
			status = command_worst_code(-why.code, status);
			continue;
		}
		r = show(o, list, doc, err);
		if (r < 0)
			return r;
	}
	if (!o->format || !strcmp(o->format, "json"))
		format_print_json(list);
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

const struct command cmd_container_inspect = {
	.name = "inspect",
	.args = "CONTAINER [CONTAINER...]",
	.summary = "Show all details of containers as JSON",
	.details = "Exit code 1: something does not exist; the others are shown.",
	.options = inspect_options + INSPECT_TYPED,
	COMMAND_OPTIONS(struct inspect_options, .type = "container"),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE,
	.run = run,
};

const struct command cmd_image_inspect = {
	.name = "inspect",
	.args = "IMAGE [IMAGE...]",
	.summary = "Show all there is to know of images, as JSON",
	.details = "Exit code 1: something does not exist; the others are shown.",
	.options = inspect_options + INSPECT_TYPED,
	COMMAND_OPTIONS(struct inspect_options, .type = "image"),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE,
	.run = run,
};
