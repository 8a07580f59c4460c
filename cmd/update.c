// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/update.c - tare update: other limits for containers, also for those that run
 *
 * Theory of operation:
 * The new settings are written beside the old ones; then the cgroup of a running
 * container gets its limits, all or none of them; then the settings are exchanged,
 * which cannot fail any more. Killed in between, the container runs with the new
 * limits until it ends, and the command can be given again.
 *
 * A container that is stopped is locked as by a supervisor meanwhile, so that a
 * start waits and reads the new settings. One that is up has its supervisor,
 * which finds a mark: it reads them before it starts the container again, and
 * looks for the mark again when that runs. We look whether it runs
 * after the mark is made. So one of the two always sees the other.
 */
#include "cmd/update.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cgroups/hierarchy.h"
#include "cgroups/update.h"
#include "cmd/appliance.h"
#include "cmd/command.h"
#include "cmd/limits.h"
#include "cmd/limits_merge.h"
#include "cmd/message.h"
#include "cmd/reclaim.h"
#include "cmd/settings.h"
#include "cmd/target.h"
#include "runtime/process.h"

#define LOCK_TRIES 3

struct update_options {
	struct settings settings;
	bool force;
};

#define O(...) OPTION(struct update_options, __VA_ARGS__)

static const struct option_def options[] = {
	LIMITS_FLAGS(O),
	O(0, "force", NULL, OPTION_BOOL, force,
	  "Lower --memory even if that kills something right away"),
	O(0, "restart", "POLICY", OPTION_TEXT, settings.restart,
	  "no, on-failure[:N], always, unless-stopped"),
	{ 0 },
};

/* One container that is being changed. */
struct change {
	const struct context *ctx;
	const struct update_options *options;
	struct record record;
	struct settings settings; /* as they will be */
	int lock_fd;		  /* of a stopped one; -1: it has a supervisor */
	bool limit_failed;	  /* --strict: why it failed */
};

static int apply(const struct settings *s, const char *cgroup, bool force, struct strlist *remarks,
		 struct error *err)
{
	struct cgroup_limits limits = { 0 };
	struct cgroup_root root = { .fd = -1 };
	const struct cgroup_change change = {
		.limits = &limits,
		.spare = !force,
		.strict = s->strict,
		.remarks = remarks,
	};
	int r = limits_of_settings(s, &limits, err);

	if (r == 0)
		r = cgroup_root_open(&root, err);
	if (r == 0)
		r = cgroup_update(&root, cgroup, &change, err);
	cgroup_root_close(&root);
	cgroup_limits_done(&limits);
	return r;
}

/**
 * update_running() - Have the cgroup of a container that was just started agree with its settings
 *
 * For its supervisor, when update_running() of somebody else may have come too early.
 */
int update_running(const struct record_store *store, const struct record *r, struct error *err)
{
	autosettings struct settings s = { 0 };
	autostrlist struct strlist remarks = { 0 };
	int ret = settings_load(&s, store, r->id, err);

	return ret < 0 || !*r->cgroup ? ret : apply(&s, r->cgroup, true, &remarks, err);
}

/*
 * Its supervisor takes the cgroup away before it is on record: then the next run
 * has the limits. Files of a cgroup that goes are not there, or cannot be written,
 * or look like those of a kernel without the controller; bad values stay bad.
 */
static bool has_just_ended(const struct change *c, int r)
{
	return r < 0 && r != -EINVAL &&
	       (process_start_time(c->record.pid) != c->record.pid_start ||
		process_is_dying(c->record.pid));
}

static int apply_to_cgroup(struct change *c, struct error *err)
{
	autostrlist struct strlist remarks = { 0 };
	int r;

	if (!limits_are_asked(&c->options->settings) && !c->options->settings.strict)
		return 0;
	if (!*c->record.cgroup)
		return error_set(err, EOPNOTSUPP,
				 "it has no cgroup: it was started where there "
				 "are none");
	r = apply(&c->settings, c->record.cgroup, c->options->force, &remarks, err);
	if (has_just_ended(c, r))
		return 0;
	c->limit_failed = r < 0 && c->settings.strict;
	for (size_t i = 0; r == 0 && i < remarks.n; i++)
		message_warning(c->ctx, "%s", remarks.items[i]);
	return r;
}

/* It may have been started anew since, and by settings that were read before. */
static int apply_to_the_next(struct change *c, struct error *err)
{
	pid_t pid = target_is_running(&c->record) ? c->record.pid : 0;
	int r;

	r = record_read(&c->ctx->store, c->record.id, &c->record, err);
	if (r == -ENOENT)
		return 0; /* it ended, and was a --rm one */
	if (r < 0 || !target_is_running(&c->record) || c->record.pid == pid)
		return r;
	return apply_to_cgroup(c, err);
}

