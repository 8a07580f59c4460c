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
#include "cmd/volume.h"
#include "cmd/volume_store.h"

/* ---- create ------------------------------------------------------------------- */

struct create_options {
	const char *driver;
};

static const struct option_def create_options[] = {
	OPTION(struct create_options, 'd', "driver", "NAME", OPTION_TEXT, driver,
	       "local: a directory of the store"),
	OPTION_REFUSE("label", "volumes have a name and nothing else"),
	{ .name = "opt",
	  .short_name = 'o',
	  .type = OPTION_REFUSED,
	  .refused = "mount what there is: tare run -v /PATH:/x, or --tmpfs /x" },
	{ 0 },
};

static int create(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct create_options *o = ctx->options;
	autofree char *name = argc ? xstrdup(argv[0]) : volume_random_name();
	bool fresh;
	int r;

	if (strcmp(o->driver, "local") != 0)
		return error_set(err, EINVAL, "volume driver '%s' is not local", o->driver);
	if (!volume_is_name(name))
		return error_set(err, EINVAL,
				 "volume name '%s' must be letters, digits, '_', '.', '-', 128 at "
				 "most, and not begin with a dot",
				 name);
	r = volume_create(ctx->store.root_fd, name, &fresh, err);
	if (r == 0)
		printf("%s\n", name);
	return r;
}

/* ---- ls ----------------------------------------------------------------------- */

struct ls_options {
	bool quiet;
	const char *format;
	struct strlist filters;
};

#define O(...) OPTION(struct ls_options, __VA_ARGS__)

static const struct option_def ls_options[] = {
	O('f', "filter", "KEY=VALUE", OPTION_LIST, filters,
	  "Only those that match: name=PART, dangling=true (no container has it) or =false"),
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
	struct json *map = json_new_map();

	json_set_text(map, "Name", name);
	json_set_text(map, "Driver", "local");
	json_take_text(map, "Mountpoint", xasprintf("%s/volumes/%s/_data", ctx->root, name));
	json_set_text(map, "Scope", "local");
	return map;
}

static int check_filters(const struct strlist *filters, struct error *err)
{
	for (size_t i = 0; i < filters->n; i++) {
		const char *f = filters->items[i];

		if (str_starts(f, "name=") || !strcmp(f, "dangling=true") ||
		    !strcmp(f, "dangling=false"))
			continue;
		error_set(err, EINVAL, "unknown filter '%.64s'", f);
		return error_hint(err, "known are name=PART, dangling=true and dangling=false");
	}
	return 0;
}

static bool matches(const struct strlist *filters, const struct strlist *used, const char *name)
{
	for (size_t i = 0; i < filters->n; i++) {
		const char *f = filters->items[i], *value = strchr(f, '=') + 1;

		if (str_starts(f, "name=")
			    ? !strstr(name, value)
			    : (volume_store_count(used, name) == 0) != !strcmp(value, "true"))
			return false;
	}
	return true;
}

static int ls(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct ls_options *o = ctx->options;
	autostrlist struct strlist names = { 0 }, used = { 0 };
	autoformat struct format f = { 0 };
	int r = check_filters(&o->filters, err);

	(void)argc;
	(void)argv;
	if (r == 0)
		r = volume_store_list(ctx, &names, err);
	if (r == 0 && o->filters.n)
		r = volume_store_users(ctx, &used, err);
	if (r == 0)
		r = format_open(&f, o->format, "{{.Driver}}\t{{.Name}}", columns, true, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		if (!matches(&o->filters, &used, names.items[i]))
			continue;
		if (o->quiet)
			printf("%s\n", names.items[i]);
		else
			r = format_add(&f, describe(ctx, names.items[i]), err);
	}
	return r == 0 && !o->quiet ? format_print(&f, err) : r;
}

/* ---- inspect ------------------------------------------------------------------ */

struct inspect_options {
	const char *format;
};

static const struct option_def inspect_options[] = {
	OPTION(struct inspect_options, 'f', "format", "TEMPLATE", OPTION_TEXT, format,
	       "A line per volume: a Go template"),
	{ 0 },
};

static int inspect_one(const struct context *ctx, const char *name, struct json *all,
		       struct error *err)
{
	const struct inspect_options *o = ctx->options;
	autojson struct json *doc = describe(ctx, name);

	if (o->format)
		return format_print_template(o->format, doc, err);
	json_add(all, steal_ptr(&doc));
	return 0;
}

static int inspect(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct inspect_options *o = ctx->options;
	autostrlist struct strlist names = { 0 };
	autojson struct json *all = json_new_list();
	int status = 0, r = volume_store_list(ctx, &names, err);

	for (int i = 0; r == 0 && i < argc; i++) {
		struct error why = { 0 };

		if (strlist_has(&names, argv[i])) {
			r = inspect_one(ctx, argv[i], all, err);
			continue;
		}
		(void)error_set(&why, ENOENT, "no such volume: '%s'", argv[i]);
		message_error(ctx, &why);
		status = EXIT_ABSENT;
	}
	if (r < 0)
		return r;
	if (!o->format)
		format_print_json(all);
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
	autoclose int births = record_lock_births(&ctx->store, LOCK_EX);
	int status = 0, r;

	if (births < 0)
		return error_sys(err, -births, "lock the list of containers");
	r = volume_store_list(ctx, &names, err);
	if (r == 0)
		r = volume_store_users(ctx, &used, err);
	for (int i = 0; r == 0 && i < argc; i++) {
		struct error why = { 0 };
		int one = remove_one(ctx, &names, &used, argv[i], &why);

		if (one == 0)
			printf("%s\n", argv[i]);
		if (one == 0 || (one == -ENOENT && o->force))
			continue;
		message_error(ctx, &why);
		status = command_worst_code(one, status);
	}
	return r < 0 ? r : status;
}

static const struct command volume_create_command = {
	.name = "create",
	.args = "[VOLUME]",
	.summary = "Make a volume, and print its name",
	.details = "'tare run -v NAME:/path' makes one, too.",
	.options = create_options,
	COMMAND_OPTIONS(struct create_options, .driver = "local"),
	.max_args = 1,
	.flags = COMMAND_STORE,
	.run = create,
};

static const struct command volume_ls = {
	.name = "ls",
	.summary = "List volumes",
	.details = "Fields of a template: .Name .Driver .Mountpoint .Scope",
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
	.options = inspect_options,
	COMMAND_OPTIONS(struct inspect_options, .format = NULL),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE,
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
	.flags = COMMAND_STORE,
	.run = rm,
};

static const struct command *const volume_commands[] = {
	&volume_create_command, &volume_inspect, &volume_ls, &cmd_volume_prune, &volume_rm, NULL,
};

const struct command cmd_volume = {
	.name = "volume",
	.args = "COMMAND",
	.summary = "Work with volumes: create, ls, inspect, rm, prune",
	.details = "A volume is made when a container first asks for it: 'tare run -v NAME:/path'.",
	.subcommands = volume_commands,
};
