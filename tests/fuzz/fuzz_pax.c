// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_pax - The records of a pax header (or a GNU long name), before an entry
 *
 * First byte: what kind of header, and of which type the entry after it is.
 */
#include "tests/fuzz/canary.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/image/tarball.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	canary_set_up();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char kinds[] = { 'x', 'g', 'L', 'K' };
	static const char types[] = { '0', '1', '2', '3', '5', '6', '7', 'S' };
	struct str tar = { 0 };

	if (!size)
		return 0;
	tarball_add(&tar, kinds[data[0] & 3], "header", NULL, data + 1, size - 1);
	tarball_add(&tar, types[data[0] >> 2 & 7], "up/name", "up/file", "data", 4);
	tarball_add(&tar, '0', "dir/.wh.sub", NULL, "", 0);
	tarball_end(&tar);
	canary_apply((const unsigned char *)tar.data, tar.len);
	str_done(&tar);
	return 0;
}
