/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/help.h - Help texts and man pages, made from the command tables
 */
#ifndef CMD_HELP_H
#define CMD_HELP_H

struct command;

void help_print_overview(void);
void help_print_command(const struct command *command, const char *group);

#endif
