/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/codec_rare.h - Inflating xz and bzip2, for codec.c
 */
#ifndef IMAGE_CODEC_RARE_H
#define IMAGE_CODEC_RARE_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* What a step reads and where it writes; both are moved on. */
struct codec_rare_io {
	const unsigned char *in;
	size_t in_len;
	unsigned char *out;
	size_t out_len;
};

struct codec_rare;
enum codec_rare_kind { CODEC_RARE_XZ, CODEC_RARE_BZIP2 };

struct codec_rare *codec_rare_new(enum codec_rare_kind kind);
int codec_rare_step(struct codec_rare *c, struct codec_rare_io *io, bool *ended, struct error *err);
void codec_rare_free(struct codec_rare *c);

#endif
