/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/erofs_entries.h - The entries of a directory in EROFS, block by block
 */
#ifndef IMAGE_EROFS_ENTRIES_H
#define IMAGE_EROFS_ENTRIES_H

#include <stddef.h>

#include "image/erofs_tree.h"

#define EROFS_DIRENT_BYTES 12U /* the name lies behind all those of its block */

/*
 * Entries in their order, those of the directory itself and of its parent among
 * them: there are names that come before a dot.
 */
struct erofs_entries {
	struct erofs_node self, parent;
	struct erofs_node *own[2]; /* still to come */
	struct erofs_node *next;
};

void erofs_entries_sort(struct erofs_node *dir);
void erofs_entries_begin(struct erofs_entries *e, const struct erofs_node *dir,
			 const struct erofs_node *parent);
struct erofs_node *erofs_entries_peek(const struct erofs_entries *e);
void erofs_entries_skip(struct erofs_entries *e);
size_t erofs_entries_fill(struct erofs_entries *e, size_t block_bytes, size_t *used);

#endif
