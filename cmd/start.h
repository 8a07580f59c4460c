/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/start.h - Starting a container in the background, for restart
 */
#ifndef CMD_START_H
#define CMD_START_H

struct context;
struct error;

int start_container(const struct context *ctx, const char *operand, struct error *err);

#endif
