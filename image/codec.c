// SPDX-License-Identifier: Apache-2.0
/*
 * image/codec.c - Inflating streams: gzip, zstd, xz, bzip2, or nothing to inflate
 *
 * Memory is bounded whatever the input: one output buffer, and what the
 * decoder needs for its window (gzip 32 KiB; zstd as the frame says, at most
 * 2^CODEC_ZSTD_WINDOW_LOG, which is what `zstd --long` writes).
 *
 * All formats may be several members one after the other (pigz, estargz);
 * zero padding behind the last one is accepted, anything else is not.
 */
#include "image/codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/error.h"
#include "base/str.h"
#include "image/codec_rare.h"

#define CODEC_BUFFER_BYTES    (256U << 10)
#define CODEC_ZSTD_WINDOW_LOG 27
#define CODEC_GZIP_WINDOW     (15 + 16) /* 32 KiB, and zlib parses the gzip header */

struct codec {
	enum codec_kind kind;
	codec_fill *fill;
	void *arg;
	const unsigned char *in;
	size_t in_len;
	bool in_member; /* between a header and its end: the input may not stop here */
	bool padding;	/* zeros behind the last member have begun */
	z_stream gzip;
	ZSTD_DStream *zstd;
	struct codec_rare *rare;
	unsigned char *buffer;
};

