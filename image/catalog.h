/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/catalog.h - The names of images: rows of the store's index
 */
#ifndef IMAGE_CATALOG_H
#define IMAGE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>

struct image_list;
struct json;

void catalog_read(const struct json *index, struct image_list *out);
struct json *catalog_row_of(const struct json *index, const char *id);
void catalog_put(struct json *index, struct json *row, const char *name);
void catalog_drop_name(struct json *index, const char *name);
void catalog_drop_id(struct json *index, const char *id);

#endif
