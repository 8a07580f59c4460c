// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/container.c - tare container: the commands about containers, docker's other spelling
 */
#include "cmd/command.h"
#include "cmd/prune.h"

static const struct command *const container_commands[] = {
	&cmd_commit,
	&cmd_cp,
	&cmd_create,
	&cmd_diff,
	&cmd_exec,
	&cmd_export,
	&cmd_container_inspect,
	&cmd_kill,
	&cmd_logs,
	&cmd_container_ls,
	&cmd_pause,
	&cmd_port,
	&cmd_container_prune,
	&cmd_rename,
	&cmd_restart,
	&cmd_rm,
	&cmd_run,
	&cmd_start,
	&cmd_stats,
	&cmd_stop,
	&cmd_top,
	&cmd_unpause,
	&cmd_update,
	&cmd_wait,
	NULL,
};

const struct command cmd_container = {
	.name = "container",
	.args = "COMMAND",
	.summary = "Work with containers: every command of theirs, and prune",
	.subcommands = container_commands,
};
