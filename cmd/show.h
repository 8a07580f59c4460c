/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/show.h - What an appliance is and asks for, as `tare show` prints it
 */
#ifndef CMD_SHOW_H
#define CMD_SHOW_H

struct context;
struct error;

int show_file(const struct context *ctx, const char *path, struct error *err);

#endif
