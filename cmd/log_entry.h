/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/log_entry.h - One line of a container's log file
 */
#ifndef CMD_LOG_ENTRY_H
#define CMD_LOG_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Output of a container: a line, or a part of one, then without "\n" at its end. */
struct log_entry {
	struct str text; /* may hold any byte */
	bool is_stderr;
	int64_t time_ns;
	char time[40]; /* as written, RFC 3339 */
};

int log_entry_parse(const char *line, size_t len, struct log_entry *entry);
bool log_entry_ends_line(const char *line, size_t len);

#endif
