// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/restart_command.c - tare restart: stop containers, if they run, and start them
 */
#include <errno.h>

#include "base/error.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/reclaim.h"
#include "cmd/start.h"
#include "cmd/stop.h"
#include "cmd/target.h"

/* The exit code, or -errno. Prints the operand when it is up again. */
static int restart_one(const struct context *ctx, const char *operand, struct error *err)
{
	autorecord struct record r;
	int ret;

	record_init(&r);
	ret = target_find(ctx, operand, &r, err);
	if (ret < 0)
		return ret;
	if (r.auto_remove) {
		error_set(err, EINVAL, "container '%s' was run with --rm", operand);
		return error_hint(err, "when it stops it is gone: run it again");
	}
	ret = stop_container(ctx, &r, err);
	return ret < 0 ? ret : start_container(ctx, operand, err);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct stop_options *o = ctx->options;
	autostrlist struct strlist ids = { 0 };
	int code = 0, r = command_check_all(ctx, o->all, argc, err);

	if (r < 0)
		return r;
	reclaim_sweep(ctx);
	if (o->all)
		r = target_list(ctx, true, &ids, err);
	for (int i = 0; i < argc; i++)
		strlist_add(&ids, argv[i]);
	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		struct error why = { 0 };
		int one = restart_one(ctx, ids.items[i], &why);

		if (one < 0)
			message_error(ctx, &why);
		if (one != 0)
			code = one < 0 ? EXIT_TARE : one;
	}
	return r < 0 ? r : code;
}

const struct command cmd_restart = {
	.name = "restart",
	.args = "CONTAINER [CONTAINER...]",
	.summary = "Stop containers, if they run, and start them",
	.options = stop_options,
	COMMAND_OPTIONS(struct stop_options, .timeout_ms = INT64_MIN),
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = run,
};
