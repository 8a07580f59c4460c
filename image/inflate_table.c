// SPDX-License-Identifier: Apache-2.0
/*
 * image/inflate_table.c - Huffman codes as tables, for inflate.c
 *
 * A code is given by the length of each symbol's codeword (RFC 1951, 3.2.2).
 * Its bits come last one first, so a table is indexed by the codeword reversed,
 * and a codeword of n bits is at every index whose low n bits it is. Tables are
 * made by doubling: with all codewords of up to n bits in a table of 2^n entries,
 * the table of 2^(n+1) entries is that twice, and then those of n+1 bits.
 *
 * Accepted are complete codes; and, other than for the code lengths, those of
 * one codeword of one bit, and (of distances) those without any: what zlib accepts.
 */
#include "image/inflate_table.h"

#include <string.h>

#define MAX_BITS 15U
#define INVALID	 (INFLATE_SPECIAL | 1U)

static const struct {
	unsigned int bits, entries;
} sizes[] = {
	[INFLATE_CODE_LITLEN] = { INFLATE_LITLEN_BITS, INFLATE_LITLEN_ENTRIES },
	[INFLATE_CODE_DIST] = { INFLATE_DIST_BITS, INFLATE_DIST_ENTRIES },
	[INFLATE_CODE_ORDER] = { INFLATE_ORDER_BITS, INFLATE_ORDER_ENTRIES },
};

/* RFC 1951, 3.2.5: the shortest match of each length symbol, and what is added to it. */
static const uint16_t length_base[] = {
	3,  4,	5,  6,	7,  8,	9,  10, 11,  13,  15,  17,  19,	 23,  27,
	31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
};
static const uint8_t length_extra[] = {
	0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
};
static const uint16_t dist_base[] = {
	1,   2,	  3,   4,   5,	 7,    9,    13,   17,	 25,   33,   49,   65,	  97,	 129,
	193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
};

/* A symbol's entry, but for the length of its codeword. */
static uint32_t entry_of(enum inflate_code code, unsigned int symbol)
{
	if (code == INFLATE_CODE_ORDER)
		return symbol << 16;
	if (code == INFLATE_CODE_DIST) {
		if (symbol >= sizeof(dist_base) / sizeof(*dist_base))
			return INFLATE_SPECIAL;
		return (uint32_t)dist_base[symbol] << 16 | (symbol < 4 ? 0 : symbol / 2 - 1);
	}
	if (symbol < 256)
		return INFLATE_LITERAL | symbol << 16;
	if (symbol == 256)
		return INFLATE_SPECIAL | INFLATE_END;
	symbol -= 257;
	if (symbol >= sizeof(length_extra))
		return INFLATE_SPECIAL;
	return (uint32_t)length_base[symbol] << 16 | length_extra[symbol];
}

/* Whether codewords of these lengths make a code. */
static bool is_acceptable(enum inflate_code code, const uint16_t *count, unsigned int longest)
{
	int left = 1;

	for (unsigned int len = 1; len <= MAX_BITS; len++) {
		left = 2 * left - count[len];
		if (left < 0)
			return false;
	}
	return left == 0 || (longest <= 1 && code != INFLATE_CODE_ORDER);
}

/* The next codeword of the same length, of reversed ones. */
static unsigned int next_code(unsigned int word, unsigned int len)
{
	unsigned int bit = 1U << (len - 1);

	while (word & bit)
		bit >>= 1;
	return bit ? (word & (bit - 1)) | bit : 0;
}

/* How many bits a second table takes whose first codeword has @len. */
static unsigned int subtable_bits(const uint16_t *left, unsigned int len, unsigned int main)
{
	unsigned int bits = len - main;
	int room = 1 << bits;

	for (; main + bits < MAX_BITS; bits++, room <<= 1) {
		room -= left[main + bits];
		if (room <= 0)
			break;
	}
	return bits;
}

/* Where symbols of each length begin among those sorted by length. */
static void sort_symbols(const uint8_t *lengths, unsigned int n, const uint16_t *count,
			 uint16_t *sorted)
{
	uint16_t at[MAX_BITS + 2] = { 0 };

	for (unsigned int len = 1; len <= MAX_BITS; len++)
		at[len + 1] = (uint16_t)(at[len] + count[len]);
	for (unsigned int i = 0; i < n; i++)
		if (lengths[i])
			sorted[at[lengths[i]]++] = (uint16_t)i;
}

struct builder {
	enum inflate_code code;
	uint32_t *table;
	const uint16_t *sorted; /* symbols not yet entered */
	uint16_t count[MAX_BITS + 1];
	unsigned int word; /* the next codeword */
};

/* Codewords that the first look-up decides. */
static void enter_short(struct builder *b, unsigned int longest)
{
	b->table[0] = INVALID;
	for (unsigned int len = 1; len <= sizes[b->code].bits; len++) {
		memcpy(b->table + (1U << (len - 1)), b->table, sizeof(*b->table) << (len - 1));
		for (; len <= longest && b->count[len]; b->count[len]--) {
			b->table[b->word] = entry_of(b->code, *b->sorted++) + len * 0x101U;
			b->word = next_code(b->word, len);
		}
	}
}

/* Longer ones: one second table for all that begin alike. */
static int enter_long(struct builder *b, unsigned int longest)
{
	const unsigned int main = sizes[b->code].bits, mask = (1U << main) - 1;
	unsigned int end = 1U << main, start = 0, bits = 0, prefix = mask + 1;

	for (unsigned int len = main + 1; len <= longest; len++)
		for (; b->count[len]; b->count[len]--) {
			uint32_t entry = entry_of(b->code, *b->sorted++) + (len - main) * 0x101U;

			if ((b->word & mask) != prefix) {
				prefix = b->word & mask;
				bits = subtable_bits(b->count, len, main);
				start = end;
				end += 1U << bits;
				if (end > sizes[b->code].entries)
					return -1;
				b->table[prefix] = INFLATE_SPECIAL | INFLATE_SUBTABLE |
						   start << 16 | bits << 8 | main;
			}
			for (unsigned int i = b->word >> main; i < 1U << bits;
			     i += 1U << (len - main))
				b->table[start + i] = entry;
			b->word = next_code(b->word, len);
		}
	return 0;
}

/**
 * inflate_table_build() - Make the table of a code
 * @lengths:	Bits of each symbol's codeword, at most 15; 0: it has none
 * @table:	Of as many entries as the code has at most, INFLATE_*_ENTRIES
 *
 * Return: 0, or -1 if this is no code
 */
int inflate_table_build(enum inflate_code code, const uint8_t *lengths, unsigned int n,
			uint32_t *table)
{
	uint16_t sorted[INFLATE_LITLEN_SYMBOLS];
	struct builder b = { .code = code, .table = table, .sorted = sorted };
	unsigned int longest = MAX_BITS;

	for (unsigned int i = 0; i < n; i++)
		b.count[lengths[i]]++;
	while (longest && !b.count[longest])
		longest--;
	if (!is_acceptable(code, b.count, longest))
		return -1;
	sort_symbols(lengths, n, b.count, sorted);
	enter_short(&b, longest);
	return enter_long(&b, longest);
}
