// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/stop.c - tare stop: ask to end, then make sure
 *
 * Of several containers all are asked first, so that they take as long as the slowest.
 */
#include "cmd/stop.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/settings.h"
#include "cmd/signals.h"
#include "cmd/target.h"
#include "runtime/supervise.h"

#define AT_ONCE 256 /* each has a descriptor */

/* "stop -t -1" waits for ever, as in docker; units know no negative durations. */
static int parse_timeout(void *member, const char *value, struct error *err)
{
	int64_t *ms = member;
	int64_t seconds;

	if (str_parse_i64(value, -1, INT32_MAX, &seconds) < 0)
		return error_set(err, EINVAL, "'%s' is no number of seconds, or -1", value);
	*ms = seconds * 1000;
	return 0;
}

#define O(...) OPTION(struct stop_options, __VA_ARGS__)

#define COMMON                                                                     \
	O('a', "all", NULL, OPTION_BOOL, all, "All running containers"),           \
		O('s', "signal", "SIGNAL", OPTION_TEXT, signal,                    \
		  "Signal to ask with (default: the image's, else TERM)"),         \
		O('t', "time", "SECONDS", OPTION_FUNC, timeout_ms,                 \
		  "Seconds until the container is killed (default 10); -1: never", \
		  .parse = parse_timeout, .alias = "timeout")

const struct option_def stop_options[] = { COMMON, { 0 } };

static const struct option_def options[] = {
	COMMON,
	O(0, "at-shutdown", NULL, OPTION_BOOL, at_shutdown,
	  "All, as the machine goes down: 'start --at-boot' starts those with --restart"),
	{ 0 },
};

/* What to ask with and how long to wait: flags, else the container's settings. */
static int resolve(const struct context *ctx, const struct record *r, int *sig, int64_t *timeout_ms,
		   struct error *err)
{
	const struct stop_options *o = ctx->options;
	autojson struct json *settings = record_read_config(&ctx->store, r->id, err);
	const struct json *config = json_get(settings, "Config");
	const char *name = json_text_or(json_get(config, "StopSignal"), "TERM");
	int64_t seconds = json_int(json_get(config, "StopTimeout"), 0);

	if (!settings)
		return -err->code;
	*sig = signals_parse(o->signal ? o->signal : *name ? name : "TERM", err);
	*timeout_ms = 1000 * (seconds ? seconds : SETTINGS_STOP_TIMEOUT_S);
	if (o->at_shutdown && (seconds < 0 || *timeout_ms > SUPERVISE_FAREWELL_MAX_MS))
		*timeout_ms = SUPERVISE_FAREWELL_MAX_MS;
	if (o->timeout_ms != INT64_MIN)
		*timeout_ms = o->timeout_ms;
	return *sig < 0 ? *sig : 0;
}

/* What was asked to end. */
struct asked {
	bool up;	/* it has a supervisor, whose end is to be seen */
	int pidfd;	/* of its first process; -1: it has none */
	int64_t end_ms; /* CLOCK_MONOTONIC: then it is killed; INT64_MAX: never */
};

static int ask(const struct context *ctx, const struct record *r, struct asked *a,
	       struct error *err)
{
	const struct stop_options *o = ctx->options;
	int64_t timeout_ms = 0;
	int sig = 0, ret;

	*a = (struct asked){ .up = target_is_up(r), .pidfd = -1 };
	if (!a->up)
		return 0;
	ret = resolve(ctx, r, &sig, &timeout_ms, err);
	if (ret < 0)
		return ret;
	if (target_is_running(r))
		ret = a->pidfd = target_open_process(r, err);
	if (ret < 0 && ret != -ESRCH)
		return ret;
	if (o->at_shutdown)
		record_mark_shutdown(&ctx->store, r->id);
	else
		record_mark_stopping(&ctx->store, r->id);
	if (a->pidfd < 0)
		return ret; /* its supervisor sees the mark */
	a->end_ms = timeout_ms < 0 ? INT64_MAX : clock_monotonic_ms() + timeout_ms;
	ret = target_signal(r, a->pidfd, sig, err);
	return ret < 0 ? ret : target_thaw(r, err);
}

/* Wait until it ends; for as long as it may take. */
static int insist(const struct record *r, const struct asked *a, struct error *err)
{
	int64_t left = a->end_ms - clock_monotonic_ms();
	int ret = 0;

	if (a->pidfd >= 0)
		ret = target_wait_exit(a->pidfd, a->end_ms == INT64_MAX ? -1 : left < 0 ? 0 : left);
	if (ret == -ETIMEDOUT)
		ret = target_signal(r, a->pidfd, SIGKILL, err);
	else if (ret < 0)
		error_sys(err, -ret, "wait for container '%s'", r->name);
	return ret == -ESRCH ? 0 : ret;
}

