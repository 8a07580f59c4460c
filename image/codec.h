/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/codec.h - Inflating streams: gzip, zstd, xz, bzip2, or nothing to inflate
 */
#ifndef IMAGE_CODEC_H
#define IMAGE_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "image/codec_input.h"

struct error;

enum codec_kind { CODEC_NONE, CODEC_GZIP, CODEC_ZSTD, CODEC_XZ, CODEC_BZIP2 };

#define CODEC_MAGIC_BYTES 10

enum codec_kind codec_detect(const unsigned char *head, size_t len);

struct codec;

struct codec *codec_new(enum codec_kind kind, codec_fill *fill, void *arg);
int codec_read(struct codec *c, const unsigned char **data, size_t *len, struct error *err);
void codec_free(struct codec *c);

#endif
