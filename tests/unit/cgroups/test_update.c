// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_update.c - What is written in which order, and how it is taken back
 */
#include "cgroups/update.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"
#include "cgroups/limits.h"
#include "cgroups/setting.h"

static void assert_undo(const char *file, const char *value, const char *text, const char *wanted)
{
	struct cgroup_setting setting = { .file = (char *)file, .value = (char *)value };
	char *got = cgroup_update_undo(&setting, text);

	if (wanted)
		assert_string_equal(got, wanted);
	else
		assert_null(got);
	free(got);
}

static void plain_values_are_put_back(void **state)
{
	(void)state;
	assert_undo("memory.max", "67108864", "max", "max");
	assert_undo("cpu.max", "50000 100000", "max 100000", "max 100000");
	assert_undo("io.weight", "500", "default 100\n8:0 200", "100");
	assert_undo("cpuset.cpus", "0", "", "\n");
	assert_undo("memory.reclaim", "1M", NULL, NULL);
}

static void lines_of_devices_are_put_back(void **state)
{
	const char *text =
		"8:0 rbps=1 wbps=max riops=max wiops=max\n8:16 rbps=2 wbps=max riops=max "
		"wiops=max";

	(void)state;
	assert_undo("io.max", "8:16 rbps=5", text, "8:16 rbps=2 wbps=max riops=max wiops=max");
	assert_undo("io.max", "8:1 rbps=5", text, "8:1 rbps=max wbps=max riops=max wiops=max");
	assert_undo("io.weight", "8:0 500", "default 100", "8:0 default");
	assert_undo("rdma.max", "mlx4_0 hca_handle=2", "mlx4_0 hca_handle=max hca_object=max",
		    "mlx4_0 hca_handle=max hca_object=max");
	assert_undo("io.latency", "8:0 target=5", "", NULL);
}

/* The files in the order of writing, with the values @swap and @burst before. */
static void assert_order(const struct cgroup_limits *limits, const char *swap, const char *burst,
			 const char *wanted)
{
	struct cgroup_setting *settings;
	struct str got = { 0 };
	struct error err;
	char *undo[8] = { 0 };
	size_t n;

	assert_int_equal(cgroup_limits_plan(limits, &settings, &n, &err), 0);
	assert_true(n <= 8);
	for (size_t i = 0; i < n; i++)
		undo[i] = xstrdup(!strcmp(settings[i].file, "memory.swap.max") ? swap
				  : !strcmp(settings[i].file, "cpu.max.burst") ? burst
									       : "max");
	cgroup_update_order(settings, undo, n);
	for (size_t i = 0; i < n; i++) {
		str_printf(&got, "%s%s", i ? " " : "", settings[i].file);
		if (!strcmp(settings[i].file, "memory.swap.max"))
			assert_string_equal(undo[i], swap);
		free(undo[i]);
	}
	assert_string_equal(got.data, wanted);
	str_done(&got);
	cgroup_settings_free(settings, n);
}

static void swap_grows_before_and_shrinks_after_memory(void **state)
{
	struct cgroup_limits limits = {
		.dialect = CGROUP_RESOURCES,
		.memory_bytes = 1000000,
		.memory_swap_bytes = 3000000,
	};

	(void)state;
	assert_order(&limits, "1000000", "0", "memory.swap.max memory.max");
	assert_order(&limits, "4000000", "0", "memory.max memory.swap.max");
	assert_order(&limits, "max", "0", "memory.max memory.swap.max");
	limits.memory_swap_bytes = -1;
	assert_order(&limits, "4000000", "0", "memory.swap.max memory.max");
}

static void the_burst_never_exceeds_the_quota(void **state)
{
	struct cgroup_limits limits = {
		.dialect = CGROUP_RESOURCES,
		.cpu_quota_us = 50000,
		.has_cpu_burst = true,
		.cpu_burst_us = 20000,
	};

	(void)state;
	assert_order(&limits, "max", "0", "cpu.max cpu.max.burst");
	assert_order(&limits, "max", "80000", "cpu.max.burst cpu.max");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_values_are_put_back),
		cmocka_unit_test(lines_of_devices_are_put_back),
		cmocka_unit_test(swap_grows_before_and_shrinks_after_memory),
		cmocka_unit_test(the_burst_never_exceeds_the_quota),
	};

	return cmocka_run_group_tests_name("update", tests, NULL, NULL);
}
