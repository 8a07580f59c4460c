// SPDX-License-Identifier: Apache-2.0
/*
 * image/inflate.c - Inflating DEFLATE, RFC 1951
 *
 * Theory of operation:
 * zlib's inflate() was the largest part of loading an image. libdeflate takes
 * less than half the time, but wants all of a stream in memory at once, and ISA-L
 * has no static library. So this is a decoder of the same manner for streams.
 *
 * Two loops decode the same symbols. The fast one (inflate_fast.c) works as long as
 * a symbol can neither run out of input nor of room, and asks about neither. The
 * careful one takes single bytes, and asks for the next piece of input whenever
 * there is none. Between calls, and outside the fast loop, less than eight bits are
 * held, so that whole bytes are always left to whoever reads on.
 *
 * Content is written behind what it may refer to, and room behind the limit
 * (INFLATE_SLACK) means that a match is written whole. What is accepted is
 * exactly what zlib accepts; tests/fuzz compares them.
 */
#include "image/inflate.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "image/inflate_fast.h"
#include "image/inflate_table.h"

enum state { STATE_HEADER, STATE_STORED, STATE_CODES };

struct inflate {
	enum state state;
	bool last_block;
	bool fixed;	 /* the tables are those of the fixed codes */
	uint32_t stored; /* bytes left of a block that is not compressed */
	struct inflate_codes c;
	inflate_fast *fast;
};

static int broken(struct error *err, const char *why)
{
	return error_set(err, EBADMSG, "broken gzip stream: %s", why);
}

static int cut_off(struct error *err)
{
	return error_set(err, EBADMSG, "gzip stream is cut off");
}

/* Hold one more byte. */
static int take_byte(struct inflate *z, struct codec_input *in, struct error *err)
{
	int r = codec_input_refill(in, err);

	if (r <= 0)
		return r < 0 ? r : cut_off(err);
	z->c.bits |= (uint64_t)*in->data++ << z->c.n_bits;
	z->c.n_bits += 8;
	in->len--;
	return 0;
}

/* The next @n bits, at most 16, as a number. */
static int take_bits(struct inflate *z, struct codec_input *in, unsigned int n, struct error *err)
{
	uint64_t value;
	int r = 0;

	while (r == 0 && z->c.n_bits < n)
		r = take_byte(z, in, err);
	if (r < 0)
		return r;
	value = z->c.bits & ((1U << n) - 1);
	z->c.bits >>= n;
	z->c.n_bits -= n;
	return (int)value;
}

/*
 * Decode one symbol. More bits than it has are never taken: with those that are
 * missing read as zeros, an entry that needs no more than there are is right.
 */
static int take_symbol(struct inflate *z, struct codec_input *in, const uint32_t *table,
		       unsigned int main, uint32_t *out, struct error *err)
{
	for (;;) {
		uint32_t entry = table[z->c.bits & ((1U << main) - 1)];
		unsigned int used = 0;
		int r;

		if ((entry & INFLATE_SUBTABLE) && z->c.n_bits > main) {
			uint64_t rest = z->c.bits >> main & ((1U << (entry >> 8 & 15)) - 1);

			entry = table[(entry >> 16) + rest];
			used = main;
		}
		used += entry >> 8 & 15;
		if (!(entry & INFLATE_SUBTABLE) && used <= z->c.n_bits) {
			z->c.bits >>= used;
			z->c.n_bits -= used;
			*out = entry;
			return 0;
		}
		r = take_byte(z, in, err);
		if (r < 0)
			return r;
	}
}

/* A length's or distance's value, with its extra bits. */
static int take_value(struct inflate *z, struct codec_input *in, uint32_t entry, struct error *err)
{
	int extra = take_bits(z, in, (entry & 0xff) - (entry >> 8 & 15), err);

	return extra < 0 ? extra : (int)(entry >> 16) + extra;
}

/* One symbol, with the match that may begin with it. Returns 1 at the end of the block. */
static int decode_careful(struct inflate *z, struct codec_input *in, struct inflate_output *out,
			  struct error *err)
{
	int length, distance, r;
	uint32_t entry = 0;

