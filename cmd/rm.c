// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/rm.c - tare rm: remove containers
 */
#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/reclaim.h"
#include "cmd/settings.h"
#include "cmd/target.h"
#include "cmd/volume.h"

struct rm_options {
	bool all, force, volumes;
};

#define O(...) OPTION(struct rm_options, __VA_ARGS__)

static const struct option_def rm_options[] = {
	O('a', "all", NULL, OPTION_BOOL, all, "All containers; running ones only with --force"),
	O('f', "force", NULL, OPTION_BOOL, force,
	  "Kill what still runs; no error if there is nothing to remove"),
	O('v', "volumes", NULL, OPTION_BOOL, volumes, "Remove anonymous volumes as well"),
	OPTION_REFUSE("link", "there are no links; containers on one network see each other"),
	{ 0 },
};

static int remove_record(const struct context *ctx, const struct record *r, struct error *err)
{
	const struct rm_options *o = ctx->options;
	autosettings struct settings settings = { 0 };
	int ret = o->volumes ? settings_load(&settings, &ctx->store, r->id, err) : 0;

	if (ret < 0)
		return ret;
	/* Volumes first: nobody knows of them once the record is gone. */
	if (o->volumes)
		volume_remove_anonymous(&settings, ctx->store.root_fd);
	return record_remove(&ctx->store, r, err);
}

/* -ENOENT: no such container; -EBUSY: it runs. */
static int remove_one(const struct context *ctx, const char *operand, struct error *err)
{
	const struct rm_options *o = ctx->options;
	autorecord struct record r;
	int ret;

	record_init(&r);
	ret = target_find(ctx, operand, &r, err);
	if (ret == 0)
		ret = reclaim_await_settled(ctx, &r, err);
	if (ret < 0)
		return ret;
	if (target_is_up(&r) && !o->force) {
		error_set(err, EBUSY, "container '%s' is %s", operand,
			  record_status_name(r.status));
		return error_hint(err, "stop it first, or use 'tare rm --force'");
	}
	if (target_is_up(&r)) {
		ret = target_kill(ctx, &r, err);
		if (ret < 0)
			return ret;
		reclaim_sweep(ctx); /* should its supervisor have died meanwhile */
		/* Its supervisor has removed it if it was run with --rm. */
		ret = record_read(&ctx->store, r.id, &r, &(struct error){ 0 });
		if (ret == -ENOENT)
			return 0;
	}
	return remove_record(ctx, &r, err);
}

/* Removes what it can; the exit code is that of the worst failure. */
static int remove_all(struct context *ctx, int argc, char **argv)
{
	const struct rm_options *o = ctx->options;
	int status = 0;

	for (int i = 0; i < argc; i++) {
		struct error err = { 0 };
		int ret = remove_one(ctx, argv[i], &err);

		if (ret == 0)
			printf("%s\n", argv[i]);
		if (ret == 0 || (ret == -ENOENT && o->force))
			continue;
		message_error(ctx, &err);
		status = command_worst_code(ret, status);
	}
	return status;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct rm_options *o = ctx->options;
	autostrlist struct strlist ids = { 0 };
	int ret = command_check_all(ctx, o->all, argc, err);

	if (ret < 0)
		return ret;
	reclaim_thoroughly(ctx); /* what a crash left running is not running */
	ret = o->all ? target_list(ctx, false, &ids, err) : 0;
	if (ret < 0)
		return ret;
	ret = o->all ? remove_all(ctx, (int)ids.n, ids.items) : remove_all(ctx, argc, argv);
	reclaim_empty_trash(&ctx->store);
	return ret;
}

const struct command cmd_rm = {
	.name = "rm",
	.args = "CONTAINER [CONTAINER...]",
	.summary = "Remove containers",
	.details = "Exit code 1: no such container. 2: it is running, and --force was not given.",
	.options = rm_options,
	COMMAND_OPTIONS(struct rm_options, .all = false),
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE,
	.run = run,
};
