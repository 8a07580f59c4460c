// SPDX-License-Identifier: Apache-2.0
/*
 * test_inflate - What zlib deflates comes out the same, however it was deflated
 *
 * Also in tests/fuzz: the same streams are accepted as by zlib.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "image/inflate.h"

#define CONTENT_BYTES 300000U

struct input {
	const unsigned char *data;
	size_t len, piece;
};

static int fill(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct input *in = arg;

	(void)err;
	*len = in->len < in->piece ? in->len : in->piece;
	*data = in->data;
	in->data += *len;
	in->len -= *len;
	return 0;
}

/* Inflate all of it. Returns what inflate_some() did; *left is what it did not take. */
static int inflate_all(const void *data, size_t len, size_t piece, size_t room, struct str *to,
		       size_t *left)
{
	struct input input = { data, len, piece };
	struct codec_input in = { .fill = fill, .arg = &input };
	autofree unsigned char *out = xmalloc(4 * CONTENT_BYTES + INFLATE_SLACK);
	struct inflate_output o = { out, out, out };
	struct inflate *z = inflate_new();
	bool ended = false;
	struct error err;
	int r = 0;

	inflate_begin(z);
	while (r == 0 && !ended) {
		o.limit = o.next + room;
		assert_true(o.limit <= out + 4 * CONTENT_BYTES);
		r = inflate_some(z, &in, &o, &ended, &err);
	}
	inflate_free(z);
	str_append(to, (char *)out, (size_t)(o.next - out));
	if (left)
		*left = input.len + in.len;
	return r;
}

static uint32_t next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

/* Contents that lead to different codes and matches. */
static void make_content(int kind, unsigned char *to)
{
	uint32_t x = (uint32_t)kind + 1;

	for (size_t i = 0; i < CONTENT_BYTES;) {
		uint32_t r = next_random(&x);
		size_t distance, n;

		switch (kind) {
		case 0: /* noise */
			to[i++] = (unsigned char)r;
			break;
		case 1: /* one byte again and again, and others now and then */
			to[i++] = r % 1000 ? 0 : (unsigned char)r;
			break;
		case 2: /* few frequent and many rare bytes: long codewords */
			for (n = 0; n < 20 && r >> n & 1;)
				n++;
			to[i++] = (unsigned char)(n * 13 + r % 13 * (n > 6));
			break;
		default: /* matches of all distances and lengths */
			distance = kind == 3 ? 1 + r % 32768 : 1 + r % 40;
			n = 1 + next_random(&x) % 300;
			for (; n && i < CONTENT_BYTES; n--, i++)
				to[i] = distance > i || n == 1 ? (unsigned char)r
							       : to[i - distance];
		}
	}
}

static size_t deflate_all(const unsigned char *from, int level, int strategy, unsigned char *to,
			  size_t room)
{
	z_stream z = { 0 };

	assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, -15, 8, strategy), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)from;
	z.avail_in = CONTENT_BYTES;
	z.next_out = to;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static void content_survives_however_it_was_deflated(void **state)
{
	static const int strategies[] = { Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED };
	static const size_t pieces[] = { 1, 33, 1000, 1 << 20 };
	const size_t room = 2 * CONTENT_BYTES;
	autofree unsigned char *content = xmalloc(CONTENT_BYTES), *packed = xmalloc(room);

	(void)state;
	for (int i = 0; i < 5 * 4 * 3; i++) {
		autostr struct str out = { 0 };
		size_t left = 1, n;

		make_content(i % 5, content);
		n = deflate_all(content, i / 20 * 4, strategies[i / 5 % 4], packed, room);
		/* One byte more, which must be left alone. */
		assert_int_equal(inflate_all(packed, n + 1, pieces[i % 4], 1 + (size_t)i * 5003,
					     &out, &left),
				 0);
		assert_int_equal(out.len, CONTENT_BYTES);
		assert_memory_equal(out.data, content, CONTENT_BYTES);
		assert_int_equal(left, 1);
	}
}

static void every_cut_is_noticed(void **state)
{
	autofree unsigned char *content = xmalloc(CONTENT_BYTES), *packed = xmalloc(CONTENT_BYTES);
	size_t n;

	(void)state;
	make_content(4, content);
	n = deflate_all(content, 6, Z_DEFAULT_STRATEGY, packed, CONTENT_BYTES);
	for (size_t len = 0; len < n; len += len < 500 || len > n - 50 ? 1 : 397) {
		autostr struct str out = { 0 };

		assert_int_equal(inflate_all(packed, len, 400, 1 << 20, &out, NULL), -EBADMSG);
	}
}

/* A stream of a few bytes, by hand. */
static int verdict(const char *bytes, size_t n)
{
	autostr struct str out = { 0 };

	return inflate_all(bytes, n, 100, 1000, &out, NULL);
}

static void streams_that_are_none_are_refused(void **state)
{
	(void)state;
	assert_int_equal(verdict("\x03\x00", 2), 0); /* one empty block */
	assert_int_equal(verdict("\x07\x00", 2), -EBADMSG);
	/* A stored block's length, and its complement. */
	assert_int_equal(verdict("\x01\x01\x00\xfe\xffx", 6), 0);
	assert_int_equal(verdict("\x01\x01\x00\xfe\xfex", 6), -EBADMSG);
	/* A match before there is anything. */
	assert_int_equal(verdict("\x03\x02\x00", 3), -EBADMSG);
	/* The distance symbol 30, which nobody has defined. */
	assert_int_equal(verdict("\x4b\x04\x3e\x00", 4), -EBADMSG);
	/* Code lengths that repeat what is not there. */
	assert_int_equal(verdict("\x05\x00\x02\x24\x00\x00", 6), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_survives_however_it_was_deflated),
		cmocka_unit_test(every_cut_is_noticed),
		cmocka_unit_test(streams_that_are_none_are_refused),
	};

	return cmocka_run_group_tests_name("image/inflate", tests, NULL, NULL);
}
