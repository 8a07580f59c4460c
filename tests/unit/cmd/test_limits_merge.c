// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_limits_merge.c - What update makes of old limits and new ones
 */
#include "cmd/limits_merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/settings.h"

static void what_is_not_given_stays(void **state)
{
	struct settings s = { .memory_bytes = 5,
			      .nano_cpus = 6,
			      .pids_max = 7,
			      .cpuset_cpus = "0",
			      .restart = "always",
			      .user = "me" };

	(void)state;
	limits_merge(&s, &(struct settings){ .pids_max = -1, .cpuset_mems = "1", .user = "you" });
	assert_int_equal(s.memory_bytes, 5);
	assert_int_equal(s.nano_cpus, 6);
	assert_int_equal(s.pids_max, -1);
	assert_string_equal(s.cpuset_cpus, "0");
	assert_string_equal(s.cpuset_mems, "1");
	assert_string_equal(s.restart, "always");
	assert_string_equal(s.user, "me"); /* no limit */
	assert_false(s.strict);
	limits_merge(&s, &(struct settings){ .strict = true, .restart = "no" });
	assert_true(s.strict);
	assert_string_equal(s.restart, "no");
	limits_merge(&s, &(struct settings){ .pids_max = 3 });
	assert_true(s.strict);
}

static void every_number_is_taken_over(void **state)
{
	struct settings s = { 0 };

	(void)state;
	limits_merge(&s, &(struct settings){ .memory_bytes = 1,
					     .memory_swap_bytes = 2,
					     .memory_reservation_bytes = 3,
					     .memory_min_bytes = 4,
					     .memory_high_bytes = 5,
					     .oom_group = -1,
					     .cpu_burst_us = 7,
					     .cpu_quota_us = 8,
					     .cpu_period_us = 9,
					     .io_weight = 10,
					     .pids_max = 11 });
	assert_int_equal(s.memory_bytes, 1);
	assert_int_equal(s.memory_swap_bytes, 2);
	assert_int_equal(s.memory_reservation_bytes, 3);
	assert_int_equal(s.memory_min_bytes, 4);
	assert_int_equal(s.memory_high_bytes, 5);
	assert_int_equal(s.oom_group, -1);
	assert_int_equal(s.cpu_burst_us, 7);
	assert_int_equal(s.cpu_quota_us, 8);
	assert_int_equal(s.cpu_period_us, 9);
	assert_int_equal(s.io_weight, 10);
	assert_int_equal(s.pids_max, 11);
}

static void the_newer_of_two_ways_counts(void **state)
{
	struct settings s = { .cpu_quota_us = 5, .cpu_period_us = 6, .cpu_shares = 7 };

	(void)state;
	limits_merge(&s, &(struct settings){ .nano_cpus = 8, .cpu_weight = 9 });
	assert_int_equal(s.nano_cpus, 8);
	assert_int_equal(s.cpu_quota_us, 0);
	assert_int_equal(s.cpu_period_us, 0);
	assert_int_equal(s.cpu_shares, 0);
	assert_int_equal(s.cpu_weight, 9);
	limits_merge(&s, &(struct settings){ .cpu_quota_us = 10, .cpu_shares = 11 });
	assert_int_equal(s.nano_cpus, 0);
	assert_int_equal(s.cpu_weight, 0);
	limits_merge(&s, &(struct settings){ .nano_cpus = 12 });
	limits_merge(&s, &(struct settings){ .cpu_period_us = 13 });
	assert_int_equal(s.nano_cpus, 12); /* a period alone replaces nothing */
	s = (struct settings){ .memory_bytes = 4, .memory_swap_bytes = 8 };
	limits_merge(&s, &(struct settings){ .memory_bytes = -1 });
	assert_int_equal(s.memory_swap_bytes, 0);
	limits_merge(&s, &(struct settings){ .memory_bytes = -1, .memory_swap_bytes = -1 });
	assert_int_equal(s.memory_swap_bytes, -1);
}

static void assert_list(const struct strlist *list, const char *want)
{
	char *all = strlist_join(list, " | ");

	assert_string_equal(all, want);
	free(all);
}

static void what_has_the_same_key_is_replaced(void **state)
{
	struct settings s = { 0 }, by = { 0 };

	(void)state;
	strlist_add(&s.io_weights, "/dev/a:b:10");
	strlist_add(&s.io_weights, "/dev/a:20");
	strlist_add(&by.io_weights, "/dev/a:30");
	strlist_add(&by.io_weights, "/dev/c:40");
	strlist_add(&s.hugetlb, "2MB=1m");
	strlist_add(&by.hugetlb, "2MB=2m");
	strlist_add(&by.hugetlb, "1GB=3g");
	strlist_add(&s.cgroup_conf, "memory.high=5");
	strlist_add(&s.cgroup_conf, "io.max=8:0 rbps=1");
	strlist_add(&by.cgroup_conf, "io.max=8:16 rbps=2");
	strlist_add(&by.cgroup_conf, "io.max=8:0 rbps=3");
	strlist_add(&by.cgroup_conf, "memory.high=64:7");
	strlist_add(&by.cgroup_conf, "memory.high=6");
	limits_merge(&s, &by);
	assert_list(&s.io_weights, "/dev/a:b:10 | /dev/a:30 | /dev/c:40");
	assert_list(&s.hugetlb, "2MB=2m | 1GB=3g");
	assert_list(&s.cgroup_conf, "memory.high=6 | io.max=8:0 rbps=3 | io.max=8:16 rbps=2 | "
				    "memory.high=64:7");
	settings_done(&s);
	settings_done(&by);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_given_stays),
		cmocka_unit_test(every_number_is_taken_over),
		cmocka_unit_test(the_newer_of_two_ways_counts),
		cmocka_unit_test(what_has_the_same_key_is_replaced),
	};

	return cmocka_run_group_tests_name("limits_merge", tests, NULL, NULL);
}
