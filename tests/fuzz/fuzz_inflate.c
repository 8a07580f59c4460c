// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_inflate - DEFLATE without a check sum around it, compared with zlib
 *
 * The first byte says in which pieces input comes and how much room there is at a
 * time. Both must accept the same streams, take the same number of bytes and give
 * the same content; of a broken stream zlib may give less before it stops.
 */
#include <zlib.h>

#include "base/error.h"
#include "image/inflate.h"
#include "tests/fuzz/fuzz.h"

#define CONTENT_MAX (1U << 20)

struct input {
	const uint8_t *data;
	size_t len, piece;
};

static int fill(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct input *in = arg;
	size_t n = in->len < in->piece ? in->len : in->piece;

	(void)err;
	*data = in->data;
	*len = n;
	in->data += n;
	in->len -= n;
	return 0;
}

/* 1 if the stream ended, 0 if there was no more room, -1 if it is broken or cut off. */
static int by_zlib(const uint8_t *data, size_t size, unsigned char *out, size_t *produced,
		   size_t *taken)
{
	z_stream z = { 0 };
	int r;

	if (inflateInit2(&z, -15) != Z_OK)
		abort();
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)size;
	z.next_out = out;
	z.avail_out = CONTENT_MAX;
	r = inflate(&z, Z_FINISH);
	*produced = CONTENT_MAX - z.avail_out;
	*taken = size - z.avail_in;
	inflateEnd(&z);
	if (r == Z_STREAM_END)
		return 1;
	return r == Z_BUF_ERROR && !z.avail_out ? 0 : -1;
}

static int by_us(const uint8_t *data, size_t size, unsigned int how, unsigned char *out,
		 size_t *produced, size_t *taken)
{
	struct input input = { data, size, how & 8 ? 1 + (how & 7) : (size_t)64 << (how & 7) };
	struct codec_input in = { .fill = fill, .arg = &input };
	struct inflate_output o = { out, out, out };
	struct inflate *z = inflate_new();
	bool ended = false;
	struct error err;
	int r = 0;

	inflate_begin(z);
	while (r == 0 && !ended && o.next < out + CONTENT_MAX) {
		size_t left = (size_t)(out + CONTENT_MAX - o.next), room = (size_t)1 << (how >> 4);

		o.limit = o.next + (left < room ? left : room);
		r = inflate_some(z, &in, &o, &ended, &err);
	}
	inflate_free(z);
	*produced = (size_t)(o.next - out);
	*taken = size - input.len - in.len;
	return r < 0 ? -1 : ended;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char zlib[CONTENT_MAX], ours[CONTENT_MAX + INFLATE_SLACK];
	size_t n_zlib = 0, n_ours = 0, taken_zlib = 0, taken_ours = 0;
	unsigned char *copy;
	int r_zlib, r_ours;

	if (!size)
		return 0;
	copy = fuzz_copy(data + 1, size - 1);
	r_zlib = by_zlib(copy, size - 1, zlib, &n_zlib, &taken_zlib);
	r_ours = by_us(copy, size - 1, data[0], ours, &n_ours, &taken_ours);
	free(copy);
	/* At the end of the room the two may stop at different places. */
	if (r_zlib == 0 || n_ours >= CONTENT_MAX)
		return 0;
	if (r_zlib != r_ours || (r_ours == 1 && taken_ours != taken_zlib))
		abort();
	if (r_ours == 1 ? n_ours != n_zlib : n_ours < n_zlib)
		abort();
	if (memcmp(ours, zlib, n_zlib))
		abort();
	return 0;
}
