// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_oom_log.c - The kernel's lines about kills, as 6.1 to 6.18 write them
 */
#include "cgroups/oom_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void say(struct oom_log *log, int64_t us, const char *text)
{
	char record[1024];

	snprintf(record, sizeof(record), "6,1234,%lld,-;%s\n SUBSYSTEM=x\n", (long long)us, text);
	oom_log_take(log, record);
}

#define AT(memcg, task, pid)                                                                            \
	"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=" memcg \
	",task_memcg=/tare/abc,task=" task ",pid=" pid ",uid=1000"
#define KILLED(pid, task)                                            \
	"Memory cgroup out of memory: Killed process " pid " (" task \
	") total-vm:102400kB, anon-rss:1kB, file-rss:1kB, shmem-rss:0kB, UID:0"

static void a_kill_has_a_victim_and_a_limit(void **state)
{
	struct oom_log log = { .group = "tare/abc" };

	(void)state;
	say(&log, 5, "dd invoked oom-killer: gfp_mask=0xcc0");
	say(&log, 5, AT("/tare/abc", "dd", "311"));
	say(&log, 5, KILLED("311", "dd"));
	assert_int_equal(log.n_victims, 1);
	assert_int_equal(log.victims[0].pid, 311);
	assert_string_equal(log.victims[0].command, "dd");
	assert_string_equal(log.limit_path, "/tare/abc");
	assert_false(log.machine);
	assert_true(oom_log_has(&log, 311));
	assert_false(oom_log_has(&log, 31));
	oom_log_done(&log);
}

static void others_are_not_ours(void **state)
{
	struct oom_log log = { .group = "tare/ab" };

	(void)state;
	say(&log, 5, AT("/tare/abc", "dd", "311"));
	say(&log, 5, KILLED("311", "dd"));
	say(&log, 5, "Tasks in /tare/abc are going to be killed due to memory.oom.group set");
	say(&log, 5, KILLED("312", "sh"));
	say(&log, 5, "something else; oom-kill: no");
	assert_int_equal(log.n_victims, 0);
	oom_log_done(&log);
}

static void all_of_a_group_are_named_once(void **state)
{
	struct oom_log log = { .group = "tare/abc" };

	(void)state;
	say(&log, 5, AT("/tare/abc", "dd", "311"));
	say(&log, 5, KILLED("311", "dd"));
	say(&log, 5, "Tasks in /tare/abc are going to be killed due to memory.oom.group set");
	say(&log, 5, KILLED("311", "dd"));
	say(&log, 5, KILLED("312", "a) b (c"));
	assert_int_equal(log.n_victims, 2);
	assert_int_equal(log.n_again, 1);
	assert_string_equal(log.victims[1].command, "a) b (c");
	/* Somebody else's kill ends the group. */
	say(&log, 5,
	    "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/x,task_memcg=/x,task=y,pid=9,uid=0");
	say(&log, 5, KILLED("9", "y"));
	assert_int_equal(log.n_victims, 2);
	oom_log_done(&log);
}

static void names_may_have_commas(void **state)
{
	struct oom_log log = { .group = "tare/abc" };

	(void)state;
	say(&log, 5, AT("/tare", "a,pid=1,b", "311"));
	assert_int_equal(log.victims[0].pid, 311);
	assert_string_equal(log.victims[0].command, "a,pid=1,b");
	assert_string_equal(log.limit_path, "/tare");
	oom_log_done(&log);
}

static void the_machine_is_no_cgroup(void **state)
{
	struct oom_log log = { .pid = 77, .since_us = 100 };
	static const char line[] =
		"oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,"
		"global_oom,task_memcg=/tare,task=java,pid=77,uid=0";

	(void)state;
	say(&log, 99, line); /* an earlier process of that number */
	assert_int_equal(log.n_victims, 0);
	say(&log, 100, line);
	assert_int_equal(log.n_victims, 1);
	assert_true(log.machine);
	assert_null(log.limit_path);
	oom_log_done(&log);
}

static void the_last_ones_are_kept(void **state)
{
	struct oom_log log = { .group = "tare/abc" };
	char line[256];

	(void)state;
	for (int pid = 1; pid <= OOM_LOG_VICTIMS + 3; pid++) {
		snprintf(line, sizeof(line),
			 "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/tare/abc,"
			 "task_memcg=/tare/abc/sub,task=x,pid=%d,uid=0",
			 pid);
		say(&log, 5, line);
	}
	assert_int_equal(log.n_victims, OOM_LOG_VICTIMS);
	assert_int_equal(log.victims[OOM_LOG_VICTIMS - 1].pid, OOM_LOG_VICTIMS + 3);
	assert_int_equal(log.victims[0].pid, 4);
	oom_log_done(&log);
}

static void nonsense_is_passed_over(void **state)
{
	static const char *const records[] = {
		"",
		";",
		",,;",
		"6,1;oom-kill:",
		"6,1,2,-;oom-kill:,task_memcg=/tare/abc",
		"6,1,2,-;oom-kill:,task_memcg=/tare/abc,pid=3,task=x",
		"6,1,2,-;Out of memory: Killed process ",
		"6,1,2,-;Tasks in ",
		"6,1,2,-;Out of memory: Killed process 7 (",
		"6,1,2,-;oom-kill:,task_memcg=/tare/abc,task=x,pid=-3,uid=0",
	};
	struct oom_log log = { .group = "tare/abc", .pid = 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++)
		oom_log_take(&log, records[i]);
	assert_int_equal(log.n_victims, 0);
	oom_log_done(&log);
}

static void a_path_is_below_by_whole_names(void **state)
{
	(void)state;
	assert_true(oom_log_is_below("/tare/abc", "tare/abc"));
	assert_true(oom_log_is_below("/outer/tare/abc/x", "tare/abc"));
	assert_false(oom_log_is_below("/tare/abcd", "tare/abc"));
	assert_false(oom_log_is_below("/xtare/abc", "tare/abc"));
	assert_true(oom_log_is_below("/tare/abcd/tare/abc", "tare/abc"));
	assert_false(oom_log_is_below("/tare", "tare/abc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kill_has_a_victim_and_a_limit),
		cmocka_unit_test(others_are_not_ours),
		cmocka_unit_test(all_of_a_group_are_named_once),
		cmocka_unit_test(names_may_have_commas),
		cmocka_unit_test(the_machine_is_no_cgroup),
		cmocka_unit_test(the_last_ones_are_kept),
		cmocka_unit_test(nonsense_is_passed_over),
		cmocka_unit_test(a_path_is_below_by_whole_names),
	};

	return cmocka_run_group_tests_name("cgroups/oom_log", tests, NULL, NULL);
}
