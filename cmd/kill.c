// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/kill.c - tare kill: send a signal
 */
#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/command.h"
#include "cmd/signals.h"
#include "cmd/target.h"

struct kill_options {
	const char *signal;
	bool all;
};

#define O(...) OPTION(struct kill_options, __VA_ARGS__)

static const struct option_def kill_options[] = {
	O('a', "all", NULL, OPTION_BOOL, all, "All running containers"),
	O('s', "signal", "SIGNAL", OPTION_TEXT, signal, "Signal, by name or number (default KILL)"),
	{ 0 },
};

static int send(const struct context *ctx, const struct record *r, const char *operand,
		struct error *err)
{
	const struct kill_options *o = ctx->options;
	int sig = signals_parse(o->signal, err);
	autoclose int pidfd = -1;

	if (!target_is_running(r) && !(sig == SIGKILL && target_is_up(r)))
		return error_set(err, ESRCH, "container '%s' is not running (%s)", operand,
				 record_status_name(r->status));
	if (sig == SIGKILL)
		return target_kill(ctx, r, err);
	pidfd = target_open_process(r, err);
	return pidfd < 0 ? pidfd : target_signal(r, pidfd, sig, err);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct kill_options *o = ctx->options;
	int ret = signals_parse(o->signal, err);

	return ret < 0 ? ret : target_for_each_or_all(ctx, o->all, argc, argv, send, err);
}

const struct command cmd_kill = {
	.name = "kill",
	.args = "CONTAINER [CONTAINER...]",
	.summary = "Send a signal to the first process of containers",
	.details =
		"With KILL, the command returns when the container has ended; with other signals,\n"
		"when they are sent. The first process of a container only gets signals that it\n"
		"handles, apart from KILL and STOP.",
	.options = kill_options,
	COMMAND_OPTIONS(struct kill_options, .signal = "KILL"),
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE,
	.run = run,
};
