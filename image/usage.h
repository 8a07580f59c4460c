/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/usage.h - What images take on disk
 */
#ifndef IMAGE_USAGE_H
#define IMAGE_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "image/image.h"
#include "image/store.h"

struct error;

/* A layer of the store, and which images are made of it. */
struct usage_layer {
	char key[STORE_KEY_MAX];
	uint64_t size; /* bytes of all files, holes included */
	size_t images; /* how many have it */
	bool in_use;   /* by an image that a container uses */
};

struct usage_image {
	char id[DIGEST_SHA256_HEX + 1];
	uint64_t size, shared; /* shared: of layers that other images have, too */
	size_t containers;
};

/* { 0 } is empty. */
struct usage {
	struct usage_layer *layers;
	struct usage_image *images;
	size_t n_layers, n_images;
	uint64_t size, reclaimable;
};

/* How many containers use the image of this id. */
typedef size_t usage_count_containers(void *arg, const char *id);

int usage_read(const struct image_store *s, usage_count_containers *count, void *arg,
	       struct usage *out, struct error *err);
void usage_done(struct usage *u);
void usage_layer_sizes(const struct image_store *s, const struct image_config *c, uint64_t *sizes);
/* Bytes of the files in a directory, each once however many names it has; 0: there is none. */
uint64_t usage_of_tree(int dirfd, const char *name);

/* The same of a layer, and whether something in it was changed after it was published. */
uint64_t usage_of_layer(int dirfd, bool *changed);

/* What a layer's files took when it was loaded; false: its file system keeps no attributes. */
bool usage_recorded_size(int dirfd, uint64_t *size);

#endif
