/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/habit.h - What people type who know docker, and what there is instead
 */
#ifndef CMD_HABIT_H
#define CMD_HABIT_H

struct error;

const char *habit_name(const char *group, const char *name);
int habit_unknown_command(const char *group, const char *name, struct error *err);

#endif
