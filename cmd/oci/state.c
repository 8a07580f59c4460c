// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/state.c - tare-oci state and list: what there is, and how it is
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/format.h"
#include "cmd/oci/oci.h"
#include "cmd/oci/user.h"
#include "cmd/units.h"

/* runtime.md, "State", and what runc adds to it. */
static struct json *full_document(const struct oci_target *t)
{
	struct json *v = state_document(&t->state, t->status);
	autofree char *owner = oci_user_name(t->state.owner);
	char created[UNITS_TEXT_MAX];

	json_set_text(v, "rootfs", t->state.rootfs);
	json_set_text(v, "created", units_print_rfc3339(created, t->state.created_ns));
	json_set_text(v, "owner", owner);
	return v;
}

static int run_state(struct context *ctx, int argc, char **argv, struct error *err)
{
	autotarget struct oci_target t = { .dirfd = -1 };
	autojson struct json *v = NULL;
	int r = oci_target_open(&t, ctx, argv[0], false, err);

	(void)argc;
	if (r < 0)
		return r;
	v = full_document(&t);
	format_print_json(v);
	return 0;
}

const struct command oci_cmd_state = {
	.name = "state",
	.args = "ID",
	.summary = "Print the state of a container",
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_ANYBODY | COMMAND_ONE_DASH,
	.run = run_state,
};

/* ---- list --------------------------------------------------------------- */

struct list_options {
	const char *format;
	bool quiet;
};

#define O(...) OPTION(struct list_options, __VA_ARGS__)

static const struct option_def list_options[] = {
	O('f', "format", "FORMAT", OPTION_TEXT, format, "table or json (default table)"),
	O('q', "quiet", NULL, OPTION_BOOL, quiet, "IDs only"),
	{ 0 },
};

static int find_ids(int root_fd, struct strlist *ids, struct error *err)
{
	autodir DIR *dir = dir_open(root_fd, ".", 0);
	const struct dirent *e;

	if (!dir)
		return error_sys(err, errno, "list the containers");
	while ((e = dir_next(dir)))
		if (state_id_is_valid(e->d_name))
			strlist_add(ids, e->d_name);
	strlist_sort(ids);
	return 0;
}

static void print_row(const struct oci_target *t)
{
	autofree char *owner = oci_user_name(t->state.owner);
	char created[UNITS_TEXT_MAX];

	printf("%-11s %-11d %-11s %-20s %-30s %s\n", t->state.id,
	       t->status == STATE_STOPPED ? 0 : t->state.pid, state_status_name(t->status),
	       t->state.bundle, units_print_rfc3339(created, t->state.created_ns), owner);
}

static int run_list(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct list_options *o = ctx->options;
	bool as_json = o->format && !strcmp(o->format, "json");
	autostrlist struct strlist ids = { 0 };
	autojson struct json *list = json_new_list();
	autofree char *text = NULL;
	int r = find_ids(ctx->store.run_fd, &ids, err);

	(void)argc;
	(void)argv;
	if (r < 0)
		return r;
	if (o->format && !as_json && strcmp(o->format, "table"))
		return error_set(err, EINVAL, "invalid format option '%s'", o->format);
	if (!o->quiet && !as_json)
		printf("%-11s %-11s %-11s %-20s %-30s %s\n", "ID", "PID", "STATUS", "BUNDLE",
		       "CREATED", "OWNER");
	for (size_t i = 0; i < ids.n; i++) {
		autotarget struct oci_target t = { .dirfd = -1 };
		struct error gone;

		if (oci_target_open(&t, ctx, ids.items[i], false, &gone) < 0)
			continue; /* deleted meanwhile, or not made yet */
		if (o->quiet)
			printf("%s\n", t.state.id);
		else if (as_json)
			json_add(list, full_document(&t));
		else
			print_row(&t);
	}
	if (as_json && !o->quiet) {
		text = json_print(list);
		printf("%s\n", text);
	}
	return 0;
}

const struct command oci_cmd_list = {
	.name = "list",
	.summary = "List the containers",
	.options = list_options,
	COMMAND_OPTIONS(struct list_options, 0),
	.flags = COMMAND_ANYBODY | COMMAND_ONE_DASH,
	.run = run_list,
};
