// SPDX-License-Identifier: Apache-2.0
/*
 * tests/vm/systemd/test_systemd.c - Units of containers, as systemd itself sees them
 *
 * Needs root and a machine that systemd has booted and that is nobody else's:
 * tests/vm/run builds it and runs it in the guest. What is asserted is mostly
 * what `systemctl show` says, or the kernel's files.
 */
#include "cgroups/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "cgroups/group.h"
#include "cgroups/hierarchy.h"
#include "cgroups/limits.h"

#define MIB	  (1024 * 1024)
#define USER	  1000
#define REMOVE_MS 30000

static struct cgroup_root root;
static const char *systemctl = "systemctl";

static void must(int result, const struct error *err)
{
	if (result < 0)
		fail_msg("%s", err->msg);
}

static struct systemd_unit unit_of(const char *path)
{
	struct systemd_unit unit;
	struct error err;

	must(systemd_unit_parse(&unit, path, "box", false, &err), &err);
	return unit;
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0)
		while (pause() < 0)
			;
	assert_true(pid > 0);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The first line that a command says; static. */
static const char *output_of(const char *command)
{
	static char line[1024];
	FILE *f = popen(command, "re");

	assert_non_null(f);
	line[0] = '\0';
	if (fgets(line, sizeof(line), f))
		line[strcspn(line, "\n")] = '\0';
	(void)pclose(f);
	return line;
}

static const char *property(const struct systemd_unit *unit, const char *name)
{
	char command[512];

	snprintf(command, sizeof(command), "%s show -P %s -- '%s' 2>&1", systemctl, name,
		 unit->name);
	return output_of(command);
}

static void assert_property(const struct systemd_unit *unit, const char *name, const char *wanted)
{
	const char *is = property(unit, name);

	if (strcmp(is, wanted) != 0)
		fail_msg("%s: %s is '%s', not '%s'", unit->name, name, is, wanted);
}

static void assert_file(int dirfd, const char *file, const char *wanted)
{
	struct error err;
	char *text;
	size_t len;

	must(file_read_at(dirfd, file, 4096, &text, &len, &err), &err);
	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, wanted);
	free(text);
}

static void assert_holds(int dirfd, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	assert_file(dirfd, "cgroup.procs", text);
}

static void assert_gone(const struct systemd_unit *unit)
{
	if (!systemd_unit_is_slice(unit)) /* a slice is there by being named */
		assert_property(unit, "LoadState", "not-found");
	assert_property(unit, "ActiveState", "inactive");
}

static int start(const struct systemd_unit *unit, pid_t pid, const struct cgroup_limits *limits,
		 const struct systemd_property *properties, size_t n)
{
	struct systemd_start s = {
		.pid = pid, .limits = limits, .properties = properties, .n_properties = n
	};
	char *relpath = NULL;
	struct error err;
	int fd = -1;

	must(cgroup_systemd_start(unit, &s, &root, &relpath, &fd, &err), &err);
	free(relpath);
	return fd;
}

static void stop(struct systemd_unit *unit, int dirfd)
{
	struct error err;

	(void)cgroup_kill(dirfd, &err);
	close(dirfd);
	must(cgroup_systemd_stop(unit, &err), &err);
	assert_gone(unit);
	systemd_unit_done(unit);
}

static int fails_to_start(const char *path, pid_t pid, const struct systemd_property *properties,
			  size_t n, struct error *err)
{
	struct systemd_start s = { .pid = pid, .properties = properties, .n_properties = n };
	struct systemd_unit unit = unit_of(path);
	char *relpath = NULL;
	int fd = -1, r;

	r = cgroup_systemd_start(&unit, &s, &root, &relpath, &fd, err);
	assert_true(r < 0);
	assert_null(relpath);
	assert_int_equal(fd, -1);
	systemd_unit_done(&unit);
	return r;
}

static void a_scope_is_made_around_a_process(void **state)
{
	struct systemd_unit unit = unit_of(NULL);
	pid_t pid = sleeper();
	struct systemd_start s = { .pid = pid };
	char *relpath = NULL;
	struct error err;
	int fd = -1;

	(void)state;
	must(cgroup_systemd_start(&unit, &s, &root, &relpath, &fd, &err), &err);
	assert_string_equal(unit.name, "tare-box.scope");
	assert_string_equal(relpath, "system.slice/tare-box.scope");
	assert_holds(fd, pid);
	assert_property(&unit, "ActiveState", "active");
	assert_property(&unit, "Slice", "system.slice");
	assert_property(&unit, "Delegate", "yes");
	assert_property(&unit, "DefaultDependencies", "no");
	assert_property(&unit, "Description", "tare container tare-box.scope");
	assert_property(&unit, "CollectMode", "inactive-or-failed");
	assert_property(&unit, "MemoryAccounting", "yes");
	assert_property(&unit, "Transient", "yes");
	stop(&unit, fd);
	assert_int_equal(faccessat(root.fd, relpath, F_OK, 0), -1);
	free(relpath);
	end(pid);
}

