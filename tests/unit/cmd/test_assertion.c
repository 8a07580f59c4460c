// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_assertion.c - Assertions: what is understood, and when they hold
 */
#include "cmd/report/assertion.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/report/verdict.h"

static const char report_text[] =
	"{\"reason\":\"oom\",\"code\":137,\"signal\":9,\"wall_us\":1500000,"
	"\"oom\":{\"kills\":2,\"init\":true,\"group\":null,\"level\":null},"
	"\"cpu\":{\"throttled\":0,\"throttled_us\":2500,\"periods\":null},"
	"\"memory\":{\"peak_bytes\":67108864,\"swap_peak_bytes\":null,\"events\":{\"max\":3}},"
	"\"container\":{\"image\":\"a<\\\"b\"},"
	"\"missing\":{\"memory.swap_peak_bytes\":\"too old\",\"cpu.periods\":\"v1\","
	"\"pids\":\"no controller\"}}";

static struct json *report(void)
{
	struct error err;
	struct json *doc = json_parse(report_text, strlen(report_text), &err);

	assert_non_null(doc);
	return doc;
}

static bool holds(const char *text, const char *wanted_seen)
{
	autojson struct json *doc = report();
	autostr struct str seen = { 0 };
	struct error err = { 0 };
	struct assertion a;
	bool r;

	if (assertion_parse(text, &a, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	r = assertion_holds(&a, doc, &seen);
	if (wanted_seen)
		assert_string_equal(seen.data, wanted_seen);
	return r;
}

static void sizes_compare_as_bytes(void **state)
{
	(void)state;
	assert_true(holds("memory.peak<100M", "64MiB"));
	assert_true(holds("memory.peak<=64m", NULL));
	assert_false(holds("memory.peak<64MiB", NULL));
	assert_true(holds("memory.peak==67108864", NULL));
	assert_true(holds("  memory.peak  >  1k ", NULL));
	assert_true(holds("memory.peak_bytes>=67108864", "67108864"));
	assert_true(holds("memory.peak!=1g", NULL));
}

static void times_compare_as_microseconds(void **state)
{
	(void)state;
	assert_true(holds("wall<30s", "1.500s"));
	assert_true(holds("wall>=1500ms", NULL));
	assert_true(holds("wall==1.5s", NULL));
	assert_false(holds("wall<1", NULL)); /* seconds */
	assert_true(holds("wall_us==1500000", "1500000"));
	assert_true(holds("cpu.throttled_time<2501us", "2.500ms"));
	assert_false(holds("cpu.throttled_time<2500us", NULL));
}

static void facts_and_words(void **state)
{
	(void)state;
	assert_true(holds("oom", "true"));
	assert_false(holds("!oom", "true"));
	assert_false(holds("! oom", NULL));
	assert_true(holds("oom==true", NULL));
	assert_true(holds("oom!=false", NULL));
	assert_true(holds("oom.init", NULL));
	assert_true(holds("oom.kills==2", "2"));
	assert_true(holds("reason==oom", "oom"));
	assert_false(holds("reason!=oom", NULL));
	assert_true(holds("reason!=exit", NULL));
	assert_true(holds("code==137", NULL));
	assert_true(holds("cpu.throttled==0", "0"));
	assert_true(holds("memory.events.max>2", NULL));
}

static void what_is_not_known_holds_never(void **state)
{
	static const char *const expressions[] = {
		"memory.swap_peak<1g", "memory.swap_peak>=0", "memory.swap_peak!=0",
		"memory.swap_peak==0", "cpu.periods>=0",      "pids.peak<=8",
		"pids.peak!=8",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(expressions) / sizeof(*expressions); i++)
		assert_false(holds(expressions[i], NULL));
	assert_false(holds("memory.swap_peak<1g", "unknown: too old"));
	assert_false(holds("pids.peak<=8", "unknown: no controller"));
	/* Nothing is missing: there was none. */
	assert_false(holds("oom.level==host", "none"));
	assert_true(holds("oom.level!=host", "none"));
}

static void mistakes_are_found_before_anything_starts(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"!",
		"memory",
		"memory.peek<1M",
		"memory.peak",
		"memory.peak<",
		"memory.peak<x",
		"memory.peak=1M",
		"memory.peak<<1M",
		"memory.peak<1M x",
		"!memory.peak<1M",
		"wall<-1s",
		"wall<soon",
		"wall<1us2",
		"oom<1",
		"oom==1",
		"!reason",
		"reason<oom",
		"reason==oomed",
		"reason==",
		"code==-1",
		"code==1.5",
		"code==0x1",
		"pids.peak<=8 && oom",
		"oom.kills",
		"<1",
		"oom,",
		"missing==1",
		"container.name==x",
		"wall<99999999999999999999s",
		"wall_us<10s",
		"memory.peak_bytes<1M",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct error err = { 0 };
		struct assertion a;

		if (assertion_parse(bad[i], &a, &err) == 0)
			fail_msg("'%s' was understood", bad[i]);
		assert_int_equal(err.code, EINVAL);
	}
}

static void every_field_may_be_asserted_by_both_names(void **state)
{
	(void)state;
	for (const struct assertion_field *f = assertion_fields; f->name; f++) {
		bool word = f->unit == ASSERTION_WORD, fact = f->unit == ASSERTION_FACT;
		const char *rest = !strcmp(f->name, "reason") ? "==exit"
				   : word		      ? "==host"
				   : fact		      ? ""
							      : ">=0";
		struct error err = { 0 };
		struct assertion a;
		char text[ASSERTION_MAX_BYTES];

		snprintf(text, sizeof(text), "%s%s", f->name, rest);
		assert_int_equal(assertion_parse(text, &a, &err), 0);
		assert_string_equal(a.path, f->path);
		assert_int_equal(a.unit, f->unit);
	}
}

static void who_foretells_the_end_is_told_from_who_does_not(void **state)
{
	static const struct {
		const char *text;
		bool of_the_end;
	} cases[] = {
		{ "oom", true },	   { "!oom", false },	     { "oom==false", false },
		{ "reason==exit", true },  { "reason!=oom", false }, { "code==3", true },
		{ "code<3", false },	   { "signal==9", true },    { "memory.peak<1M", false },
		{ "oom.kills==1", false }, { "oom.init", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error err = { 0 };
		struct assertion a;

		assert_int_equal(assertion_parse(cases[i].text, &a, &err), 0);
		assert_int_equal(assertion_is_of_the_end(&a), cases[i].of_the_end);
	}
}

/* ---- formats ------------------------------------------------------------ */

static char *formatted(enum verdict_format format, bool *foretold)
{
	autojson struct json *doc = report();
	autostrlist struct strlist expressions = { 0 };
	struct verdict v = { .n = 0 };
	struct str text = { 0 };

	strlist_add(&expressions, "oom");
	strlist_add(&expressions, "memory.peak<1M");
	verdict_reach(&v, &expressions, doc);
	assert_int_equal(v.n, 2);
	assert_int_equal(v.failed, 1);
	*foretold = v.end_foretold;
	verdict_format(&v, format, doc, &text);
	verdict_done(&v);
	return str_take(&text);
}

static void each_failure_counts(void **state)
{
	autojson struct json *doc = report();
	autostrlist struct strlist expressions = { 0 };
	struct verdict v = { .n = 0 };

	(void)state;
	strlist_add(&expressions, "memory.peak<1M");
	strlist_add(&expressions, "memory.peak<2M");
	strlist_add(&expressions, "oom");
	verdict_reach(&v, &expressions, doc);
	assert_int_equal(v.failed, 2);
	verdict_done(&v);
}

static void each_format_tells_expected_and_seen(void **state)
{
	bool foretold = false;
	char *text = formatted(VERDICT_TEXT, &foretold);

	(void)state;
	assert_true(foretold);
	assert_string_equal(text, "tare: 1 of 2 assertions failed\n"
				  "EXPECTED         SEEN      \n"
				  "oom              true      ok\n"
				  "memory.peak<1M   64MiB     FAILED\n");
	free(text);
	text = formatted(VERDICT_TAP, &foretold);
	assert_string_equal(text, "TAP version 13\n1..2\nok 1 - oom\n# seen: true\n"
				  "not ok 2 - memory.peak<1M\n# seen: 64MiB\n");
	free(text);
	text = formatted(VERDICT_JUNIT, &foretold);
	assert_non_null(strstr(text, "<testsuite name=\"a&#60;&#34;b\""));
	assert_non_null(strstr(text, "tests=\"2\" failures=\"1\""));
	assert_non_null(strstr(text, "name=\"memory.peak&#60;1M\""));
	assert_non_null(strstr(text, "<failure message=\"64MiB\"/>"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_compare_as_bytes),
		cmocka_unit_test(times_compare_as_microseconds),
		cmocka_unit_test(facts_and_words),
		cmocka_unit_test(what_is_not_known_holds_never),
		cmocka_unit_test(mistakes_are_found_before_anything_starts),
		cmocka_unit_test(every_field_may_be_asserted_by_both_names),
		cmocka_unit_test(who_foretells_the_end_is_told_from_who_does_not),
		cmocka_unit_test(each_failure_counts),
		cmocka_unit_test(each_format_tells_expected_and_seen),
	};

	return cmocka_run_group_tests_name("cmd/assertion", tests, NULL, NULL);
}
