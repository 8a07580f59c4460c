// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/stop.c - tare stop: ask to end, then make sure
 */
#include "cmd/stop.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/settings.h"
#include "cmd/signals.h"
#include "cmd/target.h"

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

const struct option_def stop_options[] = {
	O('a', "all", NULL, OPTION_BOOL, all, "All running containers"),
	O('s', "signal", "SIGNAL", OPTION_TEXT, signal,
	  "Signal to ask with (default: the image's, else TERM)"),
	O('t', "time", "SECONDS", OPTION_FUNC, timeout_ms,
	  "Seconds until the container is killed (default 10); -1: never", .parse = parse_timeout,
	  .alias = "timeout"),
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
	if (o->timeout_ms != INT64_MIN)
		*timeout_ms = o->timeout_ms;
	return *sig < 0 ? *sig : 0;
}

static int ask(const struct context *ctx, const struct record *r, struct error *err)
{
	autoclose int pidfd = -1;
	int64_t timeout_ms = 0;
	int sig = 0, ret;

	ret = resolve(ctx, r, &sig, &timeout_ms, err);
	if (ret < 0)
		return ret;
	record_mark_stopping(&ctx->store, r->id);
	if (!target_is_running(r))
		return 0; /* its supervisor sees the mark */
	pidfd = target_open_process(r, err);
	if (pidfd < 0)
		return pidfd;
	ret = target_signal(r, pidfd, sig, err);
	if (ret == 0)
		ret = target_thaw(r, err);
	if (ret < 0)
		return ret;
	ret = target_wait_exit(pidfd, timeout_ms);
	if (ret == -ETIMEDOUT)
		return target_kill(ctx, r, err);
	return ret < 0 ? error_sys(err, -ret, "wait for container '%s'", r->name) : 0;
}

/** stop_container() - Ask a container to end, and see that it does; nothing to do if it has */
int stop_container(const struct context *ctx, const struct record *r, const char *operand,
		   struct error *err)
{
	int ret;

	(void)operand;
	if (!target_is_up(r))
		return 0;
	ret = ask(ctx, r, err);
	if (ret < 0 && ret != -ESRCH)
		return ret;
	return target_wait_released(ctx, r->id);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct stop_options *o = ctx->options;

	return target_for_each_or_all(ctx, o->all, argc, argv, stop_container, err);
}

const struct command cmd_stop = {
	.name = "stop",
	.args = "CONTAINER [CONTAINER...]",
	.summary = "Stop running containers",
	.details =
		"The container's first process gets the stop signal. If it has not ended after the\n"
		"time given, it is killed. A container that does not run is left as it is.",
	.options = stop_options,
	COMMAND_OPTIONS(struct stop_options, .timeout_ms = INT64_MIN),
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE,
	.run = run,
};
