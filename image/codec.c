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
#include <zstd.h>
#include <zstd_errors.h>

#include "base/error.h"
#include "base/str.h"
#include "image/codec_input.h"
#include "image/codec_rare.h"
#include "image/gzip.h"

#define CODEC_BUFFER_BYTES    (256U << 10)
#define CODEC_ZSTD_WINDOW_LOG 27

struct codec {
	enum codec_kind kind;
	struct codec_input in;
	bool in_member; /* between a header and its end: the input may not stop here */
	bool padding;	/* zeros behind the last member have begun */
	struct gzip *gzip;
	ZSTD_DStream *zstd;
	struct codec_rare *rare;
	unsigned char *buffer; /* gzip has its own */
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
	c->in.fill = fill;
	c->in.arg = arg;
	if (kind != CODEC_NONE && kind != CODEC_GZIP)
		c->buffer = xmalloc(CODEC_BUFFER_BYTES);
	if (kind == CODEC_XZ || kind == CODEC_BZIP2)
		c->rare = codec_rare_new(kind == CODEC_XZ ? CODEC_RARE_XZ : CODEC_RARE_BZIP2);
	if (kind == CODEC_GZIP)
		c->gzip = gzip_new(&c->in);
	if (kind == CODEC_ZSTD) {
		c->zstd = ZSTD_createDStream();
		if (!c->zstd)
			abort();
		(void)ZSTD_DCtx_setParameter(c->zstd, ZSTD_d_windowLogMax, CODEC_ZSTD_WINDOW_LOG);
	}
	return c;
}

/* Between members: skip padding. Returns 1 if another member begins, 0 at the end. */
static int next_member(struct codec *c, struct error *err)
{
	int r;

	while ((r = codec_input_refill(&c->in, err)) > 0) {
		if (*c->in.data) {
			if (c->padding)
				return error_set(err, EBADMSG,
						 "data after the end of the %s stream",
						 codecs[c->kind].name);
			return 1;
		}
		c->padding = true;
		c->in.data++;
		c->in.len--;
	}
	return r;
}

static int zstd_step(struct codec *c, size_t *produced, struct error *err)
{
	ZSTD_inBuffer in = { c->in.data, c->in.len, 0 };
	ZSTD_outBuffer out = { c->buffer, CODEC_BUFFER_BYTES, *produced };
	size_t r = ZSTD_decompressStream(c->zstd, &out, &in);

	c->in.data += in.pos;
	c->in.len -= in.pos;
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
	struct codec_rare_io io = { c->in.data, c->in.len, c->buffer + *produced,
				    CODEC_BUFFER_BYTES - *produced };
	bool ended = false;
	int r;

	r = codec_rare_step(c->rare, &io, &ended, err);
	c->in.data = io.in;
	c->in.len = io.in_len;
	*produced = CODEC_BUFFER_BYTES - io.out_len;
	c->in_member = !ended;
	return r;
}

/* It has input of its own. */
static int gzip_some(struct codec *c, size_t *produced, struct error *err)
{
	bool ended = false;
	int r = gzip_step(c->gzip, produced, &ended, err);

	c->in_member = !ended;
	return r;
}

static int any_step(struct codec *c, size_t *produced, struct error *err)
{
	int r = codec_input_refill(&c->in, err);

	if (r < 0)
		return r;
	if (r == 0)
		return error_set(err, EBADMSG, "%s stream is cut off", codecs[c->kind].name);
	return c->kind == CODEC_ZSTD ? zstd_step(c, produced, err) : rare_step(c, produced, err);
}

/*
 * Inflate until the buffer is full or the input ends. A step that neither
 * takes input nor gives output cannot happen while both have room, except at
 * the end of the input.
 */
static int inflate_buffer(struct codec *c, size_t *produced, struct error *err)
{
	size_t enough = c->kind == CODEC_GZIP ? GZIP_ENOUGH : CODEC_BUFFER_BYTES;
	int r;

	while (*produced < enough) {
		if (!c->in_member) {
			r = next_member(c, err);
			if (r <= 0)
				return r;
			c->in_member = true;
		}
		r = c->kind == CODEC_GZIP ? gzip_some(c, produced, err)
					  : any_step(c, produced, err);
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
	const unsigned char *content;
	size_t produced = 0;
	int r;

	if (c->kind == CODEC_NONE)
		return c->in.fill(c->in.arg, data, len, err);
	content = c->kind == CODEC_GZIP ? gzip_turn(c->gzip) : c->buffer;
	r = inflate_buffer(c, &produced, err);
	if (r < 0)
		return r;
	*data = content;
	*len = produced;
	return 0;
}

/** codec_free() - Release; NULL is fine */
void codec_free(struct codec *c)
{
	if (!c)
		return;
	gzip_free(c->gzip);
	(void)ZSTD_freeDStream(c->zstd);
	codec_rare_free(c->rare);
	free(c->buffer);
	free(c);
}
