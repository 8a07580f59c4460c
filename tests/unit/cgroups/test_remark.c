// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_remark.c - What is said of limits that do not hold as asked for
 *
 * A directory of plain files stands in for the hierarchy: files keep what is
 * written to them, as control files do.
 */
#include "cgroups/remark.h"

#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/file.h"
#include "cgroups/hierarchy.h"
#include "cgroups/limits.h"
#include "cgroups/protection.h"
#include "cgroups/setting.h"

static struct cgroup_setting setting(const char *file, const char *value)
{
	return (struct cgroup_setting){
		.file = (char *)(uintptr_t)file,
		.value = (char *)(uintptr_t)value,
		.option = "--flag",
		.controller = (enum cgroup_controller)cgroup_controller_of_file(file),
	};
}

static void a_rounded_size_is_named(void **state)
{
	struct cgroup_setting s = setting("memory.max", "1000000");
	char *text = cgroup_remark_rounded(&s, "999424");

	(void)state;
	assert_string_equal(text, "--flag: the kernel rounds 1000000 to 999424 (memory.max)");
	free(text);
	assert_null(cgroup_remark_rounded(&s, "1000000"));
	s = setting("hugetlb.2MB.max", "3m");
	text = cgroup_remark_rounded(&s, "2097152");
	assert_string_equal(text, "--flag: the kernel rounds 3145728 to 2097152 (hugetlb.2MB.max)");
	free(text);
	s = setting("pids.max", "5");
	assert_null(cgroup_remark_rounded(&s, "6")); /* an error long before */
	s = setting("memory.high", "max");
	assert_null(cgroup_remark_rounded(&s, "max"));
}

