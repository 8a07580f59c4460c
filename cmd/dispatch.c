// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/dispatch.c - Running one command of a table
 */
#include "cmd/dispatch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/help.h"

static int check_operands(const struct command *cmd, int argc, struct error *err)
{
	if (argc >= cmd->min_args && (cmd->max_args == COMMAND_ANY || argc <= cmd->max_args))
		return 0;
	if (cmd->max_args == 0)
		return error_set(err, EINVAL, "'%s' takes no operands", cmd->name);
	if (argc < cmd->min_args)
		return error_set(err, EINVAL, "'%s' needs %s%d operand%s: %s", cmd->name,
				 cmd->max_args == cmd->min_args ? "" : "at least ", cmd->min_args,
				 cmd->min_args == 1 ? "" : "s", cmd->args);
	return error_set(err, EINVAL, "'%s' takes at most %d operand%s: %s", cmd->name,
			 cmd->max_args, cmd->max_args == 1 ? "" : "s", cmd->args);
}

static int check_flags(struct context *ctx, const struct command *cmd, struct error *err)
{
	if (geteuid() != 0 && (cmd->flags & COMMAND_ROOT)) {
		error_set(err, EPERM, "'%s' needs root", cmd->name);
		return error_hint(err, "run it with sudo");
	}
	/* An empty list, or an image that sudo does not find later, would only puzzle. */
	if (geteuid() != 0 && (cmd->flags & COMMAND_STORE) && !ctx->own_store &&
	    !(cmd->flags & COMMAND_ANYBODY)) {
		error_set(err, EPERM, "'%s' needs root, or a store of your own", cmd->name);
		return error_hint(err, "run it with sudo; TARE_ROOT or --root names a store");
	}
	return cmd->flags & COMMAND_STORE ? command_open_stores(ctx, err) : 0;
}

static int usage_error(const struct command *cmd, const char *group, struct error *err)
{
	if (!err->hint[0])
		error_hint(err, "see 'tare %s%s%s --help'", group ? group : "", group ? " " : "",
			   cmd->name);
	return -EINVAL;
}

/**
 * dispatch_command() - Parse a command's options, check what it needs, and run it
 * @group:	The command that it belongs to, or NULL
 * @argv:	What follows the command's name
 *
 * Return: its exit code, or -errno with @err set
 */
int dispatch_command(struct context *ctx, const struct command *cmd, const char *group, int argc,
		     char **argv, struct error *err)
{
	autofree void *values = xcalloc(1, cmd->options_size);
	int r;

	if (cmd->defaults)
		memcpy(values, cmd->defaults, cmd->options_size);
	ctx->command = cmd;
	ctx->options = values;
	r = options_parse(cmd->options, values,
			  (cmd->flags & COMMAND_PREFIX ? OPTIONS_PREFIX : 0) |
				  (cmd->flags & COMMAND_ONE_DASH ? OPTIONS_ONE_DASH : 0),
			  &argc, argv, err);
	if (r == OPTIONS_HELP)
		help_print_command(cmd, group);
	else if (r < 0 || check_operands(cmd, argc, err) < 0)
		r = usage_error(cmd, group, err);
	else
		r = check_flags(ctx, cmd, err);
	if (r == 0)
		r = cmd->run(ctx, argc, argv, err);
	else if (r == OPTIONS_HELP)
		r = 0;
	options_done(cmd->options, values);
	return r;
}
