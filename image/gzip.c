// SPDX-License-Identifier: Apache-2.0
/*
 * image/gzip.c - Members of gzip streams, for codec.c
 *
 * Theory of operation:
 * zlib inflates streams, and is what most of the time of loading an image goes
 * to. libdeflate takes less than half of it, but wants all of a stream in memory.
 * Most layers can be had in pieces, though: whatever compresses in parallel (pigz;
 * podman, buildah and skopeo) ends a block after each 128 KiB to 1 MiB of content
 * with an empty one that is not compressed, so that the next begins with a byte.
 * Two things make a stream of its own of what is between two such marks:
 *
 *	in front	a block with the window, the last 32 KiB of content, as it is
 *	behind		an empty block that is the last
 *
 * libdeflate is asked first, and what it cannot do zlib does, from the same place
 * on, with the same window: pieces that are too large, and false marks, for the same
 * bytes may be content. Where zlib comes to the end of a block and of a byte, it is
 * libdeflate's turn again, but each failure doubles how far zlib goes before. So
 * hostile streams cannot cost much more than with zlib alone, and whether a stream is
 * broken, and why, is for zlib to say. A member's header is zlib's, too; the trailer,
 * CRC-32 and length of all content, is checked here.
 */
#include "image/gzip.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/error.h"
#include "base/str.h"

#define WINDOW	    32768U
#define STORED_HEAD 5U /* of a block that is not compressed */
#define FRONT	    (STORED_HEAD + WINDOW)
#define LAST_BLOCK  "\x03\x00"
#define LAST_LEN    2U
#define MARK	    "\x00\x00\xff\xff" /* 0xff is rarer than 0 */
#define MARK_LEN    4U

/* A MiB that cannot be compressed is a little more. */
#define PACKED_BYTES  (1280U << 10)
#define CONTENT_BYTES (1280U << 10)
#define TRIES	      8
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION /* which has short inputs */
#define PIECE_MIN  16U
#define ZLIB_FIRST 256U
#else
#define PIECE_MIN  (16U << 10) /* with less, the window would be most of the work */
#define ZLIB_FIRST (1U << 20)  /* how far zlib goes after the first failure */
#endif

/* zlib.h, inflate(), of data_type: 128 at the end of a block or header, 64 in the last block. */
#define ZLIB_BOUNDARY 128
#define ZLIB_MASK     255 /* the rest is how many bits of the last byte are left */

enum gzip_state { GZIP_HEADER, GZIP_BODY, GZIP_TRAILER };

struct gzip {
	struct codec_input *in;	  /* our user's, between members */
	struct codec_input outer; /* what has not been gathered yet */
	bool given_back;	  /* @in is what has been gathered too much */
	enum gzip_state state;
	z_stream zlib;
	bool zlib_ready; /* it stands where we do */
	bool aligned;	 /* at the beginning of a block, and of a byte */
	struct libdeflate_decompressor *fast;
	uint64_t zlib_left,
		zlib_next; /* bytes of content that are left to zlib; and the next time */
	uint32_t crc, size;
	size_t at, end, mark; /* in packed; all before mark has been searched */
	bool marked;	      /* a mark ends there */
	unsigned char *oldest, *next, *limit;
	unsigned char packed[FRONT + PACKED_BYTES + LAST_LEN];
	unsigned char content[WINDOW + GZIP_ENOUGH + CONTENT_BYTES];
};

static int broken(struct error *err, const char *why)
{
	return error_set(err, EBADMSG, "broken gzip stream: %s", why ? why : "invalid data");
}

static int cut_off(struct error *err)
{
	return error_set(err, EBADMSG, "gzip stream is cut off");
}

/* What comes behind what was given back; a codec_fill. */
static int fill(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct gzip *g = arg;
	int r = codec_input_refill(&g->outer, err);

	if (r < 0)
		return r;
	*data = g->outer.data;
	*len = g->outer.len;
	g->outer.len = 0;
	g->given_back = false;
	return 0;
}

/* The end of a member. Bytes behind it may be another one, or something else. */
static void give_back(struct gzip *g)
{
	g->in->data = g->packed + g->at;
	g->in->len = g->end - g->at;
	g->given_back = true;
}

/* The beginning of a member: all that our user has is ours. */
static void take_over(struct gzip *g)
{
	if (g->given_back) {
		g->at = g->end - g->in->len;
	} else {
		g->outer.data = g->in->data;
		g->outer.len = g->in->len;
		g->at = g->end = g->mark = FRONT;
		g->marked = false;
	}
	g->in->len = 0;
}

/**
 * gzip_new() - A decoder, at the beginning of a member
 * @in:		Borrowed; to be used between members only
 *
 * Return: the decoder, released with gzip_free()
 */
struct gzip *gzip_new(struct codec_input *in)
{
	struct gzip *g = xmalloc(sizeof(*g));

