// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_signals.c - Signals by name
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "cmd/signals.h"

static int parse(const char *text)
{
	struct error err = { 0 };

	return signals_parse(text, &err);
}

static void names_work_with_and_without_prefix_in_either_case(void **state)
{
	(void)state;
	assert_int_equal(parse("TERM"), SIGTERM);
	assert_int_equal(parse("SIGTERM"), SIGTERM);
	assert_int_equal(parse("sigterm"), SIGTERM);
	assert_int_equal(parse("Hup"), SIGHUP);
}

static void names_are_those_of_this_system(void **state)
{
	static const struct {
		const char *name;
		int number;
	} all[] = {
		{ "HUP", SIGHUP },   { "INT", SIGINT },	  { "QUIT", SIGQUIT },
		{ "ILL", SIGILL },   { "TRAP", SIGTRAP }, { "ABRT", SIGABRT },
		{ "BUS", SIGBUS },   { "FPE", SIGFPE },	  { "KILL", SIGKILL },
		{ "USR1", SIGUSR1 }, { "SEGV", SIGSEGV }, { "USR2", SIGUSR2 },
		{ "PIPE", SIGPIPE }, { "ALRM", SIGALRM }, { "CHLD", SIGCHLD },
		{ "CONT", SIGCONT }, { "STOP", SIGSTOP }, { "TSTP", SIGTSTP },
		{ "TTIN", SIGTTIN }, { "TTOU", SIGTTOU }, { "URG", SIGURG },
		{ "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ }, { "IO", SIGIO },
		{ "PWR", SIGPWR },   { "SYS", SIGSYS },	  { "WINCH", SIGWINCH },
		{ "PROF", SIGPROF },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		assert_int_equal(parse(all[i].name), all[i].number);
}

static void numbers_and_real_time_signals_work(void **state)
{
	(void)state;
	assert_int_equal(parse("9"), 9);
	assert_int_equal(parse("64"), 64);
	assert_int_equal(parse("RTMIN"), 34);
	assert_int_equal(parse("SIGRTMIN+3"), 37);
	assert_int_equal(parse("RTMAX-1"), 63);
}

static void everything_else_is_refused(void **state)
{
	static const char *const bad[] = { "",	  "0",	      "65",	  "-9",	     "TERMX",
					   "SIG", "RTMIN+31", "RTMAX-99", "RTMIN-1", "15 " };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(signals_parse(bad[i], &err), -EINVAL);
	assert_string_equal(err.msg, "unknown signal '15 '");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_work_with_and_without_prefix_in_either_case),
		cmocka_unit_test(names_are_those_of_this_system),
		cmocka_unit_test(numbers_and_real_time_signals_work),
		cmocka_unit_test(everything_else_is_refused),
	};

	return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