static int exchange(struct change *c, struct error *err)
{
	const struct record_store *store = &c->ctx->store;
	const char *id = c->record.id;
	int r = 0;

	if (target_is_running(&c->record)) {
		record_mark_updated(store, id); /* if it ends of it: look why */
		r = apply_to_cgroup(c, err);
	}
	if (r == 0)
		r = record_exchange_config(store, id, err);
	if (r < 0)
		record_drop_config(store, id);
	if (r < 0 || c->lock_fd >= 0)
		return r;
	record_mark_updated(store, id);
	return apply_to_the_next(c, err);
}

static int check_restart(const struct change *c, struct error *err)
{
	const char *restart = c->options->settings.restart;
	int64_t max_retries;
	int r = restart ? appliance_parse_restart(restart, &max_retries, err) : 0;

	if (r == 0 && restart && c->settings.auto_remove && strcmp(restart, "no") != 0)
		return error_set(err, EINVAL,
				 "--restart: when it stops it is gone, as it was run "
				 "with --rm");
	return r;
}

static int check_cpus(const struct change *c, struct error *err)
{
	if (!c->settings.vcpus || !c->options->settings.cpuset_cpus)
		return 0;
	return error_set(err, EINVAL,
			 "--cpuset-cpus: its processors are chosen at each start, as "
			 "it has --vcpus");
}

static int change_locked(struct change *c, struct error *err)
{
	autojson struct json *document = record_read_config(&c->ctx->store, c->record.id, err);
	int r;

	if (!document)
		return -err->code;
	r = settings_from_json(&c->settings, json_clone(document), err);
	if (r == 0)
		r = check_restart(c, err);
	if (r == 0)
		r = check_cpus(c, err);
	if (r < 0)
		return r;
	limits_merge(&c->settings, &c->options->settings);
	r = limits_check(&c->settings, err);
	if (r < 0)
		return r;
	settings_put_host(&c->settings, document);
	r = record_stage_config(&c->ctx->store, c->record.id, document, err);
	return r == 0 ? exchange(c, err) : r;
}

/* Until it is up, or ours. */
static int settle(struct change *c, struct error *err)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		int r = reclaim_await_settled(c->ctx, &c->record, err);

		if (r < 0 || target_is_up(&c->record))
			return r;
		c->lock_fd = record_lock(&c->ctx->store, c->record.id, err);
		if (c->lock_fd != -EBUSY)
			return c->lock_fd < 0 ? c->lock_fd : 0;
		r = record_read(&c->ctx->store, c->record.id, &c->record, err);
		if (r < 0)
			return r;
	}
	return -err->code;
}

static void let_go(struct change *c)
{
	if (c->lock_fd >= 0) {
		(void)record_clear_running(&c->ctx->store, c->record.id);
		(void)close(c->lock_fd);
	}
	settings_done(&c->settings);
	record_done(&c->record);
}

/* The exit code, or -errno. */
static int update_one(const struct context *ctx, const char *operand, struct error *err)
{
	struct change c = { .ctx = ctx, .options = ctx->options, .lock_fd = -1 };
	int r;

	record_init(&c.record);
	r = target_find(ctx, operand, &c.record, err);
	if (r == 0)
		r = settle(&c, err);
	if (r == 0)
		r = change_locked(&c, err);
	let_go(&c);
	if (r == 0)
		return puts(operand) < 0 ? error_sys(err, errno, "write the answer") : 0;
	(void)error_wrap(err, "update '%s'", operand);
	message_error(ctx, err);
	return c.limit_failed ? EXIT_LIMIT : EXIT_TARE;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct update_options *o = ctx->options;
	autoclose int lock = -1;
	int code = 0;

	if (!limits_are_asked(&o->settings) && !o->settings.restart && !o->settings.strict)
		return error_set(err, EINVAL,
				 "nothing is to be changed: give a limit, or --restart");
	reclaim_sweep(ctx);
	lock = record_lock_update(&ctx->store, err);
	if (lock < 0)
		return lock;
	for (int i = 0; i < argc; i++) {
		int r = update_one(ctx, argv[i], err);

		if (r < 0)
			return r;
		code = r > code ? r : code;
	}
	return code;
}

const struct command cmd_update = {
	.name = "update",
	.args = "CONTAINER [CONTAINER...]",
	.summary = "Change limits and the restart policy of containers",
	.details =
		"What is not given stays as it is. A running container has all of the new limits, or, "
		"if one of them cannot be had, its old ones; the next start has them, too.\n\n"
		"Memory that is in use is reclaimed before --memory is lowered. Where that is not "
		"enough, the limit stays as it was, so that nothing is killed; see --force.\n\n"
		"-1 lifts a limit, and a reservation. The exit code is 125 when one container could "
		"not be changed, 122 when that was for a --strict limit.\n\n"
		"  tare update --memory 512m --cpus 1.5 web\n"
		"  tare update --restart no web db",
	.options = options,
	COMMAND_OPTIONS(struct update_options, .force = false),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = run,
};
