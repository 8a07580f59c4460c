// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_attributes.c - Scheduler, priorities, CPUs, personality, memory, clocks
 */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json.h"
#include "runtime/attributes.h"

typedef int parser(struct process_attributes *a, const struct json *v, struct error *err);

static int parse(parser *with, const char *text, struct process_attributes *a, struct error *err)
{
	autojson struct json *v = json_parse(text, strlen(text), err);

	if (!v)
		fail_msg("%s: %s", text, err->msg);
	*a = (struct process_attributes){ 0 };
	return with(a, v, err);
}

static struct process_attributes of_process(const char *text)
{
	struct process_attributes a;
	struct error err = { 0 };

	if (parse(attributes_parse_process, text, &a, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	return a;
}

static struct process_attributes of_linux(const char *text)
{
	struct process_attributes a;
	struct error err = { 0 };

	if (parse(attributes_parse_linux, text, &a, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	return a;
}

static void assert_refused(parser *with, const char *text, const char *field)
{
	autoattributes struct process_attributes a = { 0 };
	struct error err = { 0 };

	int r = parse(with, text, &a, &err);

	if (r >= 0 || r != -err.code)
		fail_msg("%s was taken", text);
	if (strncmp(err.msg, field, strlen(field)) != 0)
		fail_msg("%s: '%s' does not begin with '%s'", text, err.msg, field);
}

static void assert_asks_for_nothing(const struct process_attributes *a)
{
	assert_false(a->has_scheduler || a->has_io_priority || a->has_personality ||
		     a->has_memory_policy);
	assert_false(a->initial_cpus.is_set || a->final_cpus.is_set || attributes_has_time(a));
	assert_true(!a->labels.apparmor && !a->labels.selinux && !a->labels.mounts);
}

static void nothing_is_asked_for_by_default(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"scheduler\": null, \"ioPriority\": null, \"execCPUAffinity\": null}",
		"{\"execCPUAffinity\": {}}",
		"{\"execCPUAffinity\": {\"initial\": \"\", \"final\": \"\"}}",
		"{\"apparmorProfile\": \"\", \"selinuxLabel\": \"\", \"mountLabel\": \"\"}",
		"{\"timeOffsets\": {}}",
		"{\"args\": [\"scheduler\"], \"unknown\": {\"policy\": 1}}",
	};
	struct process_attributes a = { 0 };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		a = of_process(texts[i]);
		assert_asks_for_nothing(&a);
		a = of_linux(texts[i]);
		assert_asks_for_nothing(&a);
	}
	assert_int_equal(attributes_parse_process(&a, NULL, &err), 0);
	assert_int_equal(attributes_parse_linux(&a, NULL, &err), 0);
	assert_asks_for_nothing(&a);
}

static void scheduler_of_the_specification_is_read(void **state)
{
	struct process_attributes a = of_process(
		"{\"scheduler\": {\"policy\": \"SCHED_DEADLINE\", \"nice\": -5,"
		" \"flags\": [\"SCHED_FLAG_RESET_ON_FORK\", \"SCHED_FLAG_UTIL_CLAMP_MAX\"],"
		" \"runtime\": 18446744073709551615, \"deadline\": 30, \"period\": 40}}");

	(void)state;
	assert_true(a.has_scheduler);
	assert_int_equal(a.scheduler.size, 56);
	assert_int_equal(a.scheduler.policy, 6);
	assert_int_equal(a.scheduler.nice, -5);
	assert_int_equal(a.scheduler.flags, 0x41);
	assert_true(a.scheduler.runtime == UINT64_MAX);
	assert_int_equal(a.scheduler.deadline, 30);
	assert_int_equal(a.scheduler.period, 40);
	a = of_process("{\"scheduler\": {\"policy\": \"SCHED_FIFO\", \"priority\": 99}}");
	assert_int_equal(a.scheduler.policy, SCHED_FIFO);
	assert_int_equal(a.scheduler.priority, 99);
	a = of_process("{\"scheduler\": {\"policy\": \"SCHED_OTHER\"}}");
	assert_true(a.has_scheduler && a.scheduler.policy == SCHED_OTHER);
}

static void impossible_schedulers_are_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "{\"scheduler\": []}", "process.scheduler: " },
		{ "{\"scheduler\": {}}", "process.scheduler.policy: missing" },
		{ "{\"scheduler\": {\"policy\": \"SCHED_NONE\"}}",
		  "process.scheduler.policy: unknown value 'SCHED_NONE'" },
		{ "{\"scheduler\": {\"policy\": \"SCHED_OTHER\", \"nice\": 20}}",
		  "process.scheduler.nice: " },
		{ "{\"scheduler\": {\"policy\": \"SCHED_OTHER\", \"nice\": -21}}",
		  "process.scheduler.nice: " },
		{ "{\"scheduler\": {\"policy\": \"SCHED_OTHER\", \"nice\": \"1\"}}",
		  "process.scheduler.nice: " },
		{ "{\"scheduler\": {\"policy\": \"SCHED_RR\", \"priority\": -1}}",
		  "process.scheduler.priority: " },
		{ "{\"scheduler\": {\"policy\": \"SCHED_RR\", \"priority\": 100}}",
		  "process.scheduler.priority: " },
		{ "{\"scheduler\": {\"policy\": \"SCHED_BATCH\", \"priority\": 1}}",
		  "process.scheduler.priority: " },
		{ "{\"scheduler\": {\"policy\": \"SCHED_BATCH\", \"flags\": [\"X\"]}}",
		  "process.scheduler.flags: unknown value 'X'" },
		{ "{\"scheduler\": {\"policy\": \"SCHED_BATCH\", \"flags\": \"X\"}}",
		  "process.scheduler.flags: not a list" },
		{ "{\"scheduler\": {\"policy\": \"SCHED_BATCH\", \"period\": 1}}",
		  "process.scheduler: runtime" },
		{ "{\"scheduler\": {\"policy\": \"SCHED_DEADLINE\", \"period\": -1}}",
		  "process.scheduler.period: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_refused(attributes_parse_process, bad[i][0], bad[i][1]);
}

static void io_priority_is_class_and_level(void **state)
{
	struct process_attributes a =
		of_process("{\"ioPriority\": {\"class\": \"IOPRIO_CLASS_BE\", \"priority\": 7}}");

	(void)state;
	assert_true(a.has_io_priority && a.io_priority == (2 << 13 | 7));
	a = of_process("{\"ioPriority\": {\"class\": \"IOPRIO_CLASS_IDLE\"}}");
	assert_int_equal(a.io_priority, 3 << 13);
	assert_refused(attributes_parse_process,
		       "{\"ioPriority\": {\"class\": \"IOPRIO_CLASS_BE\", \"priority\": 8}}",
		       "process.ioPriority.priority: 8 is not in 0 to 7");
	assert_refused(attributes_parse_process, "{\"ioPriority\": {\"priority\": 1}}",
		       "process.ioPriority.class: missing");
	assert_refused(attributes_parse_process, "{\"ioPriority\": {\"class\": \"BE\"}}",
		       "process.ioPriority.class: unknown value 'BE'");
}

static void affinity_is_read(void **state)
{
	struct process_attributes a =
		of_process("{\"execCPUAffinity\": {\"initial\": \"0-1\", \"final\": \"1\"}}");

	(void)state;
	assert_true(a.initial_cpus.is_set && a.initial_cpus.words[0] == 3);
	assert_true(a.final_cpus.is_set && a.final_cpus.words[0] == 2);
	assert_refused(attributes_parse_process, "{\"execCPUAffinity\": {\"initial\": \"x\"}}",
		       "process.execCPUAffinity.initial: ");
	assert_refused(attributes_parse_process, "{\"execCPUAffinity\": {\"final\": 1}}",
		       "process.execCPUAffinity.final: not a string");
}

static void personality_is_a_domain_without_flags(void **state)
{
	struct process_attributes a = of_linux("{\"personality\": {\"domain\": \"LINUX32\"}}");

	(void)state;
	assert_true(a.has_personality && a.personality == PER_LINUX32);
	a = of_linux("{\"personality\": {\"domain\": \"LINUX\", \"flags\": []}}");
	assert_true(a.has_personality && a.personality == PER_LINUX);
	assert_refused(attributes_parse_linux, "{\"personality\": {}}",
		       "linux.personality.domain: missing");
	assert_refused(attributes_parse_linux, "{\"personality\": {\"domain\": \"BSD\"}}",
		       "linux.personality.domain: unknown value 'BSD'");
	assert_refused(attributes_parse_linux,
		       "{\"personality\": {\"domain\": \"LINUX\", \"flags\": [\"SHORT_INODE\"]}}",
		       "linux.personality.flags: unknown value 'SHORT_INODE'");
}

static void memory_policy_is_mode_nodes_and_flags(void **state)
{
	struct process_attributes a = of_linux(
		"{\"memoryPolicy\": {\"mode\": \"MPOL_INTERLEAVE\", \"nodes\": \"0-1\","
		" \"flags\": [\"MPOL_F_STATIC_NODES\"]}}");

	(void)state;
	assert_true(a.has_memory_policy && a.memory_policy == (3 | 1 << 15));
	assert_int_equal(a.memory_nodes.words[0], 3);
	a = of_linux("{\"memoryPolicy\": {\"mode\": \"MPOL_DEFAULT\"}}");
	assert_true(a.has_memory_policy && a.memory_policy == 0 && !a.memory_nodes.is_set);
	a = of_linux("{\"memoryPolicy\": {\"mode\": \"MPOL_WEIGHTED_INTERLEAVE\","
		     " \"nodes\": \"0\"}}");
	assert_int_equal(a.memory_policy, 6);
}

static void impossible_memory_policies_are_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "{\"memoryPolicy\": {}}", "linux.memoryPolicy.mode: missing" },
		{ "{\"memoryPolicy\": {\"mode\": \"MPOL_X\"}}",
		  "linux.memoryPolicy.mode: unknown value 'MPOL_X'" },
		{ "{\"memoryPolicy\": {\"mode\": \"MPOL_BIND\"}}", "linux.memoryPolicy.nodes: " },
		{ "{\"memoryPolicy\": {\"mode\": \"MPOL_BIND\", \"nodes\": \"1-\"}}",
		  "linux.memoryPolicy.nodes: " },
		{ "{\"memoryPolicy\": {\"mode\": \"MPOL_DEFAULT\", \"nodes\": \"0\"}}",
		  "linux.memoryPolicy: " },
		{ "{\"memoryPolicy\": {\"mode\": \"MPOL_BIND\", \"nodes\": \"0\","
		  " \"flags\": [\"MPOL_F_X\"]}}",
		  "linux.memoryPolicy.flags: unknown value 'MPOL_F_X'" },
		{ "{\"memoryPolicy\": {\"mode\": \"MPOL_BIND\", \"nodes\": \"0\", \"flags\":"
		  " [\"MPOL_F_STATIC_NODES\", \"MPOL_F_RELATIVE_NODES\"]}}",
		  "linux.memoryPolicy.flags: " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_refused(attributes_parse_linux, bad[i][0], bad[i][1]);
}

