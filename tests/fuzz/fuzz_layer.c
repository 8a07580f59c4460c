// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_layer - A tar stream becomes a directory, and nothing but that directory
 *
 * Checksums of headers are put right first, or hardly any input would get past
 * them; with the first byte odd it is taken as it is.
 */
#include "tests/fuzz/canary.h"
#include "tests/fuzz/fuzz.h"

static uint64_t octal(const unsigned char *text, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n && text[i] >= '0' && text[i] <= '7'; i++)
		v = v * 8 + text[i] - '0';
	return v;
}

static void put_checksums_right(unsigned char *tar, size_t len)
{
	size_t at = 0;

	while (len - at >= 512) {
		unsigned char *h = tar + at;
		uint64_t size = octal(h + 124, 12);
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

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	canary_set_up();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *tar;

	if (!size)
		return 0;
	tar = fuzz_copy(data + 1, size - 1);
	if (!(data[0] & 1))
		put_checksums_right(tar, size - 1);
	canary_apply(tar, size - 1);
	free(tar);
	return 0;
}
