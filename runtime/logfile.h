/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/logfile.h - A container's output as docker's json-file lines
 */
#ifndef RUNTIME_LOGFILE_H
#define RUNTIME_LOGFILE_H

#include <stdint.h>

#include "base/str.h"

struct error;

#define LOGFILE_NAME "container.log"

enum logfile_stream { LOGFILE_STDOUT, LOGFILE_STDERR };

struct logfile {
	int dirfd, fd;
	uint64_t size, max_size;
	unsigned int max_files;
	struct str partial[2]; /* a line that is not complete yet, by stream */
	int64_t second;	       /* the one that is in second_text, if any is */
	char second_text[24];
};

int logfile_open(struct logfile *l, int container_dirfd, uint64_t max_size, unsigned int max_files,
		 struct error *err);
int logfile_write(struct logfile *l, enum logfile_stream stream, const char *data, size_t len);
void logfile_close(struct logfile *l);

#endif
