// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_whiteout - Names, one per line, as entries: whiteouts, links, directories
 *
 * Of each line the first character is the entry's type, and what comes after
 * "->" the link.
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

static void add_line(struct str *tar, char *line)
{
	char *arrow = strstr(line, "->");

	if (arrow)
		*arrow = '\0';
	if (*line)
		tarball_add(tar, *line, line + 1, arrow ? arrow + 2 : NULL, "", 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text, *line;
	struct str tar = { 0 };

	while ((line = strsep(&rest, "\n")))
		add_line(&tar, line);
	tarball_end(&tar);
	canary_apply((const unsigned char *)tar.data, tar.len);
	str_done(&tar);
	free(text);
	return 0;
}
