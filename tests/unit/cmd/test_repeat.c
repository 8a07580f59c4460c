// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_repeat.c - How figures vary over several runs
 */
#include "cmd/report/repeat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"

static void add(struct repeat *r, const char *text)
{
	struct error err;
	struct json *report = json_parse(text, strlen(text), &err);

	assert_non_null(report);
	repeat_add(r, report);
	json_free(report);
}

static int64_t value(const struct json *doc, const char *figure, const char *which)
{
	return json_int(json_get(json_get(json_get(doc, "summary"), figure), which), -1);
}

static void the_middle_was_seen_and_the_unknown_does_not_count(void **state)
{
	struct repeat r;
	struct json *doc;

	(void)state;
	repeat_init(&r);
	add(&r, "{\"wall_us\":30,\"memory\":{\"peak_bytes\":5},\"code\":0,\"signal\":9}");
	add(&r, "{\"wall_us\":10,\"memory\":{\"peak_bytes\":null},\"code\":0}");
	add(&r, "{\"wall_us\":20,\"memory\":{\"peak_bytes\":null},\"code\":3}");
	add(&r, "{\"wall_us\":40,\"memory\":{\"peak_bytes\":1},\"code\":0}");
	doc = repeat_document(&r);
	assert_int_equal(json_int(json_get(doc, "runs"), 0), 4);
	assert_int_equal(value(doc, "wall_us", "known"), 4);
	assert_int_equal(value(doc, "wall_us", "min"), 10);
	assert_int_equal(value(doc, "wall_us", "median"), 20);
	assert_int_equal(value(doc, "wall_us", "max"), 40);
	assert_int_equal(value(doc, "memory.peak_bytes", "known"), 2);
	assert_int_equal(value(doc, "memory.peak_bytes", "median"), 1);
	assert_int_equal(value(doc, "code", "max"), 3);
	assert_null(json_get(json_get(doc, "summary"), "signal"));
	assert_null(json_get(json_get(doc, "summary"), "pids.peak"));
	json_free(doc);
	repeat_done(&r);
}

static void the_table_is_for_people(void **state)
{
	struct str out = { 0 };
	struct repeat r;
	struct json *doc;

	(void)state;
	repeat_init(&r);
	add(&r, "{\"wall_us\":1500,\"memory\":{\"peak_bytes\":1048576},\"code\":0}");
	doc = repeat_document(&r);
	repeat_table(doc, &out);
	assert_string_equal(out.data, "FIGURE        MIN       MEDIAN    MAX\n"
				      "wall          1.500ms   1.500ms   1.500ms\n"
				      "memory.peak   1MiB      1MiB      1MiB\n");
	str_done(&out);
	json_free(doc);
	repeat_done(&r);
}

static void an_assertion_holds_if_it_held_each_time(void **state)
{
	static const char held[] =
		"{\"assertions\":[{\"expression\":\"a\",\"ok\":true,\"seen\":\"1\"},"
		"{\"expression\":\"b\",\"ok\":true,\"seen\":\"2\"}]}";
	static const char broken[] =
		"{\"assertions\":[{\"expression\":\"a\",\"ok\":true,\"seen\":\"3\"},"
		"{\"expression\":\"b\",\"ok\":false,\"seen\":\"4\"}]}";
	const struct json *b;
	struct repeat r;

	(void)state;
	repeat_init(&r);
	add(&r, held);
	add(&r, broken);
	add(&r, "{\"reason\":\"start-failed\"}"); /* was not judged */
	add(&r, held);
	assert_int_equal(json_count(r.assertions), 2);
	assert_true(json_is_true(json_get(json_at(r.assertions, 0), "ok")));
	b = json_at(r.assertions, 1);
	assert_false(json_is_true(json_get(b, "ok")));
	assert_string_equal(json_text(json_get(b, "seen")), "4");
	assert_int_equal(json_int(json_get(b, "failures"), 0), 1);
	repeat_done(&r);
}

static void nothing_has_run_yet(void **state)
{
	struct str out = { 0 };
	struct repeat r;
	struct json *doc;

	(void)state;
	repeat_init(&r);
	doc = repeat_document(&r);
	assert_int_equal(json_int(json_get(doc, "runs"), -1), 0);
	assert_false(repeat_is_over(doc));
	json_set_text(doc, "reason", "limit"); /* nor will it the next time */
	assert_true(repeat_is_over(doc));
	repeat_table(doc, &out);
	assert_non_null(strstr(out.data, "FIGURE"));
	str_done(&out);
	json_free(doc);
	repeat_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_middle_was_seen_and_the_unknown_does_not_count),
		cmocka_unit_test(the_table_is_for_people),
		cmocka_unit_test(an_assertion_holds_if_it_held_each_time),
		cmocka_unit_test(nothing_has_run_yet),
	};

	return cmocka_run_group_tests_name("cmd/repeat", tests, NULL, NULL);
}
