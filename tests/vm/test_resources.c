// SPDX-License-Identifier: Apache-2.0
/*
 * tests/vm/test_resources.c - linux.resources against a kernel that enforces limits
 *
 * As test_group.c: root, all controllers, a machine that is nobody else's.
 */
#include "cgroups/delegate.h"
#include "cgroups/resources.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/devices.h"
#include "cgroups/group.h"
#include "cgroups/hierarchy.h"
#include "cgroups/limits.h"
#include "cgroups/oom.h"
#include "cgroups/path.h"
#include "cgroups/pids.h"
#include "cgroups/report.h"
#include "cgroups/update.h"

#define MIB	  (1024 * 1024)
#define GROUP	  "engine/pod/box"
#define REMOVE_MS 30000
#define REFUSED	  42

static struct cgroup_root root;

static void must(int result, const struct error *err)
{
	if (result < 0)
		fail_msg("%s", err->msg);
}

struct resources {
	struct cgroup_limits limits;
	struct cgroup_device_rules devices;
};

/* @text with '' for "". */
static void read_resources(struct resources *r, const char *text)
{
	char *quoted = xstrdup(text);
	struct error err;
	struct json *v;

	*r = (struct resources){ 0 };
	for (char *p = quoted; *p; p++)
		if (*p == '\'')
			*p = '"';
	v = json_parse(quoted, strlen(quoted), &err);
	free(quoted);
	if (!v)
		fail_msg("%s", err.msg);
	must(cgroup_resources_parse(v, &r->limits, &r->devices, &err), &err);
	json_free(v);
}

static void done(struct resources *r)
{
	cgroup_limits_done(&r->limits);
	cgroup_device_rules_done(&r->devices);
}

static int try_claim(const char *text, int *fd, struct error *err)
{
	struct resources r;
	int result;

	read_resources(&r, text);
	result = cgroup_claim(&root, GROUP, &r.limits, fd, err);
	if (result == 0 && r.devices.n)
		result = cgroup_devices_attach(*fd, r.devices.items, r.devices.n, err);
	done(&r);
	return result;
}

static int claim(const char *text)
{
	struct error err;
	int fd = -1;

	must(try_claim(text, &fd, &err), &err);
	return fd;
}

static int try_update(const char *text, struct error *err)
{
	struct resources r;
	int result;

	read_resources(&r, text);
	result = cgroup_update(
		&root, GROUP, &(struct cgroup_change){ .limits = &r.limits, .devices = &r.devices },
		err);
	done(&r);
	return result;
}

static void update(const char *text)
{
	struct error err;

	must(try_update(text, &err), &err);
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
	assert_int_equal(faccessat(root.fd, "engine/pod", F_OK, 0), 0);
}

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

static char *read_file(int dirfd, const char *file)
{
	struct error err;
	char *text;
	size_t len;

	must(file_read_at(dirfd, file, 65536, &text, &len, &err), &err);
	return text;
}

