// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_gzip - Gzip members whose check sums are right, compared with zlib alone
 *
 * The input is what is between header and trailer; the first byte says in which
 * pieces it comes. Whichever of its two libraries the codec asks, it must accept
 * what zlib accepts, with the same content, and refuse what zlib refuses.
 */
#include <zlib.h>

#include "base/error.h"
#include "image/codec.h"
#include "tests/fuzz/fuzz.h"

#define CONTENT_MAX (1U << 20)
#define HEAD_LEN    10U
#define TAIL_LEN    8U

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
static int by_zlib(int bits, const uint8_t *data, size_t size, unsigned char *out, size_t *produced,
		   size_t *taken)
{
	z_stream z = { 0 };
	int r;

	if (inflateInit2(&z, bits) != Z_OK)
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

static int by_codec(const uint8_t *data, size_t size, size_t piece, const unsigned char *want,
		    size_t want_len)
{
	struct input in = { data, size, piece };
	struct codec *c = codec_new(CODEC_GZIP, fill, &in);
	const unsigned char *content;
	size_t len = 0, at = 0;
	struct error err;
	int r;

	while ((r = codec_read(c, &content, &len, &err)) == 0 && len) {
		if (want && (len > want_len - at || memcmp(want + at, content, len)))
			abort();
		at += len;
		if (at > CONTENT_MAX)
			break;
	}
	if (want && r == 0 && at != want_len)
		abort();
	codec_free(c);
	return r;
}

static void put_number(uint8_t *to, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(n >> 8 * i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char content[CONTENT_MAX], again[CONTENT_MAX];
	size_t n = 0, taken = 0, piece, len;
	unsigned char *stream;
	int r;

	if (!size)
		return 0;
	piece = data[0] & 8 ? 1 + (data[0] & 7) : (size_t)64 << (data[0] & 7);
	r = by_zlib(-15, data + 1, size - 1, content, &n, &taken);
	if (r == 0)
		return 0;
	len = HEAD_LEN + taken + TAIL_LEN;
	stream = xcalloc(1, len);
	memcpy(stream, "\x1f\x8b\x08\0\0\0\0\0\0\3", HEAD_LEN);
	memcpy(stream + HEAD_LEN, data + 1, taken);
	put_number(stream + HEAD_LEN + taken, (uint32_t)crc32(0, content, (uInt)n));
	put_number(stream + HEAD_LEN + taken + 4, (uint32_t)n);
	if (r == 1) {
		if (by_codec(stream, len, piece, content, n) < 0)
			abort();
	} else if (by_zlib(31, stream, len, again, &n, &taken) == -1) {
		if (by_codec(stream, len, piece, NULL, 0) == 0)
			abort();
	}
	free(stream);
	return 0;
}
