// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/rename.c - tare rename: another name for a container
 */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "cmd/command.h"
#include "cmd/reclaim.h"
#include "cmd/run_options.h"
#include "cmd/target.h"

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	autorecord struct record r;
	int ret;

	(void)argc;
	record_init(&r);
	reclaim_thoroughly(ctx); /* names that a crash left are free */
	ret = run_options_check_name(argv[1], err);
	if (ret == 0)
		ret = target_find(ctx, argv[0], &r, err);
	if (ret == 0 && !strcmp(r.name, argv[1]))
		ret = error_set(err, EEXIST, "that is its name already");
	if (ret == 0)
		ret = record_rename(&ctx->store, &r, argv[1], err);
	return ret < 0 ? error_wrap(err, "rename '%s'", argv[0]) : 0;
}

const struct command cmd_rename = {
	.name = "rename",
	.args = "CONTAINER NAME",
	.summary = "Give a container another name",
	.details = "It may run. What it was told of its own name (its host name) stays as it is.",
	.min_args = 2,
	.max_args = 2,
	.flags = COMMAND_STORE,
	.run = run,
};
