// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_limits.c - Limits from the settings, checked and translated
 */
#include "cmd/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"

static int limit(const struct settings *s, struct cgroup_limits *l, struct error *err)
{
	*l = (struct cgroup_limits){ 0 };
	*err = (struct error){ 0 };
	return limits_of_settings(s, l, err);
}

static void limits_are_handed_on(void **state)
{
	struct settings s = { .memory_bytes = 100,
			      .memory_swap_bytes = 200,
			      .memory_reservation_bytes = 50,
			      .memory_min_bytes = 20,
			      .memory_high_bytes = 80,
			      .oom_group = 1,
			      .cpu_burst_us = 700,
			      .cpu_quota_us = 5000,
			      .cpu_period_us = 10000,
			      .cpu_shares = 512,
			      .pids_max = 7,
			      .io_weight = 300,
			      .cpuset_cpus = "0-1",
			      .cpuset_mems = "0" };
	struct cgroup_limits l;
	struct error err;

	(void)state;
	strlist_add(&s.cgroup_conf, "memory.high=64=x");
	strlist_add(&s.hugetlb, "2MB=64m");
	assert_int_equal(limit(&s, &l, &err), 0);
	assert_int_equal(l.memory_bytes, 100);
	assert_int_equal(l.memory_swap_bytes, 200);
	assert_int_equal(l.memory_reservation_bytes, 50);
	assert_int_equal(l.memory_min_bytes, 20);
	assert_int_equal(l.memory_high_bytes, 80);
	assert_int_equal(l.memory_oom_group, 1);
	assert_true(l.has_cpu_burst);
	assert_int_equal(l.cpu_burst_us, 700);
	assert_int_equal(l.n_hugepages, 1);
	assert_string_equal(l.hugepages[0].size, "2MB");
	assert_int_equal(l.hugepages[0].bytes, 64 << 20);
	assert_int_equal(l.cpu_quota_us, 5000);
	assert_int_equal(l.cpu_period_us, 10000);
	assert_int_equal(l.cpu_shares, 512);
	assert_int_equal(l.pids_max, 7);
	assert_false(l.pids_is_default);
	assert_int_equal(l.io_weight, 300);
	assert_string_equal(l.cpuset_cpus, "0-1");
	assert_string_equal(l.cpuset_mems, "0");
	assert_int_equal(l.n_conf, 1);
	assert_string_equal(l.conf[0].file, "memory.high");
	assert_string_equal(l.conf[0].value, "64=x");
	cgroup_limits_done(&l);
	settings_done(&s);
}

static void cpus_become_a_quota(void **state)
{
	struct settings s = { .nano_cpus = 1500000000 };
	struct cgroup_limits l;
	struct error err;

	(void)state;
	assert_int_equal(limit(&s, &l, &err), 0);
	assert_int_equal(l.cpu_quota_us, 150000);
	assert_int_equal(l.cpu_period_us, 100000);
	cgroup_limits_done(&l);
}

static void processes_are_limited_by_default(void **state)
{
	struct settings s = { 0 };
	struct cgroup_limits l;
	struct error err;

	(void)state;
	assert_int_equal(limit(&s, &l, &err), 0);
	assert_int_equal(l.pids_max, 2048);
	assert_true(l.pids_is_default);
	cgroup_limits_done(&l);
	s.pids_max = -1;
	assert_int_equal(limit(&s, &l, &err), 0);
	assert_int_equal(l.pids_max, CGROUP_UNLIMITED);
	assert_false(l.pids_is_default);
	cgroup_limits_done(&l);
}

