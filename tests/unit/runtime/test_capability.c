// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_capability.c - Names, --cap-add and --cap-drop, sets
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/capability.h"

static uint64_t parsed(const char *name)
{
	struct error err = { 0 };
	uint64_t mask = 0;

	if (capability_parse(name, &mask, &err) < 0)
		fail_msg("%s", err.msg);
	return mask;
}

/* --cap-add and --cap-drop as lists separated by commas. */
static uint64_t tweaked(const char *add, const char *drop)
{
	autostrlist struct strlist adds = { 0 }, drops = { 0 };
	struct error err = { 0 };
	uint64_t mask = 0;

	strlist_split(&adds, add, ',');
	strlist_split(&drops, drop, ',');
	if (capability_tweak(CAPABILITY_DEFAULT, &adds, &drops, &mask, &err) < 0)
		fail_msg("%s", err.msg);
	return mask;
}

static void default_set_has_at_most_nine(void **state)
{
	static const int never[] = { CAP_NET_RAW, CAP_MKNOD,	 CAP_AUDIT_WRITE,
				     CAP_SETPCAP, CAP_SYS_ADMIN, CAP_SETFCAP };

	(void)state;
	assert_in_range(__builtin_popcountll(CAPABILITY_DEFAULT), 1, 9);
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_false(CAPABILITY_DEFAULT & CAPABILITY_BIT(never[i]));
}

static void names_are_read_with_and_without_prefix_in_any_case(void **state)
{
	(void)state;
	assert_int_equal(parsed("CHOWN"), CAPABILITY_BIT(CAP_CHOWN));
	assert_int_equal(parsed("cap_sys_admin"), CAPABILITY_BIT(CAP_SYS_ADMIN));
	assert_int_equal(parsed("Cap_Net_Raw"), CAPABILITY_BIT(CAP_NET_RAW));
	assert_int_equal(parsed("CHECKPOINT_RESTORE"), CAPABILITY_BIT(CAP_CHECKPOINT_RESTORE));
	assert_int_equal(parsed("all"), CAPABILITY_ALL);
	assert_int_equal(parsed("CAP_ALL"), CAPABILITY_ALL);
}

static void every_name_that_is_shown_is_read_back(void **state)
{
	(void)state;
	for (int n = 0; n <= CAP_LAST_CAP; n++) {
		autofree char *name = capability_list_text(CAPABILITY_BIT(n));

		assert_int_equal(parsed(name), CAPABILITY_BIT(n));
	}
}

static void other_names_are_refused(void **state)
{
	static const char *const names[] = {
		"",	     "cap_",   "CAP_CAP_CHOWN",
		"sys-admin", "12",     "0x1",
		"\033[31m",  "chown ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct error err = { 0 };
		uint64_t mask = 42;

		assert_int_equal(capability_parse(names[i], &mask, &err), -EINVAL);
		assert_int_equal(mask, 42);
		assert_non_null(strstr(err.msg, "unknown capability"));
		assert_null(strchr(err.msg, '\033'));
	}
}

static void add_and_drop_follow_docker(void **state)
{
	uint64_t chown = CAPABILITY_BIT(CAP_CHOWN), raw = CAPABILITY_BIT(CAP_NET_RAW);

	(void)state;
	assert_int_equal(tweaked("", ""), CAPABILITY_DEFAULT);
	assert_int_equal(tweaked("NET_RAW", ""), CAPABILITY_DEFAULT | raw);
	assert_int_equal(tweaked("", "CHOWN,NET_RAW"), CAPABILITY_DEFAULT & ~chown);
	assert_int_equal(tweaked("CHOWN", "CHOWN"), CAPABILITY_DEFAULT);
	assert_int_equal(tweaked("ALL", ""), CAPABILITY_ALL);
	assert_int_equal(tweaked("ALL", "CHOWN"), CAPABILITY_ALL & ~chown);
	assert_int_equal(tweaked("", "ALL"), 0);
	assert_int_equal(tweaked("CHOWN,NET_RAW", "ALL"), chown | raw);
	assert_int_equal(tweaked("ALL", "ALL"), CAPABILITY_ALL);
}

static void unknown_name_in_a_list_fails(void **state)
{
	autostrlist struct strlist list = { 0 };
	struct error err = { 0 };
	uint64_t mask;

	(void)state;
	strlist_add(&list, "FLY");
	assert_int_equal(capability_tweak(0, &list, NULL, &mask, &err), -EINVAL);
	assert_int_equal(capability_tweak(0, NULL, &list, &mask, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "'FLY'"));
}

