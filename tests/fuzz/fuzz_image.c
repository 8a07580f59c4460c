// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_image - The documents of an image: index, manifest, configuration, catalog
 *
 * First byte: which of them.
 */
#include "base/error.h"
#include "base/json.h"
#include "image/catalog.h"
#include "image/config.h"
#include "image/image.h"
#include "image/manifest.h"
#include "tests/fuzz/fuzz.h"

static void read_catalog(const char *text, size_t len)
{
	struct error err;
	struct json *doc = json_parse(text, len, &err);
	struct image_list list = { 0 };

	if (!doc)
		return;
	catalog_read(doc, &list);
	image_list_done(&list);
	json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_config config = { 0 };
	struct manifest manifest = { 0 };
	struct index index = { 0 };
	struct error err;
	char *text;

	if (!size)
		return 0;
	text = fuzz_text(data + 1, size - 1);
	switch (data[0] & 3) {
	case 0:
		(void)index_parse(text, size - 1, &index, &err);
		index_done(&index);
		break;
	case 1:
		(void)manifest_parse(text, size - 1, &manifest, &err);
		manifest_done(&manifest);
		break;
	case 2:
		(void)image_config_parse(text, size - 1, &config, &err);
		image_config_done(&config);
		break;
	default:
		read_catalog(text, size - 1);
	}
	free(text);
	return 0;
}
