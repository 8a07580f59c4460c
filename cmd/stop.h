/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/stop.h - Stopping a container, for restart
 */
#ifndef CMD_STOP_H
#define CMD_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/options.h"

struct context;
struct error;
struct record;

struct stop_options {
	int64_t timeout_ms; /* INT64_MIN: not given; negative: wait for ever */
	const char *signal;
	bool all;
	bool at_shutdown; /* stop only */
};

extern const struct option_def stop_options[];

int stop_container(const struct context *ctx, const struct record *r, struct error *err);

#endif
