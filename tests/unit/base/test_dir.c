// SPDX-License-Identifier: Apache-2.0
/*
 * test_dir - Entries, and nothing but entries
 */
#include "tests/unit/scratch.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/str.h"

static void a_list_is_sorted_and_has_hidden_names(void **state)
{
	const struct scratch *s = *state;
	autostrlist struct strlist names = { 0 };
	autofree char *joined = NULL;

	scratch_put(s, "b", "", 0);
	scratch_put(s, ".a", "", 0);
	scratch_put(s, "a", "", 0);
	assert_int_equal(dir_list(s->fd, ".", &names), 0);
	joined = strlist_join(&names, " ");
	assert_string_equal(joined, ".a a b");
}

static void what_cannot_be_opened_has_no_entries(void **state)
{
	const struct scratch *s = *state;
	autostrlist struct strlist names = { 0 };
	autodir DIR *dir = NULL;

	assert_int_equal(symlinkat(".", s->fd, "link"), 0);
	assert_int_equal(dir_list(s->fd, "absent", &names), -ENOENT);
	dir = dir_open(s->fd, "link", O_NOFOLLOW);
	assert_null(dir);
	assert_int_equal(errno, ENOTDIR);
	assert_null(dir_next(dir));
	assert_int_equal(dir_list(s->fd, "link", &names), 0);
	assert_int_equal(names.n, 1);
}

static void an_empty_directory_ends_at_once(void **state)
{
	const struct scratch *s = *state;
	autodir DIR *dir = dir_open(s->fd, ".", 0);

	assert_non_null(dir);
	assert_null(dir_next(dir));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(a_list_is_sorted_and_has_hidden_names),
		scratch_test(what_cannot_be_opened_has_no_entries),
		scratch_test(an_empty_directory_ends_at_once),
	};

	return cmocka_run_group_tests_name("base/dir", tests, NULL, NULL);
}
