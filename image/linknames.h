/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/linknames.h - Which names in a layer are one file
 */
#ifndef IMAGE_LINKNAMES_H
#define IMAGE_LINKNAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;
struct tree_budget;

/* Sorted by inode: the names of one file are neighbours. */
struct linknames {
	struct linkname {
		ino_t ino;
		char *path;
		const char *made; /* the caller's, on the first of a file's names */
	} * items;
	size_t n;
	bool is_read;
};

int linknames_read(struct linknames *names, int layer, struct tree_budget *budget,
		   struct error *err);
struct linkname *linknames_find(const struct linknames *names, ino_t ino, size_t *n);
void linknames_done(struct linknames *names);

#endif