static void limits_that_make_no_sense_are_refused(void **state)
{
	static const struct {
		struct settings s;
		const char *says;
	} cases[] = {
		{ { .memory_swap_bytes = 5 }, "--memory-swap needs --memory" },
		{ { .memory_bytes = 10, .memory_swap_bytes = 9 }, "be less than --memory" },
		{ { .nano_cpus = 1000000000, .cpu_quota_us = 5000 }, "exclude each other" },
		{ { .nano_cpus = 1000000000, .cpu_period_us = 5000 }, "exclude each other" },
		{ { .cpu_shares = 1 }, "--cpu-shares" },
		{ { .cpu_shares = 262145 }, "--cpu-shares" },
		{ { .cpu_shares = -5 }, "--cpu-shares" },
		{ { .io_weight = 9 }, "--blkio-weight" },
		{ { .io_weight = 1001 }, "--blkio-weight" },
		{ { .io_weight = INT64_C(4294967796) }, "--blkio-weight" },
		{ { .io_weight = -2 }, "--blkio-weight" },
		{ { .pids_max = -2 }, "--pids-limit" },
		{ { .pids_max = 4194305 }, "--pids-limit must be 1 to 4194304, or -1" },
		{ { .cpu_quota_us = -2 }, "--cpu-quota" },
		{ { .cpu_quota_us = INT64_C(1) << 44 }, "--cpu-quota" },
		{ { .cpu_weight = 10001 }, "--cpu-weight" },
		{ { .cpu_weight = -1 }, "--cpu-weight" },
		{ { .cpu_weight = 100, .cpu_shares = 100 }, "exclude each other" },
		{ { .cpu_period_us = 999 }, "--cpu-period" },
		{ { .cpu_burst_us = 5 }, "--cpu-burst needs" },
		{ { .cpu_burst_us = 5, .cpu_quota_us = -1 }, "--cpu-burst needs" },
		{ { .cpu_burst_us = 5, .nano_cpus = -1 }, "--cpu-burst needs" },
	};
	struct cgroup_limits l;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (limit(&cases[i].s, &l, &err) >= 0)
			fail_msg("case %zu (%s) was accepted", i, cases[i].says);
		if (!strstr(err.msg, cases[i].says))
			fail_msg("%s", err.msg);
		cgroup_limits_done(&l);
	}
}

static void the_edges_of_ranges_are_allowed(void **state)
{
	static const struct settings cases[] = {
		{ .cpu_shares = 2 },
		{ .cpu_shares = 262144 },
		{ .io_weight = 10 },
		{ .io_weight = 1000 },
		{ .memory_bytes = 10, .memory_swap_bytes = 10 },
		{ .memory_bytes = 10, .memory_swap_bytes = -1 },
		{ .memory_swap_bytes = -1 },
		{ .io_weight = -1 },
		{ .pids_max = 4194304 },
		{ .cpu_quota_us = -1 },
		{ .cpu_quota_us = (INT64_C(1) << 44) - 1 },
		{ .cpu_weight = 1 },
		{ .cpu_weight = 10000 },
		{ .cpu_burst_us = -1 },
		{ .vcpus = 1 },
		{ .cpu_burst_us = 1, .nano_cpus = 1000000000 },
	};
	struct cgroup_limits l;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (limit(&cases[i], &l, &err) < 0)
			fail_msg("%s", err.msg);
		cgroup_limits_done(&l);
	}
}

static void control_files_by_hand_are_checked(void **state)
{
	static const char *const confs[] = { "memory.high", "../x=1", "=1", "cgroup.procs=1" };
	struct cgroup_limits l;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(confs) / sizeof(*confs); i++) {
		struct settings s = { 0 };

		strlist_add(&s.cgroup_conf, confs[i]);
		if (limit(&s, &l, &err) >= 0)
			fail_msg("'%s' was accepted", confs[i]);
		assert_true(err.msg[0] != '\0');
		cgroup_limits_done(&l);
		settings_done(&s);
	}
}

static void any_limit_is_a_wish_for_limits(void **state)
{
	static const struct settings cases[] = {
		{ .memory_bytes = 1 },	{ .memory_swap_bytes = -1 },
		{ .nano_cpus = 1 },	{ .memory_reservation_bytes = 1 },
		{ .cpu_shares = 1 },	{ .cpu_quota_us = 1 },
		{ .cpu_period_us = 1 }, { .pids_max = -1 },
		{ .io_weight = 1 },	{ .cpuset_cpus = "0" },
		{ .cpuset_mems = "0" }, { .memory_min_bytes = 1 },
		{ .oom_group = -1 },	{ .memory_high_bytes = 1 },
		{ .cpu_weight = 1 },	{ .cpu_burst_us = -1 },
	};
	struct settings s = { .shm_bytes = 5, .oom_score_adj = 5 };

	(void)state;
	assert_false(limits_are_asked(&s));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (!limits_are_asked(&cases[i]))
			fail_msg("limit %zu is overlooked", i);
	strlist_add(&s.cgroup_conf, "a=b");
	assert_true(limits_are_asked(&s));
	strlist_done(&s.cgroup_conf);
	strlist_add(&s.io_limits[CGROUP_IO_WIOPS], "/dev/sda:1");
	assert_true(limits_are_asked(&s));
	strlist_done(&s.io_limits[CGROUP_IO_WIOPS]);
	strlist_add(&s.hugetlb, "2MB=0");
	assert_true(limits_are_asked(&s));
	strlist_done(&s.hugetlb);
	strlist_add(&s.io_weights, "/dev/sda:10");
	assert_true(limits_are_asked(&s));
	settings_done(&s);
}

