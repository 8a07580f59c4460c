/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/ephemeral.h - run --ephemeral: an archive is run, and nothing of it stays
 */
#ifndef CMD_EPHEMERAL_H
#define CMD_EPHEMERAL_H

#include "image/store.h"
#include "runtime/record.h"

struct context;
struct error;
struct image;
struct image_import_options;

/* What such a run holds. Begins with ephemeral_init(). */
struct ephemeral {
	bool is_wanted;
	char mark[RECORD_ID_HEX + 1];
	int mark_fd; /* locked for as long as we live; -1: nothing is held */
	struct store_staging staging;
	char *dir; /* ROOT of the image's own store, once it is in there */
};

void ephemeral_init(struct ephemeral *e, bool is_wanted);
int ephemeral_find_image(struct ephemeral *e, const struct context *ctx, const char *path,
			 const struct image_import_options *o, struct image *image,
			 struct error *err);
void ephemeral_end(struct ephemeral *e, const struct context *ctx);
void ephemeral_done(struct ephemeral *e);

#endif
