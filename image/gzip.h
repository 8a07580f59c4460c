/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/gzip.h - Members of gzip streams, for codec.c
 */
#ifndef IMAGE_GZIP_H
#define IMAGE_GZIP_H

#include <stdbool.h>

#include "image/codec_input.h"

struct error;

struct gzip;

struct gzip *gzip_new(size_t buffer_bytes);
unsigned char *gzip_turn(struct gzip *g);
int gzip_step(struct gzip *g, struct codec_input *in, size_t *produced, bool *ended,
	      struct error *err);
void gzip_free(struct gzip *g);

#endif