static void slices_nest_by_their_dashes(void **state)
{
	struct systemd_unit unit = unit_of("machine-a-b.slice:pod:box");
	pid_t pid = sleeper();
	struct systemd_start s = { .pid = pid };
	char *relpath = NULL;
	struct error err;
	int fd = -1;

	(void)state;
	must(cgroup_systemd_start(&unit, &s, &root, &relpath, &fd, &err), &err);
	assert_string_equal(relpath,
			    "machine.slice/machine-a.slice/machine-a-b.slice/pod-box.scope");
	assert_property(&unit, "Slice", "machine-a-b.slice");
	free(relpath);
	stop(&unit, fd);
	end(pid);
}

static void other_names_are_as_written(void **state)
{
	struct systemd_unit bare = unit_of("-.slice::1.box_2");
	struct systemd_unit slice = unit_of("machine.slice:ignored:machine-own.slice");
	pid_t pid = sleeper();
	int fd;

	(void)state;
	fd = start(&bare, pid, NULL, NULL, 0);
	assert_property(&bare, "ControlGroup", "/-1.box_2.scope");
	assert_holds(fd, pid);
	stop(&bare, fd);
	end(pid);
	pid = sleeper();
	fd = start(&slice, pid, NULL, NULL, 0);
	assert_property(&slice, "ControlGroup", "/machine.slice/machine-own.slice");
	assert_holds(fd, pid);
	stop(&slice, fd);
	end(pid);
}

static void limits_are_properties(void **state)
{
	char cpus[] = "0", mems[] = "0";
	struct cgroup_limits limits = {
		.memory_bytes = 64 * MIB,
		.memory_swap_bytes = 96 * MIB,
		.memory_reservation_bytes = 32 * MIB,
		.memory_oom_group = true, /* no property of a scope before systemd 253 */
		.cpu_quota_us = 12345,
		.cpu_period_us = 50000,
		.cpu_shares = 512,
		.cpuset_cpus = cpus,
		.cpuset_mems = mems,
		.pids_max = 50,
		.io_weight = 500,
	};
	struct systemd_unit unit = unit_of(NULL);
	pid_t pid = sleeper();
	struct error err;
	int fd;

	(void)state;
	fd = start(&unit, pid, &limits, NULL, 0);
	assert_property(&unit, "MemoryMax", "67108864");
	assert_property(&unit, "MemorySwapMax", "33554432");
	assert_property(&unit, "MemoryLow", "33554432");
	assert_property(&unit, "CPUQuotaPerSecUSec", "250ms");
	assert_property(&unit, "CPUQuotaPeriodUSec", "50ms");
	assert_property(&unit, "AllowedCPUs", "0");
	assert_property(&unit, "AllowedMemoryNodes", "0");
	assert_property(&unit, "TasksMax", "50");
	assert_file(fd, "memory.max", "67108864");
	assert_file(fd, "cpu.max", "12500 50000");
	must(cgroup_limits_apply(fd, &limits, &err), &err);
	assert_file(fd, "cpu.max", "12345 50000");
	assert_file(fd, "memory.oom.group", "1");
	assert_file(fd, "cpuset.cpus", "0");
	stop(&unit, fd);
	end(pid);
}

static void limits_change(void **state)
{
	struct cgroup_limits before = { .memory_bytes = 64 * MIB, .pids_max = 50 };
	struct cgroup_limits after = { .memory_bytes = 128 * MIB,
				       .pids_max = CGROUP_UNLIMITED,
				       .cpu_quota_us = 30000 };
	struct systemd_unit unit = unit_of(NULL);
	pid_t pid = sleeper();
	struct error err;
	int fd;

	(void)state;
	fd = start(&unit, pid, &before, NULL, 0);
	must(cgroup_systemd_update(&unit, &after, &err), &err);
	assert_property(&unit, "MemoryMax", "134217728");
	assert_property(&unit, "TasksMax", "infinity");
	assert_property(&unit, "CPUQuotaPerSecUSec", "300ms");
	assert_file(fd, "memory.max", "134217728");
	assert_file(fd, "pids.max", "max");
	assert_file(fd, "cpu.max", "30000 100000");
	must(cgroup_systemd_update(&unit, &(struct cgroup_limits){ 0 }, &err), &err);
	stop(&unit, fd);
	unit = unit_of("::nobody");
	assert_int_equal(cgroup_systemd_update(&unit, &after, &err), -ENOENT);
	systemd_unit_done(&unit);
	end(pid);
}

