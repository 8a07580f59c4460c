// SPDX-License-Identifier: Apache-2.0
/*
 * image/gzip.c - Members of gzip streams, for codec.c
 *
 * RFC 1952. One member at a time; codec.c sees to what follows it. Checked are
 * the trailer (CRC-32 and length), the header's CRC where it has one, and that no
 * flag is set that nobody knows.
 *
 * The buffer begins with the last content of before, which a member that goes on
 * may refer to: gzip_turn() moves it there.
 */
#include "image/gzip.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "image/inflate.h"

#define GZIP_METHOD_DEFLATE 8

#define FLAG_HEADER_CRC 0x02
#define FLAG_EXTRA	0x04
#define FLAG_NAME	0x08
#define FLAG_COMMENT	0x10
#define FLAGS_RESERVED	0xe0

struct gzip {
	struct inflate *inflate;
	bool in_body;
	uint32_t crc, size; /* of the member so far, as its trailer counts */
	struct inflate_output out;
	size_t buffer_bytes;
	unsigned char *buffer; /* INFLATE_WINDOW of before, then buffer_bytes, then INFLATE_SLACK */
};

/**
 * gzip_new() - A decoder, at the beginning of a member
 * @buffer_bytes: How much content is inflated before the next gzip_turn(), or little more
 *
 * Return: the decoder, released with gzip_free()
 */
struct gzip *gzip_new(size_t buffer_bytes)
{
	struct gzip *g = xcalloc(1, sizeof(*g));

	g->inflate = inflate_new();
	g->buffer_bytes = buffer_bytes;
	g->buffer = xmalloc(INFLATE_WINDOW + buffer_bytes + INFLATE_SLACK);
	g->out.oldest = g->out.next = g->buffer + INFLATE_WINDOW;
	g->out.limit = g->out.next + buffer_bytes;
	return g;
}

/** gzip_turn() - Have room again. Returns where the content of the next steps begins */
unsigned char *gzip_turn(struct gzip *g)
{
	unsigned char *begin = g->buffer + INFLATE_WINDOW;
	size_t kept = (size_t)(g->out.next - g->out.oldest);

	kept = kept < INFLATE_WINDOW ? kept : INFLATE_WINDOW;
	memmove(begin - kept, g->out.next - kept, kept);
	g->out.oldest = begin - kept;
	g->out.next = begin;
	return begin;
}

/* One byte of header or trailer, added to the header's CRC. */
static int next_byte(struct gzip *g, struct codec_input *in, struct error *err)
{
	int r = codec_input_refill(in, err);

	if (r < 0)
		return r;
	if (r == 0)
		return error_set(err, EBADMSG, "gzip stream is cut off");
	g->crc = libdeflate_crc32(g->crc, in->data, 1);
	in->len--;
	return *in->data++;
}

static int next_number(struct gzip *g, struct codec_input *in, unsigned int bytes, uint32_t *out,
		       struct error *err)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < bytes; i++) {
		int byte = next_byte(g, in, err);

		if (byte < 0)
			return byte;
		value |= (uint32_t)byte << 8 * i;
	}
	*out = value;
	return 0;
}

static int skip_text(struct gzip *g, struct codec_input *in, struct error *err)
{
	int byte;

	do
		byte = next_byte(g, in, err);
	while (byte > 0);
	return byte;
}

static int skip_extra(struct gzip *g, struct codec_input *in, struct error *err)
{
	uint32_t left = 0;
	int r = next_number(g, in, 2, &left, err);

	for (; r >= 0 && left; left--)
		r = next_byte(g, in, err);
	return r < 0 ? r : 0;
}

static int check_header_crc(struct gzip *g, struct codec_input *in, struct error *err)
{
	uint32_t want = g->crc & 0xffff, have = 0;
	int r = next_number(g, in, 2, &have, err);

	if (r == 0 && have != want)
		r = error_set(err, EBADMSG, "broken gzip stream: header CRC mismatch");
	return r;
}

static int read_header(struct gzip *g, struct codec_input *in, struct error *err)
{
	uint32_t head = 0, flags, ignored;
	int r;

	g->crc = libdeflate_crc32(0, NULL, 0);
	r = next_number(g, in, 4, &head, err);
	if (r < 0)
		return r;
	if ((head & 0xffff) != 0x8b1f)
		return error_set(err, EBADMSG, "broken gzip stream: incorrect header");
	flags = head >> 24;
	if ((head >> 16 & 0xff) != GZIP_METHOD_DEFLATE || (flags & FLAGS_RESERVED))
		return error_set(err, EBADMSG, "broken gzip stream: unknown method or flags");
	/* Time, what the compressor did, system. */
	if ((r = next_number(g, in, 4, &ignored, err)) < 0 ||
	    (r = next_number(g, in, 2, &ignored, err)) < 0 ||
	    ((flags & FLAG_EXTRA) && (r = skip_extra(g, in, err)) < 0) ||
	    ((flags & FLAG_NAME) && (r = skip_text(g, in, err)) < 0) ||
	    ((flags & FLAG_COMMENT) && (r = skip_text(g, in, err)) < 0) ||
	    ((flags & FLAG_HEADER_CRC) && (r = check_header_crc(g, in, err)) < 0))
		return r;
	return 0;
}

/* Nothing before a member is what it may refer to. */
static int begin_member(struct gzip *g, struct codec_input *in, struct error *err)
{
	int r = read_header(g, in, err);

	if (r < 0)
		return r;
	inflate_begin(g->inflate);
	g->in_body = true;
	g->crc = libdeflate_crc32(0, NULL, 0);
	g->size = 0;
	g->out.oldest = g->out.next;
	return 0;
}

static int end_member(struct gzip *g, struct codec_input *in, struct error *err)
{
	uint32_t want = g->crc, crc = 0, size = 0;
	int r;

	g->in_body = false;
	if ((r = next_number(g, in, 4, &crc, err)) < 0 ||
	    (r = next_number(g, in, 4, &size, err)) < 0)
		return r;
	if (crc != want)
		return error_set(err, EBADMSG, "broken gzip stream: CRC mismatch");
	if (size != g->size)
		return error_set(err, EBADMSG, "broken gzip stream: length mismatch");
	return 0;
}

/**
 * gzip_step() - Inflate until the buffer is full or the member ends
 * @in:		At the beginning of a member, or where the last step stopped
 * @produced:	Bytes of content since gzip_turn()
 * @ended:	Whether this was the end of a member; the next step begins another
 *
 * Return: 0, -EBADMSG if the stream is broken or cut off, or what the input gave
 */
int gzip_step(struct gzip *g, struct codec_input *in, size_t *produced, bool *ended,
	      struct error *err)
{
	unsigned char *from;
	int r = 0;

	*ended = false;
	if (!g->in_body)
		r = begin_member(g, in, err);
	if (r < 0)
		return r;
	from = g->out.next;
	r = inflate_some(g->inflate, in, &g->out, ended, err);
	if (r < 0)
		return r;
	g->crc = libdeflate_crc32(g->crc, from, (size_t)(g->out.next - from));
	g->size += (uint32_t)(g->out.next - from);
	*produced = (size_t)(g->out.next - (g->buffer + INFLATE_WINDOW));
	return *ended ? end_member(g, in, err) : 0;
}

/** gzip_free() - Release; NULL is fine */
void gzip_free(struct gzip *g)
{
	if (!g)
		return;
	inflate_free(g->inflate);
	free(g->buffer);
	free(g);
}
