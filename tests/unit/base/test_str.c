// SPDX-License-Identifier: Apache-2.0
/*
 * test_str - Strings grow, numbers are parsed whole or not at all, text from outside is tamed
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
#include "base/str.h"

static void str_grows_and_stays_terminated(void **state)
{
	autostr struct str s = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		str_printf(&s, "%d,", i);
	assert_int_equal(s.len, strlen(s.data));
	assert_true(str_ends(s.data, ",998,999,"));
}

static void str_take_of_nothing_is_an_empty_string(void **state)
{
	struct str s = { 0 };
	autofree char *text = str_take(&s);

	(void)state;
	assert_string_equal(text, "");
	assert_null(s.data);
}

static void str_append_keeps_bytes_after_a_nul(void **state)
{
	autostr struct str s = { 0 };

	(void)state;
	str_append(&s, "a\0b", 3);
	str_append(&s, NULL, 0);
	assert_int_equal(s.len, 3);
	assert_memory_equal(s.data, "a\0b", 4);
}

static void split_keeps_empty_parts(void **state)
{
	autostrlist struct strlist l = { 0 };

	(void)state;
	strlist_split(&l, "a::b:", ':');
	assert_int_equal(l.n, 4);
	assert_string_equal(l.items[1], "");
	assert_string_equal(l.items[3], "");
	assert_null(l.items[4]);
}

static void split_of_an_empty_string_adds_nothing(void **state)
{
	autostrlist struct strlist l = { 0 };

	(void)state;
	strlist_split(&l, "", ':');
	assert_int_equal(l.n, 0);
}

static void join_undoes_split(void **state)
{
	autostrlist struct strlist l = { 0 }, copy = { 0 };
	autofree char *joined = NULL;

	(void)state;
	strlist_split(&l, "usr/local//bin", '/');
	strlist_copy(&copy, &l);
	joined = strlist_join(&copy, "/");
	assert_string_equal(joined, "usr/local//bin");
	assert_true(strlist_has(&copy, "local"));
	assert_false(strlist_has(&copy, "loca"));
}

static void u64_accepts_digits_up_to_the_maximum(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_int_equal(str_parse_u64("0", 10, &v), 0);
	assert_true(v == 0);
	assert_int_equal(str_parse_u64("0010", 10, &v), 0);
	assert_true(v == 10);
	assert_int_equal(str_parse_u64("18446744073709551615", UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
}

static void u64_refuses_all_else_and_leaves_the_result_alone(void **state)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x10", "1e3", "1.0", "\n" };
	uint64_t v = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(str_parse_u64(bad[i], UINT64_MAX, &v), -EINVAL);
	assert_int_equal(str_parse_u64("11", 10, &v), -ERANGE);
	assert_int_equal(str_parse_u64("18446744073709551616", UINT64_MAX, &v), -ERANGE);
	/* 2^64 + 1: a parser without overflow checks takes it for user 1. */
	assert_int_equal(str_parse_u64("18446744073709551617", UINT64_MAX, &v), -ERANGE);
	assert_true(v == 7);
}

static void i64_accepts_a_minus_and_checks_both_ends(void **state)
{
	int64_t v = 7;

	(void)state;
	assert_int_equal(str_parse_i64("-1", -1, 1, &v), 0);
	assert_true(v == -1);
	assert_int_equal(str_parse_i64("-2", -1, 1, &v), -ERANGE);
	assert_int_equal(str_parse_i64("2", -1, 1, &v), -ERANGE);
	assert_int_equal(str_parse_i64("-", -1, 1, &v), -EINVAL);
	assert_int_equal(str_parse_i64("--1", -1, 1, &v), -EINVAL);
	assert_true(v == -1);
}

static void i64_reaches_its_smallest_value(void **state)
{
	int64_t v = 7;

	(void)state;
	assert_int_equal(str_parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &v), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(str_parse_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &v), -ERANGE);
	assert_int_equal(str_parse_i64("9223372036854775808", INT64_MIN, INT64_MAX, &v), -ERANGE);
}

