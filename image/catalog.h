/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/catalog.h - The names of images: rows of the store's index
 */
#ifndef IMAGE_CATALOG_H
#define IMAGE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/digest.h"

struct json;

/* One row of a list: a name of an image, or an image without one. */
struct image_summary {
	char id[DIGEST_SHA256_HEX + 1];
	char manifest[DIGEST_SHA256_HEX + sizeof("sha256:")];
	char *name;    /* normalised reference, or "" */
	char *created; /* RFC 3339 as in the config, or "" */
	uint64_t size; /* bytes of all layers, unpacked */
};

struct image_list {
	struct image_summary *items;
	size_t n;
};

void catalog_read(const struct json *index, struct image_list *out);
struct json *catalog_row_of(const struct json *index, const char *id);
bool catalog_has_name(const struct json *index, const char *name);
void catalog_put(struct json *index, struct json *row, const char *name);
void catalog_drop_name(struct json *index, const char *name);
void catalog_drop_id(struct json *index, const char *id);

#endif