static void malformed_lists_are_refused(void **state)
{
	static const char *const bad[] = { "", "2MB", "=1m", "2MB=", "2MB=lots", "2MB=-2" };
	struct cgroup_limits l;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct settings s = { 0 };

		strlist_add(&s.hugetlb, bad[i]);
		if (limit(&s, &l, &err) != -EINVAL)
			fail_msg("--hugetlb '%s' was accepted", bad[i]);
		cgroup_limits_done(&l);
		settings_done(&s);
	}
}

/* As the flags give them: what the kernel cannot do at all is found before anything is made. */
static void the_whole_is_checked_at_once(void **state)
{
	static const struct {
		struct settings s;
		const char *says;
	} cases[] = {
		{ { .memory_bytes = 10, .memory_high_bytes = 11 }, "--memory-high: is more" },
		{ { .memory_bytes = 10, .memory_min_bytes = 11 }, "--memory-min: is more" },
		{ { .memory_bytes = 10, .memory_reservation_bytes = 11 }, "--memory-reservation" },
		{ { .cpu_quota_us = 5 }, "--cpu-quota must be 1000 to" },
		{ { .vcpus = -1 }, "--vcpus must be 1 to 8192" },
		{ { .vcpus = 8193 }, "--vcpus must be 1 to 8192" },
		{ { .cgroup_parent = "" }, "--cgroup-parent" },
		{ { .cgroup_parent = "/" }, "--cgroup-parent" },
		{ { .cgroup_parent = "/a/../b" }, "--cgroup-parent" },
		{ { .cgroup_parent = "a//b" }, "--cgroup-parent" },
		{ { .cgroup_parent = "//a" }, "--cgroup-parent" },
		{ { .cgroup_parent = "/tare/monitors" }, "belongs to containers" },
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		err = (struct error){ 0 };
		if (limits_check(&cases[i].s, &err) >= 0 || !strstr(err.msg, cases[i].says))
			fail_msg("case %zu: '%s'", i, err.msg);
	}
	assert_int_equal(limits_check(&(struct settings){ .cgroup_parent = "/ci/jobs" }, &err), 0);
	assert_int_equal(limits_check(&(struct settings){ .memory_bytes = 5 }, &err), 0);
}

static void the_cgroup_is_below_its_parent(void **state)
{
	static const struct {
		const char *parent, *path;
	} cases[] = { { NULL, "tare/id" }, { "/ci/jobs", "ci/jobs/id" }, { "ci", "ci/id" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *path = limits_cgroup_path(
			&(struct settings){ .cgroup_parent = cases[i].parent }, "id");

		assert_string_equal(path, cases[i].path);
		free(path);
	}
}

static void no_burst_and_no_group_can_be_asked_for(void **state)
{
	struct error err;
	int64_t n = 5;

	(void)state;
	assert_int_equal(limits_parse_burst(&n, "0", &err), 0);
	assert_int_equal(n, -1);
	assert_int_equal(limits_parse_burst(&n, "2500", &err), 0);
	assert_int_equal(n, 2500);
	assert_int_equal(limits_parse_burst(&n, "-1", &err), -EINVAL);
	assert_int_equal(limits_parse_group(&n, NULL, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(limits_parse_group(&n, "false", &err), 0);
	assert_int_equal(n, -1);
	assert_int_equal(limits_parse_group(&n, "maybe", &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_handed_on),
		cmocka_unit_test(cpus_become_a_quota),
		cmocka_unit_test(processes_are_limited_by_default),
		cmocka_unit_test(limits_that_make_no_sense_are_refused),
		cmocka_unit_test(the_edges_of_ranges_are_allowed),
		cmocka_unit_test(control_files_by_hand_are_checked),
		cmocka_unit_test(any_limit_is_a_wish_for_limits),
		cmocka_unit_test(malformed_lists_are_refused),
		cmocka_unit_test(the_whole_is_checked_at_once),
		cmocka_unit_test(the_cgroup_is_below_its_parent),
		cmocka_unit_test(no_burst_and_no_group_can_be_asked_for),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
