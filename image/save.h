/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/save.h - Images of the store, on their way into an archive
 */
#ifndef IMAGE_SAVE_H
#define IMAGE_SAVE_H

#include <stdbool.h>

#include "image/layer_write.h"
#include "image/store.h"
#include "image/tar_write.h"

struct error;
struct image_summary;
struct strlist;
struct writer;

struct save {
	const struct image_store *store;
	enum layer_compression compression; /* of layers that have to be made again */
	struct store_staging staging;
	int lock_fd;
	struct writer *writer;
	struct save_image *images; /* what the writer borrows */
	size_t n;
};

int save_open(struct save *s, const struct image_store *store, enum layer_compression compression,
	      struct error *err);
int save_add(struct save *s, const struct image_summary *row, const struct strlist *names,
	     bool *rebuilt, struct digest *manifest, struct error *err);
int save_finish(struct save *s, tar_sink *sink, void *arg, struct error *err);
void save_close(struct save *s);

#endif
