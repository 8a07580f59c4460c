// SPDX-License-Identifier: Apache-2.0
/*
 * test_codec - Streams inflate to what was deflated, or fail
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "image/codec.h"

/* Input in small pieces, so that every boundary is met. */
struct input {
	const char *data;
	size_t len, piece;
};

static int fill(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct input *in = arg;

	(void)err;
	*len = in->len < in->piece ? in->len : in->piece;
	*data = (const unsigned char *)in->data;
	in->data += *len;
	in->len -= *len;
	return 0;
}

static int inflate_all(enum codec_kind kind, const struct str *from, size_t piece, struct str *to)
{
	struct input in = { from->data, from->len, piece };
	struct codec *c = codec_new(kind, fill, &in);
	const unsigned char *data;
	struct error err;
	size_t len;
	int r;

	while ((r = codec_read(c, &data, &len, &err)) == 0 && len)
		str_append(to, data, len);
	codec_free(c);
	return r;
}

static void make_content(struct str *s)
{
	unsigned int x = 1;

	for (int i = 0; i < 200000; i++) {
		x = x * 1103515245 + 12345;
		str_putc(s, i % 3 ? 'a' : (char)(x >> 16));
	}
}

static void add_gzip(struct str *to, const char *data, size_t len)
{
	z_stream z = { 0 };
	size_t room = len + len / 100 + 1000;
	autofree char *buffer = xmalloc(room);

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)len;
	z.next_out = (Bytef *)buffer;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	str_append(to, buffer, z.total_out);
	deflateEnd(&z);
}

static void add_zstd(struct str *to, const char *data, size_t len)
{
	size_t room = ZSTD_compressBound(len), n;
	autofree char *buffer = xmalloc(room);

	n = ZSTD_compress(buffer, room, data, len, 3);
	assert_false(ZSTD_isError(n));
	str_append(to, buffer, n);
}

static void add_xz(struct str *to, const char *data, size_t len)
{
	size_t room = lzma_stream_buffer_bound(len), n = 0;
	autofree char *buffer = xmalloc(room);

	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, (const uint8_t *)data,
						 len, (uint8_t *)buffer, &n, room),
			 LZMA_OK);
	str_append(to, buffer, n);
}

static void add_bzip2(struct str *to, const char *data, size_t len)
{
	unsigned int room = (unsigned int)(len + len / 50 + 1000);
	autofree char *buffer = xmalloc(room);

	assert_int_equal(BZ2_bzBuffToBuffCompress(buffer, &room, (char *)(uintptr_t)data,
						  (unsigned int)len, 1, 0, 0),
			 BZ_OK);
	str_append(to, buffer, room);
}

static void (*const adders[])(struct str *, const char *, size_t) = {
	[CODEC_GZIP] = add_gzip,
	[CODEC_ZSTD] = add_zstd,
	[CODEC_XZ] = add_xz,
	[CODEC_BZIP2] = add_bzip2,
};

static void content_survives_whatever_the_pieces(void **state)
{
	static const size_t pieces[] = { 1, 7, 4096, 1 << 20 };

	(void)state;
	for (enum codec_kind kind = CODEC_GZIP; kind <= CODEC_BZIP2; kind++)
		for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
			autostr struct str content = { 0 }, packed = { 0 }, out = { 0 };

			make_content(&content);
			adders[kind](&packed, content.data, content.len);
			assert_int_equal(inflate_all(kind, &packed, pieces[i], &out), 0);
			assert_int_equal(out.len, content.len);
			assert_memory_equal(out.data, content.data, out.len);
		}
}

/* The last block may be taken in whole while the buffer has no room for what it holds. */
static void content_that_ends_anywhere_in_the_buffer_is_whole(void **state)
{
	autostr struct str content = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++)
		make_content(&content);
	for (enum codec_kind kind = CODEC_GZIP; kind <= CODEC_BZIP2; kind++)
		for (size_t len = 261000; len < content.len; len += 64111) {
			autostr struct str packed = { 0 }, out = { 0 };

			adders[kind](&packed, content.data, 1000); /* unaligned from here on */
			adders[kind](&packed, content.data, len);
			assert_int_equal(inflate_all(kind, &packed, 1 << 20, &out), 0);
			assert_int_equal(out.len, 1000 + len);
		}
}

static void members_are_joined_and_padding_is_skipped(void **state)
{
	(void)state;
	for (enum codec_kind kind = CODEC_GZIP; kind <= CODEC_BZIP2; kind++) {
		autostr struct str packed = { 0 }, out = { 0 };

		adders[kind](&packed, "one ", 4);
		adders[kind](&packed, "", 0);
		adders[kind](&packed, "two", 3);
		str_append(&packed, "\0\0\0\0", 4);
		assert_int_equal(inflate_all(kind, &packed, 5, &out), 0);
		assert_string_equal(out.data, "one two");
	}
}

static void garbage_behind_the_stream_is_refused(void **state)
{
	(void)state;
	for (enum codec_kind kind = CODEC_GZIP; kind <= CODEC_BZIP2; kind++) {
		autostr struct str packed = { 0 }, out = { 0 };

		adders[kind](&packed, "one", 3);
		str_append(&packed, "\0x", 2);
		assert_int_equal(inflate_all(kind, &packed, 64, &out), -EBADMSG);
	}
}

static void every_cut_is_noticed(void **state)
{
	(void)state;
	for (enum codec_kind kind = CODEC_GZIP; kind <= CODEC_BZIP2; kind++) {
		autostr struct str packed = { 0 };

		adders[kind](&packed, "some content that is long enough", 32);
		for (size_t len = 1; len < packed.len; len++) {
			autostr struct str out = { 0 };
			struct str cut = { packed.data, len, 0 };

			assert_int_equal(inflate_all(kind, &cut, 3, &out), -EBADMSG);
		}
	}
}

static void format_shows_in_the_first_bytes(void **state)
{
	(void)state;
	assert_int_equal(codec_detect((const unsigned char *)"\x1f\x8b\x08", 3), CODEC_GZIP);
	assert_int_equal(codec_detect((const unsigned char *)"\x28\xb5\x2f\xfd", 4), CODEC_ZSTD);
	assert_int_equal(codec_detect((const unsigned char *)"\x52\x2a\x4d\x18", 4), CODEC_ZSTD);
	assert_int_equal(codec_detect((const unsigned char *)"\xfd"
							     "7zXZ\0",
				      6),
			 CODEC_XZ);
	assert_int_equal(codec_detect((const unsigned char *)"BZh91AY&SY", 10), CODEC_BZIP2);
	assert_int_equal(codec_detect((const unsigned char *)"BZh9/file.", 10), CODEC_NONE);
	assert_int_equal(codec_detect((const unsigned char *)"\x1f", 1), CODEC_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_survives_whatever_the_pieces),
		cmocka_unit_test(content_that_ends_anywhere_in_the_buffer_is_whole),
		cmocka_unit_test(members_are_joined_and_padding_is_skipped),
		cmocka_unit_test(garbage_behind_the_stream_is_refused),
		cmocka_unit_test(every_cut_is_noticed),
		cmocka_unit_test(format_shows_in_the_first_bytes),
	};

	return cmocka_run_group_tests_name("image/codec", tests, NULL, NULL);
}
