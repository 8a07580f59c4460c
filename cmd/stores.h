/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/stores.h - The stores that images are looked for in: our own, then additional ones
 */
#ifndef CMD_STORES_H
#define CMD_STORES_H

#include "image/image.h"

struct context;
struct error;

int stores_open_own(const struct context *ctx, struct image_store *store, struct error *err);
int stores_find_image(const struct context *ctx, const char *operand, struct image *image,
		      struct error *err);
int stores_find_of_container(const struct context *ctx, const char *store_dir, const char *id,
			     struct image *image, struct error *err);
void stores_relocate(struct image *image, const char *dir);
char *stores_lower_dirs(const struct context *ctx, const struct image *image);
int stores_list(const struct context *ctx, struct image_list *list, struct error *err);

#endif
