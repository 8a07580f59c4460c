// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/base/test_copy.c - Trees come out as they went in, and nothing else does
 */
#include "base/copy.h"

#include <errno.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "tests/unit/scratch.h"

struct sides {
	int from, to;
};

static struct sides make_sides(const struct scratch *s)
{
	struct sides d;

	assert_int_equal(mkdirat(s->fd, "from", 0750), 0);
	assert_int_equal(mkdirat(s->fd, "to", 0700), 0);
	d.from = openat(s->fd, "from", O_PATH | O_DIRECTORY | O_CLOEXEC);
	d.to = openat(s->fd, "to", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(d.from >= 0 && d.to >= 0);
	return d;
}

static void close_sides(const struct sides *d)
{
	close(d->from);
	close(d->to);
}

static void age(int dirfd, const char *name, time_t seconds)
{
	const struct timespec times[2] = { { seconds, 123456789 }, { seconds + 1, 987654321 } };

	assert_int_equal(utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW), 0);
}

static struct stat look(const struct scratch *s, const char *name)
{
	struct stat st;

	if (fstatat(s->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		fail_msg("there is no '%s'", name);
	return st;
}

static void expect_same(const struct scratch *s, const char *from, const char *to)
{
	struct stat a = look(s, from), b = look(s, to);

	assert_int_equal(a.st_mode, b.st_mode);
	assert_int_equal(a.st_uid, b.st_uid);
	assert_int_equal(a.st_gid, b.st_gid);
	assert_int_equal(a.st_size, b.st_size);
	assert_int_equal(a.st_mtim.tv_sec, b.st_mtim.tv_sec);
	assert_int_equal(a.st_mtim.tv_nsec, b.st_mtim.tv_nsec);
}

static void contents_modes_owners_and_times_are_kept(void **state)
{
	const struct scratch *s = *state;
	struct sides d = make_sides(s);
	char *text;

	assert_int_equal(mkdirat(s->fd, "from/dir", 0755), 0);
	assert_int_equal(mkdirat(s->fd, "from/dir/empty", 0711), 0);
	scratch_put_text(s, "from/dir/.hidden", "secret");
	scratch_put_text(s, "from/script", "#!/bin/sh\n");
	scratch_put_text(s, "from/nothing", "");
	if (geteuid() == 0) {
		assert_int_equal(fchownat(s->fd, "from/script", 12345, 54321, 0), 0);
		assert_int_equal(fchownat(s->fd, "from/dir", 7, 8, 0), 0);
	}
	assert_int_equal(fchmodat(s->fd, "from/script", 06755, 0), 0);
	assert_int_equal(fchmodat(s->fd, "from/dir", 01777, 0), 0);
	age(s->fd, "from/script", 1000000000);
	age(s->fd, "from/dir/.hidden", 1100000000);
	age(s->fd, "from/dir/empty", 1200000000);
	age(s->fd, "from/dir", 1300000000);
	age(s->fd, "from", 1400000000);
	assert_int_equal(copy_tree(d.from, d.to), 0);
	expect_same(s, "from/dir/empty", "to/dir/empty");
	expect_same(s, "from/dir/.hidden", "to/dir/.hidden");
	expect_same(s, "from/script", "to/script");
	expect_same(s, "from/nothing", "to/nothing");
	expect_same(s, "from/dir", "to/dir");
	expect_same(s, "from", "to");
	text = scratch_get(s, "to/dir/.hidden");
	assert_string_equal(text, "secret");
	free(text);
	close_sides(&d);
}

static void large_files_come_out_whole(void **state)
{
	const struct scratch *s = *state;
	const size_t len = (5U << 20) + 17;
	struct sides d = make_sides(s);
	char *data = malloc(len), *copy;

	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i % 251 + 1);
	scratch_put(s, "from/large", data, len);
	assert_int_equal(copy_tree(d.from, d.to), 0);
	copy = scratch_get(s, "to/large");
	assert_non_null(copy);
	assert_int_equal(look(s, "to/large").st_size, len);
	assert_int_equal(memcmp(copy, data, len), 0);
	free(data);
	free(copy);
	close_sides(&d);
}

static void links_are_copied_and_not_followed(void **state)
{
	const struct scratch *s = *state;
	struct sides d = make_sides(s);
	char target[32] = "";

	scratch_put_text(s, "outside", "secret");
	assert_int_equal(mkdirat(s->fd, "elsewhere", 0755), 0);
	scratch_put_text(s, "elsewhere/file", "secret");
	assert_int_equal(symlinkat("../outside", s->fd, "from/file"), 0);
	assert_int_equal(symlinkat("../elsewhere", s->fd, "from/dir"), 0);
	assert_int_equal(symlinkat("/nowhere", s->fd, "from/dangling"), 0);
	if (geteuid() == 0)
		assert_int_equal(fchownat(s->fd, "from/file", 5, 6, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(copy_tree(d.from, d.to), 0);
	assert_true(S_ISLNK(look(s, "to/file").st_mode));
	assert_true(S_ISLNK(look(s, "to/dir").st_mode));
	assert_int_equal(look(s, "to/file").st_uid, look(s, "from/file").st_uid);
	assert_int_equal(readlinkat(s->fd, "to/dangling", target, sizeof(target)), 8);
	assert_string_equal(target, "/nowhere");
	close_sides(&d);
}

static void other_kinds_of_files_are_left_out(void **state)
{
	const struct scratch *s = *state;
	struct sides d = make_sides(s);

	assert_int_equal(mkfifoat(s->fd, "from/pipe", 0600), 0);
	if (geteuid() == 0)
		(void)mknodat(s->fd, "from/device", S_IFCHR | 0600, makedev(1, 3));
	scratch_put_text(s, "from/file", "x");
	alarm(10);
	assert_int_equal(copy_tree(d.from, d.to), 0);
	alarm(0);
	assert_true(scratch_has(s, "to/file"));
	assert_false(scratch_has(s, "to/pipe"));
	assert_false(scratch_has(s, "to/device"));
	close_sides(&d);
}

static void what_is_there_already_is_not_replaced(void **state)
{
	const struct scratch *s = *state;
	struct sides d = make_sides(s);
	char *text;

	scratch_put_text(s, "from/file", "new");
	scratch_put_text(s, "to/file", "old");
	assert_int_equal(copy_tree(d.from, d.to), -EEXIST);
	text = scratch_get(s, "to/file");
	assert_string_equal(text, "old");
	free(text);
	assert_int_equal(unlinkat(s->fd, "to/file", 0), 0);
	assert_int_equal(symlinkat("../victim", s->fd, "to/file"), 0);
	assert_int_equal(copy_tree(d.from, d.to), -EEXIST);
	assert_false(scratch_has(s, "victim"));
	close_sides(&d);
}

static int nest(int dir, int levels)
{
	autoclose int at = dup(dir);

	for (int i = 0; i < levels; i++) {
		int next;

		assert_int_equal(mkdirat(at, "d", 0755), 0);
		next = openat(at, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = next;
	}
	return 0;
}

static void bottomless_trees_are_refused(void **state)
{
	const struct scratch *s = *state;
	struct sides d = make_sides(s);

	nest(d.from, 128);
	assert_int_equal(copy_tree(d.from, d.to), 0);
	assert_int_equal(file_remove_tree_at(s->fd, "from/d"), 0);
	assert_int_equal(file_remove_tree_at(s->fd, "to/d"), 0);
	nest(d.from, 200);
	assert_int_equal(copy_tree(d.from, d.to), -ELOOP);
	close_sides(&d);
}

static void descriptors_are_not_left_open(void **state)
{
	const struct scratch *s = *state;
	struct sides d = make_sides(s);
	int before, after;

	scratch_put_text(s, "from/file", "x");
	assert_int_equal(mkdirat(s->fd, "from/dir", 0755), 0);
	before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(before);
	assert_int_equal(copy_tree(d.from, d.to), 0);
	assert_int_equal(copy_tree(d.from, d.to), -EEXIST);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(after);
	assert_int_equal(before, after);
	close_sides(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(contents_modes_owners_and_times_are_kept),
		scratch_test(large_files_come_out_whole),
		scratch_test(links_are_copied_and_not_followed),
		scratch_test(other_kinds_of_files_are_left_out),
		scratch_test(what_is_there_already_is_not_replaced),
		scratch_test(bottomless_trees_are_refused),
		scratch_test(descriptors_are_not_left_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
