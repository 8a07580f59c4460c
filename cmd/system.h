/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/system.h - The commands of tare system
 */
#ifndef CMD_SYSTEM_H
#define CMD_SYSTEM_H

struct command;

extern const struct command cmd_system_check, cmd_system_df;

#endif
