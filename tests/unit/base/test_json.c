// SPDX-License-Identifier: Apache-2.0
/*
 * test_json - Documents from outside are read strictly; what we write reads back
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"

static struct json *parse(const char *text)
{
	struct error err;

	return json_parse(text, strlen(text), &err);
}

static void refused(const char *text, size_t len)
{
	struct error err = { 0 };
	struct json *v = json_parse(text, len, &err);

	if (v) {
		json_free(v);
		fail_msg("accepted: %.*s", (int)len, text);
	}
	assert_int_equal(err.code, EBADMSG);
	assert_true(err.msg[0] != '\0');
}

static void malformed_documents_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"{\"a\":1,}",
		"[1,]",
		"{a:1}",
		"{'a':1}",
		"nul",
		"01",
		"+1",
		"1.",
		".5",
		"\"\\x\"",
		"[1] [2]",
		"{} x",
		"NaN",
		"1e999",
		"\"a\nb\"",
		"// c\n1",
		"{\"a\":1 \"b\":2}",
		"\"\\ud800\"",
		"\"\\u0000\"",
		"{\"a\\u0000\":1}",
		"\xef\xbb\xbf{}",
		"\"\xff\"",
		"\"\xc0\xaf\"",
		"Infinity",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refused(bad[i], strlen(bad[i]));
	refused("\"a\0b\"", 5);
	refused("{}\0", 3);
}

static void duplicate_keys_are_refused_at_any_depth(void **state)
{
	static const char *const bad[] = {
		"{\"a\":1,\"a\":2}",
		"[{\"x\":{\"layers\":[],\"layers\":[]}}]",
		"{\"a\":1,\"\\u0061\":2}",
		"{\"n\":18446744073709551615,\"a\":1,\"a\":2}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refused(bad[i], strlen(bad[i]));
}

static void nesting_beyond_the_limit_is_refused(void **state)
{
	char deep[2 * 65 + 1];

	(void)state;
	memset(deep, '[', 64);
	memset(deep + 64, ']', 64);
	deep[128] = '\0';
	json_free(parse(deep));
	memset(deep, '[', 65);
	memset(deep + 65, ']', 65);
	refused(deep, 130);
}

static void brackets_in_strings_are_no_nesting(void **state)
{
	autostr struct str s = { 0 };
	autojson struct json *v = NULL;

	(void)state;
	str_puts(&s, "\"\\\"");
	for (int i = 0; i < 200; i++)
		str_putc(&s, '[');
	str_puts(&s, "\"");
	v = parse(s.data);
	assert_non_null(v);
}

static void a_message_says_where_and_is_safe_to_print(void **state)
{
	struct error err = { 0 };
	static const char text[] = "{\n \"a\": \033[31m }";

	(void)state;
	assert_null(json_parse(text, sizeof(text) - 1, &err));
	assert_non_null(strstr(err.msg, "line 2"));
	assert_null(strchr(err.msg, '\033'));
}

static void lookups_chain_through_what_is_missing(void **state)
{
	autojson struct json *v = parse("{\"config\":{\"User\":\"app\",\"n\":3}}");
	const struct json *config = json_get(v, "config");

	(void)state;
	assert_string_equal(json_text(json_get(config, "User")), "app");
	assert_null(json_text(json_get(json_get(v, "absent"), "User")));
	assert_null(json_text(json_get(json_get(config, "User"), "deeper")));
	assert_null(json_text(json_get(config, "n")));
	assert_string_equal(json_text_or(NULL, "none"), "none");
	assert_int_equal(json_count(NULL), 0);
	assert_null(json_at(config, 0));
	assert_int_equal(json_int(NULL, -5), -5);
	assert_false(json_is_true(NULL));
	assert_int_equal(json_kind_of(NULL), JSON_ABSENT);
}

static void rlim_infinity_is_read_exactly(void **state)
{
	autojson struct json *v = parse("{\"hard\":18446744073709551615,\"soft\":1024,\"neg\":-1}");

	(void)state;
	assert_non_null(v);
	assert_true(json_u64(json_get(v, "hard"), 0) == UINT64_MAX);
	/* Its neighbours stay the integers they are. */
	assert_true(json_u64(json_get(v, "soft"), 0) == 1024);
	assert_true(json_int(json_get(v, "soft"), 0) == 1024);
	assert_true(json_int(json_get(v, "neg"), 0) == -1);
	assert_true(json_u64(json_get(v, "neg"), 9) == 9);
}