static void offsets_become_the_kernels_text(void **state)
{
	struct process_attributes a = of_linux(
		"{\"timeOffsets\": {\"boottime\": {\"secs\": -100, \"nanosecs\": 7},"
		" \"monotonic\": {\"secs\": 9007199254740993}}}");
	char *text = attributes_time_text(&a);

	(void)state;
	assert_true(attributes_has_time(&a));
	assert_string_equal(text, "monotonic 9007199254740993 0\nboottime -100 7\n");
	free(text);
	a = of_linux("{\"timeOffsets\": {\"boottime\": {}}}");
	text = attributes_time_text(&a);
	assert_string_equal(text, "boottime 0 0\n");
	free(text);
	assert_refused(attributes_parse_linux, "{\"timeOffsets\": {\"realtime\": {\"secs\": 1}}}",
		       "linux.timeOffsets.realtime: ");
	assert_refused(attributes_parse_linux,
		       "{\"timeOffsets\": {\"monotonic\": {\"nanosecs\": 1000000000}}}",
		       "linux.timeOffsets.monotonic.nanosecs: ");
	assert_refused(attributes_parse_linux, "{\"timeOffsets\": {\"monotonic\": 1}}",
		       "linux.timeOffsets.monotonic: not an object");
}

static void labels_are_kept_as_given(void **state)
{
	autoattributes struct process_attributes p =
		of_process("{\"apparmorProfile\": \"a-profile\", \"selinuxLabel\": \"u:r:t:s0\"}");
	autoattributes struct process_attributes l = of_linux("{\"mountLabel\": \"u:o:t:s0\"}");
	static char text[5000];

	(void)state;
	assert_string_equal(p.labels.apparmor, "a-profile");
	assert_string_equal(p.labels.selinux, "u:r:t:s0");
	assert_string_equal(l.labels.mounts, "u:o:t:s0");
	assert_refused(attributes_parse_process, "{\"apparmorProfile\": true}",
		       "process.apparmorProfile: not a string");
	strcpy(text, "{\"selinuxLabel\": \"");
	memset(text + strlen(text), 'x', 4001);
	strcat(text, "\"}");
	assert_refused(attributes_parse_process, text, "process.selinuxLabel: longer than 4000");
}

