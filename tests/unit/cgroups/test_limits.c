// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_limits.c - From flags to control files
 */
#include "cgroups/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"
#include "cgroups/hierarchy.h"
#include "cgroups/setting.h"
#include "tests/unit/scratch.h"

/* The plan as "file=value" lines, an optional one with a '?'; the error's message if refused. */
static char *plan_text(const struct cgroup_limits *limits)
{
	struct cgroup_setting *settings;
	struct str out = { 0 };
	struct error err;
	size_t n;

	if (cgroup_limits_plan(limits, &settings, &n, &err) < 0)
		return xstrdup(err.msg);
	str_puts(&out, "");
	for (size_t i = 0; i < n; i++)
		str_printf(&out, "%s%s=%s\n", settings[i].file, settings[i].optional ? "?" : "",
			   settings[i].value);
	cgroup_settings_free(settings, n);
	return str_take(&out);
}

static void assert_plan(const struct cgroup_limits *limits, const char *wanted)
{
	char *got = plan_text(limits);

	assert_string_equal(got, wanted);
	free(got);
}

static void no_limits_need_no_files(void **state)
{
	(void)state;
	assert_plan(&(struct cgroup_limits){ 0 }, "");
}

static void memory_alone_allows_as_much_swap(void **state)
{
	(void)state;
	assert_plan(&(struct cgroup_limits){ .memory_bytes = 67108864 },
		    "memory.swap.max?=67108864\nmemory.max=67108864\n");
}

static void memory_swap_counts_both(void **state)
{
	(void)state;
	assert_plan(&(struct cgroup_limits){ .memory_bytes = 1000, .memory_swap_bytes = 1500 },
		    "memory.swap.max=500\nmemory.max=1000\n");
}

static void equal_memory_swap_means_no_swap(void **state)
{
	(void)state;
	assert_plan(&(struct cgroup_limits){ .memory_bytes = 1000, .memory_swap_bytes = 1000 },
		    "memory.swap.max=0\nmemory.max=1000\n");
}

static void unlimited_swap_is_max(void **state)
{
	(void)state;
	assert_plan(&(struct cgroup_limits){ .memory_bytes = 1000, .memory_swap_bytes = -1 },
		    "memory.swap.max?=max\nmemory.max=1000\n");
}

static void memory_swap_below_memory_is_refused(void **state)
{
	(void)state;
	assert_plan(&(struct cgroup_limits){ .memory_bytes = 1000, .memory_swap_bytes = 999 },
		    "--memory-swap: is memory plus swap, so at least as much as --memory");
	assert_plan(&(struct cgroup_limits){ .memory_swap_bytes = 999 },
		    "--memory-swap: needs --memory");
}

static void reservation_above_the_limit_is_refused(void **state)
{
	(void)state;
	assert_plan(&(struct cgroup_limits){ .memory_bytes = 1000,
					     .memory_reservation_bytes = 1001 },
		    "--memory-reservation: is more than --memory");
}

static void cpus_are_quota_per_period(void **state)
{
	struct cgroup_limits limits = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(cgroup_limits_set_cpus(&limits, 1.5, &err), 0);
	assert_plan(&limits, "cpu.max=150000 100000\n");
	assert_int_equal(cgroup_limits_set_cpus(&limits, 0.01, &err), 0);
	assert_plan(&limits, "cpu.max=1000 100000\n");
	assert_int_equal(cgroup_limits_set_cpus(&limits, 0.29, &err),
			 0); /* of which 29000 is nearest */
	assert_plan(&limits, "cpu.max=29000 100000\n");
	assert_int_equal(cgroup_limits_set_cpus(&limits, 0.009, &err), -EINVAL);
	assert_int_equal(cgroup_limits_set_cpus(&limits, 1e300, &err), -EINVAL);
	assert_int_equal(cgroup_limits_set_cpus(&limits, -1, &err), -EINVAL);
}

static void quota_and_period_stand_alone(void **state)
{
	(void)state;
	assert_plan(&(struct cgroup_limits){ .cpu_quota_us = 5000 }, "cpu.max=5000 100000\n");
	assert_plan(&(struct cgroup_limits){ .cpu_period_us = 50000 }, "cpu.max=max 50000\n");
	assert_plan(&(struct cgroup_limits){ .cpu_quota_us = -1 }, "cpu.max?=max 100000\n");
	assert_plan(&(struct cgroup_limits){ .io_weight = CGROUP_IO_WEIGHT_DEFAULT },
		    "io.bfq.weight=100\nio.weight=100\n");
	assert_plan(&(struct cgroup_limits){ .cpu_quota_us = 999 },
		    "--cpu-quota: must be at least 1000 microseconds");
	assert_plan(&(struct cgroup_limits){ .cpu_period_us = 2000000 },
		    "--cpu-period: must be between 1000 and 1000000 microseconds");
}

