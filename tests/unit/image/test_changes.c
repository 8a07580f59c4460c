// SPDX-License-Identifier: Apache-2.0
/*
 * test_changes - Two trees differ in what was done to one of them
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "image/changes.h"

/* The trees share files by hard links: those are equal to the last bit, ctime included. */
struct fixture {
	char path[64];
	int top, before, after;
	struct str found;
};

static void write_file(int dir, const char *name, const char *text)
{
	autoclose int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, text, strlen(text)), 0);
}

static void share(const struct fixture *f, const char *name)
{
	write_file(f->before, name, name);
	assert_int_equal(linkat(f->before, name, f->after, name, 0), 0);
}

static void both_dirs(const struct fixture *f, const char *name)
{
	assert_int_equal(mkdirat(f->before, name, 0755), 0);
	assert_int_equal(mkdirat(f->after, name, 0755), 0);
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct error err;

	umask(022);
	snprintf(f->path, sizeof(f->path), "/tmp/tare-test.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->top = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f->before = file_open_dir(f->top, "before", 0755, &err);
	f->after = file_open_dir(f->top, "after", 0755, &err);
	both_dirs(f, "d");
	both_dirs(f, "d/e");
	share(f, "d/e/file");
	share(f, "d/other");
	share(f, "top");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	str_done(&f->found);
	close(f->before);
	close(f->after);
	close(f->top);
	file_remove_tree_at(AT_FDCWD, f->path);
	free(f);
	return 0;
}

static const char *find(struct fixture *f, const struct strlist *mount_points)
{
	const struct changes_plan plan = { .before = f->before,
					   .after = f->after,
					   .mount_points = mount_points };
	autochanges struct change_list list = { 0 };
	struct error err;

	assert_int_equal(changes_find(&plan, &list, &err), 0);
	f->found.len = 0;
	str_puts(&f->found, "");
	for (size_t i = 0; i < list.n; i++)
		str_printf(&f->found, "%s%c %s", i ? ", " : "", list.items[i].kind,
			   list.items[i].path);
	return f->found.data;
}

static void equal_trees_have_no_changes(void **state)
{
	assert_string_equal(find(*state, NULL), "");
}

static void what_is_changed_below_a_directory_changes_it(void **state)
{
	struct fixture *f = *state;

	write_file(f->after, "d/e/new", "");
	assert_int_equal(unlinkat(f->after, "d/other", 0), 0);
	assert_string_equal(find(f, NULL), "C d, C d/e, A d/e/new, D d/other");
}

static void a_file_rewritten_with_its_old_size_and_time_has_changed(void **state)
{
	struct fixture *f = *state;
	struct timespec times[2];
	struct stat st, now;

	assert_int_equal(unlinkat(f->after, "top", 0), 0);
	write_file(f->after, "top", "TOP");
	assert_int_equal(fstatat(f->before, "top", &st, 0), 0);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	/* The file system's clock may be coarse: until it has moved on. */
	do {
		assert_int_equal(utimensat(f->after, "top", times, 0), 0);
		assert_int_equal(fstatat(f->after, "top", &now, 0), 0);
	} while (now.st_ctim.tv_sec == st.st_ctim.tv_sec &&
		 now.st_ctim.tv_nsec == st.st_ctim.tv_nsec);
	assert_string_equal(find(f, NULL), "C top");
}

static void a_mode_is_a_change_of_the_directory_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fchmodat(f->after, "d/e", 0700, 0), 0);
	assert_string_equal(find(f, NULL), "C d, C d/e");
}

static void a_file_that_became_a_directory_and_one_that_became_a_file(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(unlinkat(f->after, "top", 0), 0);
	assert_int_equal(mkdirat(f->after, "top", 0755), 0);
	write_file(f->after, "top/in", "");
	assert_int_equal(unlinkat(f->after, "d/e/file", 0), 0);
	assert_int_equal(unlinkat(f->after, "d/e", AT_REMOVEDIR), 0);
	write_file(f->after, "d/e", "");
	assert_string_equal(find(f, NULL), "C d, C d/e, C top, A top/in");
}

static void empty_mount_points_and_the_way_to_them_are_none(void **state)
{
	struct fixture *f = *state;
	autostrlist struct strlist points = { 0 };

	strlist_add(&points, "m/n/volume");
	strlist_add(&points, "d/hosts");
	assert_int_equal(mkdirat(f->after, "m", 0755), 0);
	assert_int_equal(mkdirat(f->after, "m/n", 0755), 0);
	assert_int_equal(mkdirat(f->after, "m/n/volume", 0755), 0);
	write_file(f->after, "d/hosts", "");
	assert_string_equal(find(f, &points), "");
	write_file(f->after, "m/n/file", "");
	assert_string_equal(find(f, &points), "A m, A m/n, A m/n/file");
	write_file(f->after, "d/hosts", "1.2.3.4");
	assert_string_equal(find(f, &points), "C d, A d/hosts, A m, A m/n, A m/n/file");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_trees_have_no_changes),
		TEST(what_is_changed_below_a_directory_changes_it),
		TEST(a_file_rewritten_with_its_old_size_and_time_has_changed),
		TEST(a_mode_is_a_change_of_the_directory_alone),
		TEST(a_file_that_became_a_directory_and_one_that_became_a_file),
		TEST(empty_mount_points_and_the_way_to_them_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