static void list_is_in_the_order_of_numbers(void **state)
{
	autofree char *none = capability_list_text(0);
	autofree char *two = capability_list_text(parsed("KILL") | parsed("CHOWN"));

	(void)state;
	assert_string_equal(none, "");
	assert_string_equal(two, "CHOWN,KILL");
}

static void root_gets_nothing_inheritable(void **state)
{
	struct capability_sets sets = capability_sets_for_root(CAPABILITY_DEFAULT);

	(void)state;
	assert_int_equal(sets.bounding, CAPABILITY_DEFAULT);
	assert_int_equal(sets.effective, CAPABILITY_DEFAULT);
	assert_int_equal(sets.permitted, CAPABILITY_DEFAULT);
	assert_int_equal(sets.inheritable, 0);
	assert_int_equal(sets.ambient, 0);
}

/* The bounding set of this process. */
static uint64_t own_bounding(void)
{
	uint64_t own = 0;

	for (int n = 0; n <= CAP_LAST_CAP; n++)
		if (prctl(PR_CAPBSET_READ, n, 0, 0, 0) == 1)
			own |= CAPABILITY_BIT(n);
	return own;
}

static void limit_is_within_what_we_hold(void **state)
{
	struct error err = { 0 };
	uint64_t mask;

	(void)state;
	assert_int_equal(capability_limit_to_own(CAPABILITY_ALL, &mask, &err), 0);
	assert_int_equal(mask & ~own_bounding(), 0);
	assert_int_equal(capability_limit_to_own(0, &mask, &err), 0);
	assert_int_equal(mask, 0);
}

/* --- in a user namespace, where everybody holds everything --- */

static bool in_set(int n, cap_flag_t set)
{
	cap_t caps = cap_get_proc();
	cap_flag_value_t value = CAP_CLEAR;

	(void)cap_get_flag(caps, n, set, &value);
	(void)cap_free(caps);
	return value == CAP_SET;
}

static int drop_most(void)
{
	uint64_t keep = CAPABILITY_DEFAULT;
	struct capability_sets sets = capability_sets_for_root(keep);

	if (unshare(CLONE_NEWUSER) < 0)
		return 77;
	if (capability_drop_bounding(keep) < 0 || own_bounding() != keep)
		return 1;
	if (capability_set(&sets) < 0)
		return 2;
	for (int n = 0; n <= CAP_LAST_CAP; n++) {
		bool wanted = keep & CAPABILITY_BIT(n);

		if (in_set(n, CAP_PERMITTED) != wanted || in_set(n, CAP_EFFECTIVE) != wanted ||
		    in_set(n, CAP_INHERITABLE))
			return 3;
	}
	/* nothing left to drop: works without CAP_SETPCAP; more does not */
	if (capability_drop_bounding(keep) < 0 || capability_drop_bounding(0) != -EPERM)
		return 4;
	return 0;
}

static int raise_some(void)
{
	uint64_t one = CAPABILITY_BIT(CAP_KILL), two = one | CAPABILITY_BIT(CAP_CHOWN);
	struct capability_sets sets = {
		.permitted = two, .effective = one, .inheritable = two, .ambient = one
	};

	if (unshare(CLONE_NEWUSER) < 0)
		return 77;
	if (capability_keep_over_setuid() < 0 || prctl(PR_GET_KEEPCAPS) != 1)
		return 1;
	if (capability_set(&sets) < 0)
		return 2;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) != 1 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0) != 0)
		return 3;
	if (in_set(CAP_CHOWN, CAP_EFFECTIVE) || !in_set(CAP_CHOWN, CAP_PERMITTED))
		return 4;
	sets.ambient = 0;
	if (capability_set(&sets) < 0 ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) != 0)
		return 5;
	return 0;
}

static void run_in_child(int (*body)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) /* user namespaces are off on this machine */
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void dropped_capabilities_are_gone(void **state)
{
	(void)state;
	run_in_child(drop_most);
}

static void ambient_is_exactly_what_is_asked(void **state)
{
	(void)state;
	run_in_child(raise_some);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_set_has_at_most_nine),
		cmocka_unit_test(names_are_read_with_and_without_prefix_in_any_case),
		cmocka_unit_test(every_name_that_is_shown_is_read_back),
		cmocka_unit_test(other_names_are_refused),
		cmocka_unit_test(add_and_drop_follow_docker),
		cmocka_unit_test(unknown_name_in_a_list_fails),
		cmocka_unit_test(list_is_in_the_order_of_numbers),
		cmocka_unit_test(root_gets_nothing_inheritable),
		cmocka_unit_test(limit_is_within_what_we_hold),
		cmocka_unit_test(dropped_capabilities_are_gone),
		cmocka_unit_test(ambient_is_exactly_what_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
