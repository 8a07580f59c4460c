// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_template - --format texts, carried out on a document with something of everything
 */
#include "base/error.h"
#include "base/json.h"
#include "cmd/template/template.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char document[] =
		"{\"ID\":\"abc\",\"N\":3,\"F\":1.5,\"T\":true,\"Nil\":null,"
		"\"L\":[\"a\",\"b\",{\"x\":1}],\"M\":{\"80/tcp\":[{\"P\":\"1\"}]}}";
	char *text = fuzz_text(data, size);
	struct error err;
	struct template *t = template_parse(text, &err);
	struct json *doc = json_parse(document, strlen(document), &err);
	struct str out = { 0 };

	if (!doc)
		abort();
	if (t)
		(void)template_execute(t, doc, &out, &err);
	template_free(t);
	str_done(&out);
	json_free(doc);
	free(text);
	return 0;
}
