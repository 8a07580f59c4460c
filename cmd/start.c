// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/start.c - tare start: a created or stopped container, again
 */
#include "cmd/start.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/launch.h"
#include "cmd/message.h"
#include "cmd/monitor.h"
#include "cmd/options.h"
#include "cmd/reclaim.h"
#include "cmd/restart.h"
#include "cmd/stores.h"
#include "cmd/target.h"
#include "cmd/volume.h"
#include "runtime/executable.h"

struct start_options {
	bool attach, interactive, at_boot;
	const char *report;
};

#define O(...) OPTION(struct start_options, __VA_ARGS__)

static const struct option_def options[] = {
	O('a', "attach", NULL, OPTION_BOOL, attach, "Stay in the foreground with its output"),
	O('i', "interactive", NULL, OPTION_BOOL, interactive,
	  "Pass standard input on, if the container keeps it open"),
	O(0, "report", "FILE|fd:N|-", OPTION_TEXT, report,
	  "Write there at the end what it used and why it ended, as JSON"),
	O(0, "at-boot", NULL, OPTION_BOOL, at_boot,
	  "Those whose --restart policy has them run again after the machine did"),
	{ 0 },
};

/* What it was created from, and how. */
struct stopped {
	struct settings settings;
	struct image image;
	struct record record;
	bool has_image;
};

/* Under the lock: `update` may have been changing the settings. */
static int read_stopped(struct stopped *c, const struct context *ctx, struct error *err)
{
	int r = settings_load(&c->settings, &ctx->store, c->record.id, err);

	if (r == 0 && c->settings.host_userns)
		r = executable_protect(err);
	if (r == 0)
		r = volume_make(&c->settings, ctx->store.root_fd, err);
	if (r < 0 || c->settings.rootfs)
		return r;
	r = stores_find_of_container(ctx, c->settings.image_store, c->record.image_id, &c->image,
				     err);
	c->has_image = r == 0;
	return r;
}

static int start_in_foreground(struct launch *l, const struct context *ctx, struct error *err)
{
	int r = launch_start(l, err);

	if (r < 0)
		return r;
	reclaim_sweep(ctx);
	err->code = 0;
	r = launch_wait(l, err);
	launch_finish(l);
	if (r > 0 && err->code)
		message_error(ctx, err);
	return r;
}

static int start_detached(struct launch *l, const struct context *ctx, const char *operand,
			  struct error *err)
{
	int r = monitor_start(l, err);

	if (r == 0)
		message_name(ctx, operand);
	else if (r > 0)
		message_error(ctx, err);
	return r;
}

/* -EBUSY: it runs. Somebody who only copies its files ends soon. */
static int lock_stopped(struct launch *l, struct error *err)
{
	const struct context *ctx = l->ctx;
	int r;

	do {
		l->lock_fd = record_lock(&ctx->store, l->record->id, err);
		if (l->lock_fd != -EBUSY)
			return l->lock_fd < 0 ? l->lock_fd : 0;
		r = reclaim_await_settled(ctx, l->record, err);
	} while (r == 0 && !target_is_running(l->record) &&
		 !record_is_supervised(&ctx->store, l->record->id));
	return r < 0 ? r
		     : error_set(err, EBUSY, "container %.12s is already running", l->record->id);
}

/* Descriptors were those of the first run: then on standard error, as text. */
static const char *verdict_place(const char *spec)
{
	const char *place = spec ? strchr(spec, ':') : NULL;

	return place && report_sink_is_stream(place + 1) ? NULL : spec;
}

/* Where this start wants it, or else where the container's creation did. */
static int open_report(struct launch *l, const struct start_options *o, struct error *err)
{
	const char *spec = o->report ? o->report : l->settings->report;
	int r = report_open_verdicts(&l->report, &l->settings->asserts,
				     verdict_place(l->settings->assert_format), err);

	if (r < 0)
		return r;
	if (!o->report && (!spec || report_sink_is_stream(spec)))
		return 0;
	if (!strcmp(spec, "-") && !l->foreground) {
		error_set(err, EINVAL, "--report - needs -a");
		return error_hint(err, "name a file, or a descriptor: --report fd:3");
	}
	return report_open(&l->report, spec, err);
}

static int start_locked(struct launch *l, struct stopped *c, const char *operand,
			const struct start_options *o, struct error *err)
{
	int r = read_stopped(c, l->ctx, err);

	if (r < 0)
		return r;
	l->image = c->has_image ? &c->image : NULL;
	l->foreground = o->attach || o->interactive;
	l->pass_signals = l->foreground;
	c->settings.interactive &= !l->foreground || o->interactive;
	r = open_report(l, o, err);
	if (r == 0)
		r = course_open(&l->course, &c->settings, c->record.id, true, err);
	if (r < 0)
		return r;
	return l->foreground ? start_in_foreground(l, l->ctx, err)
			     : start_detached(l, l->ctx, operand, err);
}

