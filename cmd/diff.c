// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/diff.c - tare diff: what a container changed of its image
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/container_root.h"
#include "cmd/format.h"
#include "cmd/options.h"
#include "image/changes.h"

struct diff_options {
	const char *format;
};

#define O(...) OPTION(struct diff_options, __VA_ARGS__)

static const struct option_def options[] = {
	O(0, "format", "FORMAT", OPTION_TEXT, format,
	  "json: lists of what was added, changed, deleted"),
	{ 0 },
};

static void print_lines(const struct change_list *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		autofree char *safe = str_escape(changes->items[i].path);

		printf("%c /%s\n", changes->items[i].kind, safe);
	}
}

/* podman's shape. */
static void print_json(const struct change_list *changes)
{
	static const struct {
		char kind;
		const char *name;
	} kinds[] = { { 'A', "added" }, { 'C', "changed" }, { 'D', "deleted" } };
	autojson struct json *doc = json_new_map();

	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		struct json *list = json_new_list();

		for (size_t i = 0; i < changes->n; i++) {
			autofree char *path = xasprintf("/%s", changes->items[i].path);

			if (changes->items[i].kind == kinds[k].kind)
				json_add_text(list, path);
		}
		if (json_count(list))
			json_set(doc, kinds[k].name, list);
		else
			json_free(list);
	}
	format_print_json(doc);
}

static int find(struct container_root *cr, const char *operand, const struct context *ctx,
		struct change_list *out, struct error *err)
{
	autoclose int root = -1;
	int r = container_root_open(cr, ctx, operand, err);

	return r == 0 ? container_root_changes(cr, &root, out, err) : r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct diff_options *o = ctx->options;
	autochanges struct change_list changes = { 0 };
	struct container_root cr;
	int r;

	(void)argc;
	if (o->format && strcmp(o->format, "json"))
		return error_set(err, EINVAL, "--format '%s': there is only json", o->format);
	r = find(&cr, argv[0], ctx, &changes, err);
	container_root_close(&cr);
	if (r < 0)
		return error_wrap(err, "compare '%s' with its image", argv[0]);
	if (o->format)
		print_json(&changes);
	else
		print_lines(&changes);
	return 0;
}

const struct command cmd_diff = {
	.name = "diff",
	.args = "CONTAINER",
	.summary = "Show what a container changed of its image",
	.details = "A line for each path: A added, C changed, D deleted. Volumes, and what tare\n"
		   "itself mounts, are not the container's and not shown.",
	.options = options,
	COMMAND_OPTIONS(struct diff_options, .format = NULL),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = run,
};