	r = take_symbol(z, in, z->c.litlen, INFLATE_LITLEN_BITS, &entry, err);
	if (r < 0)
		return r;
	if (entry & INFLATE_LITERAL) {
		*out->next++ = (unsigned char)(entry >> 16);
		return 0;
	}
	if (entry & INFLATE_SPECIAL)
		return entry & INFLATE_END ? 1 : broken(err, "invalid literal or length");
	length = take_value(z, in, entry, err);
	if (length < 0)
		return length;
	r = take_symbol(z, in, z->c.dist, INFLATE_DIST_BITS, &entry, err);
	if (r < 0)
		return r;
	if (entry & INFLATE_SPECIAL)
		return broken(err, "invalid distance");
	distance = take_value(z, in, entry, err);
	if (distance < 0)
		return distance;
	if (distance > out->next - out->oldest)
		return broken(err, "distance leads to before the beginning");
	inflate_copy_match(out->next, (size_t)distance, (size_t)length);
	out->next += length;
	return 0;
}

static int inflate_codes(struct inflate *z, struct codec_input *in, struct inflate_output *out,
			 struct error *err)
{
	int r = 0;

	while (r == 0 && out->next < out->limit) {
		if (in->len <= INFLATE_FAST_INPUT) {
			r = decode_careful(z, in, out, err);
			continue;
		}
		r = z->fast(&z->c, in, out);
		if (r < 0)
			return broken(err, "invalid code or distance");
	}
	if (r > 0)
		z->state = STATE_HEADER;
	return r < 0 ? r : 0;
}

static int inflate_stored(struct inflate *z, struct codec_input *in, struct inflate_output *out,
			  struct error *err)
{
	while (z->stored && out->next < out->limit) {
		size_t room = (size_t)(out->limit - out->next), n = z->stored;
		int r = codec_input_refill(in, err);

		if (r <= 0)
			return r < 0 ? r : cut_off(err);
		n = n < room ? n : room;
		n = n < in->len ? n : in->len;
		memcpy(out->next, in->data, n);
		out->next += n;
		in->data += n;
		in->len -= n;
		z->stored -= (uint32_t)n;
	}
	if (!z->stored)
		z->state = STATE_HEADER;
	return 0;
}

static int begin_stored(struct inflate *z, struct codec_input *in, struct error *err)
{
	int length, check;

	z->c.bits = 0;
	z->c.n_bits = 0;
	length = take_bits(z, in, 16, err);
	if (length < 0)
		return length;
	check = take_bits(z, in, 16, err);
	if (check < 0)
		return check;
	if (length != (~check & 0xffff))
		return broken(err, "invalid length of a stored block");
	z->stored = (uint32_t)length;
	z->state = STATE_STORED;
	return 0;
}

/* RFC 1951, 3.2.6. */
static void begin_fixed(struct inflate *z)
{
	uint8_t lengths[INFLATE_LITLEN_SYMBOLS];

	z->state = STATE_CODES;
	if (z->fixed)
		return;
	memset(lengths, 8, 144);
	memset(lengths + 144, 9, 112);
	memset(lengths + 256, 7, 24);
	memset(lengths + 280, 8, 8);
	(void)inflate_table_build(INFLATE_CODE_LITLEN, lengths, INFLATE_LITLEN_SYMBOLS,
				  z->c.litlen);
	memset(lengths, 5, INFLATE_DIST_SYMBOLS);
	(void)inflate_table_build(INFLATE_CODE_DIST, lengths, INFLATE_DIST_SYMBOLS, z->c.dist);
	z->fixed = true;
}

/* The code that codes' lengths are written in. */
static int read_order(struct inflate *z, struct codec_input *in, unsigned int n, uint32_t *table,
		      struct error *err)
{
	static const uint8_t order[INFLATE_ORDER_SYMBOLS] = {
		16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
	};
	uint8_t lengths[INFLATE_ORDER_SYMBOLS] = { 0 };

	for (unsigned int i = 0; i < n; i++) {
		int length = take_bits(z, in, 3, err);

		if (length < 0)
			return length;
		lengths[order[i]] = (uint8_t)length;
	}
	if (inflate_table_build(INFLATE_CODE_ORDER, lengths, INFLATE_ORDER_SYMBOLS, table) < 0)
		return broken(err, "invalid code of code lengths");
	return 0;
}

/* One symbol of the list of lengths: how often which length comes. Returns the former. */
static int take_run(struct inflate *z, struct codec_input *in, const uint32_t *table,
		    uint8_t *length, struct error *err)
{
	static const struct {
		uint8_t bits, least;
	} runs[] = { { 2, 3 }, { 3, 3 }, { 7, 11 } };
	unsigned int symbol;
	uint32_t entry = 0;
	int r;

	r = take_symbol(z, in, table, INFLATE_ORDER_BITS, &entry, err);
	if (r < 0)
		return r;
	if (entry & INFLATE_SPECIAL)
		return broken(err, "invalid code length");
	symbol = entry >> 16;
	if (symbol < 16) {
		*length = (uint8_t)symbol;
		return 1;
	}
	if (symbol > 16)
		*length = 0;
	r = take_bits(z, in, runs[symbol - 16].bits, err);
	return r < 0 ? r : r + runs[symbol - 16].least;
}

