// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_layer - A tar stream becomes a directory, and nothing but that directory
 *
 * Checksums of headers are put right first, or hardly any input would get past
 * them; with the first byte odd it is taken as it is.
 */
#include "tests/fuzz/canary.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/tar.h"

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
		tar_put_checksums_right(tar, size - 1);
	canary_apply(tar, size - 1);
	free(tar);
	return 0;
}
