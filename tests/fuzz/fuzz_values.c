// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_values - Sizes, durations, times, volumes, lists of CPUs: what users type
 *
 * First byte: which of them.
 */
#include "base/error.h"
#include "cmd/settings.h"
#include "cmd/units.h"
#include "cmd/volume.h"
#include "runtime/config.h"
#include "runtime/idlist.h"
#include "tests/fuzz/fuzz.h"

static void parse_volume(const char *text, bool long_form)
{
	struct settings s = { 0 };
	struct error err;

	(void)(long_form ? volume_parse_mount(&s, text, &err) : volume_parse(&s, text, &err));
	settings_done(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct idlist list;
	struct error err;
	int64_t value;
	char *text;

	if (!size)
		return 0;
	text = fuzz_text(data + 1, size - 1);
	switch (data[0] % 6) {
	case 0:
		(void)units_parse_size(text, &value);
		break;
	case 1:
		(void)units_parse_duration(text, &value);
		break;
	case 2:
		(void)units_parse_time(text, 0, &value);
		break;
	case 3:
		parse_volume(text, false);
		break;
	case 4:
		parse_volume(text, true);
		break;
	default:
		(void)idlist_parse(&list, text, "cpus", &err);
	}
	free(text);
	return 0;
}
