/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/view_store.h - Images of the store whose layers are not unpacked
 *
 *   ROOT/images/blobs/sha256/DIFFID	each layer's tar archive, shared by all images
 *   ROOT/images/layer/view-CHAINID/	of a stack of such layers; its owner and mode are
 *					those of the image's root directory
 *	index				the image's names, see view_make.h
 */
#ifndef IMAGE_VIEW_STORE_H
#define IMAGE_VIEW_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "image/config.h"
#include "image/digest.h"
#include "image/store.h"

struct error;
struct layer_blob;

void view_store_key(const struct digest *chain_id, char key[STORE_KEY_MAX]);
bool view_store_has(const struct image_store *s, const struct image_config *c,
		    char key[STORE_KEY_MAX]);
int view_store_open(const struct image_store *s, const char *key, const struct image_config *c,
		    int **fds, size_t *n, struct error *err);
int view_store_open_layer(const struct image_store *s, const struct digest *diff_id);
bool view_store_take_layer(const struct image_store *s, const struct digest *diff_id,
			   struct layer_blob *out);

#endif
