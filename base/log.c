// SPDX-License-Identifier: Apache-2.0
/*
 * base/log.c - Debug messages on stderr
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static bool debug;

/** log_enable_debug() - Turn debug messages on or off (default: off) */
void log_enable_debug(bool on)
{
	debug = on;
}

/** log_is_debug() - Whether debug messages are on */
bool log_is_debug(void)
{
	return debug;
}

/** log_debug() - One line on stderr, when debug messages are on; no newline in @fmt */
void log_debug(const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (!debug)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	dprintf(2, "tare: debug: %s\n", line);
}
