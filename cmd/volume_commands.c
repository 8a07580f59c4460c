// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/volume_commands.c - tare volume: the volumes there are
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/command.h"
#include "cmd/format.h"
#include "cmd/message.h"
#include "cmd/options.h"
#include "cmd/prune.h"
#include "cmd/volume_store.h"

/* ---- ls ----------------------------------------------------------------------- */

struct ls_options {
	bool quiet;
	const char *format;
};

#define O(...) OPTION(struct ls_options, __VA_ARGS__)

static const struct option_def ls_options[] = {
	O(0, "format", "FORMAT", OPTION_TEXT, format,
	  "table, json, jsonl, a Go template, or 'table TEMPLATE'"),
	O('q', "quiet", NULL, OPTION_BOOL, quiet, "Names only"),
	{ 0 },
};
#undef O

static const struct format_column columns[] = {
	{ "Driver", "DRIVER" },
	{ "Name", "VOLUME NAME" },
	{ "Mountpoint", "MOUNTPOINT" },
	{ "Scope", "SCOPE" },
	{ NULL, NULL },
};

static struct json *describe(const struct context *ctx, const char *name)
{
	autofree char *path = xasprintf("%s/volumes/%s/_data", ctx->root, name);
	struct json *map = json_new_map();

	json_set_text(map, "Name", name);
	json_set_text(map, "Driver", "local");
	json_set_text(map, "Mountpoint", path);
	json_set_text(map, "Scope", "local");
	return map;
}

static int ls(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct ls_options *o = ctx->options;
	autostrlist struct strlist names = { 0 };
	autoformat struct format f = { 0 };
	int r = volume_store_list(ctx, &names, err);

	(void)argc;
	(void)argv;
	if (r == 0)
		r = format_open(&f, o->format, "{{.Driver}}\t{{.Name}}", columns, true, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		if (o->quiet)
			printf("%s\n", names.items[i]);
		else
			r = format_add(&f, describe(ctx, names.items[i]), err);
	}
	return r == 0 && !o->quiet ? format_print(&f, err) : r;
}

/* ---- inspect ------------------------------------------------------------------ */

static int inspect(struct context *ctx, int argc, char **argv, struct error *err)
{
	autostrlist struct strlist names = { 0 };
	autojson struct json *all = json_new_list();
	autofree char *text = NULL;
	int status = 0, r = volume_store_list(ctx, &names, err);

	for (int i = 0; r == 0 && i < argc; i++) {
		struct error why;

		if (strlist_has(&names, argv[i])) {
			json_add(all, describe(ctx, argv[i]));
			continue;
		}
		(void)error_set(&why, ENOENT, "no such volume: '%s'", argv[i]);
		why.hint[0] = '\0';
		message_error(ctx, &why);
		status = EXIT_ABSENT;
	}
	if (r < 0)
		return r;
	text = json_print_pretty(all);
	printf("%s\n", text);
	return status;
}

/* ---- rm ----------------------------------------------------------------------- */

struct rm_options {
	bool force;
};

static const struct option_def rm_options[] = {
	OPTION(struct rm_options, 'f', "force", NULL, OPTION_BOOL, force,
	       "No error if there is none of that name"),
	{ 0 },
};

/* -ENOENT: no such volume; -EBUSY: a container has it. */
static int remove_one(const struct context *ctx, const struct strlist *names,
		      const struct strlist *used, const char *name, struct error *err)
{
	if (!strlist_has(names, name))
		return error_set(err, ENOENT, "no such volume: '%s'", name);
	if (volume_store_count(used, name))
		return error_set(err, EBUSY, "volume '%s' is in use by a container", name);
	return volume_store_remove(ctx, name, err);
}

static int rm(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct rm_options *o = ctx->options;
	autostrlist struct strlist names = { 0 }, used = { 0 };
	autoclose int births = record_lock_births(&ctx->store, true);
	int status = 0, r;

	if (births < 0)
		return error_sys(err, -births, "lock the list of containers");
	r = volume_store_list(ctx, &names, err);
	if (r == 0)
		r = volume_store_users(ctx, &used, err);
	for (int i = 0; r == 0 && i < argc; i++) {
		struct error why = { 0 };
		int code, one = remove_one(ctx, &names, &used, argv[i], &why);

		if (one == 0)
			printf("%s\n", argv[i]);
		if (one == 0 || (one == -ENOENT && o->force))
			continue;
		message_error(ctx, &why);
		code = one == -ENOENT ? EXIT_ABSENT : one == -EBUSY ? EXIT_IN_USE : EXIT_TARE;
		status = code > status ? code : status;
	}
	return r < 0 ? r : status;
}

static const struct command volume_ls = {
	.name = "ls",
	.summary = "List volumes",
	.options = ls_options,
	COMMAND_OPTIONS(struct ls_options, .quiet = false),
	.flags = COMMAND_STORE,
	.run = ls,
};

static const struct command volume_inspect = {
	.name = "inspect",
	.args = "VOLUME [VOLUME...]",
	.summary = "Show where volumes are, as JSON",
	.details = "Exit code 1: no such volume.",
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE | COMMAND_OPERAND_TEXT,
	.run = inspect,
};

static const struct command volume_rm = {
	.name = "rm",
	.args = "VOLUME [VOLUME...]",
	.summary = "Remove volumes",
	.details = "Exit code 1: no such volume. 2: a container has it.",
	.options = rm_options,
	COMMAND_OPTIONS(struct rm_options, .force = false),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE | COMMAND_OPERAND_TEXT,
	.run = rm,
};

static const struct command *const volume_commands[] = {
	&volume_inspect, &volume_ls, &cmd_volume_prune, &volume_rm, NULL,
};

const struct command cmd_volume = {
	.name = "volume",
	.args = "COMMAND",
	.summary = "Work with volumes: ls, inspect, rm, prune",
	.details = "A volume is made when a container first asks for it: 'tare run -v NAME:/path'.",
	.subcommands = volume_commands,
};
