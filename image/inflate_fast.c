// SPDX-License-Identifier: Apache-2.0
/*
 * image/inflate_fast.c - The loop that decodes most of a stream, for inflate.c
 *
 * It loads eight bytes at once, takes up to three literals before it loads again,
 * looks the next symbol up before it copies a match, and copies in words, past the
 * match's end.
 */
#include "image/inflate_fast.h"

#include <endian.h>
#include <stdbool.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#define fast_inline inline __attribute__((always_inline))

/* The fast loop's place, kept in registers. */
struct cursor {
	const unsigned char *in;
	unsigned char *out;
	uint64_t bits;
	unsigned int n_bits;
};

/* Hold at least 56 bits; more than n_bits says may be there, and are loaded again as they are. */
static fast_inline void load(struct cursor *c)
{
	uint64_t word;

	memcpy(&word, c->in, sizeof(word));
	c->bits |= le64toh(word) << c->n_bits;
	c->in += (63 - c->n_bits) >> 3;
	c->n_bits |= 56;
}

static fast_inline void drop(struct cursor *c, uint32_t entry)
{
	c->bits >>= entry & 0xff;
	c->n_bits -= entry & 0xff;
}

static fast_inline uint32_t look(const struct cursor *c, const uint32_t *table, unsigned int bits)
{
	return table[c->bits & ((1U << bits) - 1)];
}

/* Drop an entry's bits. Returns its value, extra bits added. */
static fast_inline unsigned int value_of(struct cursor *c, uint32_t entry)
{
	uint64_t all = c->bits & ((1ULL << (entry & 0xff)) - 1);

	drop(c, entry);
	return (entry >> 16) + (unsigned int)(all >> (entry >> 8 & 15));
}

/* The entry behind a pointer to a second table. */
static fast_inline uint32_t look_further(struct cursor *c, const uint32_t *table, uint32_t entry)
{
	drop(c, entry);
	return table[(entry >> 16) + (c->bits & ((1U << (entry >> 8 & 15)) - 1))];
}

static fast_inline void put_literal(struct cursor *c, uint32_t entry)
{
	drop(c, entry);
	*c->out++ = (unsigned char)(entry >> 16);
}

/* Write back where the loop stopped, and leave whole bytes to the input. */
static fast_inline int leave(struct inflate_codes *z, struct codec_input *in,
			     struct inflate_output *out, const struct cursor *c, int result)
{
	size_t used = (size_t)(c->in - in->data) - (c->n_bits >> 3);

	in->data += used;
	in->len -= used;
	out->next = c->out;
	z->n_bits = c->n_bits & 7;
	z->bits = c->bits & ((1U << z->n_bits) - 1);
	return result;
}

/*
 * Of 56 bits, three literals of the first table take 33, a length 20, and a distance
 * 28: so they are loaded before a distance, and before the next symbol.
 */
static fast_inline int decode(struct inflate_codes *z, struct codec_input *in,
			      struct inflate_output *out)
{
	struct cursor c = { in->data, out->next, z->bits, z->n_bits };
	const unsigned char *const in_end = in->data + in->len - INFLATE_FAST_INPUT;
	uint32_t entry;

	load(&c);
	entry = look(&c, z->litlen, INFLATE_LITLEN_BITS);
	do {
		unsigned int length, distance;

		for (int i = 0; i < 2 && (entry & INFLATE_LITERAL); i++) {
			put_literal(&c, entry);
			entry = look(&c, z->litlen, INFLATE_LITLEN_BITS);
		}
		if (entry & INFLATE_SUBTABLE)
			entry = look_further(&c, z->litlen, entry);
		if (entry & INFLATE_LITERAL) {
			put_literal(&c, entry);
			load(&c);
			entry = look(&c, z->litlen, INFLATE_LITLEN_BITS);
			continue;
		}
		if (entry & INFLATE_SPECIAL) {
			drop(&c, entry);
			return leave(z, in, out, &c, entry & INFLATE_END ? 1 : -1);
		}
		length = value_of(&c, entry);
		load(&c);
		entry = look(&c, z->dist, INFLATE_DIST_BITS);
		if (entry & INFLATE_SUBTABLE)
			entry = look_further(&c, z->dist, entry);
		if (entry & INFLATE_SPECIAL)
			return leave(z, in, out, &c, -1);
		distance = value_of(&c, entry);
		if (distance > (size_t)(c.out - out->oldest))
			return leave(z, in, out, &c, -1);
		load(&c);
		entry = look(&c, z->litlen, INFLATE_LITLEN_BITS);
		inflate_copy_match(c.out, distance, length);
		c.out += length;
	} while (c.in < in_end && c.out < out->limit);
	return leave(z, in, out, &c, 0);
}

static int decode_plain(struct inflate_codes *z, struct codec_input *in, struct inflate_output *out)
{
	return decode(z, in, out);
}

#ifdef __x86_64__
/* Shifts by a variable take one operation instead of three. */
__attribute__((target("bmi2"))) static int decode_bmi2(struct inflate_codes *z,
						       struct codec_input *in,
						       struct inflate_output *out)
{
	return decode(z, in, out);
}

/* Asked for here: the compiler's own way would ask at every start of the program. */
static bool has_bmi2(void)
{
	unsigned int a, b = 0, c, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_BMI2);
}
#endif

/** inflate_fast_choose() - The loop that is the fastest on this processor */
inflate_fast *inflate_fast_choose(void)
{
#ifdef __x86_64__
	if (has_bmi2())
		return decode_bmi2;
#endif
	return decode_plain;
}
