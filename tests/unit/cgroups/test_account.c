// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_account.c - The account of a run, from files as the kernel writes them
 */
#include "cgroups/account.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "tests/unit/scratch.h"

static void put_all(const struct scratch *dir)
{
	scratch_put_text(dir, "cgroup.controllers", "cpu io memory pids\n");
	scratch_put_text(dir, "cpu.stat",
			 "usage_usec 300\nuser_usec 200\nsystem_usec 100\nnr_periods 9\n"
			 "nr_throttled 4\nthrottled_usec 5000\n");
	scratch_put_text(dir, "memory.peak", "67108864\n");
	scratch_put_text(dir, "memory.current", "4096\n");
	scratch_put_text(dir, "memory.events",
			 "low 0\nhigh 0\nmax 12\noom 1\noom_kill 2\noom_group_kill 0\n");
	scratch_put_text(dir, "memory.events.local", "low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\n");
	scratch_put_text(dir, "memory.max", "67108864\n");
	scratch_put_text(dir, "cpu.max", "20000 100000\n");
	scratch_put_text(dir, "io.max", "8:0 rbps=max wbps=1\n8:16 rbps=2 wbps=max\n");
	scratch_put_text(dir, "pids.events", "max 3\n");
	scratch_put_text(dir, "pids.peak", "8\n");
	scratch_put_text(dir, "io.stat",
			 "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n7:0 \n"
			 "8:16 rbytes=5 wbytes=0 rios=1 wios=0 dbytes=4 dios=1\n");
	scratch_put_text(dir, "cpu.pressure",
			 "some avg10=0.00 avg60=0.00 avg300=0.00 total=77\n"
			 "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
	scratch_put_text(dir, "memory.pressure",
			 "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
}

/* The value at a path as "memory.events.oom", which has no dots in its names. */
static const struct json *at(const struct json *doc, const char *path)
{
	struct strlist parts = { 0 };

	strlist_split(&parts, path, '.');
	for (size_t i = 0; i < parts.n; i++)
		doc = json_get(doc, parts.items[i]);
	strlist_done(&parts);
	return doc;
}

static int64_t int_at(const struct json *doc, const char *path)
{
	assert_int_equal(json_kind_of(at(doc, path)), JSON_INT);
	return json_int(at(doc, path), -1);
}

static void figures_are_read_and_what_is_missing_is_named(void **state)
{
	const struct scratch *dir = *state;
	struct json *doc = json_new_map(), *missing = json_new_map();

	put_all(dir);
	cgroup_account_read(dir->fd, doc, missing);
	assert_int_equal(int_at(doc, "cpu.user_us"), 200);
	assert_int_equal(int_at(doc, "cpu.throttled"), 4);
	assert_int_equal(int_at(doc, "cpu.throttled_us"), 5000);
	assert_int_equal(int_at(doc, "memory.peak_bytes"), 67108864);
	assert_int_equal(int_at(doc, "memory.events.oom_kill"), 2);
	assert_int_equal(int_at(doc, "memory.events_local.oom_kill"), 1);
	assert_int_equal(int_at(doc, "pids.peak"), 8);
	assert_int_equal(int_at(doc, "pids.refused"), 3);
	assert_int_equal(int_at(doc, "io.read_bytes"), 15);
	assert_int_equal(json_count(at(doc, "io.devices")), 2);
	assert_string_equal(json_text(json_get(json_at(at(doc, "io.devices"), 1), "device")),
			    "8:16");
	assert_int_equal(int_at(doc, "pressure.cpu.some_us"), 77);
	assert_int_equal(int_at(doc, "pressure.cpu.full_us"), 7);
	/* A kernel without: null, and never 0. */
	assert_int_equal(json_kind_of(at(doc, "memory.swap_peak_bytes")), JSON_NIL);
	assert_non_null(strstr(json_text(json_get(missing, "memory.swap_peak_bytes")), "6.5"));
	assert_int_equal(json_kind_of(at(doc, "pressure.io.some_us")), JSON_NIL);
	assert_null(json_get(missing, "memory"));
	json_free(doc);
	json_free(missing);
}

static void limits_are_as_the_kernel_writes_them(void **state)
{
	const struct scratch *dir = *state;
	struct json *doc = json_new_map(), *missing = json_new_map();
	const struct json *limits;

	put_all(dir);
	cgroup_account_read(dir->fd, doc, missing);
	limits = json_get(doc, "limits");
	assert_int_equal(json_int(json_get(limits, "memory.max"), 0), 67108864);
	assert_string_equal(json_text(json_get(limits, "cpu.max")), "20000 100000");
	assert_string_equal(json_text(json_get(limits, "io.max")),
			    "8:0 rbps=max wbps=1\n8:16 rbps=2 wbps=max");
	assert_null(json_get(limits, "memory.high"));
	json_free(doc);
	json_free(missing);
}

static void without_controllers_only_time_is_known(void **state)
{
	const struct scratch *dir = *state;
	struct json *doc = json_new_map(), *missing = json_new_map();

	put_all(dir);
	scratch_put_text(dir, "cgroup.controllers", "\n");
	cgroup_account_read(dir->fd, doc, missing);
	assert_int_equal(int_at(doc, "cpu.usage_us"), 300);
	assert_int_equal(json_kind_of(at(doc, "cpu.throttled")), JSON_NIL);
	assert_int_equal(json_kind_of(at(doc, "memory.peak_bytes")), JSON_NIL);
	assert_int_equal(json_kind_of(at(doc, "memory.events")), JSON_NIL);
	assert_int_equal(json_kind_of(at(doc, "io.devices")), JSON_NIL);
	assert_non_null(json_get(missing, "memory"));
	assert_non_null(json_get(missing, "cpu.throttled"));
	assert_null(json_get(missing, "cpu"));
	json_free(doc);
	json_free(missing);
}

static void a_part_is_a_difference_but_for_peaks(void **state)
{
	const struct scratch *dir = *state;
	struct json *before = json_new_map(), *doc = json_new_map(), *missing = json_new_map();

	put_all(dir);
	cgroup_account_read(dir->fd, before, missing);
	scratch_put_text(dir, "cpu.stat",
			 "usage_usec 310\nuser_usec 209\nsystem_usec 101\nnr_periods 10\n"
			 "nr_throttled 4\nthrottled_usec 5000\n");
	scratch_put_text(dir, "memory.events",
			 "low 0\nhigh 0\nmax 12\noom 2\noom_kill 5\noom_group_kill 0\n");
	scratch_put_text(dir, "pids.events", "max 4\n");
	scratch_put_text(dir, "io.stat",
			 "8:0 rbytes=11 wbytes=20 rios=2 wios=2 dbytes=0 dios=0\n"
			 "8:32 rbytes=6 wbytes=0 rios=1 wios=0 dbytes=4 dios=1\n");
	cgroup_account_read(dir->fd, doc, missing);
	cgroup_account_since(doc, before);
	assert_int_equal(int_at(doc, "cpu.usage_us"), 10);
	assert_int_equal(int_at(doc, "cpu.throttled"), 0);
	assert_int_equal(int_at(doc, "memory.peak_bytes"), 67108864);
	assert_int_equal(int_at(doc, "memory.events.oom_kill"), 3);
	assert_int_equal(int_at(doc, "memory.events_local.oom_kill"), 0);
	assert_int_equal(int_at(doc, "pids.refused"), 1);
	assert_int_equal(int_at(doc, "pids.peak"), 8);
	assert_int_equal(int_at(doc, "pressure.cpu.some_us"), 0);
	assert_int_equal(json_int(json_get(json_at(at(doc, "io.devices"), 0), "read_bytes"), -1),
			 1);
	assert_int_equal(json_int(json_get(json_at(at(doc, "io.devices"), 1), "read_bytes"), -1),
			 6);
	json_free(before);
	json_free(doc);
	json_free(missing);
}

/* A plain file has no peak that begins anew: the answer is as before Linux 6.12. */
static void a_part_has_no_peak_of_all_times(void **state)
{
	const struct scratch *dir = *state;
	struct cgroup_account_part part = CGROUP_ACCOUNT_PART_NONE;
	struct json *doc = json_new_map(), *missing = json_new_map();

	put_all(dir);
	scratch_put_text(dir, "cpu.stat", "usage_usec 18446744073709551615\n");
	cgroup_account_begin_part(&part, dir->fd);
	cgroup_account_read_part(&part, dir->fd, doc, missing);
	assert_int_equal(json_kind_of(at(doc, "pids.peak")), JSON_NIL);
	assert_non_null(json_get(missing, "pids.peak"));
	assert_null(json_get(missing, "pressure"));
	assert_int_equal(json_int(at(part.before, "cpu.usage_us"), 0), INT64_MAX);
	cgroup_account_done_part(&part);
	cgroup_account_done_part(&part);
	json_free(doc);
	json_free(missing);
}

static void a_kernel_without_pressure_is_named(void **state)
{
	const struct scratch *dir = *state;
	struct json *doc = json_new_map(), *missing = json_new_map();

	scratch_put_text(dir, "cgroup.controllers", "cpu\n");
	cgroup_account_read(dir->fd, doc, missing);
	assert_non_null(json_get(missing, "pressure"));
	json_free(doc);
	json_free(missing);
}

static void without_a_cgroup_all_is_null(void **state)
{
	struct json *doc = json_new_map(), *missing = json_new_map();

	(void)state;
	cgroup_account_absent("none here", doc, missing);
	assert_int_equal(json_kind_of(at(doc, "cpu.usage_us")), JSON_NIL);
	assert_int_equal(json_kind_of(at(doc, "pressure.io.some_us")), JSON_NIL);
	assert_string_equal(json_text(json_get(missing, "cpu")), "none here");
	assert_string_equal(json_text(json_get(missing, "pressure")), "none here");
	json_free(doc);
	json_free(missing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(figures_are_read_and_what_is_missing_is_named),
		scratch_test(limits_are_as_the_kernel_writes_them),
		scratch_test(without_controllers_only_time_is_known),
		scratch_test(a_part_is_a_difference_but_for_peaks),
		scratch_test(a_part_has_no_peak_of_all_times),
		scratch_test(a_kernel_without_pressure_is_named),
		cmocka_unit_test(without_a_cgroup_all_is_null),
	};

	return cmocka_run_group_tests_name("cgroups/account", tests, NULL, NULL);
}
