// SPDX-License-Identifier: Apache-2.0
/*
 * tests/vm/test_group.c - The cgroups library against a kernel that enforces limits
 *
 * Needs root, all controllers and a machine that is nobody else's: tests/vm/run
 * builds it and runs it in the guest.
 */
#include "cgroups/group.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/devices.h"
#include "cgroups/freezer.h"
#include "cgroups/hierarchy.h"
#include "cgroups/limits.h"
#include "cgroups/stats.h"

#define MIB	    (1024 * 1024)
#define GROUP	    "tare/test"
#define REMOVE_MS   30000
#define CANNOT_OPEN 42
#define CANNOT_FORK 43

static struct cgroup_root root;

static void must(int result, const struct error *err)
{
	if (result < 0)
		fail_msg("%s", err->msg);
}

static int create(const struct cgroup_limits *limits)
{
	struct error err;
	int fd = -1;

	must(cgroup_create(&root, GROUP, limits, &fd, &err), &err);
	return fd;
}

static void destroy(int dirfd)
{
	struct error err;

	must(cgroup_kill(dirfd, &err), &err);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	must(cgroup_remove(&root, GROUP, REMOVE_MS, &err), &err);
	close(dirfd);
	assert_int_equal(faccessat(root.fd, GROUP, F_OK, 0), -1);
}

/* Run @body in the cgroup from its first instruction on. */
static pid_t start(int dirfd, int (*body)(void))
{
	struct sys_clone_args args = {
		.flags = SYS_CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)dirfd,
	};
	pid_t pid = sys_clone3(&args);

	if (pid == 0)
		_exit(body());
	assert_true(pid > 0);
	return pid;
}

static int wait_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static struct cgroup_stats stats_of(int dirfd)
{
	struct cgroup_stats stats;
	struct error err;

	must(cgroup_read_stats(dirfd, &stats, &err), &err);
	return stats;
}

static void assert_file(int dirfd, const char *file, const char *wanted)
{
	struct error err;
	char *text;
	size_t len;

	must(file_read_at(dirfd, file, 4096, &text, &len, &err), &err);
	assert_string_equal(text, wanted);
	free(text);
}

static int wait_for_ever(void)
{
	while (pause() < 0)
		;
	return 0;
}

static int take_100_mib(void)
{
	char *p = malloc(100 * MIB);

	for (size_t i = 0; p && i < 100 * MIB; i += 4096)
		((volatile char *)p)[i] = 1;
	return 0;
}

static int fork_10(void)
{
	for (int i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return errno == EAGAIN ? CANNOT_FORK : 1;
		if (pid == 0)
			return wait_for_ever();
	}
	return 0;
}

static int spin(void)
{
	volatile bool for_ever = true;

	while (for_ever)
		;
	return 0;
}

static int open_devices(void)
{
	if (open("/dev/null", O_RDWR | O_CLOEXEC) < 0)
		return 1;
	if (mknod("/tmp/test_disk", S_IFBLK | 0600, makedev(8, 99)) < 0 ||
	    unlink("/tmp/test_disk") < 0)
		return 2;
	return open("/dev/vda", O_RDONLY | O_CLOEXEC) < 0 && errno == EPERM ? CANNOT_OPEN : 0;
}

static void limits_are_in_the_kernel_before_any_process(void **state)
{
	struct cgroup_limits limits = {
		.memory_bytes = 64 * MIB,
		.memory_reservation_bytes = 32 * MIB,
		.memory_oom_group = true,
		.cpu_quota_us = 50000,
		.cpu_shares = 512,
		.cpuset_cpus = xstrdup("0"),
		.cpuset_mems = xstrdup("0"),
		.pids_max = 7,
		.io_weight = 500,
	};
	struct stat disk;
	struct error err;
	int fd;

	(void)state;
	assert_int_equal(stat("/dev/vda", &disk), 0);
	cgroup_limits_add_io(&limits,
			     &(struct cgroup_io_limit){ major(disk.st_rdev), minor(disk.st_rdev),
							CGROUP_IO_WBPS, MIB });
	cgroup_limits_add_io(&limits,
			     &(struct cgroup_io_limit){ major(disk.st_rdev), minor(disk.st_rdev),
							CGROUP_IO_RIOPS, 100 });
	must(cgroup_limits_add_conf(&limits, "memory.high", "60m", &err), &err);
	must(cgroup_limits_check(&limits, ~0U, &err), &err);
	fd = create(&limits);
	assert_file(fd, "memory.max", "67108864\n");
	assert_file(fd, "memory.swap.max", "67108864\n");
	assert_file(fd, "memory.low", "33554432\n");
	assert_file(fd, "memory.high", "62914560\n");
	assert_file(fd, "memory.oom.group", "1\n");
	assert_file(fd, "cpu.max", "50000 100000\n");
	assert_file(fd, "cpu.weight", "59\n");
	assert_file(fd, "cpuset.cpus.effective", "0\n");
	assert_file(fd, "pids.max", "7\n");
	assert_file(fd, "io.weight", "default 4950\n");
	assert_file(fd, "cgroup.procs", "");
	destroy(fd);
	cgroup_limits_done(&limits);
}