static void shares_follow_the_documented_curve(void **state)
{
	(void)state;
	assert_int_equal(cgroup_weight_of_shares(2), 1);
	assert_int_equal(cgroup_weight_of_shares(1024), 100);
	assert_int_equal(cgroup_weight_of_shares(262144), 10000);
	/* Computed from the formula with arbitrary precision. */
	assert_int_equal(cgroup_weight_of_shares(3), 2);
	assert_int_equal(cgroup_weight_of_shares(512), 59);
	assert_int_equal(cgroup_weight_of_shares(2048), 174);
	assert_int_equal(cgroup_weight_of_shares(262143), 10000);
}

static void shares_outside_the_range_count_as_its_ends(void **state)
{
	(void)state;
	assert_int_equal(cgroup_weight_of_shares(1), 1);
	assert_int_equal(cgroup_weight_of_shares(UINT64_MAX), 10000);
}

static void more_shares_never_weigh_less(void **state)
{
	unsigned int last = 0;

	(void)state;
	for (uint64_t shares = 2; shares <= 262144; shares += 97) {
		unsigned int weight = cgroup_weight_of_shares(shares);

		assert_true(weight >= last && weight <= 10000);
		last = weight;
	}
}

static void default_pids_limit_is_optional(void **state)
{
	(void)state;
	assert_plan(&(struct cgroup_limits){ .pids_max = 2048, .pids_is_default = true },
		    "pids.max?=2048\n");
	assert_plan(&(struct cgroup_limits){ .pids_max = 2048 }, "pids.max=2048\n");
	assert_plan(&(struct cgroup_limits){ .pids_max = -1 }, "pids.max?=max\n");
}

static void io_limits_name_device_and_kind(void **state)
{
	struct cgroup_limits limits = { .io_weight = 10 };

	(void)state;
	cgroup_limits_add_io(&limits, &(struct cgroup_io_limit){ 8, 0, CGROUP_IO_RBPS, 1048576 });
	cgroup_limits_add_io(&limits, &(struct cgroup_io_limit){ 8, 16, CGROUP_IO_WIOPS, 0 });
	assert_plan(
		&limits,
		"io.bfq.weight=10\nio.weight=1\nio.max=8:0 rbps=1048576\nio.max=8:16 wiops=max\n");
	limits.io_weight = 1000;
	limits.n_io = 0;
	assert_plan(&limits, "io.bfq.weight=1000\nio.weight=10000\n");
	limits.io_weight = 9;
	assert_plan(&limits, "--blkio-weight: must be between 10 and 1000");
	cgroup_limits_done(&limits);
}

static void conf_accepts_control_files_of_limits_only(void **state)
{
	static const char *const refused[] = { "cgroup.procs",	 "cgroup.kill",
					       "../memory.max",	 "memory/../x",
					       "memory",	 "nosuch.max",
					       "cgroup.threads", "",
					       "memory.max\n" };
	struct cgroup_limits limits = { 0 };
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_int_equal(cgroup_limits_add_conf(&limits, refused[i], "1", &err), -EINVAL);
	assert_int_equal(cgroup_limits_add_conf(&limits, "memory.high", "1\n2", &err), -EINVAL);
	assert_int_equal(cgroup_limits_add_conf(&limits, "memory.high", "", &err), -EINVAL);
	assert_int_equal(cgroup_limits_add_conf(&limits, "memory.high", "64m", &err), 0);
	assert_int_equal(cgroup_limits_add_conf(&limits, "hugetlb.2MB.max", "0", &err), 0);
	assert_int_equal(cgroup_limits_add_conf(&limits, "cgroup.max.depth", "2", &err), 0);
	assert_plan(&limits, "memory.high=64m\nhugetlb.2MB.max=0\ncgroup.max.depth=2\n");
	while (limits.n_conf < 64)
		assert_int_equal(cgroup_limits_add_conf(&limits, "memory.high", "1", &err), 0);
	assert_int_equal(cgroup_limits_add_conf(&limits, "memory.high", "1", &err), -EINVAL);
	cgroup_limits_done(&limits);
}

