// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_reference - Names and digests: what is accepted comes back the same
 */
#include "base/error.h"
#include "image/digest.h"
#include "image/reference.h"
#include "tests/fuzz/fuzz.h"

static void check_reference(const char *text)
{
	struct reference first, again;
	struct error err;
	char *name;

	if (reference_parse(text, &first, &err) < 0)
		return;
	name = reference_name(&first);
	if (*name) {
		if (reference_parse(name, &again, &err) < 0 ||
		    strcmp(first.repository, again.repository) != 0)
			abort();
		if (*first.tag && strcmp(first.tag, again.tag) != 0)
			abort();
		if (strlen(reference_familiar(name)) > strlen(name))
			abort();
	}
	free(name);
}

static void check_digest(const char *text)
{
	char again[DIGEST_TEXT_MAX];
	struct digest d;

	if (digest_parse(text, &d) < 0)
		return;
	digest_format(&d, again);
	if (strcmp(text, again) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	check_reference(text);
	check_digest(text);
	free(text);
	return 0;
}
