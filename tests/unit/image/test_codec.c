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

static int inflate_changed(const struct str *packed, size_t at, char by)
{
	autostr struct str changed = { 0 }, out = { 0 };

	str_append(&changed, packed->data, packed->len);
	changed.data[at] = (char)(changed.data[at] ^ by);
	return inflate_all(CODEC_GZIP, &changed, 9, &out);
}

/* As pigz, podman and skopeo write: marks at which what follows begins with a byte. */
static void add_marked_gzip(struct str *to, const char *data, size_t len, size_t every, int level)
{
	z_stream z = { 0 };
	size_t room = 2 * len + 100000;
	autofree char *buffer = xmalloc(room);

	assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
	z.next_out = (Bytef *)buffer;
	z.avail_out = (uInt)room;
	z.next_in = (Bytef *)(uintptr_t)data;
	/* Every third piece is too large to be inflated at once. */
	for (size_t at = 0, n = 0, i = 1; at < len; at += n, i++) {
		n = i % 3 ? every : 3 << 20;
		n = n < len - at ? n : len - at;
		z.avail_in = (uInt)n;
		assert_int_equal(deflate(&z, Z_SYNC_FLUSH), Z_OK);
	}
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	str_append(to, buffer, z.total_out);
	deflateEnd(&z);
}

/* Content that is like a mark itself, and zeros, of which much comes from few bytes. */
static void make_treacherous(struct str *s, size_t len)
{
	unsigned int x = 1;

	while (s->len < len) {
		x = x * 1103515245 + 12345;
		for (int i = 0; i < 3000; i++)
			str_putc(s, i % 7 ? 'a' : (char)((x + (unsigned int)i * x) >> 16));
		str_append(s, "\0\0\0\xff\xff", 5);
		if (x >> 16 & 1)
			for (int i = 0; i < 9000; i++)
				str_putc(s, 0);
	}
}

static void gzip_content_is_the_same_with_marks_and_false_marks(void **state)
{
	static const size_t every[] = { 1000, 131072, 1 << 20 };
	autostr struct str content = { 0 };

	(void)state;
	make_treacherous(&content, 6 << 20);
	for (size_t i = 0; i < sizeof(every) / sizeof(*every); i++)
		for (int level = 0; level <= 6; level += 6) {
			autostr struct str packed = { 0 }, out = { 0 };

			add_marked_gzip(&packed, content.data, 1000, every[i], level);
			add_marked_gzip(&packed, content.data, content.len, every[i], level);
			assert_int_equal(inflate_all(CODEC_GZIP, &packed, 100000, &out), 0);
			assert_int_equal(out.len, 1000 + content.len);
			assert_memory_equal(out.data + 1000, content.data, content.len);
			packed.len -= packed.len / 3;
			assert_int_equal(inflate_all(CODEC_GZIP, &packed, 100000, &out), -EBADMSG);
		}
}

/* What a compressor never writes, but may be: a megabyte of marks. */
static void marks_alone_take_no_time(void **state)
{
	autostr struct str packed = { 0 }, out = { 0 };

	(void)state;
	str_append(&packed, "\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
	while (packed.len < 4 << 20)
		str_append(&packed, "\0\0\0\xff\xff", 5);
	str_append(&packed, "\3\0\0\0\0\0\0\0\0\0", 10);
	assert_int_equal(inflate_all(CODEC_GZIP, &packed, 1 << 18, &out), 0);
	assert_int_equal(out.len, 0);
}

static void many_small_members_are_read_one_by_one(void **state)
{
	autostr struct str packed = { 0 }, out = { 0 };

	(void)state;
	for (int i = 0; i < 1700; i++)
		add_gzip(&packed, "0123456789abcdef", (size_t)i % 17);
	assert_int_equal(inflate_all(CODEC_GZIP, &packed, 1 << 18, &out), 0);
	assert_int_equal(out.len, 1700 / 17 * 136);
}

/* RFC 1952: the last eight bytes are CRC-32 and length. */
static void gzip_content_that_does_not_match_its_trailer_is_refused(void **state)
{
	autostr struct str packed = { 0 };

	(void)state;
	add_gzip(&packed, "some content", 12);
	for (size_t i = 1; i <= 8; i++)
		assert_int_equal(inflate_changed(&packed, packed.len - i, 1), -EBADMSG);
}

static void gzip_headers_may_say_more_than_the_usual(void **state)
{
	static const char head[] = "\x1f\x8b\x08\x1f\1\2\3\4\0\3\3\0abcname\0comment";
	autostr struct str packed = { 0 }, plain = { 0 }, out = { 0 };
	uint32_t crc = (uint32_t)crc32(0, (const Bytef *)head, sizeof(head));

	(void)state;
	add_gzip(&plain, "content", 7);
	str_append(&packed, head, sizeof(head));
	str_putc(&packed, (char)crc);
	str_putc(&packed, (char)(crc >> 8));
	str_append(&packed, plain.data + 10, plain.len - 10);
	assert_int_equal(inflate_all(CODEC_GZIP, &packed, 3, &out), 0);
	assert_string_equal(out.data, "content");
	/* What the header's CRC covers; an unknown method; a flag that nobody knows. */
	assert_int_equal(inflate_changed(&packed, 5, 1), -EBADMSG);
	assert_int_equal(inflate_changed(&plain, 2, 1), -EBADMSG);
	assert_int_equal(inflate_changed(&plain, 3, 0x20), -EBADMSG);
	assert_int_equal(inflate_changed(&plain, 5, 1), 0);
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
		cmocka_unit_test(gzip_content_is_the_same_with_marks_and_false_marks),
		cmocka_unit_test(marks_alone_take_no_time),
		cmocka_unit_test(many_small_members_are_read_one_by_one),
		cmocka_unit_test(gzip_content_that_does_not_match_its_trailer_is_refused),
		cmocka_unit_test(gzip_headers_may_say_more_than_the_usual),
		cmocka_unit_test(format_shows_in_the_first_bytes),
	};

	return cmocka_run_group_tests_name("image/codec", tests, NULL, NULL);
}