static const struct {
	const char *name;
	unsigned char magic[CODEC_MAGIC_BYTES];
	size_t magic_len;
} codecs[] = {
	[CODEC_NONE] = { "uncompressed", { 0 }, 0 },
	[CODEC_GZIP] = { "gzip", { 0x1f, 0x8b }, 2 },
	[CODEC_ZSTD] = { "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4 },
	[CODEC_XZ] = { "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6 },
	/* The level follows, then the first block; "BZh" alone could begin a file name. */
	[CODEC_BZIP2] = { "bzip2", { 'B', 'Z', 'h' }, 3 },
};

static bool begins_bzip2(const unsigned char *head, size_t len)
{
	return len >= 10 && (!memcmp(head + 4, "\x31\x41\x59\x26\x53\x59", 6) ||
			     !memcmp(head + 4, "\x17\x72\x45\x38\x50\x90", 6));
}

/** codec_detect() - The format that content begins with */
enum codec_kind codec_detect(const unsigned char *head, size_t len)
{
	for (int kind = CODEC_GZIP; kind <= CODEC_BZIP2; kind++)
		if (len >= codecs[kind].magic_len &&
		    !memcmp(head, codecs[kind].magic, codecs[kind].magic_len) &&
		    (kind != CODEC_BZIP2 || begins_bzip2(head, len)))
			return (enum codec_kind)kind;
	/* A skippable frame may come first (estargz, zstd:chunked). */
	if (len >= 4 && (head[0] & 0xf0) == 0x50 && !memcmp(head + 1, "\x2a\x4d\x18", 3))
		return CODEC_ZSTD;
	return CODEC_NONE;
}

/** codec_of_media_type() - The format that a layer's media type promises */
enum codec_kind codec_of_media_type(const char *media_type)
{
	if (str_ends(media_type, "gzip"))
		return CODEC_GZIP;
	if (str_ends(media_type, "zstd"))
		return CODEC_ZSTD;
	return CODEC_NONE;
}

/** codec_name() - For messages */
const char *codec_name(enum codec_kind kind)
{
	return codecs[kind].name;
}

/**
 * codec_new() - Begin to inflate
 * @fill:	Asked for input whenever there is none left
 *
 * Return: the codec, released with codec_free()
 */
struct codec *codec_new(enum codec_kind kind, codec_fill *fill, void *arg)
{
	struct codec *c = xcalloc(1, sizeof(*c));

	c->kind = kind;
	c->fill = fill;
	c->arg = arg;
	if (kind == CODEC_NONE)
		return c;
	c->buffer = xmalloc(CODEC_BUFFER_BYTES);
	if (kind == CODEC_XZ || kind == CODEC_BZIP2)
		c->rare = codec_rare_new(kind);
	if (kind == CODEC_GZIP && inflateInit2(&c->gzip, CODEC_GZIP_WINDOW) != Z_OK)
		abort();
	if (kind == CODEC_ZSTD) {
		c->zstd = ZSTD_createDStream();
		if (!c->zstd)
			abort();
		(void)ZSTD_DCtx_setParameter(c->zstd, ZSTD_d_windowLogMax, CODEC_ZSTD_WINDOW_LOG);
	}
	return c;
}

/* Have input. Returns 1 if there is some, 0 at the end. */
static int refill(struct codec *c, struct error *err)
{
	int r;

	if (c->in_len)
		return 1;
	r = c->fill(c->arg, &c->in, &c->in_len, err);
	if (r < 0)
		return r;
	return c->in_len > 0;
}

/* Between members: skip padding. Returns 1 if another member begins, 0 at the end. */
static int next_member(struct codec *c, struct error *err)
{
	int r;

	while ((r = refill(c, err)) > 0) {
		if (*c->in) {
			if (c->padding)
				return error_set(err, EBADMSG,
						 "data after the end of the %s stream",
						 codecs[c->kind].name);
			return 1;
		}
		c->padding = true;
		c->in++;
		c->in_len--;
	}
	return r;
}

static int gzip_step(struct codec *c, size_t *produced, struct error *err)
{
	int r;

	c->gzip.next_in = (Bytef *)(uintptr_t)c->in;
	c->gzip.avail_in = (uInt)c->in_len;
	c->gzip.next_out = c->buffer + *produced;
	c->gzip.avail_out = (uInt)(CODEC_BUFFER_BYTES - *produced);
	r = inflate(&c->gzip, Z_NO_FLUSH);
	c->in = c->gzip.next_in;
	c->in_len = c->gzip.avail_in;
	*produced = CODEC_BUFFER_BYTES - c->gzip.avail_out;
	if (r == Z_MEM_ERROR)
		abort();
	if (r == Z_STREAM_END) {
		c->in_member = false;
		r = inflateReset(&c->gzip);
	}
	if (r != Z_OK && r != Z_BUF_ERROR)
		return error_set(err, EBADMSG, "broken gzip stream: %s",
				 c->gzip.msg ? c->gzip.msg : "invalid data");
	return 0;
}

static int zstd_step(struct codec *c, size_t *produced, struct error *err)
{
	ZSTD_inBuffer in = { c->in, c->in_len, 0 };
	ZSTD_outBuffer out = { c->buffer, CODEC_BUFFER_BYTES, *produced };
	size_t r = ZSTD_decompressStream(c->zstd, &out, &in);

	c->in += in.pos;
	c->in_len -= in.pos;
	*produced = out.pos;
	if (ZSTD_isError(r) && ZSTD_getErrorCode(r) == ZSTD_error_memory_allocation)
		abort();
	if (ZSTD_isError(r))
		return error_set(err, EBADMSG, "broken zstd stream: %s", ZSTD_getErrorName(r));
	c->in_member = r != 0;
	return 0;
}

static int rare_step(struct codec *c, size_t *produced, struct error *err)
{
	struct codec_rare_io io = { c->in, c->in_len, c->buffer + *produced,
				    CODEC_BUFFER_BYTES - *produced };
	bool ended = false;
	int r;

	r = codec_rare_step(c->rare, &io, &ended, err);
	c->in = io.in;
	c->in_len = io.in_len;
	*produced = CODEC_BUFFER_BYTES - io.out_len;
	c->in_member = !ended;
	return r;
}

static int any_step(struct codec *c, size_t *produced, struct error *err)
{
	if (c->kind == CODEC_GZIP)
		return gzip_step(c, produced, err);
	return c->kind == CODEC_ZSTD ? zstd_step(c, produced, err) : rare_step(c, produced, err);
}

/*
 * Inflate until the buffer is full or the input ends. A step that neither
 * takes input nor gives output cannot happen while both have room, except at
 * the end of the input.
 */
static int inflate_buffer(struct codec *c, size_t *produced, struct error *err)
{
	int r;

	while (*produced < CODEC_BUFFER_BYTES) {
		if (!c->in_member) {
			r = next_member(c, err);
			if (r <= 0)
				return r;
			c->in_member = true;
		}
		r = refill(c, err);
		if (r < 0)
			return r;
		if (r == 0)
			return error_set(err, EBADMSG, "%s stream is cut off",
					 codecs[c->kind].name);
		r = any_step(c, produced, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * codec_read() - The next piece of content
 * @data:	Borrowed until the next call
 * @len:	0 at the end
 *
 * Return: 0, -EBADMSG if the stream is broken or cut off, or what fill() gave
 */
int codec_read(struct codec *c, const unsigned char **data, size_t *len, struct error *err)
{
	size_t produced = 0;
	int r;

	if (c->kind == CODEC_NONE)
		return c->fill(c->arg, data, len, err);
	r = inflate_buffer(c, &produced, err);
	if (r < 0)
		return r;
	*data = c->buffer;
	*len = produced;
	return 0;
}

/** codec_free() - Release; NULL is fine */
void codec_free(struct codec *c)
{
	if (!c)
		return;
	if (c->kind == CODEC_GZIP)
		(void)inflateEnd(&c->gzip);
	(void)ZSTD_freeDStream(c->zstd);
	codec_rare_free(c->rare);
	free(c->buffer);
	free(c);
}
