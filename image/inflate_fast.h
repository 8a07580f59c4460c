/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/inflate_fast.h - The loop that decodes most of a stream, for inflate.c
 */
#ifndef IMAGE_INFLATE_FAST_H
#define IMAGE_INFLATE_FAST_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "image/codec_input.h"
#include "image/inflate_output.h"
#include "image/inflate_table.h"

#define INFLATE_FAST_INPUT 32U /* what one turn of the loop may load, and more */

struct inflate_codes {
	uint64_t bits; /* taken from the input, but not used: less than eight */
	unsigned int n_bits;
	uint32_t litlen[INFLATE_LITLEN_ENTRIES], dist[INFLATE_DIST_ENTRIES];
};

/*
 * Decode symbols while there is more than INFLATE_FAST_INPUT of input, and room, which
 * must be so on entry. Returns 1 at the end of the block, 0 if it goes on, -1 if it is
 * broken.
 */
typedef int inflate_fast(struct inflate_codes *z, struct codec_input *in,
			 struct inflate_output *out);

inflate_fast *inflate_fast_choose(void);

/*
 * Copy a match, whose source may overlap it. Up to 31 bytes are written past
 * its end.
 */
static inline void inflate_copy_match(unsigned char *out, size_t distance, size_t length)
{
	const unsigned char *from = out - distance;
	unsigned char *const end = out + length;

	if (distance >= 16) {
		do {
			memcpy(out, from, 16);
			out += 16;
			from += 16;
		} while (out < end);
		return;
	}
	if (distance == 1) {
		memset(out, *from, length);
		return;
	}
	/* What repeats every @distance bytes also repeats every multiple of that. */
	for (; out - from < 8; out += distance)
		for (size_t i = 0; i < distance; i++)
			out[i] = from[i];
	for (; out < end; out += 8, from += 8)
		memcpy(out, from, 8);
}

#endif
