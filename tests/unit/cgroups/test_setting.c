// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_setting.c - Did the kernel take what was written?
 */
#include "cgroups/setting.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"

static bool holds(const char *file, const char *value, const char *read_back)
{
	char file_copy[64], value_copy[64];
	struct cgroup_setting s = { .file = file_copy, .value = value_copy };

	snprintf(file_copy, sizeof(file_copy), "%s", file);
	snprintf(value_copy, sizeof(value_copy), "%s", value);
	s.controller = (enum cgroup_controller)cgroup_controller_of_file(file);
	return cgroup_setting_holds(&s, read_back);
}

static void equal_text_holds(void **state)
{
	(void)state;
	assert_true(holds("pids.max", "5", "5"));
	assert_true(holds("memory.max", "max", "max"));
	assert_true(holds("cpu.max", "20000 100000", "20000 100000"));
	assert_false(holds("pids.max", "5", "6"));
	assert_false(holds("pids.max", "5", "max"));
	assert_false(holds("pids.max", "5", ""));
}

static void memory_may_be_rounded_to_a_page(void **state)
{
	(void)state;
	assert_true(holds("memory.max", "4097", "4096"));
	assert_true(holds("memory.max", "8191", "4096"));
	assert_true(holds("memory.max", "8191", "8192"));
	assert_false(holds("memory.max", "8192", "4096"));
	assert_false(holds("memory.max", "4096", "max"));
	assert_false(holds("memory.max", "100", "0"));
	assert_false(holds("pids.max", "4097", "4096"));
}

static void huge_pages_are_rounded_to_theirs(void **state)
{
	(void)state;
	assert_true(holds("hugetlb.2MB.max", "3145728", "2097152"));
	assert_true(holds("hugetlb.64KB.rsvd.max", "130000", "65536"));
	assert_false(holds("hugetlb.2MB.max", "4194304", "2097152"));
	assert_false(holds("hugetlb.2MB.max", "1048576", "0"));
	assert_false(holds("hugetlb.64KB.max", "3145728", "2097152"));
}

static void size_suffixes_are_understood(void **state)
{
	(void)state;
	assert_true(holds("memory.high", "64m", "67108864"));
	assert_true(holds("memory.high", "1K", "1024"));
	assert_false(holds("memory.high", "64m", "64"));
	assert_false(holds("memory.high", "99999999999999t", "0"));
}

static void processor_lists_compare_as_sets(void **state)
{
	(void)state;
	assert_true(holds("cpuset.cpus", "0,1", "0-1"));
	assert_true(holds("cpuset.cpus", "3,0-1", "0-1,3"));
	assert_false(holds("cpuset.cpus", "0-3", "0-1"));
	assert_false(holds("cpuset.cpus", "1", ""));
	assert_false(holds("cpuset.cpus", "3-1", "3-1"));
	assert_false(holds("cpuset.cpus", "99999", "99999"));
	assert_false(holds("cpuset.cpus", "0-1:1/2", "0-1"));
}

static void device_lines_are_found_among_others(void **state)
{
	const char *lines = "8:0 rbps=max wbps=1048576 riops=max wiops=max\n"
			    "8:16 rbps=5 wbps=max riops=max wiops=max";

	(void)state;
	assert_true(holds("io.max", "8:0 wbps=1048576", lines));
	assert_true(holds("io.max", "8:16 rbps=5", lines));
	assert_false(holds("io.max", "8:1 rbps=5", lines));
	assert_false(holds("io.max", "8:0 wbps=104857", lines));
	assert_false(holds("io.max", "8:0 wbps=1048577", lines));
	assert_false(holds("io.max", "8:32 wbps=1048576", lines));
	assert_false(holds("io.cost.qos", "8:0 min=5", "8:0 umin=5"));
}

static void a_device_without_limits_has_no_line(void **state)
{
	(void)state;
	assert_true(holds("io.max", "8:32 wbps=max", ""));
	assert_false(holds("io.max", "8:32 wbps=max rbps=1", ""));
}

static void weights_are_shown_as_defaults(void **state)
{
	(void)state;
	assert_true(holds("io.weight", "500", "default 500"));
	assert_true(holds("io.weight", "default 500", "default 500"));
	assert_false(holds("io.weight", "500", "default 100\n8:0 500"));
}

