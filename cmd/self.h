/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/self.h - The command line of a self-starting file
 */
#ifndef CMD_SELF_H
#define CMD_SELF_H

#include <stdbool.h>

struct context;
struct error;
struct strlist;

void self_translate(int argc, char **argv, struct strlist *out);
bool self_wants_help(int argc, char **argv);
int self_print_help(const struct context *ctx, const char *name, struct error *err);

#endif
