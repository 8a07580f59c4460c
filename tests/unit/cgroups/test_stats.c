// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_stats.c - Reading the kernel's figures
 */
#include "cgroups/stats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cgroups/hierarchy.h"

static void keys_match_whole_words(void **state)
{
	const char *text = "oom 1\noom_kill 3\noom_group_kill 2\nmax 9\n";

	(void)state;
	assert_int_equal(cgroup_keyed_value(text, "oom"), 1);
	assert_int_equal(cgroup_keyed_value(text, "oom_kill"), 3);
	assert_int_equal(cgroup_keyed_value(text, "max"), 9);
	assert_int_equal(cgroup_keyed_value(text, "kill"), 0);
	assert_int_equal(cgroup_keyed_value("", "max"), 0);
	assert_int_equal(cgroup_keyed_value(NULL, "max"), 0);
}

static void devices_are_summed(void **state)
{
	const char *text = "8:0 rbytes=100 wbytes=7 rios=1 wios=2 dbytes=0 dios=0\n"
			   "7:0 \n"
			   "254:0 rbytes=23 wbytes=1 rios=1 wios=0 dbytes=0 dios=0\n";

	(void)state;
	assert_int_equal(cgroup_nested_sum(text, "rbytes"), 123);
	assert_int_equal(cgroup_nested_sum(text, "wbytes"), 8);
	assert_int_equal(cgroup_nested_sum(text, "ios"), 0);
	assert_int_equal(cgroup_nested_sum(NULL, "rios"), 0);
}

static void usage_leaves_the_inactive_cache_out(void **state)
{
	struct cgroup_stats s = { .memory = { .current_bytes = 100, .inactive_file_bytes = 30 } };

	(void)state;
	assert_int_equal(cgroup_memory_usage(&s), 70);
	s.memory.inactive_file_bytes = 101; /* read at another moment */
	assert_int_equal(cgroup_memory_usage(&s), 100);
}

static void controllers_are_parsed_and_strangers_passed_over(void **state)
{
	(void)state;
	assert_int_equal(cgroup_parse_controllers("cpuset cpu io dmem\n"),
			 CGROUP_BIT(CGROUP_CPUSET) | CGROUP_BIT(CGROUP_CPU) |
				 CGROUP_BIT(CGROUP_IO));
	assert_int_equal(cgroup_parse_controllers("\n"), 0);
	assert_int_equal(cgroup_parse_controllers(""), 0);
}

static void files_belong_to_the_controller_before_the_dot(void **state)
{
	(void)state;
	assert_int_equal(cgroup_controller_of_file("memory.swap.max"), CGROUP_MEMORY);
	assert_int_equal(cgroup_controller_of_file("cpuset.cpus"), CGROUP_CPUSET);
	assert_true(cgroup_controller_of_file("cgroup.procs") < 0);
	assert_true(cgroup_controller_of_file("memory") < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_match_whole_words),
		cmocka_unit_test(devices_are_summed),
		cmocka_unit_test(usage_leaves_the_inactive_cache_out),
		cmocka_unit_test(controllers_are_parsed_and_strangers_passed_over),
		cmocka_unit_test(files_belong_to_the_controller_before_the_dot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