static void more_than_was_asked_holds(void **state)
{
	(void)state;
	assert_true(holds("cpu.max", "20000", "20000 100000"));
	assert_false(holds("cpu.max", "20000 50000", "20000 100000"));
	assert_true(holds("cpuset.cpus.partition", "root", "root"));
	assert_false(holds("cpuset.cpus.partition", "root", "root invalid (no cpus)"));
}

/* A directory of plain files answers like a cgroup that takes everything. */
static int fake_cgroup(char *template)
{
	assert_non_null(mkdtemp(template));
	return open(template, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void put(int dirfd, const char *file, const char *text)
{
	int fd = openat(dirfd, file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void a_cpuset_that_gives_less_is_named(void **state)
{
	char dir[] = "/tmp/test_setting.XXXXXX", file[] = "cpuset.cpus", value[] = "0-3";
	struct cgroup_setting s = {
		.file = file, .value = value, .option = "--cpuset-cpus", .controller = CGROUP_CPUSET
	};
	int fd = fake_cgroup(dir);
	struct error err;

	(void)state;
	put(fd, "cpuset.cpus", "");
	put(fd, "cpuset.cpus.effective", "0-1\n");
	assert_int_equal(cgroup_setting_apply(fd, &s, &err), -ERANGE);
	assert_string_equal(err.msg,
			    "set 'cpuset.cpus' to '0-3' (--cpuset-cpus): the kernel made it "
			    "'0-1' in 'cpuset.cpus.effective'");
	unlinkat(fd, "cpuset.cpus", 0);
	unlinkat(fd, "cpuset.cpus.effective", 0);
	close(fd);
	rmdir(dir);
}

static void a_missing_file_matters_unless_optional(void **state)
{
	char dir[] = "/tmp/test_setting.XXXXXX", file[] = "memory.swap.max", value[] = "0";
	struct cgroup_setting s = {
		.file = file, .value = value, .option = "--memory-swap", .controller = CGROUP_MEMORY
	};
	int fd = fake_cgroup(dir);
	struct error err;

	(void)state;
	assert_int_equal(cgroup_setting_apply(fd, &s, &err), -EOPNOTSUPP);
	assert_string_equal(err.msg,
			    "--memory-swap on this host: the kernel has no 'memory.swap.max'");
	s.optional = true;
	assert_int_equal(cgroup_setting_apply(fd, &s, &err), 0);
	s.optional = false;
	s.file_is_optional = true;
	assert_int_equal(cgroup_setting_apply(fd, &s, &err), 0);
	close(fd);
	rmdir(dir);
}

static void what_is_not_to_be_read_back_is_not(void **state)
{
	char dir[] = "/tmp/test_setting.XXXXXX", file[] = "memory.reclaim", value[] = "1M";
	struct cgroup_setting s = { .file = file, .value = value, .option = "--cgroup-conf" };
	int fd = fake_cgroup(dir);
	struct error err;

	(void)state;
	put(fd, file, "2222"); /* a plain file keeps what is longer */
	assert_int_equal(cgroup_setting_apply(fd, &s, &err), -ERANGE);
	s.unchecked = true;
	assert_int_equal(cgroup_setting_apply(fd, &s, &err), 0);
	unlinkat(fd, file, 0);
	close(fd);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_text_holds),
		cmocka_unit_test(memory_may_be_rounded_to_a_page),
		cmocka_unit_test(huge_pages_are_rounded_to_theirs),
		cmocka_unit_test(size_suffixes_are_understood),
		cmocka_unit_test(processor_lists_compare_as_sets),
		cmocka_unit_test(device_lines_are_found_among_others),
		cmocka_unit_test(a_device_without_limits_has_no_line),
		cmocka_unit_test(weights_are_shown_as_defaults),
		cmocka_unit_test(more_than_was_asked_holds),
		cmocka_unit_test(a_cpuset_that_gives_less_is_named),
		cmocka_unit_test(a_missing_file_matters_unless_optional),
		cmocka_unit_test(what_is_not_to_be_read_back_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