/* Its end, and that this is on record. */
static int await_end(const struct context *ctx, const struct record *r, const struct asked *a)
{
	int ret = a->pidfd >= 0 ? target_wait_exit(a->pidfd, -1) : 0;

	return ret < 0 || !a->up ? ret : target_wait_released(ctx, r->id);
}

/** stop_container() - Ask a container to end, and see that it does; nothing to do if it has */
int stop_container(const struct context *ctx, const struct record *r, struct error *err)
{
	struct asked a;
	int ret = ask(ctx, r, &a, err);

	if (ret == 0 || ret == -ESRCH)
		ret = insist(r, &a, err);
	if (ret == 0)
		ret = await_end(ctx, r, &a);
	cleanup_close(&a.pidfd);
	return ret;
}

/* One of several: all are asked before any is waited for. */
struct stopping {
	const char *operand;
	struct record record;
	struct asked asked;
	bool over; /* nothing more to do: it failed, or is none to stop */
	bool failed;
};

static void begin(const struct context *ctx, struct stopping *all, size_t i, bool only_up)
{
	struct stopping *s = &all[i];
	struct error err = { 0 };
	bool again = false;
	int ret;

	record_init(&s->record);
	s->asked.pidfd = -1;
	ret = target_find(ctx, s->operand, &s->record, &err);
	s->over = only_up && (ret < 0 || !target_is_up(&s->record)); /* it vanished, or has ended */
	for (size_t j = 0; j < i; j++)
		again |= ret == 0 && !strcmp(all[j].record.id, s->record.id);
	if (ret == 0 && !s->over && !again)
		ret = ask(ctx, &s->record, &s->asked, &err);
	if (s->over || ret == 0 || ret == -ESRCH)
		return;
	message_error(ctx, &err);
	s->over = s->failed = true;
}

static int by_end(const void *a, const void *b)
{
	const struct stopping *const *x = a, *const *y = b;

	return ((*x)->asked.end_ms > (*y)->asked.end_ms) -
	       ((*x)->asked.end_ms < (*y)->asked.end_ms);
}

/* In the order in which they are to be killed. */
static void insist_on_all(const struct context *ctx, struct stopping *all, size_t n)
{
	struct stopping **order = xcalloc(n, sizeof(*order));

	for (size_t i = 0; i < n; i++)
		order[i] = &all[i];
	qsort(order, n, sizeof(*order), by_end);
	for (size_t i = 0; i < n; i++) {
		struct stopping *s = order[i];
		struct error err = { 0 };

		if (s->over || insist(&s->record, &s->asked, &err) == 0)
			continue;
		message_error(ctx, &err);
		s->over = s->failed = true;
	}
	free(order);
}

static int stop_some(const struct context *ctx, char *const *operands, size_t n, bool only_up)
{
	struct stopping *all = xcalloc(n, sizeof(*all));
	int status = 0;

	for (size_t i = 0; i < n; i++) {
		all[i].operand = operands[i];
		begin(ctx, all, i, only_up);
	}
	insist_on_all(ctx, all, n);
	for (size_t i = 0; i < n; i++) {
		all[i].failed |= !all[i].over && await_end(ctx, &all[i].record, &all[i].asked) < 0;
		if (all[i].failed)
			status = EXIT_TARE;
		else if (!all[i].over)
			puts(all[i].operand);
		cleanup_close(&all[i].asked.pidfd);
		record_done(&all[i].record);
	}
	free(all);
	return status;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct stop_options *o = ctx->options;
	bool all = o->all || o->at_shutdown;
	autostrlist struct strlist ids = { 0 };
	int status = 0, r = command_check_all(ctx, all, argc, err);

	if (r == 0 && all)
		r = target_list(ctx, false, &ids, err);
	if (r < 0)
		return r;
	for (int i = 0; i < argc; i++)
		strlist_add(&ids, argv[i]);
	for (size_t i = 0; i < ids.n; i += AT_ONCE)
		status |= stop_some(ctx, ids.items + i, ids.n - i < AT_ONCE ? ids.n - i : AT_ONCE,
				    all);
	return status;
}

const struct command cmd_stop = {
	.name = "stop",
	.args = "CONTAINER [CONTAINER...]",
	.summary = "Stop running containers",
	.details =
		"The container's first process gets the stop signal. If it has not ended after the\n"
		"time given, it is killed. A container that does not run is left as it is. Several are\n"
		"all asked first, and then waited for.",
	.options = options,
	COMMAND_OPTIONS(struct stop_options, .timeout_ms = INT64_MIN),
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE,
	.run = run,
};
