// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/base/test_cpulist.c - Lists of processors, read and written
 */
#include "base/cpulist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void lists_read_and_print_back(void **state)
{
	static const struct {
		const char *text, *shortest;
		unsigned int n;
	} cases[] = {
		{ "", "", 0 },
		{ "0", "0", 1 },
		{ "0-3", "0-3", 4 },
		{ "3,1,2", "1-3", 3 },
		{ "0-2,2-4,8", "0-4,8", 6 },
		{ "63-64,8191", "63-64,8191", 3 },
		{ " 0 - 3 , 7 ,", "0-3,7", 5 },
	};
	struct cpulist l;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text;

		assert_true(cpulist_parse(&l, cases[i].text));
		assert_int_equal(cpulist_count(&l), cases[i].n);
		text = cpulist_print(&l);
		assert_string_equal(text, cases[i].shortest);
		free(text);
	}
}

static void what_is_no_list_is_refused(void **state)
{
	static const char *const bad[] = { ",",	  " , ", "-1",	"1-",	  "2-1", "8192",
					   "0-x", "0 1", "0:1", "1-8192", "max" };
	struct cpulist l = { 0 };

	(void)state;
	cpulist_add(&l, 7);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (cpulist_parse(&l, bad[i]))
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(cpulist_count(&l), 1); /* untouched */
	assert_true(cpulist_has(&l, 7));
}

static void members_come_and_go(void **state)
{
	struct cpulist l = { 0 }, other = { 0 };

	(void)state;
	cpulist_add(&l, 5);
	cpulist_add(&l, 70);
	cpulist_add(&other, 70);
	cpulist_add(&other, 71);
	cpulist_intersect(&l, &other);
	assert_false(cpulist_has(&l, 5));
	assert_true(cpulist_has(&l, 70));
	assert_false(cpulist_has(&l, 71));
	cpulist_drop(&l, 70);
	assert_int_equal(cpulist_count(&l), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_read_and_print_back),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(members_come_and_go),
	};

	return cmocka_run_group_tests_name("cpulist", tests, NULL, NULL);
}
