// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_io_limit.c - PATH:RATE of --device-read-bps and its like
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/io_limit.h"

static void expect(enum cgroup_io_kind kind, const char *spec, const char *wanted_path,
		   uint64_t wanted_rate)
{
	struct error err = { 0 };
	autofree char *path = NULL;
	uint64_t rate = 0;

	assert_int_equal(io_limit_parse(kind, spec, &path, &rate, &err), 0);
	assert_string_equal(path, wanted_path);
	assert_int_equal(rate, wanted_rate);
}

static void expect_refused(enum cgroup_io_kind kind, const char *spec)
{
	struct error err = { 0 };
	char *path = NULL;
	uint64_t rate = 7;

	assert_int_equal(io_limit_parse(kind, spec, &path, &rate, &err), -EINVAL);
	assert_null(path);
	assert_int_equal(rate, 7);
}

static void rates_of_bytes_have_suffixes(void **state)
{
	(void)state;
	expect(CGROUP_IO_RBPS, "/dev/sda:1m", "/dev/sda", 1 << 20);
	expect(CGROUP_IO_WBPS, "/dev/sda:512", "/dev/sda", 512);
}

static void rates_of_operations_are_numbers(void **state)
{
	(void)state;
	expect(CGROUP_IO_RIOPS, "/dev/sda:100", "/dev/sda", 100);
	expect_refused(CGROUP_IO_WIOPS, "/dev/sda:1k");
}

static void no_limit_is_minus_one(void **state)
{
	(void)state;
	expect(CGROUP_IO_RBPS, "/dev/sda:-1", "/dev/sda", 0);
	expect(CGROUP_IO_WIOPS, "/dev/sda:-1", "/dev/sda", 0);
	expect_refused(CGROUP_IO_WIOPS, "/dev/sda:0");
	expect_refused(CGROUP_IO_RBPS, "/dev/sda:0");
	expect_refused(CGROUP_IO_RBPS, "/dev/sda:-2");
}

static void the_last_colon_ends_the_path(void **state)
{
	(void)state;
	expect(CGROUP_IO_RBPS, "/dev/disk/by-path/pci-0000:00:1f.2:1m",
	       "/dev/disk/by-path/pci-0000:00:1f.2", 1 << 20);
}

static void what_limits_nothing_is_refused(void **state)
{
	static const char *const bad[] = { "",		 "/dev/sda",	"/dev/sda:",	"sda:1m",
					   "/dev/sda:0", "/dev/sda:-2", "/dev/sda:fast" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		for (enum cgroup_io_kind kind = 0; kind < CGROUP_IO_KINDS; kind++)
			expect_refused(kind, bad[i]);
}

static void weights_are_ten_to_a_thousand(void **state)
{
	static const char *const bad[] = { "",		 "/dev/sda",	  "sda:500",
					   "/dev/sda:9", "/dev/sda:1001", "/dev/sda:" };
	struct error err = { 0 };
	char *path = NULL;
	unsigned int weight = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(io_limit_parse_weight(bad[i], &path, &weight, &err), -EINVAL);
	assert_int_equal(io_limit_parse_weight("/dev/sda:1000", &path, &weight, &err), 0);
	assert_string_equal(path, "/dev/sda");
	assert_int_equal(weight, 1000);
	free(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_of_bytes_have_suffixes),
		cmocka_unit_test(rates_of_operations_are_numbers),
		cmocka_unit_test(no_limit_is_minus_one),
		cmocka_unit_test(the_last_colon_ends_the_path),
		cmocka_unit_test(what_limits_nothing_is_refused),
		cmocka_unit_test(weights_are_ten_to_a_thousand),
	};

	return cmocka_run_group_tests_name("io_limit", tests, NULL, NULL);
}