static void all_limits_at_once_fit_the_plan(void **state)
{
	struct cgroup_limits limits = {
		.memory_bytes = 8192,
		.memory_swap_bytes = 16384,
		.memory_reservation_bytes = 4096,
		.memory_oom_group = true,
		.cpu_quota_us = 2000,
		.cpu_shares = 1024,
		.cpuset_cpus = xstrdup("0"),
		.cpuset_mems = xstrdup("0"),
		.pids_max = 5,
		.io_weight = 500,
	};
	struct cgroup_limits copy;

	(void)state;
	cgroup_limits_add_io(&limits, &(struct cgroup_io_limit){ 8, 0, CGROUP_IO_WBPS, 1 });
	cgroup_limits_copy(&copy, &limits);
	cgroup_limits_done(&limits);
	assert_plan(
		&copy,
		"memory.swap.max=8192\nmemory.low=4096\nmemory.oom.group=1\n"
		"memory.max=8192\ncpu.max=2000 100000\ncpu.weight=100\ncpuset.cpus=0\n"
		"cpuset.mems=0\nio.bfq.weight=500\nio.weight=4950\nio.max=8:0 wbps=1\npids.max=5\n");
	cgroup_limits_done(&copy);
}

static void weights_of_disks_are_spread_over_the_new_range(void **state)
{
	struct cgroup_limits limits = { 0 };

	(void)state;
	assert_plan(&(struct cgroup_limits){ .io_weight = 10 }, "io.bfq.weight=10\nio.weight=1\n");
	assert_plan(&(struct cgroup_limits){ .io_weight = 1000 },
		    "io.bfq.weight=1000\nio.weight=10000\n");
	assert_plan(&(struct cgroup_limits){ .io_weight = 9 },
		    "--blkio-weight: must be between 10 and 1000");
	assert_plan(&(struct cgroup_limits){ .io_weight = 1001 },
		    "--blkio-weight: must be between 10 and 1000");
	cgroup_limits_add_io_weight(&limits, &(struct cgroup_io_weight){ 8, 16, 10 });
	cgroup_limits_add_io_weight(&limits, &(struct cgroup_io_weight){ 8, 0, 1000 });
	assert_plan(&limits, "io.bfq.weight=8:16 10\nio.weight=8:16 1\n"
			     "io.bfq.weight=8:0 1000\nio.weight=8:0 10000\n");
	cgroup_limits_done(&limits);
}

static void no_limit_needs_no_controller(void **state)
{
	(void)state;
	assert_plan(&(struct cgroup_limits){ .memory_bytes = -1 },
		    "memory.swap.max?=max\nmemory.max?=max\n");
	assert_plan(&(struct cgroup_limits){ .memory_high_bytes = -1, .memory_oom_group = -1 },
		    "memory.high?=max\nmemory.oom.group?=0\n");
	assert_plan(&(struct cgroup_limits){ .memory_min_bytes = -1,
					     .memory_reservation_bytes = -1 },
		    "memory.min?=0\nmemory.low?=0\n");
}

static void newer_limits_have_files_of_their_own(void **state)
{
	(void)state;
	assert_plan(&(struct cgroup_limits){ .memory_min_bytes = 1, .memory_high_bytes = 3 },
		    "memory.min=1\nmemory.high=3\n");
	assert_plan(&(struct cgroup_limits){ .memory_bytes = 2, .memory_high_bytes = 3 },
		    "--memory-high: is more than --memory");
	assert_plan(&(struct cgroup_limits){ .memory_bytes = 2, .memory_min_bytes = 3 },
		    "--memory-min: is more than --memory");
	assert_plan(&(struct cgroup_limits){ .cpu_weight = 1 }, "cpu.weight=1\n");
	assert_plan(&(struct cgroup_limits){ .cpu_weight = 10000 }, "cpu.weight=10000\n");
	assert_plan(&(struct cgroup_limits){ .cpu_weight = 10001 },
		    "--cpu-weight: must be between 1 and 10000");
}

static void huge_pages_are_for_the_kernel_to_round(void **state)
{
	struct cgroup_limits limits = { 0 };

	(void)state;
	cgroup_limits_add_hugepages(&limits, "2MB", (64 << 20) + 1);
	assert_plan(&limits, "hugetlb.2MB.max=67108865\nhugetlb.2MB.rsvd.max=67108865\n");
	cgroup_limits_add_hugepages(&limits, "2Mb", 1);
	assert_plan(&limits, "--hugetlb: '2Mb' is no page size");
	cgroup_limits_done(&limits);
}

static void disks_have_so_many_limits(void **state)
{
	struct cgroup_limits limits = { 0 };

	(void)state;
	for (int i = 0; i < 257; i++)
		cgroup_limits_add_io(&limits, &(struct cgroup_io_limit){ .per_second = 1 });
	assert_plan(&limits, "--device-read-bps and its like: more than 256 limits");
	cgroup_limits_done(&limits);
}

