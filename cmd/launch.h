/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/launch.h - One run of a container: started, supervised, cleared away
 *
 * All of it happens in the process that supervises the container: the CLI in
 * the foreground, its monitor otherwise.
 *
 *	launch_init()	settings, image, record and lock are there
 *	launch_start()	resources taken, process created; all given back on failure
 *	launch_wait()	until it ends
 *	launch_finish()	resources given back, the end on record
 */
#ifndef CMD_LAUNCH_H
#define CMD_LAUNCH_H

#include "cmd/launch_state.h"

void launch_init(struct launch *l, const struct context *ctx, struct settings *settings,
		 struct image *image, struct record *record);
int launch_restart(struct launch *l, struct error *err);
int launch_start(struct launch *l, struct error *err);
void launch_slim(struct launch *l);
int launch_wait(struct launch *l, struct error *err);
int launch_await_exec(struct launch *l, struct error *err);
void launch_finish(struct launch *l);
void launch_done(struct launch *l);

#endif
