// SPDX-License-Identifier: Apache-2.0
/*
 * base/log.c - Debug messages, on stderr or where the command says
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static bool debug;
static void (*send_to)(void *arg, const char *text); /* NULL: stderr */
static void *send_arg;

/** log_enable_debug() - Turn debug messages on or off (default: off) */
void log_enable_debug(bool on)
{
	debug = on;
}

/** log_to() - Have debug messages go to @sink, one call each; NULL: to stderr */
void log_to(void (*sink)(void *arg, const char *text), void *arg)
{
	send_to = sink;
	send_arg = arg;
}

/** log_debug() - One line, when debug messages are on; no newline in @fmt */
void log_debug(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (!debug)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (send_to)
		send_to(send_arg, line);
	else
		dprintf(2, "tare: debug: %s\n", line);
}