static int refuse_running(const struct context *ctx, const char *operand,
			  const struct start_options *o, struct error *err)
{
	if (!o->attach && !o->interactive) { /* docker: starting what runs is no error */
		message_name(ctx, operand);
		return 0;
	}
	error_set(err, EBUSY, "it runs already");
	return error_hint(err, "'tare logs -f' shows its output, 'tare exec -it' gives a shell");
}

/* The exit code, or -errno. */
static int start_one(const struct context *ctx, const char *operand, const struct start_options *o,
		     struct error *err)
{
	struct stopped c = { .has_image = false };
	struct error why;
	struct launch l;
	int r;

	record_init(&c.record);
	launch_init(&l, ctx, &c.settings, NULL, &c.record);
	r = target_find(ctx, operand, &c.record, err);
	if (r == 0)
		r = lock_stopped(&l, err);
	if (r == -EBUSY)
		r = refuse_running(l.ctx, operand, o, err);
	else if (r == 0)
		r = start_locked(&l, &c, operand, o, err);
	if (r < 0)
		(void)error_wrap(err, "start '%s'", operand);
	if (r < 0 && report_fail(&l.report, &c.record, l.limit_failed ? EXIT_LIMIT : EXIT_TARE, err,
				 &why) < 0)
		message_error(ctx, &why);
	if (r < 0 && l.lock_fd >= 0)
		reclaim_failed(ctx, c.record.id, &l.lock_fd);
	if (r < 0 && l.limit_failed) {
		message_error(ctx, err);
		r = EXIT_LIMIT;
	}
	/* The monitor holds the lock now; the next container's must not. */
	cleanup_close(&l.lock_fd);
	launch_done(&l);
	settings_done(&c.settings);
	if (c.has_image)
		image_done(&c.image);
	record_done(&c.record);
	return r;
}

/** start_container() - Start it in the background, and print the operand */
int start_container(const struct context *ctx, const char *operand, struct error *err)
{
	static const struct start_options background;

	return start_one(ctx, operand, &background, err);
}

static bool is_due_at_boot(const struct context *ctx, const char *id)
{
	autosettings struct settings settings = { 0 };
	autorecord struct record r = { 0 };
	struct error gone;

	record_init(&r);
	return record_read(&ctx->store, id, &r, &gone) == 0 &&
	       settings_load(&settings, &ctx->store, id, &gone) == 0 &&
	       restart_is_due_at_boot(&settings, &r);
}

static int start_at_boot(struct context *ctx, struct error *err)
{
	autostrlist struct strlist ids = { 0 };
	int code = 0;
	int r;

	r = record_list(&ctx->store, &ids, err);
	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		if (!is_due_at_boot(ctx, ids.items[i]) ||
		    start_container(ctx, ids.items[i], err) == 0)
			continue;
		message_error(ctx, err);
		code = EXIT_TARE;
	}
	return r < 0 ? r : code;
}

static int check(const struct start_options *o, int argc, struct error *err)
{
	bool attached = o->attach || o->interactive;

	if (attached && argc > 1)
		return error_set(err, EINVAL, "only one container can be attached to");
	if (o->report && argc > 1)
		return error_set(err, EINVAL, "--report is for one container");
	if (o->at_boot && (attached || o->report || argc > 0))
		return error_set(err, EINVAL, "--at-boot finds the containers itself");
	if (!o->at_boot && argc == 0)
		return error_set(err, EINVAL,
				 "'start' needs at least 1 operand: CONTAINER [CONTAINER...]");
	return 0;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct start_options *o = ctx->options;
	int code = check(o, argc, err);

	if (code < 0)
		return code;
	reclaim_sweep(ctx);
	if (o->at_boot)
		return start_at_boot(ctx, err);
	for (int i = 0; i < argc; i++) {
		int r = start_one(ctx, argv[i], o, err);

		if (r < 0)
			message_error(ctx, err);
		if (r != 0)
			code = r < 0 ? EXIT_TARE : r;
	}
	return code;
}

const struct command cmd_start = {
	.name = "start",
	.args = "CONTAINER [CONTAINER...]",
	.summary = "Start containers that were created or have ended",
	.details =
		"There is no daemon to start anything after a reboot: 'tare start --at-boot' does it, for\n"
		"containers with --restart, from tare.service or from cron (@reboot).",
	.options = options,
	COMMAND_OPTIONS(struct start_options, .attach = false),
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = run,
};
