/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/layer_stored.h - Layers of the store as tar archives again
 */
#ifndef IMAGE_LAYER_STORED_H
#define IMAGE_LAYER_STORED_H

#include <stdint.h>

#include "image/layer_write.h"

struct error;
struct image_store;

/* What to make of a layer. */
struct layer_stored {
	const struct digest *diff_id, *chain_id;
	enum layer_compression compression;
	int64_t latest_s; /* see pack.h */
};

int layer_stored_write(const struct image_store *store, const struct layer_stored *layer, int fd,
		       struct layer_blob *out, struct error *err);

#endif
