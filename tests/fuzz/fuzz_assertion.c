// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_assertion - Assertions and reports that do not fit each other; the kernel's log
 *
 * First byte: 0 a record of the log; else where the expression ends and a report begins.
 */
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cgroups/oom_log.h"
#include "cmd/report/assertion.h"
#include "tests/fuzz/fuzz.h"

static void take_log(const char *text)
{
	struct oom_log log = { .group = "tare/abc", .pid = 7 };

	oom_log_take(&log, text);
	oom_log_take(&log, text);
	oom_log_done(&log);
}

static void compare(const char *expression, const char *document, size_t len)
{
	struct assertion a;
	struct error err;
	struct json *report;
	struct str seen = { 0 };

	if (assertion_parse(expression, &a, &err) < 0)
		return;
	(void)assertion_is_of_the_end(&a);
	report = json_parse(document, len, &err);
	if (!report)
		return;
	(void)assertion_holds(&a, report, &seen);
	str_done(&seen);
	json_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t cut;
	char *text;

	if (size < 2)
		return 0;
	cut = data[0] < size ? data[0] : size;
	if (!cut) {
		text = fuzz_text(data + 1, size - 1);
		take_log(text);
	} else {
		text = fuzz_text(data + 1, cut - 1);
		compare(text, (const char *)data + cut, size - cut);
	}
	free(text);
	return 0;
}
