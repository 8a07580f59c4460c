// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_report.c - From the files of a cgroup to runc's document
 */
#include "cgroups/report.h"

#include "base/json.h"
#include "tests/unit/scratch.h"

static int64_t number(const struct json *v, const char *a, const char *b, const char *c)
{
	v = json_get(json_get(v, a), b);
	return json_int(c ? json_get(v, c) : v, -1);
}

static void figures_have_runcs_names_and_units(void **state)
{
	const struct scratch *s = *state;
	const struct json *entry;
	struct error err;
	struct json *v;

	scratch_put_text(
		s, "cpu.stat",
		"usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 5\nnr_throttled 4\n"
		"throttled_usec 3\nnr_bursts 2\nburst_usec 1\n");
	scratch_put_text(s, "cpu.pressure",
			 "some avg10=1.25 avg60=0.00 avg300=0.00 total=99\n"
			 "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
	scratch_put_text(s, "memory.current", "1000\n");
	scratch_put_text(s, "memory.peak", "2000\n");
	scratch_put_text(s, "memory.max", "4000\n");
	scratch_put_text(s, "memory.swap.current", "10\n");
	scratch_put_text(s, "memory.swap.max", "500\n");
	scratch_put_text(s, "memory.stat", "anon 600\nfile 400\ninactive_file 300\n");
	scratch_put_text(s, "memory.events", "low 0\nhigh 0\nmax 6\noom 1\noom_kill 1\n");
	scratch_put_text(s, "pids.current", "3\n");
	scratch_put_text(s, "pids.max", "max\n");
	scratch_put_text(s, "io.stat",
			 "8:16 rbytes=11 wbytes=22 rios=1 wios=2 dbytes=0 dios=0\n7:0 \n");
	scratch_put_text(s, "hugetlb.2MB.current", "4194304\n");
	scratch_put_text(s, "hugetlb.2MB.events", "max 9\n");
	scratch_put_text(s, "hugetlb.2MB.rsvd.current", "0\n");
	scratch_put_text(s, "rdma.max", "mlx4_0 hca_handle=2 hca_object=max\n");
	v = cgroup_stats_json(s->fd, &err);
	assert_non_null(v);
	assert_int_equal(number(v, "cpu", "usage", "total"), 30000);
	assert_int_equal(number(v, "cpu", "usage", "kernel"), 10000);
	assert_int_equal(number(v, "cpu", "usage", "user"), 20000);
	assert_int_equal(number(v, "cpu", "throttling", "periods"), 5);
	assert_int_equal(number(v, "cpu", "throttling", "throttledTime"), 3000);
	assert_int_equal(number(v, "cpu", "burst", "burstTime"), 1000);
	entry = json_get(json_get(json_get(v, "cpu"), "psi"), "some");
	assert_true(json_float(json_get(entry, "avg10"), 0) > 1.2);
	assert_int_equal(json_int(json_get(entry, "total"), 0), 99);
	assert_int_equal(number(v, "memory", "cache", NULL), 400);
	assert_int_equal(number(v, "memory", "usage", "limit"), 4000);
	assert_int_equal(number(v, "memory", "usage", "usage"), 1000);
	assert_int_equal(number(v, "memory", "usage", "max"), 2000);
	assert_int_equal(number(v, "memory", "usage", "failcnt"), 6);
	assert_int_equal(number(v, "memory", "swap", "usage"), 1010);
	assert_int_equal(number(v, "memory", "swap", "limit"), 4500);
	assert_int_equal(number(v, "memory", "raw", "inactive_file"), 300);
	assert_int_equal(number(v, "pids", "current", NULL), 3);
	assert_int_equal(number(v, "pids", "limit", NULL), -1);
	entry = json_at(json_get(json_get(v, "blkio"), "ioServiceBytesRecursive"), 1);
	assert_int_equal(json_int(json_get(entry, "minor"), 0), 16);
	assert_string_equal(json_text(json_get(entry, "op")), "Write");
	assert_int_equal(json_int(json_get(entry, "value"), 0), 22);
	assert_int_equal(json_count(json_get(json_get(v, "blkio"), "ioServicedRecursive")), 3);
	assert_int_equal(json_count(json_get(v, "hugetlb")), 1);
	assert_int_equal(number(v, "hugetlb", "2MB", "usage"), 4194304);
	assert_int_equal(number(v, "hugetlb", "2MB", "failcnt"), 9);
	entry = json_at(json_get(json_get(v, "rdma"), "rdma_limit"), 0);
	assert_string_equal(json_text(json_get(entry, "device")), "mlx4_0");
	json_free(v);
}

static void what_has_no_limit_has_none_with_swap(void **state)
{
	const struct scratch *s = *state;
	struct error err;
	struct json *v;

	scratch_put_text(s, "memory.max", "max\n");
	scratch_put_text(s, "memory.swap.max", "500\n");
	v = cgroup_stats_json(s->fd, &err);
	assert_int_equal(number(v, "memory", "swap", "limit"), INT64_MAX);
	json_free(v);
	assert_int_equal(mkdirat(s->fd, "memory.stat", 0700), 0); /* it cannot be read */
	assert_null(cgroup_stats_json(s->fd, &err));
}

static void without_controllers_there_are_still_processes(void **state)
{
	const struct scratch *s = *state;
	struct error err;
	struct json *v;

	scratch_put_text(s, "cgroup.procs", "10\n11\n");
	v = cgroup_stats_json(s->fd, &err);
	assert_int_equal(number(v, "pids", "current", NULL), 2);
	assert_int_equal(number(v, "memory", "usage", "usage"), -1);
	assert_null(json_get(json_get(v, "memory"), "psi"));
	json_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(figures_have_runcs_names_and_units),
		scratch_test(what_has_no_limit_has_none_with_swap),
		scratch_test(without_controllers_there_are_still_processes),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
