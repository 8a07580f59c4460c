/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/compose.h - New images in the store, from a config and layers
 */
#ifndef IMAGE_COMPOSE_H
#define IMAGE_COMPOSE_H

#include "image/layer_write.h"
#include "image/store.h"

struct error;
struct image;
struct json;

/* Work on one image; begins with compose_open(). */
struct compose {
	const struct image_store *store;
	struct store_staging staging;
	int lock_fd;	     /* layers below stay where they are */
	struct json *config; /* the document in the making */
	struct layer_blob *layers;
	size_t n_layers;
	bool is_view; /* built on an image that is not unpacked, and will not be either */
};

/* Writes a layer's tar archive to layer_writer_sink(). */
typedef int compose_write(void *arg, struct layer_writer *w, struct error *err);

int compose_open(struct compose *c, const struct image_store *store, const struct image *base,
		 struct error *err);
int compose_add_layer(struct compose *c, compose_write *write, void *arg, struct error *err);
void compose_add_history(struct compose *c, const char *created_by, const char *comment);
int compose_publish(struct compose *c, const char *name, char id[DIGEST_SHA256_HEX + 1],
		    struct error *err);
void compose_close(struct compose *c);

#endif