static void assert_file(int dirfd, const char *file, const char *wanted)
{
	char *text = read_file(dirfd, file);

	if (strcmp(text, wanted) != 0)
		fail_msg("'%s' is '%s', not '%s'", file, text, wanted);
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

static int take_16_mib_and_wait(void)
{
	char *p = malloc(16 * MIB);

	for (size_t i = 0; p && i < 16 * MIB; i += 4096)
		((volatile char *)p)[i] = 1;
	return wait_for_ever();
}

static int open_disk(void)
{
	if (open("/dev/null", O_RDWR | O_CLOEXEC) < 0)
		return 1;
	return open("/dev/vda", O_RDONLY | O_CLOEXEC) < 0 && errno == EPERM ? REFUSED : 0;
}

static void every_resource_is_in_the_kernel(void **state)
{
	struct stat disk;
	char *text, *line;
	int fd;

	(void)state;
	assert_int_equal(stat("/dev/vda", &disk), 0);
	text = xasprintf(
		"{'memory':{'limit':67108864,'swap':100663296,'reservation':33554432},"
		"'cpu':{'shares':512,'quota':50000,'period':200000,'burst':1000,'cpus':'0','mems':'0'},"
		"'pids':{'limit':7},'hugepageLimits':[{'pageSize':'2MB','limit':5242880}],"
		"'blockIO':{'weight':500,'throttleReadBpsDevice':[{'major':%u,'minor':%u,'rate':1048576}]"
		",'throttleWriteIOPSDevice':[{'major':%u,'minor':%u,'rate':100}]},"
		"'unified':{'memory.high':'60M','memory.oom.group':'1','cgroup.max.depth':'3',"
		"'io.max':'%u:%u wbps=2097152\\n%u:%u riops=50'}}",
		major(disk.st_rdev), minor(disk.st_rdev), major(disk.st_rdev), minor(disk.st_rdev),
		major(disk.st_rdev), minor(disk.st_rdev), major(disk.st_rdev), minor(disk.st_rdev));
	fd = claim(text);
	free(text);
	assert_file(fd, "memory.max", "67108864\n");
	assert_file(fd, "memory.swap.max", "33554432\n");
	assert_file(fd, "memory.low", "33554432\n");
	assert_file(fd, "memory.high", "62914560\n");
	assert_file(fd, "memory.oom.group", "1\n");
	assert_file(fd, "cpu.max", "50000 200000\n");
	assert_file(fd, "cpu.max.burst", "1000\n");
	assert_file(fd, "cpu.weight", "59\n");
	assert_file(fd, "cpuset.cpus.effective", "0\n");
	assert_file(fd, "pids.max", "7\n");
	assert_file(fd, "hugetlb.2MB.max", "4194304\n");
	assert_file(fd, "hugetlb.2MB.rsvd.max", "4194304\n");
	assert_file(fd, "io.weight", "default 4950\n");
	assert_file(fd, "cgroup.max.depth", "3\n");
	line = xasprintf("%u:%u rbps=1048576 wbps=2097152 riops=50 wiops=100\n",
			 major(disk.st_rdev), minor(disk.st_rdev));
	assert_file(fd, "io.max", line);
	free(line);
	destroy(fd);
}

static void idle_and_no_limits_are_written_too(void **state)
{
	int fd = claim("{'cpu':{'idle':1,'shares':512},'pids':{'limit':0},"
		       "'memory':{'limit':-1}}");

	(void)state;
	assert_file(fd, "cpu.idle", "1\n");
	assert_file(fd, "pids.max", "1\n");
	assert_file(fd, "memory.max", "max\n");
	update("{'pids':{'limit':-1},'cpu':{'idle':0}}");
	assert_file(fd, "cpu.idle", "0\n");
	assert_file(fd, "pids.max", "max\n");
	destroy(fd);
}

static void figures_are_there_without_limits(void **state)
{
	int fd = claim("{}");

	(void)state;
	assert_file(fd, "memory.current", "0\n");
	assert_file(fd, "pids.current", "0\n");
	assert_int_equal(faccessat(fd, "io.stat", F_OK, 0), 0);
	destroy(fd);
}

static void memory_grows_and_shrinks_with_its_swap(void **state)
{
	int fd = claim("{'memory':{'limit':67108864,'swap':134217728}}");

	(void)state;
	start(fd, wait_for_ever);
	assert_file(fd, "memory.swap.max", "67108864\n");
	update("{'memory':{'limit':134217728,'swap':402653184}}");
	assert_file(fd, "memory.max", "134217728\n");
	assert_file(fd, "memory.swap.max", "268435456\n");
	update("{'memory':{'limit':33554432,'swap':50331648}}");
	assert_file(fd, "memory.max", "33554432\n");
	assert_file(fd, "memory.swap.max", "16777216\n");
	update("{'memory':{'swap':67108864}}");
	assert_file(fd, "memory.max", "33554432\n");
	assert_file(fd, "memory.swap.max", "33554432\n");
	update("{'memory':{'limit':50331648}}");
	assert_file(fd, "memory.swap.max", "33554432\n");
	update("{'memory':{'limit':-1}}");
	assert_file(fd, "memory.max", "max\n");
	assert_file(fd, "memory.swap.max", "max\n");
	destroy(fd);
}

static void what_is_not_asked_for_stays(void **state)
{
	int fd = claim("{'cpu':{'quota':50000,'period':200000,'burst':20000,'shares':512},"
		       "'pids':{'limit':7}}");

	(void)state;
	update("{'cpu':{'quota':60000}}");
	assert_file(fd, "cpu.max", "60000 200000\n");
	update("{'cpu':{'period':100000}}");
	assert_file(fd, "cpu.max", "60000 100000\n");
	update("{'cpu':{'quota':10000,'burst':5000}}"); /* the old burst exceeds the new quota */
	assert_file(fd, "cpu.max", "10000 100000\n");
	assert_file(fd, "cpu.max.burst", "5000\n");
	update("{'cpu':{'quota':-1}}");
	assert_file(fd, "cpu.max", "max 100000\n");
	assert_file(fd, "cpu.weight", "59\n");
	assert_file(fd, "pids.max", "7\n");
	destroy(fd);
}

static void a_failed_update_changes_nothing(void **state)
{
	int fd = claim("{'memory':{'limit':67108864,'swap':134217728},'cpu':{'quota':50000},"
		       "'pids':{'limit':7}}");
	struct error err;

	(void)state;
	/* There is no processor 63; memory and quota have been written by then. */
	assert_true(try_update("{'memory':{'limit':33554432,'swap':33554432},"
			       "'cpu':{'quota':20000,'cpus':'63'},'pids':{'limit':9}}",
			       &err) < 0);
	assert_non_null(strstr(err.msg, "linux.resources.cpu.cpus"));
	assert_null(strstr(err.hint, "put back"));
	assert_file(fd, "memory.max", "67108864\n");
	assert_file(fd, "memory.swap.max", "67108864\n");
	assert_file(fd, "cpu.max", "50000 100000\n");
	assert_file(fd, "cpuset.cpus", "\n");
	assert_file(fd, "pids.max", "7\n");
	assert_true(try_update("{'pids':{'limit':9},'unified':{'memory.high':'nonsense'}}", &err) <
		    0);
	assert_non_null(strstr(err.msg, "linux.resources.unified"));
	assert_file(fd, "pids.max", "7\n");
	destroy(fd);
}

static void a_limit_below_the_usage_is_refused_if_asked(void **state)
{
	int fd = claim("{'memory':{'limit':67108864}}");
	struct error err;
	char *text;

	(void)state;
	start(fd, take_16_mib_and_wait);
	for (int i = 0; i < 300; i++) {
		text = read_file(fd, "memory.current");
		if (strtoull(text, NULL, 10) >= 16 * MIB)
			i = 300;
		free(text);
		usleep(100000);
	}
	assert_int_equal(try_update("{'memory':{'limit':8388608,'checkBeforeUpdate':true}}", &err),
			 -EBUSY);
	assert_file(fd, "memory.max", "67108864\n");
	destroy(fd);
}

static void controllers_come_with_an_update(void **state)
{
	int fd = claim("{}");
	struct error err;

	(void)state;
	must(file_write_at(fd, "../cgroup.subtree_control", "-pids"), &err);
	start(fd, wait_for_ever);
	update("{'pids':{'limit':9}}");
	assert_file(fd, "pids.max", "9\n");
	destroy(fd);
}

static void device_rules_are_exchanged(void **state)
{
	int fd = claim("{'devices':[{'allow':false,'access':'rwm'},"
		       "{'allow':true,'type':'c','major':1,'minor':3,'access':'rwm'}]}");
	int status;

	(void)state;
	status = wait_status(start(fd, open_disk));
	assert_int_equal(WEXITSTATUS(status), REFUSED);
	update("{'devices':[{'allow':true,'access':'rwm'}]}");
	status = wait_status(start(fd, open_disk));
	assert_int_equal(WEXITSTATUS(status), 0);
	update("{'devices':[{'allow':true,'access':'rwm'},"
	       "{'allow':false,'type':'b','access':'r'}]}");
	status = wait_status(start(fd, open_disk));
	assert_int_equal(WEXITSTATUS(status), REFUSED);
	update("{'pids':{'limit':9}}"); /* says nothing about devices */
	status = wait_status(start(fd, open_disk));
	assert_int_equal(WEXITSTATUS(status), REFUSED);
	destroy(fd);
}

static void cgroups_in_use_or_frozen_are_refused(void **state)
{
	struct error err;
	int fd = claim("{}"), again = -1;

	(void)state;
	start(fd, wait_for_ever);
	assert_int_equal(try_claim("{}", &again, &err), -EEXIST);
	assert_non_null(strstr(err.msg, "container's cgroup is not empty: 1 process(es) found"));
	must(cgroup_kill(fd, &err), &err);
	while (waitpid(-1, NULL, 0) > 0)
		;
	must(file_write_at(fd, "cgroup.freeze", "1"), &err);
	assert_int_equal(try_claim("{}", &again, &err), -EBUSY);
	assert_non_null(strstr(err.msg, "container's cgroup unexpectedly frozen"));
	must(file_write_at(fd, "cgroup.freeze", "0"), &err);
	/* Empty: used as it is, by its inode. */
	must(try_claim("{'pids':{'limit':9}}", &again, &err), &err);
	assert_file(fd, "pids.max", "9\n");
	close(again);
	destroy(fd);
}

static void an_impossible_claim_leaves_nothing(void **state)
{
	struct error err;
	int fd = -1;

	(void)state;
	assert_true(try_claim("{'cpu':{'cpus':'63'}}", &fd, &err) < 0);
	assert_non_null(strstr(err.msg, "linux.resources.cpu.cpus"));
	assert_int_equal(faccessat(root.fd, GROUP, F_OK, 0), -1);
	assert_true(try_claim("{'hugepageLimits':[{'pageSize':'3MB','limit':0}]}", &fd, &err) < 0);
	assert_non_null(strstr(err.msg, "linux.resources.hugepageLimits"));
	assert_int_equal(faccessat(root.fd, GROUP, F_OK, 0), -1);
	assert_int_equal(fd, -1);
}

static int64_t figure(const struct json *v, const char *a, const char *b, const char *c)
{
	v = json_get(json_get(v, a), b);
	return json_int(c ? json_get(v, c) : v, -1);
}

static void the_report_says_what_the_files_say(void **state)
{
	int fd = claim("{'memory':{'limit':67108864,'swap':134217728},'pids':{'limit':7},"
		       "'cpu':{'quota':50000}}");
	struct error err;
	struct json *v;
	char *text;

	(void)state;
	assert_int_equal(wait_status(start(fd, open_disk)), 0);
	start(fd, wait_for_ever);
	v = cgroup_stats_json(fd, &err);
	assert_non_null(v);
	assert_int_equal(figure(v, "memory", "usage", "limit"), 67108864);
	assert_int_equal(figure(v, "memory", "swap", "limit"), 134217728);
	text = read_file(fd, "memory.current");
	assert_true(llabs(figure(v, "memory", "usage", "usage") - atoll(text)) < MIB);
	free(text);
	assert_int_equal(figure(v, "pids", "current", NULL), 1);
	assert_int_equal(figure(v, "pids", "limit", NULL), 7);
	assert_true(figure(v, "cpu", "usage", "total") > 0);
	assert_true(figure(v, "memory", "raw", "anon") >= 0);
	assert_non_null(json_get(json_get(v, "hugetlb"), "2MB"));
	assert_non_null(json_get(json_get(json_get(v, "cpu"), "psi"), "some"));
	json_free(v);
	destroy(fd);
}

static void a_kill_for_want_of_memory_is_announced(void **state)
{
	int fd = claim("{'memory':{'limit':33554432,'swap':33554432}}"), r = 0;
	struct cgroup_oom_watch watch;
	struct pollfd p;
	struct error err;
	pid_t pid, other;

	(void)state;
	other = start(fd, wait_for_ever);
	must(cgroup_oom_watch_open(&watch, fd, &err), &err);
	assert_int_equal(cgroup_oom_watch_read(&watch, &err), 0);
	pid = start(fd, take_100_mib);
	p = (struct pollfd){ .fd = watch.fd, .events = POLLIN };
	while (r == 0 && poll(&p, 1, 30000) > 0)
		r = cgroup_oom_watch_read(&watch, &err);
	assert_int_equal(r, 1);
	assert_true(WIFSIGNALED(wait_status(pid)));
	kill(other, SIGKILL);
	wait_status(other);
	for (r = 0; r == 0 && poll(&p, 1, 30000) > 0;)
		r = cgroup_oom_watch_read(&watch, &err);
	assert_int_equal(r, -ENODEV);
	cgroup_oom_watch_close(&watch);
	cgroup_oom_watch_close(&watch);
	destroy(fd);
}

static void processes_below_are_listed_and_signalled(void **state)
{
	int fd = claim("{}"), below;
	struct error err;
	pid_t *pids, own, other;
	size_t n;

	(void)state;
	must(cgroup_pids(fd, &pids, &n, &err), &err);
	assert_int_equal(n, 0);
	own = start(fd, wait_for_ever);
	assert_int_equal(mkdirat(fd, "below", 0755), 0);
	below = openat(fd, "below", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	other = start(below, wait_for_ever);
	close(below);
	must(cgroup_pids(fd, &pids, &n, &err), &err);
	assert_int_equal(n, 2);
	assert_int_equal(pids[0], own);
	assert_int_equal(pids[1], other);
	free(pids);
	assert_int_equal(cgroup_signal(fd, SIGTERM, &err), 2);
	assert_int_equal(WTERMSIG(wait_status(own)), SIGTERM);
	assert_int_equal(WTERMSIG(wait_status(other)), SIGTERM);
	destroy(fd);
}

static void delegation_gives_away_the_safe_files(void **state)
{
	int fd = claim("{}");
	struct error err;
	struct stat st;

	(void)state;
	must(cgroup_delegate(fd, 100000, &err), &err);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, 100000);
	assert_int_equal(st.st_gid, 0);
	assert_int_equal(fstatat(fd, "cgroup.procs", &st, 0), 0);
	assert_int_equal(st.st_uid, 100000);
	assert_int_equal(fstatat(fd, "memory.max", &st, 0), 0);
	assert_int_equal(st.st_uid, 0);
	destroy(fd);
}

static void our_own_path_resolves(void **state)
{
	char *own = NULL, *path = NULL;
	struct error err;

	(void)state;
	must(cgroup_path_of_process(0, &own, &err), &err);
	must(cgroup_path_resolve(NULL, "box", own, &path, &err), &err);
	assert_true(str_ends(path, "box") && path[0] != '/');
	free(own);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_resource_is_in_the_kernel),
		cmocka_unit_test(idle_and_no_limits_are_written_too),
		cmocka_unit_test(figures_are_there_without_limits),
		cmocka_unit_test(memory_grows_and_shrinks_with_its_swap),
		cmocka_unit_test(what_is_not_asked_for_stays),
		cmocka_unit_test(a_failed_update_changes_nothing),
		cmocka_unit_test(a_limit_below_the_usage_is_refused_if_asked),
		cmocka_unit_test(controllers_come_with_an_update),
		cmocka_unit_test(device_rules_are_exchanged),
		cmocka_unit_test(cgroups_in_use_or_frozen_are_refused),
		cmocka_unit_test(an_impossible_claim_leaves_nothing),
		cmocka_unit_test(the_report_says_what_the_files_say),
		cmocka_unit_test(a_kill_for_want_of_memory_is_announced),
		cmocka_unit_test(processes_below_are_listed_and_signalled),
		cmocka_unit_test(delegation_gives_away_the_safe_files),
		cmocka_unit_test(our_own_path_resolves),
	};
	struct error err;
	int failed;

	if (cgroup_root_open(&root, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	failed = cmocka_run_group_tests_name("resources", tests, NULL, NULL);
	(void)unlinkat(root.fd, "engine/pod", AT_REMOVEDIR);
	(void)unlinkat(root.fd, "engine", AT_REMOVEDIR);
	cgroup_root_close(&root);
	return failed;
}
