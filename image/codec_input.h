/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/codec_input.h - A decoder's input: pieces, fetched when there are none left
 */
#ifndef IMAGE_CODEC_INPUT_H
#define IMAGE_CODEC_INPUT_H

#include <stddef.h>

struct error;

/* Where input comes from: the next piece, *len 0 at the end. 0 or -errno. */
typedef int codec_fill(void *arg, const unsigned char **data, size_t *len, struct error *err);

struct codec_input {
	codec_fill *fill;
	void *arg;
	const unsigned char *data; /* what is left of the piece */
	size_t len;
};

/* Have input. Returns 1 if there is some, 0 at the end, or what fill() gave. */
static inline int codec_input_refill(struct codec_input *in, struct error *err)
{
	int r;

	if (in->len)
		return 1;
	r = in->fill(in->arg, &in->data, &in->len, err);
	return r < 0 ? r : in->len > 0;
}

#endif