/* RFC 1951, 3.2.7: lengths of both codes in one list, runs of equal ones shortened. */
static int read_lengths(struct inflate *z, struct codec_input *in, unsigned int order, uint8_t *out,
			unsigned int n, struct error *err)
{
	uint32_t table[INFLATE_ORDER_ENTRIES];
	uint8_t length = UINT8_MAX; /* none to repeat */
	int r;

	r = read_order(z, in, order, table, err);
	for (unsigned int i = 0; r >= 0 && i < n; i += (unsigned int)r) {
		r = take_run(z, in, table, &length, err);
		if (r < 0)
			return r;
		if (length == UINT8_MAX || (unsigned int)r > n - i)
			return broken(err, "invalid repetition of code lengths");
		memset(out + i, length, (size_t)r);
	}
	return r < 0 ? r : 0;
}

static int begin_dynamic(struct inflate *z, struct codec_input *in, struct error *err)
{
	uint8_t lengths[INFLATE_LITLEN_SYMBOLS + INFLATE_DIST_SYMBOLS] = { 0 };
	unsigned int n_litlen, n_dist;
	int r;

	r = take_bits(z, in, 14, err);
	if (r < 0)
		return r;
	n_litlen = 257 + ((unsigned int)r & 31);
	n_dist = 1 + ((unsigned int)r >> 5 & 31);
	if (n_litlen > 286 || n_dist > 30)
		return broken(err, "too many codes");
	r = read_lengths(z, in, 4 + ((unsigned int)r >> 10), lengths, n_litlen + n_dist, err);
	if (r < 0)
		return r;
	z->fixed = false;
	if (!lengths[256])
		return broken(err, "no code for the end of a block");
	if (inflate_table_build(INFLATE_CODE_LITLEN, lengths, n_litlen, z->c.litlen) < 0 ||
	    inflate_table_build(INFLATE_CODE_DIST, lengths + n_litlen, n_dist, z->c.dist) < 0)
		return broken(err, "invalid code");
	z->state = STATE_CODES;
	return 0;
}

static int begin_block(struct inflate *z, struct codec_input *in, struct error *err)
{
	int head = take_bits(z, in, 3, err);

	if (head < 0)
		return head;
	z->last_block = head & 1;
	switch (head >> 1) {
	case 0:
		return begin_stored(z, in, err);
	case 1:
		begin_fixed(z);
		return 0;
	case 2:
		return begin_dynamic(z, in, err);
	default:
		return broken(err, "invalid kind of block");
	}
}

/** inflate_new() - A decoder, ready to begin; released with inflate_free() */
struct inflate *inflate_new(void)
{
	struct inflate *z = xcalloc(1, sizeof(*z));

	z->fast = inflate_fast_choose();
	return z;
}

/** inflate_begin() - Begin another stream */
void inflate_begin(struct inflate *z)
{
	z->state = STATE_HEADER;
	z->last_block = false;
	z->c.bits = 0;
	z->c.n_bits = 0;
}

/**
 * inflate_some() - Inflate until the limit is reached or the stream ends
 * @in:		Asked for more whenever it is empty; behind the end nothing is taken
 * @out:	Moved on, past the limit by less than INFLATE_SLACK
 * @ended:	Whether the stream has ended
 *
 * Return: 0, -EBADMSG if the stream is broken or cut off, or what the input gave
 */
int inflate_some(struct inflate *z, struct codec_input *in, struct inflate_output *out, bool *ended,
		 struct error *err)
{
	int r = 0;

	*ended = false;
	while (r == 0 && out->next < out->limit) {
		if (z->state == STATE_STORED) {
			r = inflate_stored(z, in, out, err);
		} else if (z->state == STATE_CODES) {
			r = inflate_codes(z, in, out, err);
		} else if (!z->last_block) {
			r = begin_block(z, in, err);
		} else {
			*ended = true;
			return 0;
		}
	}
	return r;
}

/** inflate_free() - Release; NULL is fine */
void inflate_free(struct inflate *z)
{
	free(z);
}
