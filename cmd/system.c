// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/system.c - tare system: about the stores as a whole
 */
#include "cmd/system.h"

#include "cmd/command.h"
#include "cmd/prune.h"

static const struct command *const system_commands[] = {
	&cmd_system_check, &cmd_system_df, &cmd_info, &cmd_system_prune, NULL,
};

const struct command cmd_system = {
	.name = "system",
	.args = "COMMAND",
	.summary = "Work with all there is: df, prune, check, info",
	.subcommands = system_commands,
};
