/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/inflate_table.h - Huffman codes as tables, for inflate.c
 */
#ifndef IMAGE_INFLATE_TABLE_H
#define IMAGE_INFLATE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#define INFLATE_LITLEN_SYMBOLS 288U
#define INFLATE_DIST_SYMBOLS   32U
#define INFLATE_ORDER_SYMBOLS  19U

/* Bits of a code that the first look-up takes; the rest of longer ones takes a second. */
#define INFLATE_LITLEN_BITS 11U
#define INFLATE_DIST_BITS   8U
#define INFLATE_ORDER_BITS  7U

/* Entries that codes of up to 15 bits need at most, second tables included. */
#define INFLATE_LITLEN_ENTRIES 2342U
#define INFLATE_DIST_ENTRIES   402U
#define INFLATE_ORDER_ENTRIES  128U

/*
 * An entry says what the next bits are:
 *
 *	bits 0-7	how many of them it takes, extra bits included
 *	bits 8-11	how many of these are the code; of INFLATE_SUBTABLE: how many
 *			bits the second look-up takes
 *	bits 16-30	a literal; a length or distance without its extra bits; the
 *			index of the second table
 */
#define INFLATE_LITERAL	 0x80000000U
#define INFLATE_SPECIAL	 0x8000U /* one of the two below, or no code at all */
#define INFLATE_SUBTABLE 0x4000U
#define INFLATE_END	 0x2000U /* of the block */

enum inflate_code { INFLATE_CODE_LITLEN, INFLATE_CODE_DIST, INFLATE_CODE_ORDER };

int inflate_table_build(enum inflate_code code, const uint8_t *lengths, unsigned int n,
			uint32_t *table);

#endif
