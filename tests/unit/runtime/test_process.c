// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_process.c - Whether a process is the one on record
 */
#include "runtime/process.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/scratch.h"

static void another_process_of_that_number_is_not_meant(void **state)
{
	uint64_t start = process_start_time(getpid());
	struct error err = { 0 };
	int fd = process_open(getpid(), start, &err);

	(void)state;
	assert_true(start > 0);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(process_open(getpid(), start + 1, &err), -ESRCH);
	assert_int_equal(process_open(getpid(), 0, &err), -ESRCH);
	assert_int_equal(process_open(0, 0, &err), -ESRCH);
}

static void what_cannot_be_opened_is_not_gone(void **state)
{
	uint64_t start = process_start_time(getpid());
	struct rlimit limit, none;
	struct error err = { 0 };
	int r;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = process_open(getpid(), start, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(r, -EMFILE);
}

static void who_was_killed_is_dying(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		for (;;)
			pause();
	assert_false(process_is_dying(pid));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	assert_true(process_is_dying(pid));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(process_start_time(pid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_process_of_that_number_is_not_meant),
		cmocka_unit_test(what_cannot_be_opened_is_not_gone),
		cmocka_unit_test(who_was_killed_is_dying),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