/* Whose flag it was, and which files a kernel may do without. */
static void settings_know_where_they_come_from(void **state)
{
	struct cgroup_limits limits = { .cpus_are_chosen = true, .io_weight = 500 };
	struct cgroup_setting *settings;
	struct error err;
	size_t n;

	(void)state;
	limits.cpuset_cpus = xstrdup("0");
	cgroup_limits_add_hugepages(&limits, "2MB", 0);
	assert_int_equal(cgroup_limits_plan(&limits, &settings, &n, &err), 0);
	assert_int_equal(n, 5);
	assert_string_equal(settings[0].option, "--vcpus");
	assert_string_equal(settings[1].file, "io.bfq.weight");
	assert_true(settings[1].file_is_optional);
	assert_false(settings[2].file_is_optional);
	assert_false(settings[3].file_is_optional);
	assert_string_equal(settings[4].file, "hugetlb.2MB.rsvd.max");
	assert_true(settings[4].file_is_optional);
	cgroup_settings_free(settings, n);
	cgroup_limits_done(&limits);
}

/* A directory of plain files answers like a cgroup that takes everything. */
static void the_first_that_fails_ends_it(void **state)
{
	const struct scratch *s = *state;
	struct cgroup_limits limits = { .cpu_weight = 7, .pids_max = 5 };
	struct error err;
	char *text;

	scratch_put_text(s, "pids.max", "");
	assert_int_equal(cgroup_limits_apply(s->fd, &limits, &err), -EOPNOTSUPP);
	text = scratch_get(s, "pids.max");
	assert_string_equal(text, "");
	free(text);
	scratch_put_text(s, "cpu.weight", "");
	assert_int_equal(cgroup_limits_apply(s->fd, &limits, &err), 0);
}

static void optional_settings_need_no_controller(void **state)
{
	struct cgroup_limits limits = { .pids_max = 2048, .pids_is_default = true };

	(void)state;
	assert_int_equal(cgroup_limits_controllers(&limits, 0), 0);
	assert_int_equal(cgroup_limits_controllers(&limits, CGROUP_BIT(CGROUP_PIDS)),
			 CGROUP_BIT(CGROUP_PIDS));
	limits.memory_bytes = 4096;
	assert_int_equal(cgroup_limits_controllers(&limits, 0), CGROUP_BIT(CGROUP_MEMORY));
}

static void io_limits_want_memory_to_be_counted(void **state)
{
	struct cgroup_limits limits = { .io_weight = 100 };

	(void)state;
	assert_int_equal(cgroup_limits_controllers(&limits, ~0U),
			 CGROUP_BIT(CGROUP_IO) | CGROUP_BIT(CGROUP_MEMORY));
	assert_int_equal(cgroup_limits_controllers(&limits, CGROUP_BIT(CGROUP_IO)),
			 CGROUP_BIT(CGROUP_IO));
}

static void limits_without_cgroup2_name_the_flag(void **state)
{
	struct cgroup_limits limits = { .memory_bytes = 4096 };
	struct error err;

	(void)state;
	assert_int_equal(cgroup_limits_check(&limits, 0, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "--memory on this host: controller 'memory' is "));
	limits = (struct cgroup_limits){ .pids_max = 2048, .pids_is_default = true };
	assert_int_equal(cgroup_limits_check(&limits, 0, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_limits_need_no_files),
		cmocka_unit_test(memory_alone_allows_as_much_swap),
		cmocka_unit_test(memory_swap_counts_both),
		cmocka_unit_test(equal_memory_swap_means_no_swap),
		cmocka_unit_test(unlimited_swap_is_max),
		cmocka_unit_test(memory_swap_below_memory_is_refused),
		cmocka_unit_test(reservation_above_the_limit_is_refused),
		cmocka_unit_test(cpus_are_quota_per_period),
		cmocka_unit_test(quota_and_period_stand_alone),
		cmocka_unit_test(shares_follow_the_documented_curve),
		cmocka_unit_test(shares_outside_the_range_count_as_its_ends),
		cmocka_unit_test(more_shares_never_weigh_less),
		cmocka_unit_test(default_pids_limit_is_optional),
		cmocka_unit_test(io_limits_name_device_and_kind),
		cmocka_unit_test(conf_accepts_control_files_of_limits_only),
		cmocka_unit_test(all_limits_at_once_fit_the_plan),
		cmocka_unit_test(weights_of_disks_are_spread_over_the_new_range),
		cmocka_unit_test(no_limit_needs_no_controller),
		cmocka_unit_test(newer_limits_have_files_of_their_own),
		cmocka_unit_test(huge_pages_are_for_the_kernel_to_round),
		cmocka_unit_test(disks_have_so_many_limits),
		cmocka_unit_test(settings_know_where_they_come_from),
		scratch_test(the_first_that_fails_ends_it),
		cmocka_unit_test(optional_settings_need_no_controller),
		cmocka_unit_test(io_limits_want_memory_to_be_counted),
		cmocka_unit_test(limits_without_cgroup2_name_the_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
