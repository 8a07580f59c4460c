/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/sink.h - Where a report goes: FILE, fd:N or - for standard output
 */
#ifndef CMD_REPORT_SINK_H
#define CMD_REPORT_SINK_H

#include <stdbool.h>
#include <stddef.h>

struct error;

struct report_sink {
	int fd;	    /* to write to, each time; -1: a file, or nowhere */
	int dir_fd; /* where the file is made anew each time */
	char *name; /* in there */
};

#define REPORT_SINK_NONE ((struct report_sink){ .fd = -1, .dir_fd = -1 })

bool report_sink_is_stream(const char *spec);
char *report_sink_absolute(const char *spec);
int report_sink_open(struct report_sink *sink, const char *spec, const char *option,
		     struct error *err);
bool report_sink_is_open(const struct report_sink *sink);
int report_sink_write(const struct report_sink *sink, const char *text, size_t len,
		      struct error *err);
void report_sink_close(struct report_sink *sink);

#endif
