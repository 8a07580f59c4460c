// SPDX-License-Identifier: Apache-2.0
/*
 * test_slice.c - Slices: names, documents, limits, leases; the host's cap
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/slice/cap.h"
#include "cmd/slice/slice.h"

static int limits_of(const char *text, struct slice_limits *limits)
{
	struct error err = { 0 };
	autojson struct json *v = json_parse(text, strlen(text), &err);

	*limits = (struct slice_limits){ 0 };
	return slice_limits_from_json(v, limits, &err);
}

static void names_are_plain(void **state)
{
	static const char *const good[] = { "ci", "a", "Build_7-x" };
	static const char *const bad[] = { "", "-x", ".", "..", "a/b", "a.b", "a b", "ä" };
	char name[SLICE_NAME_MAX + 2];
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(slice_check_name(good[i], &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(slice_check_name(bad[i], &err), -EINVAL);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(slice_check_name(name, &err), -EINVAL);
	assert_int_equal(slice_check_name(name + 1, &err), 0);
}

static void values_are_numbers_or_as_with_flags(void **state)
{
	struct slice_limits a, b;

	(void)state;
	assert_int_equal(
		limits_of("{\"Memory\":\"8g\",\"Cpus\":\"1.5\",\"Lease\":\"2h\",\"Pids\":\"40\"}",
			  &a),
		0);
	assert_int_equal(
		limits_of("{\"Memory\":8589934592,\"Cpus\":1.5,\"Lease\":7200,\"Pids\":40}", &b),
		0);
	assert_true(slice_limits_equal(&a, &b));
	assert_int_equal(a.lease_ms, 7200000);
	assert_int_equal(limits_of("{\"Cpus\":2}", &a), 0);
	assert_int_equal(a.nano_cpus, INT64_C(2000000000));
}

static void nonsense_is_refused(void **state)
{
	static const char *const bad[] = {
		"{\"Memory\":\"lots\"}",
		"{\"Memory\":[]}",
		"{\"Cpus\":true}",
		"{\"Cpus\":-1}",
		"{\"Cpus\":99999999999}",
		"{\"Lease\":\"soon\"}",
		"{\"Lease\":-5}",
		"{\"CpusetCpus\":\"all\"}",
		"{\"CpusetCpus\":3}",
		"{\"Pids\":1.5}",
		"{\"DeviceReadBps\":\"/dev/sda:1m\"}",
		"{\"DeviceReadBps\":[7]}",
	};
	struct slice_limits l;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_true(limits_of(bad[i], &l) < 0);
}

static void limits_have_ranges(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(slice_limits_check(&(struct slice_limits){ .weight = 10001 }, &err),
			 -ERANGE);
	assert_int_equal(slice_limits_check(&(struct slice_limits){ .weight = 10000 }, &err), 0);
	assert_int_equal(slice_limits_check(&(struct slice_limits){ .pids = -1 }, &err), -ERANGE);
	assert_int_equal(slice_limits_check(&(struct slice_limits){ .lease_ms = 999 }, &err),
			 -ERANGE);
	assert_int_equal(slice_limits_check(&(struct slice_limits){ .memory_swap_bytes = 5 }, &err),
			 -EINVAL);
	assert_int_equal(slice_limits_check(&(struct slice_limits){ .memory_bytes = 6,
								    .memory_swap_bytes = 5 },
					    &err),
			 -EINVAL);
}

static void a_document_is_read_back_as_it_was(void **state)
{
	struct slice_limits limits = { .memory_bytes = 1 << 20,
				       .nano_cpus = 500000000,
				       .pids = 10,
				       .weight = 300,
				       .io_weight = 20,
				       .cpuset_cpus = "0-1",
				       .lease_ms = 90500 };
	autoslice struct slice s = { .name = "ci", .cgroup = "tare/slice-ci", .created_ns = 5 };
	autoslice struct slice again = { 0 };
	autojson struct json *v = NULL;
	struct error err = { 0 };

	(void)state;
	s.limits = limits;
	slice_start_lease(&s, 1000);
	s.report = json_new_map();
	json_set_int(s.report, "OomKills", 3);
	v = slice_to_json(&s);
	assert_int_equal(slice_from_json(v, &again, &err), 0);
	assert_string_equal(again.name, "ci");
	assert_string_equal(again.cgroup, "tare/slice-ci");
	assert_true(slice_limits_equal(&again.limits, &limits));
	assert_int_equal(again.expires_ns, 1000 + INT64_C(90500000000));
	assert_int_equal(json_int(json_get(again.report, "OomKills"), 0), 3);
}

static void what_is_not_limited_any_more_is_lifted(void **state)
{
	struct slice_limits before = { .memory_bytes = 5,
				       .nano_cpus = 1000000000,
				       .pids = 3,
				       .weight = 200,
				       .io_weight = 200,
				       .cpuset_cpus = "0" };
	struct cgroup_limits out = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(slice_limits_to_cgroup(&(struct slice_limits){ .pids = 7 }, &before, "0-3",
						&out, &err),
			 0);
	assert_int_equal(out.memory_bytes, CGROUP_UNLIMITED);
	assert_int_equal(out.cpu_quota_us, CGROUP_UNLIMITED);
	assert_int_equal(out.pids_max, 7);
	assert_int_equal(out.cpu_weight, 100);
	assert_int_equal(out.io_weight, CGROUP_IO_WEIGHT_DEFAULT);
	assert_string_equal(out.cpuset_cpus, "0-3");
	cgroup_limits_done(&out);
	out = (struct cgroup_limits){ 0 };
	assert_int_equal(
		slice_limits_to_cgroup(&(struct slice_limits){ 0 }, NULL, NULL, &out, &err), 0);
	assert_false(cgroup_limits_any(&out));
	cgroup_limits_done(&out);
}

static void disks_are_limited_one_by_one(void **state)
{
	struct slice_limits l = { 0 }, again;
	autojson struct json *v = json_new_map();
	struct error err = { 0 };

	(void)state;
	assert_int_equal(slice_io_set(&l.io, CGROUP_IO_WBPS, "/dev/pci:0:sda:1m", &err), 0);
	assert_int_equal(slice_io_set(&l.io, CGROUP_IO_WBPS, "/dev/sdb:2m", &err), 0);
	assert_int_equal(slice_io_set(&l.io, CGROUP_IO_WBPS, "/dev/pci:0:sda:3m", &err), 0);
	assert_int_equal(slice_io_set(&l.io, CGROUP_IO_WBPS, "/dev/pci:0:7", &err), 0);
	assert_int_equal(slice_io_set(&l.io, CGROUP_IO_RIOPS, "/dev/sdb:50", &err), 0);
	assert_string_equal(l.io.kinds[CGROUP_IO_WBPS],
			    "/dev/sdb:2097152\n/dev/pci:0:sda:3145728\n/dev/pci:0:7\n");
	assert_int_equal(slice_io_set(&l.io, CGROUP_IO_WBPS, "/dev/sdb:-1", &err), 0);
	assert_int_equal(slice_io_set(&l.io, CGROUP_IO_WBPS, "/dev/pci:0:-1", &err), 0);
	assert_string_equal(l.io.kinds[CGROUP_IO_WBPS], "/dev/pci:0:sda:3145728\n");
	slice_limits_to_json(&l, v);
	again = (struct slice_limits){ 0 };
	assert_int_equal(slice_limits_from_json(v, &again, &err), 0);
	assert_true(slice_limits_equal(&l, &again));
	assert_int_equal(slice_io_set(&again.io, CGROUP_IO_RIOPS, "/dev/sdb:51", &err), 0);
	assert_false(slice_limits_equal(&l, &again));
}

static void disks_have_bounds(void **state)
{
	static const char *const bad[] = { "",	    "/dev/sda", "/dev/sda:0", "/dev/sda:x",
					   "sda:1", "/a\nb:1",	"/dev/sda:-2" };
	struct slice_limits l = { 0 };
	char path[64], before[SLICE_IO_MAX];
	struct error err = { 0 };
	int n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_true(slice_io_set(&l.io, CGROUP_IO_RBPS, bad[i], &err) < 0);
	assert_string_equal(l.io.kinds[CGROUP_IO_RBPS], "");
	do {
		snprintf(path, sizeof(path), "/dev/disk%d:1000", n++);
		memcpy(before, l.io.kinds[CGROUP_IO_RBPS], sizeof(before));
	} while (slice_io_set(&l.io, CGROUP_IO_RBPS, path, &err) == 0);
	assert_int_equal(err.code, E2BIG);
	assert_true(n > 10);
	assert_string_equal(l.io.kinds[CGROUP_IO_RBPS], before);
}

static void a_disk_that_is_gone_needs_no_lifting(void **state)
{
	struct slice_limits before = { 0 }, now = { 0 };
	struct cgroup_limits out = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(slice_io_set(&before.io, CGROUP_IO_RBPS, "/dev/nosuch:5", &err), 0);
	assert_int_equal(slice_limits_to_cgroup(&now, &before, NULL, &out, &err), 0);
	assert_int_equal(out.n_io, 0);
	assert_int_equal(slice_limits_to_cgroup(&before, NULL, NULL, &out, &err), -ENOENT);
	cgroup_limits_done(&out);
}

static void a_lease_ends_and_begins_again(void **state)
{
	autoslice struct slice s = { .limits.lease_ms = 1000 };

	(void)state;
	slice_start_lease(&s, 5000000000);
	assert_false(slice_is_over(&s, 5999999999));
	assert_true(slice_is_over(&s, 6000000000));
	s.ended_ns = 6000000001;
	slice_start_lease(&s, 7000000000);
	assert_false(slice_is_over(&s, 7000000001));
	s.limits.lease_ms = 0;
	slice_start_lease(&s, 0);
	assert_false(slice_is_over(&s, INT64_MAX));
}

static int cap_of(const char *text, struct cap *cap)
{
	struct error err = { 0 };

	*cap = (struct cap){ 0 };
	return cap_parse(cap, text, strlen(text), &err);
}

static void a_cap_refuses_more_and_is_what_nobody_asked_for(void **state)
{
	struct slice_limits limits = { .pids = 5 }, more = { .pids = 11 };
	struct error err = { 0 };
	struct cap cap;

	(void)state;
	assert_int_equal(cap_of("{\"Slice\":{\"Pids\":10,\"Lease\":\"1h\"},\"Slices\":2}", &cap),
			 0);
	assert_int_equal(cap.slices, 2);
	assert_int_equal(cap_fit(&cap, &limits, &err), 0);
	assert_int_equal(limits.pids, 5);
	assert_int_equal(limits.lease_ms, 3600000);
	assert_int_equal(limits.memory_bytes, 0);
	assert_int_equal(cap_fit(&cap, &more, &err), -ERANGE);
	more.pids = 10; /* all that there is */
	assert_int_equal(cap_fit(&cap, &more, &err), 0);
}

static void a_cap_with_a_mistake_is_none(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{\"Sum\":{}}",
		"{\"Total\":{\"Memroy\":1}}",
		"{\"Total\":{\"Lease\":\"1h\"}}",
		"{\"Total\":7}",
		"{\"Slices\":\"many\"}",
		"{\"Slices\":-1}",
		"{\"Slice\":{\"Weight\":0.5}}",
		"nonsense",
	};
	struct cap cap;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_true(cap_of(bad[i], &cap) < 0);
		assert_false(cap.is_there);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_plain),
		cmocka_unit_test(values_are_numbers_or_as_with_flags),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(limits_have_ranges),
		cmocka_unit_test(a_document_is_read_back_as_it_was),
		cmocka_unit_test(what_is_not_limited_any_more_is_lifted),
		cmocka_unit_test(disks_are_limited_one_by_one),
		cmocka_unit_test(disks_have_bounds),
		cmocka_unit_test(a_disk_that_is_gone_needs_no_lifting),
		cmocka_unit_test(a_lease_ends_and_begins_again),
		cmocka_unit_test(a_cap_refuses_more_and_is_what_nobody_asked_for),
		cmocka_unit_test(a_cap_with_a_mistake_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
