// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_idlist.c - Lists of CPUs and memory nodes
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "runtime/idlist.h"

static bool has(const struct idlist *list, unsigned int id)
{
	return list->words[id / IDLIST_WORD] >> id % IDLIST_WORD & 1;
}

static void assert_holds(const char *text, unsigned long first_word)
{
	struct idlist list = { 0 };
	struct error err = { 0 };

	if (idlist_parse(&list, text, "field", &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	assert_true(list.is_set);
	assert_int_equal(list.words[0], first_word);
	for (size_t i = 1; i < IDLIST_WORDS; i++)
		assert_int_equal(list.words[i], 0);
}

static void numbers_and_ranges_become_bits(void **state)
{
	(void)state;
	assert_holds("0", 1);
	assert_holds("0-3,7", 0x8f);
	assert_holds("7,0-3", 0x8f);
	assert_holds("1-1", 2);
	assert_holds("0-63", ~0UL);
}

static void spaces_and_empty_elements_are_passed_over(void **state)
{
	(void)state;
	assert_holds(" 0 - 3 , 7 ", 0x8f);
	assert_holds("0,", 1);
	assert_holds(",0,,2", 5);
}

static void the_last_id_is_1023(void **state)
{
	struct idlist list = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(idlist_parse(&list, "1020-1023", "field", &err), 0);
	assert_true(has(&list, 1020) && has(&list, 1023));
	assert_false(has(&list, 1019));
	assert_int_equal(idlist_parse(&list, "0-1024", "field", &err), -EBADMSG);
	assert_true(has(&list, 1020) && !has(&list, 0));
}

static void what_is_no_list_is_an_error_with_the_field(void **state)
{
	static const char *const bad[] = {
		"a", "1-",  "-1",  "3-1", "1-2-3", "1 2",
		",", " , ", "0x1", "1;2", "+1",	   "99999999999999999999"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct idlist list = { 0 };
		struct error err = { 0 };

		if (idlist_parse(&list, bad[i], "some.field", &err) != -EBADMSG)
			fail_msg("'%s' was taken", bad[i]);
		assert_ptr_equal(strstr(err.msg, "some.field: "), err.msg);
		assert_false(list.is_set);
	}
}

static void an_empty_text_is_no_list(void **state)
{
	struct idlist list = { .is_set = true };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(idlist_parse(&list, "", "field", &err), 0);
	assert_false(list.is_set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_ranges_become_bits),
		cmocka_unit_test(spaces_and_empty_elements_are_passed_over),
		cmocka_unit_test(the_last_id_is_1023),
		cmocka_unit_test(what_is_no_list_is_an_error_with_the_field),
		cmocka_unit_test(an_empty_text_is_no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
