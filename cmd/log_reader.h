/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/log_reader.h - The log files of a container, oldest line first
 */
#ifndef CMD_LOG_READER_H
#define CMD_LOG_READER_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct error;

/* Where a reader stands. The files may grow and be rotated meanwhile. */
struct log_reader {
	int dirfd, fd;
	struct str buffer; /* read, from used on not yet returned */
	size_t used;
};

int log_reader_open(struct log_reader *l, int container_dirfd, struct error *err);
int log_reader_next(struct log_reader *l, const char **line, size_t *len, struct error *err);
int log_reader_skip_to_tail(struct log_reader *l, uint64_t lines, struct error *err);
void log_reader_close(struct log_reader *l);

#endif
