/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/dispatch.h - Running one command of a table
 */
#ifndef CMD_DISPATCH_H
#define CMD_DISPATCH_H

struct command;
struct context;
struct error;

int dispatch_command(struct context *ctx, const struct command *cmd, const char *group, int argc,
		     char **argv, struct error *err);

#endif