static void large_integers_keep_all_digits(void **state)
{
	autojson struct json *v = parse("[9223372036854775807,-9223372036854775808]");

	(void)state;
	assert_true(json_int(json_at(v, 0), 0) == INT64_MAX);
	assert_true(json_int(json_at(v, 1), 0) == INT64_MIN);
	assert_true(json_u64(json_at(v, 0), 0) == INT64_MAX);
}

static void a_fraction_is_no_integer(void **state)
{
	autojson struct json *v = parse("[1.5,-0.5]");

	(void)state;
	assert_true(json_int(json_at(v, 0), 7) == 7);
	assert_true(json_u64(json_at(v, 0), 7) == 7);
	assert_true(json_u64(json_at(v, 1), 7) == 7);
	assert_true(json_float(json_at(v, 0), 0) == 1.5);
}

static void maps_are_walked_in_document_order(void **state)
{
	autojson struct json *v = parse("{\"z\":1,\"a\":2,\"m\":3}");
	autostr struct str keys = { 0 };
	const struct json *value;
	const char *key;

	(void)state;
	for (void *it = NULL; json_next(v, &it, &key, &value);)
		str_printf(&keys, "%s%d", key, (int)json_int(value, 0));
	assert_string_equal(keys.data, "z1a2m3");
}

static void what_is_written_reads_back(void **state)
{
	autojson struct json *map = json_new_map();
	autojson struct json *again = NULL;
	autofree char *text = NULL;
	struct json *list = json_new_list();

	(void)state;
	json_add_text(list, "a\"\\\n");
	json_add(list, json_new_nil());
	json_add(list, json_new_float(0.5));
	json_set(map, "list", list);
	json_set_int(map, "big", INT64_MAX);
	json_set_bool(map, "yes", true);
	json_set_text(map, "none", NULL);
	json_set_text(map, "gone", "x");
	json_unset(map, "gone");
	json_unset(map, "never there");
	text = json_print(map);
	assert_string_equal(text, "{\"list\":[\"a\\\"\\\\\\n\",null,0.5],"
				  "\"big\":9223372036854775807,\"yes\":true,\"none\":null}");
	again = parse(text);
	assert_int_equal(json_count(json_get(again, "list")), 3);
}

static void text_that_is_not_utf8_is_written_escaped(void **state)
{
	autojson struct json *v = json_new_text("caf\xe9");

	(void)state;
	assert_string_equal(json_text(v), "caf\\xe9");
}

static void what_steers_a_terminal_is_written_by_number(void **state)
{
	static const char label[] = "é\xc2\x9b"
				    "2J \xe2\x80\xae"
				    "ab — \xe2\x81\xa6\xc2\xa0\xe2\x80\xa7";
	autojson struct json *v = json_new_text(label), *again = NULL;
	autofree char *text = json_print(v), *array = xasprintf("[%s]", text);

	(void)state;
	assert_string_equal(text, "\"é\\u009b2J \\u202eab — \\u2066\xc2\xa0\xe2\x80\xa7\"");
	again = parse(array);
	assert_string_equal(json_text(json_at(again, 0)), label);
}

/* A label on the command line may hold any byte: no reason to abort. */
static void keys_that_are_not_utf8_are_written_escaped(void **state)
{
	autojson struct json *map = json_new_map();

	(void)state;
	json_set_text(map, "caf\xe9", "x");
	assert_string_equal(json_text(json_get(map, "caf\\xe9")), "x");
}

static void a_clone_is_independent(void **state)
{
	autojson struct json *v = parse("{\"a\":[1]}");
	autojson struct json *copy = json_clone(v);

	(void)state;
	json_set_int(copy, "a", 2);
	assert_int_equal(json_count(json_get(v, "a")), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_documents_are_refused),
		cmocka_unit_test(duplicate_keys_are_refused_at_any_depth),
		cmocka_unit_test(nesting_beyond_the_limit_is_refused),
		cmocka_unit_test(brackets_in_strings_are_no_nesting),
		cmocka_unit_test(a_message_says_where_and_is_safe_to_print),
		cmocka_unit_test(lookups_chain_through_what_is_missing),
		cmocka_unit_test(rlim_infinity_is_read_exactly),
		cmocka_unit_test(large_integers_keep_all_digits),
		cmocka_unit_test(a_fraction_is_no_integer),
		cmocka_unit_test(maps_are_walked_in_document_order),
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(text_that_is_not_utf8_is_written_escaped),
		cmocka_unit_test(what_steers_a_terminal_is_written_by_number),
		cmocka_unit_test(keys_that_are_not_utf8_are_written_escaped),
		cmocka_unit_test(a_clone_is_independent),
	};

	return cmocka_run_group_tests_name("base/json", tests, NULL, NULL);
}