	memset(g, 0, offsetof(struct gzip, packed));
	g->outer = *in;
	*in = (struct codec_input){ .fill = fill, .arg = g };
	g->in = in;
	g->zlib_next = ZLIB_FIRST;
	g->at = g->end = g->mark = FRONT;
	g->oldest = g->next = g->content + WINDOW;
	g->limit = g->content + sizeof(g->content);
	g->fast = libdeflate_alloc_decompressor();
	if (!g->fast || inflateInit2(&g->zlib, MAX_WBITS + 16) != Z_OK)
		abort();
	return g;
}

/** gzip_turn() - Have room again. Returns where the content of the next steps begins */
unsigned char *gzip_turn(struct gzip *g)
{
	unsigned char *begin = g->content + WINDOW;
	size_t kept = (size_t)(g->next - g->oldest);

	kept = kept < WINDOW ? kept : WINDOW;
	memmove(begin - kept, g->next - kept, kept);
	g->oldest = begin - kept;
	g->next = begin;
	return begin;
}

/* Have half of what there is room for, or all there is. */
static int gather(struct gzip *g, struct error *err)
{
	size_t moved = g->at - FRONT, n;
	int r;

	if (g->end - g->at >= PACKED_BYTES / 2)
		return 0;
	memmove(g->packed + FRONT, g->packed + g->at, g->end - g->at);
	g->mark = g->mark > g->at ? g->mark - moved : FRONT;
	g->marked = g->marked && g->mark > FRONT;
	g->at -= moved;
	g->end -= moved;
	while (g->end < FRONT + PACKED_BYTES) {
		r = codec_input_refill(&g->outer, err);
		if (r <= 0)
			return r;
		n = FRONT + PACKED_BYTES - g->end;
		n = n < g->outer.len ? n : g->outer.len;
		memcpy(g->packed + g->end, g->outer.data, n);
		g->end += n;
		g->outer.data += n;
		g->outer.len -= n;
	}
	return 0;
}

/*
 * Look for a mark, behind which a byte begins a block. An empty block that is not
 * compressed begins with three bits, 0, and is filled up with zeros. Returns where it
 * ends, 0 if there is none.
 */
static size_t find_mark(struct gzip *g, size_t from)
{
	if (g->marked && g->mark >= from)
		return g->mark;
	from = from > g->mark ? from : g->mark;
	g->marked = false;
	while (from + MARK_LEN <= g->end) {
		const unsigned char *at = memchr(g->packed + from + 2, 0xff,
						 g->end - from - MARK_LEN + 1);

		if (!at)
			break;
		from = (size_t)(at - g->packed) - 1;
		if (memcmp(at - 2, MARK, MARK_LEN))
			continue;
		g->mark = (size_t)(at - g->packed) + 2;
		g->marked = at[-3] < 0x20;
		if (g->marked)
			return g->mark;
	}
	g->mark = g->end > from + MARK_LEN ? g->end - MARK_LEN + 1 : from;
	return 0;
}

/* Write the window in front of a piece, as a block of its own. Returns how much that is. */
static size_t put_window(struct gzip *g, size_t window)
{
	unsigned char *head = g->packed + g->at - window - STORED_HEAD;

	if (!window)
		return 0;
	head[0] = 0;
	head[1] = window & 0xff;
	head[2] = window >> 8 & 0xff;
	head[3] = ~head[1] & 0xff;
	head[4] = ~head[2] & 0xff;
	memcpy(head + STORED_HEAD, g->next - window, window);
	return STORED_HEAD + window;
}

/*
 * Have libdeflate inflate what ends with a mark, or all there is (@last is empty)
 * if it ends the member. Nothing changes unless it can.
 */
static enum libdeflate_result inflate_piece(struct gzip *g, size_t end, size_t last)
{
	size_t window = (size_t)(g->next - g->oldest), front, taken = 0, got = 0;
	unsigned char saved[LAST_LEN];
	enum libdeflate_result r;

	window = window < WINDOW ? window : WINDOW;
	front = put_window(g, window);
	memcpy(saved, g->packed + end, last);
	memcpy(g->packed + end, LAST_BLOCK, last);
	r = libdeflate_deflate_decompress_ex(g->fast, g->packed + g->at - front,
					     front + end - g->at + last, g->next - window,
					     window + (size_t)(g->limit - g->next), &taken, &got);
	memcpy(g->packed + end, saved, last);
	if (r != LIBDEFLATE_SUCCESS)
		return r;
	/* A last block of its own, or ours, and not half of each. */
	taken -= front;
	if (taken > end - g->at && taken != end - g->at + LAST_LEN)
		return LIBDEFLATE_BAD_DATA;
	if (taken <= end - g->at) {
		g->state = GZIP_TRAILER;
		g->at += taken;
	} else {
		g->at = end;
	}
	g->next += got - window;
	return LIBDEFLATE_SUCCESS;
}

/* Whether libdeflate could do the next piece; if not, zlib has to go some way. */
static bool inflate_fast(struct gzip *g)
{
	enum libdeflate_result r = LIBDEFLATE_BAD_DATA;
	size_t end = g->at + PIECE_MIN;

	for (int i = 0; i < TRIES && r == LIBDEFLATE_BAD_DATA; i++) {
		end = find_mark(g, end + 1);
		r = inflate_piece(g, end ? end : g->end, end ? LAST_LEN : 0);
		if (!end)
			break;
	}
	g->zlib_ready = g->zlib_ready && r != LIBDEFLATE_SUCCESS;
	if (r == LIBDEFLATE_SUCCESS)
		return true;
	g->zlib_left = g->zlib_next;
	g->zlib_next *= 2;
	return false;
}

