/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/source.h - Where an image comes from: an archive or a layout directory, by name
 */
#ifndef IMAGE_SOURCE_H
#define IMAGE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

struct source;
struct strlist;

/* A file in the source. fd is borrowed from an archive, owned by source_file_close() else. */
struct source_file {
	int fd;
	bool owned;
	uint64_t offset, size;
};

struct source_limits {
	uint64_t min_bytes; /* inflating the archive itself: this much is always allowed, */
	uint64_t ratio;	    /* and beyond it this many times what was read */
};

int source_open(int fd, int spool_dirfd, const struct source_limits *limits, struct source **out,
		struct error *err);
uint64_t source_size(const struct source *s);
uint64_t source_max_inflated(const struct source *s, uint64_t packed);
bool source_has(const struct source *s, const char *name);

void source_list(const struct source *s, const char *prefix, struct strlist *names);
int source_find(const struct source *s, const char *name, struct source_file *out,
		struct error *err);
int source_read(const struct source *s, const char *name, size_t max_bytes, char **data,
		size_t *len, struct error *err);
ssize_t source_file_read(const struct source_file *f, uint64_t at, void *to, size_t size,
			 struct error *err);
void source_file_close(struct source_file *f);
void source_close(struct source *s);

#endif