static void hex_is_lower_case_only(void **state)
{
	(void)state;
	assert_true(str_is_hex("0123456789abcdef", 16));
	assert_false(str_is_hex("ABCDEF", 6));
	assert_false(str_is_hex("abc", 4));
}

static void prefixes_and_suffixes_match_whole(void **state)
{
	(void)state;
	assert_true(str_starts("sha256:ab", "sha256:"));
	assert_false(str_starts("sha", "sha256:"));
	assert_true(str_ends("a.tar", ".tar"));
	assert_false(str_ends("tar", ".tar"));
}

static void escape_leaves_text_alone(void **state)
{
	autofree char *s = str_escape("Grüße, 世界 🚢 ~");

	(void)state;
	assert_string_equal(s, "Grüße, 世界 🚢 ~");
}

static void escape_tames_what_steers_a_terminal(void **state)
{
	static const struct {
		const char *raw, *safe;
	} cases[] = {
		{ "a\033[31mb", "a\\x1b[31mb" },
		{ "a\nb\r\tc", "a\\x0ab\\x0d\\x09c" },
		{ "\177", "\\x7f" },
		{ "\302\233m", "\\xc2\\x9bm" }, /* C1 CSI */
		{ "\302", "\\xc2" },
		{ "\377\376", "\\xff\\xfe" },
		{ "\300\257", "\\xc0\\xaf" },
		{ "\342\202", "\\xe2\\x82" },
		{ "\364\217\277", "\\xf4\\x8f\\xbf" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		autofree char *s = str_escape(cases[i].raw);

		assert_string_equal(s, cases[i].safe);
	}
}

/* Bidirectional overrides and overlong forms deceive the reader of a message. */
static void escape_tames_malformed_and_reordering_text(void **state)
{
	static const char *const raw[] = {
		"\340\200\257",	    /* overlong '/' in three bytes */
		"\340\202\233",	    /* overlong C1 */
		"\355\240\200",	    /* a surrogate */
		"\364\220\200\200", /* beyond U+10FFFF */
		"\342\200\256",	    /* U+202E, right-to-left override */
		"\342\201\246",	    /* U+2066, left-to-right isolate */
		"\342\200\250",	    /* U+2028, line separator */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(raw) / sizeof(*raw); i++) {
		autofree char *s = str_escape(raw[i]);

		assert_true(str_starts(s, "\\x"));
	}
}

static void text_is_not_cut_within_a_character(void **state)
{
	static const char text[] = "a\303\251\342\202\254z"; /* aé€z */

	(void)state;
	assert_int_equal(str_whole(text, 0), 0);
	assert_int_equal(str_whole(text, 1), 1);
	assert_int_equal(str_whole(text, 2), 1);
	assert_int_equal(str_whole(text, 3), 3);
	assert_int_equal(str_whole(text, 5), 3);
	assert_int_equal(str_whole(text, 6), 6);
	assert_int_equal(str_whole(text, 100), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(str_grows_and_stays_terminated),
		cmocka_unit_test(text_is_not_cut_within_a_character),
		cmocka_unit_test(str_take_of_nothing_is_an_empty_string),
		cmocka_unit_test(str_append_keeps_bytes_after_a_nul),
		cmocka_unit_test(split_keeps_empty_parts),
		cmocka_unit_test(split_of_an_empty_string_adds_nothing),
		cmocka_unit_test(join_undoes_split),
		cmocka_unit_test(u64_accepts_digits_up_to_the_maximum),
		cmocka_unit_test(u64_refuses_all_else_and_leaves_the_result_alone),
		cmocka_unit_test(i64_accepts_a_minus_and_checks_both_ends),
		cmocka_unit_test(i64_reaches_its_smallest_value),
		cmocka_unit_test(hex_is_lower_case_only),
		cmocka_unit_test(prefixes_and_suffixes_match_whole),
		cmocka_unit_test(escape_leaves_text_alone),
		cmocka_unit_test(escape_tames_what_steers_a_terminal),
		cmocka_unit_test(escape_tames_malformed_and_reordering_text),
	};

	return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
