/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/outer.h - Index of the archive that an image travels in
 */
#ifndef IMAGE_OUTER_H
#define IMAGE_OUTER_H

#include <stddef.h>
#include <stdint.h>

struct error;

enum outer_kind { OUTER_FILE, OUTER_SYMLINK, OUTER_HARDLINK };

struct outer_entry {
	char *name;   /* cleaned: no leading slash, no ".." */
	char *target; /* of links, as written, or NULL */
	enum outer_kind kind;
	uint64_t offset, size; /* of the content, from the beginning of the file */
};

/* Sorted by name. { 0 } is empty. */
struct outer_index {
	struct outer_entry *entries;
	size_t n;
};

int outer_index_read(int fd, uint64_t start, uint64_t end, struct outer_index *out,
		     struct error *err);
const struct outer_entry *outer_index_find(const struct outer_index *index, const char *name);
void outer_index_done(struct outer_index *index);

#endif