static void what_is_delegated_survives_a_reload(void **state)
{
	struct cgroup_limits limits = { .memory_bytes = 64 * MIB };
	struct systemd_unit unit = unit_of(NULL);
	pid_t pid = sleeper();
	int fd, below;

	(void)state;
	fd = start(&unit, pid, &limits, NULL, 0);
	assert_int_equal(mkdirat(fd, "below", 0755), 0);
	below = openat(fd, "below", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(below >= 0);
	assert_int_equal(cgroup_add_process(below, pid, &(struct error){ 0 }), 0);
	assert_int_equal(file_write_at(fd, "cgroup.subtree_control", "+memory +pids"), 0);
	assert_int_equal(file_write_at(below, "memory.max", "33554432"), 0);
	(void)output_of("systemctl daemon-reload");
	assert_holds(below, pid);
	assert_file(below, "memory.max", "33554432");
	assert_file(fd, "memory.max", "67108864");
	assert_property(&unit, "ActiveState", "active");
	close(below);
	stop(&unit, fd);
	end(pid);
}

static void annotations_are_properties(void **state)
{
	static const struct systemd_property properties[] = {
		{ "TimeoutStopUSec", "uint64 5000000" },
		{ "RuntimeMaxSec", "uint64 7200" },
		{ "CollectMode", "'inactive'" },
		{ "Description", "\"it's mine\"" },
		{ "After", "['default.target', 'slices.target']" },
		{ "SendSIGHUP", "true" },
		{ "IPAddressDeny", "@as []" }, /* refused: it is of another type */
	};
	struct systemd_unit unit = unit_of(NULL);
	pid_t pid = sleeper();
	struct error err;
	int fd;

	(void)state;
	fd = start(&unit, pid, NULL, properties, 6);
	assert_property(&unit, "TimeoutStopUSec", "5s");
	assert_property(&unit, "RuntimeMaxUSec", "2h");
	assert_property(&unit, "CollectMode", "inactive");
	assert_property(&unit, "Description", "it's mine");
	assert_property(&unit, "SendSIGHUP", "yes");
	assert_non_null(strstr(property(&unit, "After"), "slices.target"));
	stop(&unit, fd);
	(void)fails_to_start(NULL, pid, properties + 6, 1, &err);
	assert_non_null(strstr(err.msg, "start unit 'tare-box.scope'"));
	(void)fails_to_start(NULL, pid, &(struct systemd_property){ "NoSuchThing", "true" }, 1,
			     &err);
	assert_non_null(strstr(err.msg, "NoSuchThing"));
	end(pid);
}

static void a_name_is_used_once(void **state)
{
	struct systemd_unit unit = unit_of(NULL);
	pid_t pid = sleeper(), other = sleeper();
	struct error err;
	int fd;

	(void)state;
	fd = start(&unit, pid, NULL, NULL, 0);
	assert_int_equal(fails_to_start(NULL, other, NULL, 0, &err), -EEXIST);
	assert_non_null(strstr(err.msg, "tare-box.scope"));
	assert_holds(fd, pid);
	stop(&unit, fd);
	end(pid);
	end(other);
}

static void no_process_no_scope(void **state)
{
	struct systemd_unit unit = unit_of(NULL);
	pid_t pid = sleeper();
	struct error err;

	(void)state;
	end(pid);
	assert_true(fails_to_start(NULL, pid, NULL, 0, &err) < 0);
	assert_gone(&unit);
	systemd_unit_done(&unit);
}

static void a_failed_unit_gives_way(void **state)
{
	static const struct systemd_property properties[] = {
		{ "CollectMode", "'inactive'" },
		{ "RuntimeMaxSec", "uint64 1" },
	};
	struct systemd_unit unit = unit_of(NULL);
	pid_t pid = sleeper();
	int fd;

	(void)state;
	close(start(&unit, pid, NULL, properties, 2));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	for (int i = 0; i < 100 && strcmp(property(&unit, "ActiveState"), "failed") != 0; i++)
		usleep(100000);
	assert_property(&unit, "ActiveState", "failed");
	pid = sleeper();
	fd = start(&unit, pid, NULL, NULL, 0);
	assert_property(&unit, "ActiveState", "active");
	stop(&unit, fd);
	end(pid);
}

static void stopping_what_is_gone_is_fine(void **state)
{
	struct systemd_unit unit = unit_of(NULL);
	pid_t pid = sleeper();
	struct error err;
	int fd;

	(void)state;
	must(cgroup_systemd_stop(&unit, &err), &err);
	fd = start(&unit, pid, NULL, NULL, 0);
	end(pid);
	must(cgroup_systemd_stop(&unit, &err), &err);
	must(cgroup_systemd_stop(&unit, &err), &err);
	stop(&unit, fd);
}

/* The machine's manager by its own socket, a user's by the bus and by its own. */
static void the_bus_is_not_needed(void **state)
{
	struct systemd_unit unit = unit_of(NULL);
	pid_t pid = sleeper();
	int fd;

	(void)state;
	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere", 1);
	fd = start(&unit, pid, NULL, NULL, 0);
	assert_holds(fd, pid);
	stop(&unit, fd);
	unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
	end(pid);
}

/* Run by this program, started once more: see run_as_user(). */
static void a_user_starts_a_scope(void **state)
{
	struct cgroup_limits limits = { .memory_bytes = 64 * MIB };
	struct systemd_unit unit;
	struct error err;
	pid_t pid;
	int fd;

	(void)state;
	assert_int_equal(setresgid(USER, USER, USER), 0);
	assert_int_equal(setresuid(USER, USER, USER), 0);
	must(systemd_unit_parse(&unit, "app-x.slice:libpod:box", "box", true, &err), &err);
	pid = sleeper();
	fd = start(&unit, pid, &limits, NULL, 0);
	assert_holds(fd, pid);
	systemctl = "systemctl --user";
	assert_property(&unit, "ControlGroup",
			"/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.slice/"
			"libpod-box.scope");
	assert_file(fd, "memory.max", "67108864");
	assert_int_equal(file_write_at(fd, "memory.max", "33554432"), 0);
	stop(&unit, fd);
	end(pid);
}

static void run_as_user(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)dup2(STDERR_FILENO, STDOUT_FILENO); /* not among our own results */
		execl("/proc/self/exe", "test_systemd", "user", (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void users_have_a_manager_of_their_own(void **state)
{
	(void)state;
	setenv("XDG_RUNTIME_DIR", "/run/user/1000", 1);
	run_as_user();
	setenv("DBUS_SESSION_BUS_ADDRESS", "unix:abstract=nothing;unix:path=/run/user/1000/bus", 1);
	run_as_user();
	/* Without a bus; systemctl, which only knows the one or the other, has it still. */
	unsetenv("DBUS_SESSION_BUS_ADDRESS");
	assert_int_equal(renameat(AT_FDCWD, "/run/user/1000/bus", AT_FDCWD, "/run/user/1000/not"),
			 0);
	run_as_user();
	assert_int_equal(renameat(AT_FDCWD, "/run/user/1000/not", AT_FDCWD, "/run/user/1000/bus"),
			 0);
	unsetenv("XDG_RUNTIME_DIR");
}

static void without_a_manager_the_error_says_so(void **state)
{
	struct systemd_start s = { .pid = getpid() };
	struct systemd_unit unit;
	struct error err;
	char *relpath;
	int fd;

	(void)state;
	must(systemd_unit_parse(&unit, NULL, "box", true, &err), &err);
	assert_true(cgroup_systemd_start(&unit, &s, &root, &relpath, &fd, &err) < 0);
	assert_non_null(strstr(err.msg, "reach systemd of the user"));
	assert_non_null(strstr(err.hint, "XDG_RUNTIME_DIR"));
	systemd_unit_done(&unit);
}

static int find_root(void **state)
{
	struct error err;

	(void)state;
	return cgroup_root_open(&root, &err);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest user_tests[] = {
		cmocka_unit_test(a_user_starts_a_scope),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scope_is_made_around_a_process),
		cmocka_unit_test(slices_nest_by_their_dashes),
		cmocka_unit_test(other_names_are_as_written),
		cmocka_unit_test(limits_are_properties),
		cmocka_unit_test(limits_change),
		cmocka_unit_test(what_is_delegated_survives_a_reload),
		cmocka_unit_test(annotations_are_properties),
		cmocka_unit_test(a_name_is_used_once),
		cmocka_unit_test(no_process_no_scope),
		cmocka_unit_test(a_failed_unit_gives_way),
		cmocka_unit_test(stopping_what_is_gone_is_fine),
		cmocka_unit_test(the_bus_is_not_needed),
		cmocka_unit_test(users_have_a_manager_of_their_own),
		cmocka_unit_test(without_a_manager_the_error_says_so),
	};

	(void)argv;
	if (argc > 1)
		return cmocka_run_group_tests_name("a user's", user_tests, find_root, NULL);
	return cmocka_run_group_tests_name("cgroups/systemd", tests, find_root, NULL);
}
