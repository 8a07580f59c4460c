/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/gzip.h - Members of gzip streams, for codec.c
 */
#ifndef IMAGE_GZIP_H
#define IMAGE_GZIP_H

#include <stdbool.h>

#include "image/codec_input.h"

struct error;

#define GZIP_ENOUGH (64U << 10) /* content to give away before it is inflated further */

struct gzip;

struct gzip *gzip_new(struct codec_input *in);
unsigned char *gzip_turn(struct gzip *g);
int gzip_step(struct gzip *g, size_t *produced, bool *ended, struct error *err);
void gzip_free(struct gzip *g);

#endif
