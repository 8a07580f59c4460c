/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - What fuzz targets share; see make fuzz
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy whose end the sanitizer guards; never NULL. */
static inline unsigned char *fuzz_copy(const uint8_t *data, size_t size)
{
	unsigned char *copy = xmalloc(size);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

/* The same with a NUL after it, as texts come from files. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = xmalloc(size + 1);

	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
