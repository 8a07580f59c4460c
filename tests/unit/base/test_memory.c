// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/base/test_memory.c - Our memcpy() and memmove() against loops of bytes
 *
 * The musl binary has them under their own names; here libc's stay in charge.
 */
#include <features.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#undef __GLIBC__
#define memcpy	ours_memcpy
#define memmove ours_memmove
#include "base/memory.c"
#undef memcpy
#undef memmove

#if defined(__x86_64__)

#define LONGEST 300
#define MARGIN	64
#define ROOM	(LONGEST + 4 * MARGIN)

static void fill(unsigned char *p)
{
	for (size_t i = 0; i < ROOM; i++)
		p[i] = (unsigned char)(i * 37 + 11 + (i >> 8));
}

static void copies_of_every_length_and_alignment_are_exact(void **state)
{
	unsigned char from[ROOM], to[ROOM], expected[ROOM];

	(void)state;
	fill(from);
	for (size_t n = 0; n <= LONGEST; n++) {
		for (size_t at = 0; at < 17; at++) {
			size_t source = (at * 5) % 16;

			for (size_t i = 0; i < ROOM; i++)
				to[i] = expected[i] = 0xee;
			for (size_t i = 0; i < n; i++)
				expected[MARGIN + at + i] = from[source + i];
			assert_ptr_equal(ours_memcpy(to + MARGIN + at, from + source, n),
					 to + MARGIN + at);
			assert_memory_equal(to, expected, ROOM);
		}
	}
}

static void moves_of_every_length_and_overlap_are_exact(void **state)
{
	unsigned char bytes[ROOM], before[ROOM], expected[ROOM];

	(void)state;
	fill(before);
	for (size_t n = 0; n <= LONGEST; n++) {
		for (size_t target = 0; target <= (size_t)2 * MARGIN; target++) {
			for (size_t i = 0; i < ROOM; i++)
				bytes[i] = expected[i] = before[i];
			for (size_t i = 0; i < n; i++)
				expected[target + i] = before[MARGIN + i];
			assert_ptr_equal(ours_memmove(bytes + target, bytes + MARGIN, n),
					 bytes + target);
			assert_memory_equal(bytes, expected, ROOM);
		}
	}
}

static void far_apart_moves_are_exact(void **state)
{
	unsigned char low[LONGEST], high[LONGEST];

	(void)state;
	for (size_t n = 0; n <= LONGEST; n += 13) {
		for (size_t i = 0; i < LONGEST; i++) {
			low[i] = (unsigned char)i;
			high[i] = (unsigned char)~i;
		}
		ours_memmove(low, high, n);
		for (size_t i = 0; i < LONGEST; i++)
			assert_int_equal(low[i], (unsigned char)(i < n ? ~i : i));
		ours_memmove(high, low + LONGEST - n, n);
		assert_int_equal(high[LONGEST - 1],
				 n == LONGEST ? low[LONGEST - 1] : (unsigned char)~(LONGEST - 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_of_every_length_and_alignment_are_exact),
		cmocka_unit_test(moves_of_every_length_and_overlap_are_exact),
		cmocka_unit_test(far_apart_moves_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	return 0;
}

#endif
