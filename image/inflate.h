/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/inflate.h - Inflating DEFLATE, RFC 1951
 */
#ifndef IMAGE_INFLATE_H
#define IMAGE_INFLATE_H

#include <stdbool.h>

#include "image/codec_input.h"
#include "image/inflate_output.h"

struct error;

struct inflate;

struct inflate *inflate_new(void);
void inflate_begin(struct inflate *z);
int inflate_some(struct inflate *z, struct codec_input *in, struct inflate_output *out, bool *ended,
		 struct error *err);
void inflate_free(struct inflate *z);

#endif