static void memory_beyond_the_limit_ends_the_process(void **state)
{
	struct cgroup_limits limits = { .memory_bytes = 32 * MIB };
	int fd = create(&limits), status;
	struct cgroup_stats stats;

	(void)state;
	status = wait_status(start(fd, take_100_mib));
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	stats = stats_of(fd);
	assert_int_equal(stats.memory.oom_kill, 1);
	assert_true(stats.memory.oom >= 1);
	assert_int_equal(stats.memory.max_bytes, 32 * MIB);
	assert_true(stats.memory.peak_bytes > 16 * MIB && stats.memory.peak_bytes <= 32 * MIB);
	destroy(fd);
}

static void forks_beyond_the_limit_are_refused(void **state)
{
	struct cgroup_limits limits = { .pids_max = 5 };
	int fd = create(&limits), status;
	struct cgroup_stats stats;

	(void)state;
	status = wait_status(start(fd, fork_10));
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_FORK);
	stats = stats_of(fd);
	assert_true(stats.pids.refused >= 1);
	assert_int_equal(stats.pids.max, 5);
	destroy(fd);
}

static void processor_time_beyond_the_quota_is_withheld(void **state)
{
	struct cgroup_limits limits = { .cpu_quota_us = 20000 };
	int fd = create(&limits);

	(void)state;
	start(fd, spin);
	for (int i = 0; i < 300 && stats_of(fd).cpu.throttled < 3; i++)
		usleep(100000);
	assert_true(stats_of(fd).cpu.throttled >= 3);
	assert_true(stats_of(fd).cpu.throttled_us > 0);
	destroy(fd);
}

static void frozen_processes_use_no_time_and_can_be_killed(void **state)
{
	uint64_t before, after;
	struct error err;
	int fd = create(NULL), status;
	pid_t pid;

	(void)state;
	pid = start(fd, spin);
	must(cgroup_freeze(fd, true, &err), &err);
	assert_int_equal(cgroup_is_frozen(fd, &err), 1);
	before = stats_of(fd).cpu.usage_us;
	usleep(300000);
	after = stats_of(fd).cpu.usage_us;
	assert_true(after == before);
	must(cgroup_freeze(fd, false, &err), &err);
	assert_int_equal(cgroup_is_frozen(fd, &err), 0);
	must(cgroup_freeze(fd, true, &err), &err);
	must(cgroup_kill(fd, &err), &err);
	status = wait_status(pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	destroy(fd);
}

static void removal_waits_for_the_last_process(void **state)
{
	struct error err;
	int fd = create(NULL);
	pid_t pid;

	(void)state;
	pid = start(fd, wait_for_ever);
	assert_int_equal(cgroup_is_populated(fd, &err), 1);
	assert_int_equal(cgroup_remove(&root, GROUP, 50, &err), -ETIMEDOUT);
	kill(pid, SIGKILL);
	must(cgroup_remove(&root, GROUP, REMOVE_MS, &err), &err);
	wait_status(pid);
	must(cgroup_remove(&root, GROUP, 0, &err), &err); /* again */
	close(fd);
}

static void removal_takes_what_the_container_made_below(void **state)
{
	int fd = create(NULL);

	(void)state;
	assert_int_equal(mkdirat(fd, "a", 0755), 0);
	assert_int_equal(mkdirat(fd, "a/b", 0755), 0);
	assert_int_equal(mkdirat(fd, ".c", 0755), 0);
	destroy(fd);
}

static void a_cgroup_in_use_is_not_taken_over(void **state)
{
	struct error err;
	int fd = create(NULL), again = -1;

	(void)state;
	start(fd, wait_for_ever);
	assert_int_equal(cgroup_create(&root, GROUP, NULL, &again, &err), -EEXIST);
	assert_int_equal(again, -1);
	destroy(fd);
	/* What a crash left, empty: a new one with new counters. */
	fd = create(NULL);
	close(fd);
	destroy(create(NULL));
}

static void processors_that_are_not_there_are_refused(void **state)
{
	struct cgroup_limits limits = { .cpuset_cpus = xstrdup("0-63") };
	struct error err;
	int fd = -1;

	(void)state;
	assert_true(cgroup_create(&root, GROUP, &limits, &fd, &err) < 0);
	assert_non_null(strstr(err.msg, "--cpuset-cpus"));
	assert_int_equal(faccessat(root.fd, GROUP, F_OK, 0), -1);
	cgroup_limits_done(&limits);
}

static void device_rules_let_null_be_opened_but_no_disk(void **state)
{
	struct error err;
	int fd = create(NULL), status;

	(void)state;
	must(cgroup_devices_attach(fd, cgroup_default_devices, cgroup_n_default_devices, &err),
	     &err);
	status = wait_status(start(fd, open_devices));
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), CANNOT_OPEN);
	destroy(fd);
}

