// SPDX-License-Identifier: Apache-2.0
/*
 * test_error - Messages say what failed, on what, and never overflow
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void set_returns_the_negative_code(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(error_set(&err, EEXIST, "container '%s' already exists", "web"), -EEXIST);
	assert_int_equal(err.code, EEXIST);
	assert_string_equal(err.msg, "container 'web' already exists");
	assert_string_equal(err.hint, "");
}

static void sys_appends_the_errno_text(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(error_sys(&err, ENOENT, "open '%s'", "/x"), -ENOENT);
	assert_string_equal(err.msg, "open '/x': No such file or directory");
}

static void wrap_puts_context_in_front_and_keeps_the_code(void **state)
{
	struct error err;

	(void)state;
	error_sys(&err, EPERM, "mount 'proc' on '/proc'");
	assert_int_equal(error_wrap(&err, "set up rootfs of '%s'", "web"), -EPERM);
	assert_string_equal(err.msg, "set up rootfs of 'web': mount 'proc' on '/proc': "
				     "Operation not permitted");
}

static void hint_survives_wrapping_but_not_a_new_error(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, ENOTSUP, "controller 'memory' is mounted as cgroup v1");
	assert_int_equal(error_hint(&err, "boot with %s", "cgroup v2"), -ENOTSUP);
	error_wrap(&err, "run 'web'");
	assert_string_equal(err.hint, "boot with cgroup v2");
	error_set(&err, EINVAL, "something else");
	assert_string_equal(err.hint, "");
}

static void long_messages_are_cut_not_overflowed(void **state)
{
	struct error err;
	char big[sizeof(err.msg) * 2];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	error_sys(&err, ENOENT, "open '%s'", big);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	error_wrap(&err, "%s", big);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	error_hint(&err, "%s", big);
	assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_returns_the_negative_code),
		cmocka_unit_test(sys_appends_the_errno_text),
		cmocka_unit_test(wrap_puts_context_in_front_and_keeps_the_code),
		cmocka_unit_test(hint_survives_wrapping_but_not_a_new_error),
		cmocka_unit_test(long_messages_are_cut_not_overflowed),
	};

	return cmocka_run_group_tests_name("base/error", tests, NULL, NULL);
}
