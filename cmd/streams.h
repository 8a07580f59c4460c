/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/streams.h - Pipes between us and a process in a container
 */
#ifndef CMD_STREAMS_H
#define CMD_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/config.h"
#include "runtime/supervise.h"

struct error;

int streams_open(struct supervise *ours, int theirs[3], bool interactive, int64_t owner,
		 struct error *err);
void streams_close(struct supervise *ours, int theirs[3]);
int streams_open_null(int theirs[3], struct error *err);
void streams_close_theirs(int theirs[3]);
int streams_judge(const struct supervise *ours, int code, struct error *err);
void streams_take_window_size(struct config_process *p);

#endif
