// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_rlimit.c - --ulimit, defaults, and what may be set
 */
#include <errno.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/sys.h"
#include "runtime/rlimit.h"

static struct rlimit_value parsed(const char *text, int resource)
{
	struct rlimit_set set = { 0 };
	struct error err = { 0 };

	if (rlimit_parse(&set, text, &err) < 0)
		fail_msg("%s", err.msg);
	for (int i = 0; i < RLIMIT_COUNT; i++)
		assert_int_equal(set.limits[i].is_set, i == resource);
	assert_true(set.limits[resource].is_asked);
	return set.limits[resource];
}

static void hard_limit_equals_soft_unless_given(void **state)
{
	struct rlimit_value one = parsed("nofile=512", RLIMIT_NOFILE);
	struct rlimit_value two = parsed("nproc=5:10", RLIMIT_NPROC);

	(void)state;
	assert_int_equal(one.soft, 512);
	assert_int_equal(one.hard, 512);
	assert_int_equal(two.soft, 5);
	assert_int_equal(two.hard, 10);
}

static void minus_one_is_unlimited(void **state)
{
	struct rlimit_value both = parsed("core=-1", RLIMIT_CORE);
	struct rlimit_value hard = parsed("memlock=64:-1", RLIMIT_MEMLOCK);
	struct rlimit_value word = parsed("stack=unlimited:unlimited", RLIMIT_STACK);

	(void)state;
	assert_true(both.soft == RLIM_INFINITY && both.hard == RLIM_INFINITY);
	assert_true(hard.soft == 64 && hard.hard == RLIM_INFINITY);
	assert_true(word.soft == RLIM_INFINITY);
}

static void every_resource_has_its_name_in_both_spellings(void **state)
{
	static const char *const names[RLIMIT_COUNT] = {
		"cpu",	   "fsize", "data",  "stack",	   "core",     "rss",  "nproc",	 "nofile",
		"memlock", "as",    "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime",
	}; /* in the order of their numbers, asm-generic/resource.h */
	struct error err = { 0 };

	(void)state;
	for (int i = 0; i < RLIMIT_COUNT; i++) {
		struct rlimit_set set = { 0 };
		char name[64] = "RLIMIT_";

		assert_int_equal(rlimit_add(&set, names[i], 1, 2, &err), 0);
		assert_true(set.limits[i].is_set);
		set = (struct rlimit_set){ 0 };
		for (const char *p = names[i]; *p; p++)
			name[strlen(name)] = (char)(*p - 'a' + 'A');
		assert_int_equal(rlimit_add(&set, name, 1, 2, &err), 0);
		assert_true(set.limits[i].is_set);
	}
}

static void malformed_ulimits_are_refused(void **state)
{
	static const char *const texts[] = { "",
					     "nofile",
					     "nofile=",
					     "=1",
					     "nofile=a",
					     "nofile=1:",
					     "nofile=1:2:3",
					     "nofile=-2",
					     "nofile=10:5",
					     "nofile=-1:5",
					     "files=1",
					     "nofile= 1",
					     "nofile=99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct rlimit_set set = { 0 };
		struct error err = { 0 };

		assert_int_equal(rlimit_parse(&set, texts[i], &err), -EINVAL);
		assert_false(set.limits[RLIMIT_NOFILE].is_set);
		assert_non_null(strstr(err.msg, "ulimit"));
	}
}

static void files_are_limited_by_default(void **state)
{
	struct rlimit_set set = { 0 };

	(void)state;
	rlimit_set_defaults(&set);
	assert_int_equal(set.limits[RLIMIT_NOFILE].soft, 1024);
	assert_int_equal(set.limits[RLIMIT_NOFILE].hard, 524288);
	assert_false(set.limits[RLIMIT_NOFILE].is_asked);
}

/* --- what the kernel lets us do; each in a child, for limits only go down --- */

static void give_up_raising(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[2] = { 0 };

	(void)sys_capset(&head, none);
}

static int low_ceiling(struct rlimit_set *set, struct error *err)
{
	struct rlimit low = { .rlim_cur = 200, .rlim_max = 300 };

	if (setrlimit(RLIMIT_NOFILE, &low) < 0)
		return -errno;
	give_up_raising();
	return rlimit_clamp(set, err);
}

static int default_is_clamped(void)
{
	struct rlimit_set set = { 0 };
	struct error err = { 0 };
	struct rlimit now;

	rlimit_set_defaults(&set);
	if (low_ceiling(&set, &err) < 0 || rlimit_apply(&set, 0, &err) < 0)
		return 1;
	if (getrlimit(RLIMIT_NOFILE, &now) < 0 || now.rlim_cur != 300 || now.rlim_max != 300)
		return 2;
	return 0;
}

static int asked_is_not_clamped(void)
{
	struct rlimit_set set = { 0 };
	struct error err = { 0 };

	(void)rlimit_parse(&set, "nofile=400", &err);
	if (low_ceiling(&set, &err) != -EPERM || !strstr(err.msg, "'nofile'") ||
	    !strstr(err.hint, "300"))
		return 1;
	if (rlimit_apply(&set, 0, &err) != -EPERM)
		return 2;
	return 0;
}

static int asked_is_applied(void)
{
	struct rlimit_set set = { 0 };
	struct error err = { 0 };
	struct rlimit now;

	if (rlimit_parse(&set, "nofile=100:150", &err) < 0 ||
	    rlimit_parse(&set, "core=0", &err) < 0 || low_ceiling(&set, &err) < 0 ||
	    rlimit_apply(&set, getpid(), &err) < 0)
		return 1;
	if (getrlimit(RLIMIT_NOFILE, &now) < 0 || now.rlim_cur != 100 || now.rlim_max != 150)
		return 2;
	if (getrlimit(RLIMIT_CORE, &now) < 0 || now.rlim_max != 0)
		return 3;
	return 0;
}

static void run_in_child(int (*body)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void default_is_lowered_to_our_hard_limit(void **state)
{
	(void)state;
	run_in_child(default_is_clamped);
}

static void asked_limit_out_of_reach_is_an_error(void **state)
{
	(void)state;
	run_in_child(asked_is_not_clamped);
}

static void asked_limits_are_set(void **state)
{
	(void)state;
	run_in_child(asked_is_applied);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hard_limit_equals_soft_unless_given),
		cmocka_unit_test(minus_one_is_unlimited),
		cmocka_unit_test(every_resource_has_its_name_in_both_spellings),
		cmocka_unit_test(malformed_ulimits_are_refused),
		cmocka_unit_test(files_are_limited_by_default),
		cmocka_unit_test(default_is_lowered_to_our_hard_limit),
		cmocka_unit_test(asked_limit_out_of_reach_is_an_error),
		cmocka_unit_test(asked_limits_are_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