static void the_longest_device_program_loads(void **state)
{
	struct cgroup_device_rule rules[CGROUP_DEVICE_MAX_RULES];
	struct error err;
	int fd = create(NULL);

	(void)state;
	for (int i = 0; i < CGROUP_DEVICE_MAX_RULES; i++)
		rules[i] = (struct cgroup_device_rule){ i % 2, i % 3 ? 'c' : 'b', i, i,
							CGROUP_DEVICE_READ };
	must(cgroup_devices_attach(fd, rules, CGROUP_DEVICE_MAX_RULES, &err), &err);
	destroy(fd);
}

/* Inside somebody's container the root of what we see has processes: of the container. */
static void processes_of_a_nested_root_make_way(void **state)
{
	struct cgroup_root nested = { .fd = -1, .path = "nested" };
	struct cgroup_limits limits = { .memory_bytes = 32 * MIB, .pids_max = 9 };
	int fd = create(NULL), inner = -1;
	struct error err;

	(void)state;
	must(cgroup_enable_controllers(&root, GROUP "/below",
				       ~0U & cgroup_parse_controllers("memory pids"), &err),
	     &err);
	/* Back to a leaf: enabled above, not in here. */
	must(file_write_at(fd, "cgroup.subtree_control", "-memory -pids"), &err);
	start(fd, wait_for_ever);
	nested.fd = fd;
	must(cgroup_create(&nested, "tare/inner", &limits, &inner, &err), &err);
	assert_file(inner, "memory.max", "33554432\n");
	assert_file(fd, "cgroup.procs", "");
	close(inner);
	destroy(fd);
}

/* Runs in a mount namespace of its own; the exit code says which step failed. */
static int find_moved_hierarchy(void)
{
	struct cgroup_root found = { .fd = -1 };
	struct error err;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 1;
	if (mkdir("/tmp/groups", 0755) < 0 ||
	    mount("none", "/tmp/groups", "cgroup2", 0, NULL) < 0 ||
	    umount2("/sys/fs/cgroup", MNT_DETACH) < 0)
		return 2;
	if (cgroup_root_open(&found, &err) < 0 || strcmp(found.path, "/tmp/groups") != 0)
		return 3;
	cgroup_root_close(&found);
	if (umount2("/tmp/groups", MNT_DETACH) < 0 || rmdir("/tmp/groups") < 0)
		return 4;
	return cgroup_root_open(&found, &err) == -ENOENT ? 0 : 5;
}

static void the_hierarchy_is_found_wherever_it_is_mounted(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(find_moved_hierarchy());
	assert_int_equal(wait_status(pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_in_the_kernel_before_any_process),
		cmocka_unit_test(memory_beyond_the_limit_ends_the_process),
		cmocka_unit_test(forks_beyond_the_limit_are_refused),
		cmocka_unit_test(processor_time_beyond_the_quota_is_withheld),
		cmocka_unit_test(frozen_processes_use_no_time_and_can_be_killed),
		cmocka_unit_test(removal_waits_for_the_last_process),
		cmocka_unit_test(removal_takes_what_the_container_made_below),
		cmocka_unit_test(a_cgroup_in_use_is_not_taken_over),
		cmocka_unit_test(processors_that_are_not_there_are_refused),
		cmocka_unit_test(device_rules_let_null_be_opened_but_no_disk),
		cmocka_unit_test(the_longest_device_program_loads),
		cmocka_unit_test(processes_of_a_nested_root_make_way),
		cmocka_unit_test(the_hierarchy_is_found_wherever_it_is_mounted),
	};
	struct error err;

	if (cgroup_root_open(&root, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
