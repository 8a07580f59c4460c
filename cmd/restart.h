/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/restart.h - --restart: what a monitor does when its container has ended
 */
#ifndef CMD_RESTART_H
#define CMD_RESTART_H

#include <stdbool.h>

struct launch;
struct record;
struct settings;

bool restart_is_wanted(const struct settings *s);
bool restart_is_due_at_boot(const struct settings *s, const struct record *r);
void restart_while_due(struct launch *l);

#endif
