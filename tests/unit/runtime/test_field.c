// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_field.c - Members of config.json, by type
 */
#include "runtime/field.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "tests/unit/scratch.h"

static struct json *parse(const char *text)
{
	struct error err = { 0 };
	struct json *v = json_parse(text, strlen(text), &err);

	if (!v)
		fail_msg("%s: %s", text, err.msg);
	return v;
}

static void what_is_absent_or_null_leaves_the_result(void **state)
{
	autojson struct json *v = parse("{\"null\": null}");
	autostrlist struct strlist texts = { 0 };
	const struct json *part = v;
	autofree char *text = xstrdup("before");
	const char *const keys[] = { "null", "absent" };
	struct error err = { 0 };
	uint64_t u64 = 7;
	int64_t number = 7;
	bool flag = true;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(field_text(v, "", keys[i], &text, &err), 0);
		assert_int_equal(field_bool(v, "", keys[i], &flag, &err), 0);
		assert_int_equal(field_int(v, "", keys[i], 0, 1, &number, &err), 0);
		assert_int_equal(field_u64(v, "", keys[i], &u64, &err), 0);
		assert_int_equal(field_map(v, "", keys[i], &part, &err), 0);
		assert_int_equal(field_list(v, "", keys[i], &part, &err), 0);
		assert_int_equal(field_texts(v, "", keys[i], &texts, &err), 0);
	}
	assert_string_equal(text, "before");
	assert_true(flag && number == 7 && u64 == 7 && part == v && texts.n == 0);
}

static void what_is_there_is_read(void **state)
{
	autojson struct json *v = parse("{\"t\": \"text\", \"b\": false, \"n\": -3, \"u\": 5,"
					" \"l\": [\"a\", \"b\"], \"m\": {}}");
	autostrlist struct strlist texts = { 0 };
	const struct json *part = NULL;
	autofree char *text = xstrdup("before");
	struct error err = { 0 };
	uint32_t u32 = 0;
	int64_t number = 0;
	bool flag = true;

	(void)state;
	assert_int_equal(field_text(v, "", "t", &text, &err), 0);
	assert_string_equal(text, "text");
	assert_int_equal(field_bool(v, "", "b", &flag, &err), 0);
	assert_false(flag);
	assert_int_equal(field_int(v, "", "n", -3, 9, &number, &err), 0);
	assert_int_equal(number, -3);
	assert_int_equal(field_u32(v, "", "u", &u32, &err), 0);
	assert_int_equal(u32, 5);
	assert_int_equal(field_texts(v, "", "l", &texts, &err), 0);
	assert_int_equal(texts.n, 2);
	assert_string_equal(texts.items[1], "b");
	assert_int_equal(field_map(v, "", "m", &part, &err), 0);
	assert_int_equal(json_kind_of(part), JSON_MAP);
}

static void another_type_is_named_in_full(void **state)
{
	autojson struct json *v = parse("{\"x\": {}, \"l\": [\"a\", 1]}");
	autostrlist struct strlist texts = { 0 };
	autofree char *text = NULL;
	struct error err = { 0 };
	int64_t number = 0;
	bool flag = false;

	(void)state;
	assert_int_equal(field_text(v, "a.b", "x", &text, &err), -EBADMSG);
	assert_string_equal(err.msg, "a.b.x: not a string");
	assert_int_equal(field_bool(v, "", "x", &flag, &err), -EBADMSG);
	assert_string_equal(err.msg, "x: not true or false");
	assert_int_equal(field_int(v, "", "x", 0, 1, &number, &err), -EBADMSG);
	assert_string_equal(err.msg, "x: not a whole number");
	assert_int_equal(field_texts(v, "a", "l", &texts, &err), -EBADMSG);
	assert_string_equal(err.msg, "a.l[1]: not a string");
	assert_int_equal(field_missing("a", "y", &err), -EBADMSG);
	assert_string_equal(err.msg, "a.y is missing");
}

static void numbers_have_bounds(void **state)
{
	autojson struct json *v = parse("{\"n\": -1, \"big\": 4294967296, \"half\": 0.5}");
	autojson struct json *huge = parse("{\"u\": 18446744073709551615, \"n\": 3}");
	struct error err = { 0 };
	uint64_t u64 = 1;
	uint32_t u32 = 1;
	int64_t number = 1;

	(void)state;
	assert_int_equal(field_int(v, "p", "n", 0, 9, &number, &err), -ERANGE);
	assert_string_equal(err.msg, "p.n: -1 is not in 0 to 9");
	assert_int_equal(field_u64(v, "", "n", &u64, &err), -ERANGE);
	assert_int_equal(field_u32(v, "", "big", &u32, &err), -ERANGE);
	assert_int_equal(field_int(v, "", "half", 0, 9, &number, &err), -EBADMSG);
	assert_true(number == 1 && u64 == 1 && u32 == 1);
	assert_int_equal(field_u64(huge, "", "u", &u64, &err), 0);
	assert_true(u64 == UINT64_MAX);
	assert_int_equal(field_int(huge, "", "n", 0, 9, &number, &err), 0);
	assert_int_equal(number, 3);
	assert_int_equal(field_int(huge, "", "u", 0, 9, &number, &err), -ERANGE);
	assert_int_equal(field_int(huge, "", "u", 0, INT64_MAX, &number, &err), 0);
	assert_true(number == INT64_MAX); /* for the kernel to refuse, not 0 */
}

static void a_list_has_an_end(void **state)
{
	autojson struct json *v = json_new_map();
	struct json *list = json_new_list();
	const struct json *part = NULL;
	struct error err = { 0 };

	(void)state;
	for (int i = 0; i < FIELD_MAX_ENTRIES; i++)
		json_add_text(list, "x");
	json_set(v, "l", list);
	assert_int_equal(field_list(v, "", "l", &part, &err), 0);
	json_add_text(list, "x");
	assert_int_equal(field_list(v, "", "l", &part, &err), -E2BIG);
	assert_non_null(strstr(err.msg, "l: more than"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_absent_or_null_leaves_the_result),
		cmocka_unit_test(what_is_there_is_read),
		cmocka_unit_test(another_type_is_named_in_full),
		cmocka_unit_test(numbers_have_bounds),
		cmocka_unit_test(a_list_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