/* Runs @claim in a child, whose attributes may change. */
static void in_child(bool (*claim)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(claim() ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static bool priorities_apply(void)
{
	struct process_attributes a = of_process(
		"{\"scheduler\": {\"policy\": \"SCHED_BATCH\", \"nice\": 7,"
		" \"flags\": [\"SCHED_FLAG_RESET_ON_FORK\"]},"
		" \"ioPriority\": {\"class\": \"IOPRIO_CLASS_BE\", \"priority\": 6}}");
	struct error err = { 0 };

	return attributes_apply_outside(&a, 0, &err) == 0 &&
	       sched_getscheduler(0) == (SCHED_BATCH | SCHED_RESET_ON_FORK) &&
	       getpriority(PRIO_PROCESS, 0) == 7 &&
	       sys_ioprio_get(SYS_IOPRIO_WHO_PROCESS, 0) == (2 << 13 | 6);
}

static void priorities_are_applied(void **state)
{
	(void)state;
	in_child(priorities_apply);
}

static bool priorities_of_another_apply(void)
{
	struct process_attributes a = of_process("{\"scheduler\": {\"policy\": \"SCHED_IDLE\"}}");
	struct error err = { 0 };
	int hold[2];
	pid_t pid;
	bool ok;

	if (pipe(hold) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		char c;

		close(hold[1]);
		_exit((int)read(hold[0], &c, 1));
	}
	ok = attributes_apply_outside(&a, pid, &err) == 0 &&
	     sched_getscheduler(pid) == SCHED_IDLE && sched_getscheduler(0) == SCHED_OTHER;
	close(hold[1]);
	return waitpid(pid, NULL, 0) == pid && ok;
}

static void a_parent_applies_priorities_to_its_child(void **state)
{
	(void)state;
	in_child(priorities_of_another_apply);
}

static bool cpus_apply(void)
{
	struct process_attributes a = { .initial_cpus = { .is_set = true } };
	struct error err = { 0 };
	cpu_set_t all, now;
	int cpu = 0;

	sched_getaffinity(0, sizeof(all), &all);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	a.initial_cpus.words[0] = 1UL << cpu;
	if (attributes_set_initial_cpus(&a, &err) < 0)
		return false;
	sched_getaffinity(0, sizeof(now), &now);
	if (CPU_COUNT(&now) != 1 || !CPU_ISSET(cpu, &now))
		return false;
	/* Without final ones: all that the cgroup has. */
	if (attributes_apply_outside(&a, 0, &err) < 0)
		return false;
	sched_getaffinity(0, sizeof(now), &now);
	if (CPU_COUNT(&now) < CPU_COUNT(&all))
		return false;
	a.final_cpus = a.initial_cpus;
	if (attributes_apply_outside(&a, 0, &err) < 0)
		return false;
	sched_getaffinity(0, sizeof(now), &now);
	return CPU_COUNT(&now) == 1 && CPU_ISSET(cpu, &now);
}

static void cpus_are_applied_and_given_back(void **state)
{
	(void)state;
	in_child(cpus_apply);
}

static bool personality_applies(void)
{
	struct process_attributes a = of_linux("{\"personality\": {\"domain\": \"LINUX32\"}}");
	struct error err = { 0 };
	struct utsname name;

	return attributes_apply_inside(&a, &err) == 0 && personality(0xffffffff) == PER_LINUX32 &&
	       uname(&name) == 0 && strcmp(name.machine, "x86_64") != 0;
}

static void personality_is_applied(void **state)
{
	(void)state;
	in_child(personality_applies);
}

static bool memory_policy_applies(void)
{
	struct process_attributes a =
		of_linux("{\"memoryPolicy\": {\"mode\": \"MPOL_BIND\", \"nodes\": \"0\"}}");
	unsigned long nodes[IDLIST_WORDS] = { 0 };
	struct error err = { 0 };
	int mode;

	if (attributes_apply_inside(&a, &err) < 0)
		return err.code == ENOSYS; /* a kernel without NUMA */
	return sys_get_mempolicy(&mode, nodes, IDLIST_BITS) == 0 && mode == 2 && nodes[0] == 1;
}

static void memory_policy_is_applied(void **state)
{
	(void)state;
	in_child(memory_policy_applies);
}

static bool impossible_policy_fails(void)
{
	struct process_attributes a =
		of_linux("{\"memoryPolicy\": {\"mode\": \"MPOL_BIND\", \"nodes\": \"1023\"}}");
	struct error err = { 0 };

	return attributes_apply_inside(&a, &err) < 0 && strstr(err.msg, "linux.memoryPolicy");
}

static void a_node_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	in_child(impossible_policy_fails);
}

static void nothing_asked_changes_nothing(void **state)
{
	struct process_attributes a = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(attributes_set_initial_cpus(&a, &err), 0);
	assert_int_equal(attributes_apply_outside(&a, 0, &err), 0);
	assert_int_equal(attributes_apply_inside(&a, &err), 0);
	assert_int_equal(label_check(&a.labels, &err), 0);
	assert_int_equal(label_apply(&a.labels, -1, &err), 0);
}

static void labels_without_their_module_are_an_error(void **state)
{
	struct label_set apparmor = { .apparmor = (char[]){ "p" } };
	struct label_set selinux = { .selinux = (char[]){ "l" } };
	struct label_set mounts = { .mounts = (char[]){ "l" } };
	struct error err = { 0 };

	(void)state;
	if (!label_has_apparmor()) {
		assert_int_equal(label_check(&apparmor, &err), -ENOTSUP);
		assert_non_null(strstr(err.msg, "process.apparmorProfile"));
		assert_true(label_apply(&apparmor, -1, &err) < 0);
	}
	if (!label_has_selinux()) {
		assert_int_equal(label_check(&selinux, &err), -ENOTSUP);
		assert_non_null(strstr(err.msg, "process.selinuxLabel"));
		assert_int_equal(label_check(&mounts, &err), -ENOTSUP);
		assert_non_null(strstr(err.msg, "linux.mountLabel"));
		assert_true(label_apply(&selinux, -1, &err) < 0);
	}
	assert_true(label_is_for_mount("tmpfs") && !label_is_for_mount("proc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_asked_for_by_default),
		cmocka_unit_test(scheduler_of_the_specification_is_read),
		cmocka_unit_test(impossible_schedulers_are_refused),
		cmocka_unit_test(io_priority_is_class_and_level),
		cmocka_unit_test(affinity_is_read),
		cmocka_unit_test(personality_is_a_domain_without_flags),
		cmocka_unit_test(memory_policy_is_mode_nodes_and_flags),
		cmocka_unit_test(impossible_memory_policies_are_refused),
		cmocka_unit_test(offsets_become_the_kernels_text),
		cmocka_unit_test(labels_are_kept_as_given),
		cmocka_unit_test(priorities_are_applied),
		cmocka_unit_test(a_parent_applies_priorities_to_its_child),
		cmocka_unit_test(cpus_are_applied_and_given_back),
		cmocka_unit_test(personality_is_applied),
		cmocka_unit_test(memory_policy_is_applied),
		cmocka_unit_test(a_node_that_is_not_there_is_an_error),
		cmocka_unit_test(nothing_asked_changes_nothing),
		cmocka_unit_test(labels_without_their_module_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
