// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_units.c - Sizes, durations and times
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmd/units.h"

#define S UNITS_NS_PER_S

static void expect_size(const char *text, int64_t wanted)
{
	int64_t got = -1;

	assert_int_equal(units_parse_size(text, &got), 0);
	assert_int_equal(got, wanted);
}

static void sizes_have_binary_multiples(void **state)
{
	(void)state;
	expect_size("0", 0);
	expect_size("100", 100);
	expect_size("100b", 100);
	expect_size("1k", 1024);
	expect_size("512M", INT64_C(512) << 20);
	expect_size("1.5g", INT64_C(1536) << 20);
	expect_size("64KiB", 65536);
	expect_size("2kb", 2048);
	expect_size("1T", INT64_C(1) << 40);
	expect_size("0.5k", 512);
	expect_size(".5k", 512);
}

static void malformed_sizes_are_refused(void **state)
{
	static const char *const bad[] = { "",	  "m",	 "-1", "1x",	"1mm", "1 m",  "1bb",
					   "1e3", "0x1", "m1", "1.5.5", "+1",  "1kib " };
	int64_t out;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (units_parse_size(bad[i], &out) == 0)
			fail_msg("'%s' was taken for %lld", bad[i], (long long)out);
}

static void sizes_do_not_overflow(void **state)
{
	int64_t out = 7;

	(void)state;
	assert_int_equal(units_parse_size("8192p", &out), -ERANGE);
	assert_int_equal(units_parse_size("99999999999999999999", &out), -ERANGE);
	assert_int_equal(out, 7);
	expect_size("8191p", INT64_C(8191) << 50);
}

static void expect_duration(const char *text, int64_t wanted_ms)
{
	int64_t got = -1;

	assert_int_equal(units_parse_duration(text, &got), 0);
	assert_int_equal(got, wanted_ms);
}

static void durations_are_go_durations_or_seconds(void **state)
{
	int64_t out;

	(void)state;
	expect_duration("30s", 30000);
	expect_duration("1m30s", 90000);
	expect_duration("1h", 3600000);
	expect_duration("1.5h", 5400000);
	expect_duration("250ms", 250);
	expect_duration("10", 10000);
	expect_duration("0.5", 500);
	expect_duration("1500us", 2);
	expect_duration("1ns", 1);
	expect_duration("0s", 0);
	assert_int_equal(units_parse_duration("", &out), -EINVAL);
	assert_int_equal(units_parse_duration("1m30", &out), -EINVAL);
	assert_int_equal(units_parse_duration("-1s", &out), -EINVAL);
	assert_int_equal(units_parse_duration("s", &out), -EINVAL);
	assert_int_equal(units_parse_duration("1d", &out), -EINVAL);
	assert_int_equal(units_parse_duration("999999999999999h", &out), -ERANGE);
}

static void expect_time(const char *text, int64_t wanted_ns)
{
	int64_t got = -1;

	assert_int_equal(units_parse_time(text, 1000 * S, &got), 0);
	assert_int_equal(got, wanted_ns);
}

static void times_are_dates_epochs_or_durations_ago(void **state)
{
	int64_t out;

	(void)state;
	expect_time("1970-01-01T00:01:00Z", 60 * S);
	expect_time("1970-01-01T01:01:00+01:00", 60 * S);
	expect_time("1970-01-01T00:00:00.5Z", S / 2);
	expect_time("2026-01-02T03:04:05.123456789Z", INT64_C(1767323045123456789));
	expect_time("2026-01-02", INT64_C(1767312000) * S);
	expect_time("60", 60 * S);
	expect_time("60.25", 60 * S + S / 4);
	expect_time("10m", 400 * S);
	assert_int_equal(units_parse_time("yesterday", 0, &out), -EINVAL);
	assert_int_equal(units_parse_time("2026-01-02T03:04:05X", 0, &out), -EINVAL);
	assert_int_equal(units_parse_time("2026-13-02", 0, &out), -EINVAL);
	assert_int_equal(units_parse_time("", 0, &out), -EINVAL);
}

static void printed_times_can_be_read_back(void **state)
{
	char text[UNITS_TEXT_MAX];
	int64_t back;

	(void)state;
	assert_string_equal(units_print_rfc3339(text, 5), "1970-01-01T00:00:00.000000005Z");
	units_print_rfc3339(text, INT64_C(1767323045123456789));
	assert_string_equal(text, "2026-01-02T03:04:05.123456789Z");
	assert_int_equal(units_parse_time(text, 0, &back), 0);
	assert_int_equal(back, INT64_C(1767323045123456789));
	assert_string_equal(units_print_created(text, INT64_C(1767323045123456789)),
			    "2026-01-02 03:04:05 +0000 UTC");
}

static void sizes_are_printed_as_docker_does(void **state)
{
	char t[UNITS_TEXT_MAX];

	(void)state;
	assert_string_equal(units_print_size(t, 0), "0B");
	assert_string_equal(units_print_size(t, 999), "999B");
	assert_string_equal(units_print_size(t, 1000), "1kB");
	assert_string_equal(units_print_size(t, 1090000), "1.09MB");
	assert_string_equal(units_print_size(t, 999999), "1MB");
	assert_string_equal(units_print_size(t, 192000000), "192MB");
	assert_string_equal(units_print_binary(t, 1024), "1KiB");
	assert_string_equal(units_print_binary(t, 13107200), "12.5MiB");
	assert_string_equal(units_print_binary(t, UINT64_MAX), "16EiB");
}

static void durations_are_worded_as_docker_does(void **state)
{
	char t[UNITS_TEXT_MAX];

	(void)state;
	assert_string_equal(units_print_duration(t, S / 2), "Less than a second");
	assert_string_equal(units_print_duration(t, S), "1 second");
	assert_string_equal(units_print_duration(t, 59 * S), "59 seconds");
	assert_string_equal(units_print_duration(t, 60 * S), "About a minute");
	assert_string_equal(units_print_duration(t, 180 * S), "3 minutes");
	assert_string_equal(units_print_duration(t, 3600 * S), "About an hour");
	assert_string_equal(units_print_duration(t, 7200 * S), "2 hours");
	assert_string_equal(units_print_duration(t, 72 * 3600 * S), "3 days");
	assert_string_equal(units_print_duration(t, 21 * 24 * 3600 * S), "3 weeks");
	assert_string_equal(units_print_duration(t, INT64_C(90) * 24 * 3600 * S), "3 months");
	assert_string_equal(units_print_duration(t, INT64_C(1095) * 24 * 3600 * S), "3 years");
	assert_string_equal(units_print_ago(t, 0, 180 * S), "3 minutes ago");
	assert_string_equal(units_print_ago(t, S, 0), "Less than a second ago");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_have_binary_multiples),
		cmocka_unit_test(malformed_sizes_are_refused),
		cmocka_unit_test(sizes_do_not_overflow),
		cmocka_unit_test(durations_are_go_durations_or_seconds),
		cmocka_unit_test(times_are_dates_epochs_or_durations_ago),
		cmocka_unit_test(printed_times_can_be_read_back),
		cmocka_unit_test(sizes_are_printed_as_docker_does),
		cmocka_unit_test(durations_are_worded_as_docker_does),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
