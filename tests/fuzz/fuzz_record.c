// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_record - What tare itself has written, had somebody else written it
 *
 * First byte: record.json, the settings' config.json, a line of a log.
 */
#include "base/error.h"
#include "base/json.h"
#include "cmd/log_entry.h"
#include "cmd/settings.h"
#include "runtime/record_document.h"
#include "tests/fuzz/fuzz.h"

/* A record that was read is written as one that reads the same. */
static void check_record(const struct json *doc)
{
	struct record first, again;
	struct error err;
	struct json *reread;
	char *text, *text_again;

	record_init(&first);
	record_init(&again);
	record_from_json(&first, doc);
	text = record_to_text(&first);
	reread = json_parse(text, strlen(text), &err);
	if (!reread)
		abort();
	record_from_json(&again, reread);
	text_again = record_to_text(&again);
	if (strcmp(text, text_again) != 0)
		abort();
	json_free(reread);
	free(text);
	free(text_again);
	record_done(&first);
	record_done(&again);
}

static void check_document(unsigned char kind, const char *text, size_t len)
{
	struct settings settings = { 0 };
	struct error err;
	struct json *doc = json_parse(text, len, &err);

	if (!doc)
		return;
	if (kind == 0) {
		check_record(doc);
		json_free(doc);
	} else {
		(void)settings_from_json(&settings, doc, &err);
		settings_done(&settings);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct log_entry entry = { 0 };
	char *text;

	if (!size)
		return 0;
	text = fuzz_text(data + 1, size - 1);
	if (data[0] % 3 == 2)
		(void)log_entry_parse(text, size - 1, &entry);
	else
		check_document(data[0] % 3, text, size - 1);
	str_done(&entry.text);
	free(text);
	return 0;
}
