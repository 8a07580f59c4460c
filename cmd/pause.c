// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/pause.c - tare pause, tare unpause: stop all processes where they are, and go on
 *
 * The cgroup is frozen first and the record says so second: a crash between
 * the two leaves a container that says running, and another pause puts it right.
 */
#include <errno.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/freezer.h"
#include "cmd/command.h"
#include "cmd/target.h"

struct pause_options {
	bool all;
};

#define O(...) OPTION(struct pause_options, __VA_ARGS__)

static const struct option_def pause_options[] = {
	O('a', "all", NULL, OPTION_BOOL, all, "All containers it applies to"),
	{ 0 },
};

static int publish(const struct context *ctx, const struct record *r, enum record_status status,
		   struct error *err)
{
	autoclose int dir = record_open_dir(&ctx->store, r->id, true);
	struct record changed = *r; /* borrows its strings */

	if (dir < 0)
		return error_sys(err, -dir, "open the state of container '%s'", r->name);
	changed.status = status;
	return record_write_running(dir, &changed, err);
}

static int pause_one(const struct context *ctx, const struct record *r, const char *operand,
		     struct error *err)
{
	autoclose int pidfd = -1, group = -1;
	int ret;

	if (r->status == RECORD_PAUSED)
		return error_set(err, EALREADY, "container '%s' is already paused", operand);
	if (!target_is_running(r))
		return error_set(err, ESRCH, "container '%s' is not running", operand);
	pidfd = target_open_process(r, err);
	if (pidfd < 0)
		return pidfd;
	group = target_open_cgroup(r, err);
	if (group < 0)
		return group;
	ret = cgroup_freeze(group, true, err);
	if (ret < 0)
		return error_wrap(err, "pause container '%s'", operand);
	/* Frozen it can only have been killed, and then its supervisor has the last word. */
	if (target_wait_exit(pidfd, 0) == 0)
		return error_set(err, ESRCH, "container '%s' has just ended", operand);
	ret = publish(ctx, r, RECORD_PAUSED, err);
	if (ret < 0)
		(void)cgroup_freeze(group, false, &(struct error){ 0 }); /* @err says why */
	return ret;
}

static int unpause_one(const struct context *ctx, const struct record *r, const char *operand,
		       struct error *err)
{
	autoclose int group = -1;
	int ret;

	if (r->status != RECORD_PAUSED)
		return error_set(err, EINVAL, "container '%s' is not paused", operand);
	group = target_open_cgroup(r, err);
	if (group < 0)
		return group;
	/* First the record: thawed, the container may end, and that must stay on record. */
	ret = publish(ctx, r, RECORD_RUNNING, err);
	if (ret == 0)
		ret = cgroup_freeze(group, false, err);
	return ret < 0 ? error_wrap(err, "unpause container '%s'", operand) : 0;
}

/* The ids of all running containers that are paused, or are not. */
static int list_all(const struct context *ctx, bool paused, struct strlist *ids, struct error *err)
{
	autostrlist struct strlist running = { 0 };
	int ret;

	ret = target_list(ctx, true, &running, err);
	for (size_t i = 0; ret == 0 && i < running.n; i++) {
		autorecord struct record r;

		record_init(&r);
		/* One that vanishes meanwhile is none to act on. */
		if (record_read(&ctx->store, running.items[i], &r, &(struct error){ 0 }) == 0 &&
		    (r.status == RECORD_PAUSED) == paused)
			strlist_add(ids, running.items[i]);
	}
	return ret;
}

static int run(struct context *ctx, int argc, char **argv, bool unpause, struct error *err)
{
	const struct pause_options *o = ctx->options;
	target_action action = unpause ? unpause_one : pause_one;
	autostrlist struct strlist ids = { 0 };
	int ret = command_check_all(ctx, o->all, argc, err);

	if (ret < 0)
		return ret;
	if (!o->all)
		return target_for_each(ctx, argc, argv, action);
	ret = list_all(ctx, unpause, &ids, err);
	return ret < 0 ? ret : target_for_each(ctx, (int)ids.n, ids.items, action);
}

static int run_pause(struct context *ctx, int argc, char **argv, struct error *err)
{
	return run(ctx, argc, argv, false, err);
}

static int run_unpause(struct context *ctx, int argc, char **argv, struct error *err)
{
	return run(ctx, argc, argv, true, err);
}

const struct command cmd_pause = {
	.name = "pause",
	.args = "CONTAINER [CONTAINER...]",
	.summary = "Stop all processes of containers where they are",
	.details = "The processes keep their memory and connections and use no processor time. "
		   "They can still be killed.",
	.options = pause_options,
	COMMAND_OPTIONS(struct pause_options, .all = false),
	.min_args = 0,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE,
	.run = run_pause,
};

const struct command cmd_unpause = {
	.name = "unpause",
	.args = "CONTAINER [CONTAINER...]",
	.summary = "Let the processes of paused containers go on",
	.options = pause_options,
	COMMAND_OPTIONS(struct pause_options, .all = false),
	.min_args = 0,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE,
	.run = run_unpause,
};
