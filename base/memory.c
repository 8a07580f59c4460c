// SPDX-License-Identifier: Apache-2.0
/*
 * base/memory.c - memcpy() for the short copies that JSON is made of, and memmove()
 *
 * musl's memcpy() is one "rep movs" whatever the length, and starting that
 * takes longer than moving 32 bytes. jansson builds its output byte by byte:
 * with musl's version it was a third of the time of `ps`. Only linked into the
 * musl binary; glibc has its own answer.
 */
#include <features.h> /* before __GLIBC__ is looked at */
#include <stddef.h>
#include <stdint.h>

#if !defined(__GLIBC__) && defined(__x86_64__)

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);

/* Two overlapping moves cover every length from @size to twice @size. */
#define MOVE_BOTH_ENDS(type)                                                 \
	do {                                                                 \
		type first, last;                                            \
                                                                             \
		__builtin_memcpy(&first, s, sizeof(type));                   \
		__builtin_memcpy(&last, s + n - sizeof(type), sizeof(type)); \
		__builtin_memcpy(d, &first, sizeof(type));                   \
		__builtin_memcpy(d + n - sizeof(type), &last, sizeof(type)); \
	} while (0)

typedef long long pair __attribute__((vector_size(16)));

/* Also right where they overlap and @to is the lower one. */
static inline void *copy(void *to, const void *from, size_t n)
{
	const unsigned char *s = from;
	unsigned char *d = to;
	void *end = to;

	if (n > 32)
		__asm__ volatile("rep movsb" : "+D"(end), "+S"(s), "+c"(n) : : "memory");
	else if (n >= 16)
		MOVE_BOTH_ENDS(pair);
	else if (n >= 8)
		MOVE_BOTH_ENDS(uint64_t);
	else if (n >= 4)
		MOVE_BOTH_ENDS(uint32_t);
	else if (n >= 2)
		MOVE_BOTH_ENDS(uint16_t);
	else if (n)
		*d = *s;
	return to;
}

/** memcpy() - As ISO C has it */
void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	return copy(to, from, n);
}

/** memmove() - As ISO C has it; here because musl's is one file with its memcpy() */
void *memmove(void *to, const void *from, size_t n)
{
	const unsigned char *s = from;
	unsigned char *d = to;

	if ((uintptr_t)d - (uintptr_t)s >= n)
		return copy(to, from, n);
	/* The target begins inside the source: from the end, eight bytes at a time. */
	while (n >= sizeof(uint64_t)) {
		uint64_t word;

		n -= sizeof(word);
		__builtin_memcpy(&word, s + n, sizeof(word));
		__builtin_memcpy(d + n, &word, sizeof(word));
	}
	while (n) {
		n--;
		d[n] = s[n];
	}
	return to;
}

#else
typedef int memory_is_libc; /* ISO C wants something here */
#endif