static void what_is_tighter_above_is_named(void **state)
{
	static const struct {
		const char *file, *value, *above, *says; /* NULL: nothing */
	} cases[] = {
		{ "memory.max", "2m", "1048576", "memory.max is 1048576" },
		{ "memory.max", "1048576", "1048576", NULL },
		{ "memory.max", "1048576", "max", NULL },
		{ "memory.max", "max", "4096", NULL },
		{ "pids.max", "10", "9", "pids.max is 9" },
		{ "pids.max", "9", "10", NULL },
		{ "memory.swap.max", "4096", "0", "memory.swap.max is 0" },
		{ "hugetlb.2MB.max", "4m", "2097152", "hugetlb.2MB.max is 2097152" },
		{ "memory.low", "4096", "0", "memory.low is 0" },
		{ "memory.low", "4096", "8192", NULL },
		{ "cpu.max", "50000 100000", "40000 100000", "cpu.max is 40000 100000" },
		{ "cpu.max", "50000 100000", "5000 10000", NULL },
		{ "cpu.max", "50000 100000", "4999 10000", "cpu.max is 4999 10000" },
		{ "cpu.max", "50000 100000", "max 100000", NULL },
		{ "cpu.max", "max 100000", "1000 100000", NULL },
		{ "cpu.weight", "100", "1", NULL },
		{ "io.max", "8:0 rbps=500", "8:0 rbps=499 wbps=max riops=max wiops=max",
		  "io.max allows less" },
		{ "io.max", "8:0 rbps=500", "8:0 rbps=500 wbps=1 riops=max wiops=max", NULL },
		{ "io.max", "8:0 rbps=500", "8:16 rbps=1 wbps=1 riops=1 wiops=1", NULL },
		{ "io.max", "8:0 rbps=500", "", NULL },
		{ "cpuset.cpus", "0-3", "0", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct cgroup_setting s = setting(cases[i].file, cases[i].value);
		char *text = cgroup_remark_above(&s, cases[i].file, cases[i].above);

		if (!text != !cases[i].says || (text && strcmp(text, cases[i].says) != 0))
			fail_msg("case %zu: '%s'", i, text ? text : "nothing");
		free(text);
	}
}

/* A hierarchy of plain files below a temporary directory. */
static struct cgroup_root root = { .fd = -1 };
static char top[] = "/tmp/test-remark-XXXXXX";

static int set_up(void **state)
{
	static const char *const dirs[] = { "a", "a/b", "a/b/c", "tare", "tare/x", "tare/y" };

	(void)state;
	assert_non_null(mkdtemp(top));
	snprintf(root.path, sizeof(root.path), "/cg");
	root.fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		assert_int_equal(mkdirat(root.fd, dirs[i], 0700), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(root.fd);
	return file_remove_tree_at(AT_FDCWD, top);
}

static void put(const char *path, const char *text)
{
	int fd = openat(root.fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void assert_file(const char *path, const char *want)
{
	char *text = cgroup_read_control(root.fd, path);

	assert_string_equal(text, want);
	free(text);
}

static void assert_remarks(const struct cgroup_limits *limits, const char *want)
{
	struct strlist remarks = { 0 };
	struct error err;
	char *all;

	assert_int_equal(cgroup_limits_remark(&root, "a/b/c", limits, &remarks, &err), 0);
	all = strlist_join(&remarks, "\n");
	assert_string_equal(all, want);
	free(all);
	strlist_done(&remarks);
}

static void the_nearest_level_in_the_way_is_named(void **state)
{
	struct cgroup_limits limits = { .memory_bytes = 65536, .pids_max = 50 };

	(void)state;
	put("a/b/c/memory.max", "65536\n");
	put("a/b/c/memory.swap.max", "65536\n");
	put("a/b/c/pids.max", "50\n");
	assert_remarks(&limits, "");
	put("a/memory.max", "4096\n");
	put("a/memory.swap.max", "0\n"); /* of which nobody has asked for any */
	assert_remarks(&limits, "--memory: cgroup '/cg/a' above it decides: memory.max is 4096");
	put("a/b/memory.high", "8192\n");
	put("pids.max", "20\n"); /* the root of a cgroup namespace has files */
	assert_remarks(&limits, "--memory: cgroup '/cg/a/b' above it decides: memory.high is 8192\n"
				"--pids-limit: cgroup '/cg' above it decides: pids.max is 20");
	limits.memory_high_bytes = 65536;
	limits.memory_bytes = 0;
	put("a/b/c/memory.high", "65536\n");
	put("a/b/memory.high", "max\n");
	assert_remarks(&limits,
		       "--memory-high: cgroup '/cg/a' above it decides: memory.max is 4096\n"
		       "--pids-limit: cgroup '/cg' above it decides: pids.max is 20");
	put("a/b/memory.high", "8192\n");
	limits.memory_high_bytes = 0;
	limits.memory_bytes = 65536;
	limits.pids_is_default = true;
	assert_remarks(&limits, "--memory: cgroup '/cg/a/b' above it decides: memory.high is 8192");
}

static void what_the_machine_does_not_have_is_named(void **state)
{
	struct cgroup_limits limits = { .memory_high_bytes = INT64_C(1) << 60 };
	struct sysinfo machine;
	struct error err;
	char text[256];

	(void)state;
	assert_int_equal(sysinfo(&machine), 0);
	put("a/b/c/memory.high", "1152921504606846976\n");
	put("a/b/memory.high", "max\n");
	put("a/memory.max", "max\n");
	snprintf(text, sizeof(text),
		 "--memory-high: 1152921504606846976 bytes of memory, but this machine has %llu",
		 (unsigned long long)machine.totalram * machine.mem_unit);
	assert_remarks(&limits, text);
	put("a/memory.max", "4096\n"); /* one reason is enough */
	assert_remarks(&limits,
		       "--memory-high: cgroup '/cg/a' above it decides: memory.max is 4096");
	put("a/memory.max", "max\n");
	limits.memory_high_bytes = 0;
	limits.memory_bytes = 4096;
	limits.memory_swap_bytes = 4096 + (INT64_C(1) << 60);
	put("a/b/c/memory.max", "4096\n");
	put("a/b/c/memory.swap.max", "1152921504606846976\n");
	put("a/memory.swap.max", "max\n");
	snprintf(text, sizeof(text),
		 "--memory-swap: 1152921504606846976 bytes of swap, but this machine has %llu",
		 (unsigned long long)machine.totalswap * machine.mem_unit);
	assert_remarks(&limits, text);
	limits.memory_bytes = limits.memory_swap_bytes = 0;
	assert_int_equal(cgroup_limits_set_cpus(&limits, 3, &err), 0);
	put("a/b/c/cpu.max", "300000 100000\n");
	put("a/b/c/cpuset.cpus.effective", "0,4-5\n");
	assert_remarks(&limits, "");
	put("a/b/c/cpuset.cpus.effective", "4-5\n");
	assert_remarks(&limits, "--cpus: the time of 3.0 processors, but it can run on 2 only");
}

static bool some_disk_has_bfq(void)
{
	bool found = false;
	glob_t g = { 0 };

	(void)glob("/sys/block/*/queue/scheduler", 0, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char *text = cgroup_read_control(AT_FDCWD, g.gl_pathv[i]);

		found |= text && strstr(text, "[bfq]");
		free(text);
	}
	globfree(&g);
	return found;
}

static void a_weight_that_no_disk_heeds_is_named(void **state)
{
	struct cgroup_limits limits = { .io_weight = 10 };
	const char *none =
		some_disk_has_bfq()
			? ""
			: "--blkio-weight: no disk here heeds weights (that needs bfq or io.cost)";

	(void)state;
	put("a/b/c/io.weight", "default 1\n");
	assert_remarks(&limits, none);
	put("io.cost.qos", "8:0 enable=0 ctrl=auto\n");
	assert_remarks(&limits, none);
	put("io.cost.qos", "8:0 enable=1 ctrl=auto\n");
	assert_remarks(&limits, "");
}

static void either_protection_is_a_claim(void **state)
{
	static const char *const files[] = { "a/memory.low", "a/memory.min" };
	int fd = openat(root.fd, "a", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_false(cgroup_protection_is_claimed(fd));
	for (size_t i = 0; i < 2; i++) {
		put("a/memory.low", "0\n");
		put("a/memory.min", "0\n");
		assert_false(cgroup_protection_is_claimed(fd));
		put(files[i], "4096\n");
		assert_true(cgroup_protection_is_claimed(fd));
	}
	close(fd);
}

/* Whether /proc/locks has a process wait for one. */
static bool waits_for_a_lock(pid_t pid)
{
	char *text = cgroup_read_control(AT_FDCWD, "/proc/locks"), *save = NULL, number[16];
	bool found = false;

	snprintf(number, sizeof(number), " %d ", (int)pid);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		found |= strstr(line, "->") && strstr(line, number);
	free(text);
	return found;
}

static void a_sum_is_made_by_one_at_a_time(void **state)
{
	int fd = openat(root.fd, "tare", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(flock(fd, LOCK_EX), 0);
	pid = fork();
	if (pid == 0) {
		(void)close(fd);
		_exit(cgroup_protection_sum(&root, &err) != 0);
	}
	while (!waits_for_a_lock(pid))
		assert_int_equal(waitpid(pid, &status, WNOHANG), 0);
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void the_parent_claims_what_its_children_claim(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(cgroup_protection_sum(&root, &err), 0); /* no such controller */
	put("tare/memory.low", "");
	put("tare/memory.min", "");
	put("tare/x/memory.low", "4096\n");
	put("tare/x/memory.min", "0\n");
	put("tare/y/memory.low", "8192\n");
	put("tare/y/memory.min", "16384\n");
	assert_int_equal(cgroup_protection_sum(&root, &err), 0);
	assert_file("tare/memory.low", "12288");
	assert_file("tare/memory.min", "16384");
	assert_int_equal(cgroup_protection_sum(&root, &err), 0); /* its own claim is none of them */
	assert_file("tare/memory.low", "12288");
	put("tare/x/memory.low", "max\n");
	put("tare/memory.low", ""); /* a plain file keeps what is longer */
	assert_int_equal(cgroup_protection_sum(&root, &err), 0);
	assert_file("tare/memory.low", "max");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rounded_size_is_named),
		cmocka_unit_test(what_is_tighter_above_is_named),
		cmocka_unit_test(the_nearest_level_in_the_way_is_named),
		cmocka_unit_test(what_the_machine_does_not_have_is_named),
		cmocka_unit_test(a_weight_that_no_disk_heeds_is_named),
		cmocka_unit_test(either_protection_is_a_claim),
		cmocka_unit_test(a_sum_is_made_by_one_at_a_time),
		cmocka_unit_test(the_parent_claims_what_its_children_claim),
	};

	return cmocka_run_group_tests_name("remark", tests, set_up, tear_down);
}