/* One call of zlib's, up to the end of a block. */
static int call_zlib(struct gzip *g, struct error *err)
{
	int r;

	g->zlib.next_in = g->packed + g->at;
	g->zlib.avail_in = (uInt)(g->end - g->at);
	g->zlib.next_out = g->next;
	g->zlib.avail_out = (uInt)(g->limit - g->next);
	r = inflate(&g->zlib, Z_BLOCK);
	g->at = g->end - g->zlib.avail_in;
	g->next = g->limit - g->zlib.avail_out;
	if (r == Z_MEM_ERROR)
		abort();
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return broken(err, g->zlib.msg);
	return r == Z_STREAM_END;
}

/* zlib stands where we do. */
static void ready_zlib(struct gzip *g)
{
	size_t window = (size_t)(g->next - g->oldest);

	if (g->zlib_ready)
		return;
	window = window < WINDOW ? window : WINDOW;
	if (inflateReset2(&g->zlib, -MAX_WBITS) != Z_OK ||
	    inflateSetDictionary(&g->zlib, g->next - window, (uInt)window) != Z_OK)
		abort();
	g->zlib_ready = true;
}

static int inflate_slowly(struct gzip *g, struct error *err)
{
	const unsigned char *until = g->content + WINDOW + GZIP_ENOUGH;
	int r;

	ready_zlib(g);
	do {
		const unsigned char *from = g->next;
		uint64_t done;

		if (g->at == g->end && ((r = gather(g, err)) < 0 || g->at == g->end))
			return r < 0 ? r : cut_off(err);
		r = call_zlib(g, err);
		if (r < 0)
			return r;
		if (r)
			g->state = GZIP_TRAILER;
		done = (uint64_t)(g->next - from);
		g->zlib_left -= done < g->zlib_left ? done : g->zlib_left;
		g->aligned = (g->zlib.data_type & ZLIB_MASK) == ZLIB_BOUNDARY;
	} while (!r && g->next < until && !(g->aligned && !g->zlib_left));
	return 0;
}

static int read_header(struct gzip *g, struct error *err)
{
	int r;

	take_over(g);
	if (inflateReset2(&g->zlib, MAX_WBITS + 16) != Z_OK)
		abort();
	do {
		r = gather(g, err);
		if (r < 0 || g->at == g->end)
			return r < 0 ? r : cut_off(err);
		r = call_zlib(g, err);
		if (r < 0)
			return r;
	} while (!(g->zlib.data_type & ZLIB_BOUNDARY));
	g->zlib_ready = false;
	g->aligned = true;
	g->state = GZIP_BODY;
	g->crc = libdeflate_crc32(0, NULL, 0);
	g->size = 0;
	g->oldest = g->next; /* content of before is none that it may refer to */
	return 0;
}

static int read_body(struct gzip *g, struct error *err)
{
	unsigned char *from = g->next;
	int r;

	r = gather(g, err);
	if (r < 0)
		return r;
	/* Within a block only zlib can go on. */
	if (!g->aligned || g->zlib_left || !inflate_fast(g))
		r = inflate_slowly(g, err);
	if (r < 0)
		return r;
	g->crc = libdeflate_crc32(g->crc, from, (size_t)(g->next - from));
	g->size += (uint32_t)(g->next - from);
	return 0;
}

static uint32_t number_at(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int read_trailer(struct gzip *g, struct error *err)
{
	int r = gather(g, err);

	if (r < 0)
		return r;
	if (g->end - g->at < 8)
		return cut_off(err);
	if (number_at(g->packed + g->at) != g->crc)
		return broken(err, "incorrect data check");
	if (number_at(g->packed + g->at + 4) != g->size)
		return broken(err, "incorrect length check");
	g->at += 8;
	g->state = GZIP_HEADER;
	give_back(g);
	return 0;
}

/**
 * gzip_step() - Inflate a piece, until a member ends or there is enough
 * @produced:	Bytes of content since gzip_turn()
 * @ended:	Whether this was the end of a member; the next step begins another
 *
 * Return: 0, -EBADMSG if the stream is broken or cut off, or what the input gave
 */
int gzip_step(struct gzip *g, size_t *produced, bool *ended, struct error *err)
{
	int r = 0;

	*ended = false;
	if (g->state == GZIP_HEADER)
		r = read_header(g, err);
	if (r == 0 && g->state == GZIP_BODY)
		r = read_body(g, err);
	if (r == 0 && g->state == GZIP_TRAILER) {
		r = read_trailer(g, err);
		*ended = true;
	}
	*produced = (size_t)(g->next - (g->content + WINDOW));
	return r;
}

/** gzip_free() - Release; NULL is fine */
void gzip_free(struct gzip *g)
{
	if (!g)
		return;
	(void)inflateEnd(&g->zlib);
	libdeflate_free_decompressor(g->fast);
	free(g);
}
