/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tar.h - For targets that read tar streams
 */
#ifndef TESTS_FUZZ_TAR_H
#define TESTS_FUZZ_TAR_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

static inline uint64_t tar_octal(const unsigned char *text, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n && text[i] >= '0' && text[i] <= '7'; i++)
		v = v * 8 + text[i] - '0';
	return v;
}

/* Or hardly any input would get past them. */
static inline void tar_put_checksums_right(unsigned char *tar, size_t len)
{
	size_t at = 0;

	while (len - at >= 512) {
		unsigned char *h = tar + at;
		uint64_t size = tar_octal(h + 124, 12);
		unsigned int sum = 8 * ' ';

		for (size_t i = 0; i < 512; i++)
			sum += i >= 148 && i < 156 ? 0 : h[i];
		if (sum != 8 * ' ') /* not the end's zeros */
			snprintf((char *)h + 148, 8, "%06o", sum);
		if (size > len - at)
			return;
		at += 512 + (size + 511) / 512 * 512;
		if (at > len)
			return;
	}
}

#endif
