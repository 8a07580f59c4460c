/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/message.h - What the user is told besides the answer, on stderr
 */
#ifndef CMD_MESSAGE_H
#define CMD_MESSAGE_H

struct context;
struct error;

void message_error(const struct context *ctx, const struct error *err);
void message_warning(const struct context *ctx, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void message_name(const struct context *ctx, const char *name);
int message_finish_output(struct error *err);

#endif
