/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/slice/commands.h - The commands of tare slice
 */
#ifndef CMD_SLICE_COMMANDS_H
#define CMD_SLICE_COMMANDS_H

#include "cmd/slice/slice.h"

struct command;
struct context;
struct error;
struct slice_store;

/* What all that make or change slices have in common. */
struct slice_maker {
	struct slice_store *store;
	const struct cap *cap;
	size_t n_slices;
};

int slice_maker_create(struct slice_maker *m, const char *name, const struct slice_limits *limits,
		       struct error *err);

extern const struct command cmd_slice_create, cmd_slice_update, cmd_slice_renew, cmd_slice_rm,
	cmd_slice_ls, cmd_slice_inspect, cmd_slice_report, cmd_slice_export, cmd_slice_apply,
	cmd_slice_cap;

#endif
