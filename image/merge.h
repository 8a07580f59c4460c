/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/merge.h - The files of an image, in memory, from the layers' tar archives
 */
#ifndef IMAGE_MERGE_H
#define IMAGE_MERGE_H

#include <stddef.h>
#include <stdint.h>

struct archive_tar;
struct erofs_node;
struct error;
struct tree_budget;

/* Where a layer's archive lies, for its files' contents. */
struct merge_source {
	const unsigned char *data; /* all of the archive, which is read from there, too */
	size_t size;
	unsigned int device; /* from 1 on; see erofs.h */
	uint64_t offset;     /* of the archive in there */

	/* Told now and then which part of @data is not needed any more; or NULL. */
	void (*release)(const struct merge_source *source, uint64_t from, uint64_t upto);
};

struct merge;

struct merge *merge_new(struct tree_budget *budget);
int merge_layer(struct merge *m, struct archive_tar *tar, const struct merge_source *source,
		struct error *err);
struct erofs_node *merge_finish(struct merge *m);
uint64_t merge_bytes(const struct merge *m);
void merge_free(struct merge *m);

#endif
