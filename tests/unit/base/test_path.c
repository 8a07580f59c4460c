// SPDX-License-Identifier: Apache-2.0
/*
 * test_path - No path leads out of the root, whatever links lie in it
 *
 * Each test gets OUTER/root, the root somebody else controls, and OUTER/secret,
 * which no call may open, change or add to.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"

struct place {
	char path[32];
	int outer, root;
};

static int make_place(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));
	struct error err;

	strncpy(p->path, "/tmp/tare-unit.XXXXXX", sizeof(p->path) - 1);
	if (!mkdtemp(p->path))
		return -1;
	p->outer = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->root = file_open_dir(p->outer, "root", 0755, &err);
	*state = p;
	return mkdirat(p->outer, "secret", 0755) < 0 ||
	       file_replace_at(p->outer, "file", "secret", 6, 0600, 0, &err) < 0;
}

/* The teardown is a test as well: nothing may have appeared outside the root. */
static int remove_place(void **state)
{
	struct place *p = *state;
	int outside = unlinkat(p->outer, "secret", AT_REMOVEDIR);

	(void)close(p->outer);
	(void)close(p->root);
	if (file_remove_tree_at(AT_FDCWD, p->path) < 0)
		outside = -1;
	free(p);
	return outside;
}

static bool same_file(int fd, int dirfd, const char *path)
{
	struct stat a, b;

	assert_int_equal(fstat(fd, &a), 0);
	assert_int_equal(fstatat(dirfd, path, &b, AT_SYMLINK_NOFOLLOW), 0);
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static void absolute_links_resolve_inside_the_root(void **state)
{
	struct place *p = *state;
	autoclose int fd = -1;

	assert_int_equal(mkdirat(p->root, "etc", 0755), 0);
	assert_int_equal(symlinkat("/etc", p->root, "link"), 0);
	fd = path_open_in_root(p->root, "/link", O_RDONLY | O_DIRECTORY, 0);
	assert_true(fd >= 0);
	assert_true(same_file(fd, p->root, "etc"));
}

static void dotdot_stops_at_the_root(void **state)
{
	struct place *p = *state;
	autoclose int fd = path_open_in_root(p->root, "../../../..", O_RDONLY | O_DIRECTORY, 0);

	assert_true(fd >= 0);
	assert_true(same_file(fd, p->outer, "root"));
	assert_int_equal(path_open_in_root(p->root, "../secret", O_PATH, 0), -ENOENT);
}

static void relative_links_do_not_climb_out(void **state)
{
	struct place *p = *state;

	assert_int_equal(symlinkat("../../../../secret", p->root, "up"), 0);
	assert_int_equal(path_open_in_root(p->root, "up", O_PATH, 0), -ENOENT);
}

static void magic_links_are_not_followed(void **state)
{
	autoclose int proc = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(path_open_in_root(proc, "root", O_PATH, 0) < 0);
	assert_true(path_open_in_root(proc, "cwd", O_PATH, 0) < 0);
}

static void link_loops_end_in_an_error(void **state)
{
	struct place *p = *state;

	assert_int_equal(symlinkat("b", p->root, "a"), 0);
	assert_int_equal(symlinkat("a", p->root, "b"), 0);
	assert_int_equal(path_open_in_root(p->root, "a", O_PATH, 0), -ELOOP);
}

static void opened_fds_are_closed_on_exec(void **state)
{
	struct place *p = *state;
	autoclose int fd = path_open_in_root(p->root, "/", O_RDONLY | O_DIRECTORY, 0);

	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void beneath_refuses_every_link_and_every_way_out(void **state)
{
	struct place *p = *state;

	assert_int_equal(mkdirat(p->root, "dir", 0755), 0);
	assert_int_equal(symlinkat("dir", p->root, "link"), 0);
	assert_int_equal(path_open_beneath(p->root, "link", O_RDONLY, 0), -ELOOP);
	assert_int_equal(path_open_beneath(p->root, "link/x", O_RDONLY, 0), -ELOOP);
	assert_int_equal(path_open_beneath(p->root, "../file", O_RDONLY, 0), -EXDEV);
	assert_int_equal(path_open_beneath(p->root, "/etc", O_RDONLY, 0), -EXDEV);
}

static void make_dirs_makes_parents_and_keeps_what_is_there(void **state)
{
	struct place *p = *state;
	autoclose int fd = path_make_dirs_in_root(p->root, "//a/./b//c/", 0750, 0, 0);
	struct stat st;

	assert_true(fd >= 0);
	assert_true(same_file(fd, p->root, "a/b/c"));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0750);
	assert_int_equal(path_make_dirs_in_root(p->root, "a/../b", 0755, 0, 0), -EINVAL);
}

static void make_dirs_follows_links_inside_the_root(void **state)
{
	struct place *p = *state;
	autoclose int fd = -1;

	assert_int_equal(mkdirat(p->root, "run", 0755), 0);
	assert_int_equal(mkdirat(p->root, "var", 0755), 0);
	assert_int_equal(symlinkat("/run", p->root, "var/run"), 0);
	fd = path_make_dirs_in_root(p->root, "/var/run/app", 0755, 0, 0);
	assert_true(fd >= 0);
	assert_true(same_file(fd, p->root, "run/app"));
}

static void make_dirs_never_makes_anything_outside(void **state)
{
	struct place *p = *state;
	autofree char *target = xasprintf("%s/secret", p->path);
	autoclose int a = -1, b = -1, c = -1;

	assert_int_equal(symlinkat(target, p->root, "absolute"), 0);
	assert_int_equal(symlinkat("../secret", p->root, "relative"), 0);
	assert_int_equal(symlinkat("/proc/self/cwd", p->root, "magic"), 0);
	a = path_make_dirs_in_root(p->root, "absolute/x", 0755, 0, 0);
	b = path_make_dirs_in_root(p->root, "relative/x", 0755, 0, 0);
	c = path_make_dirs_in_root(p->root, "magic/x", 0755, 0, 0);
	assert_true(a < 0 && b < 0 && c < 0);
}

static void make_dirs_following_stays_inside_the_root(void **state)
{
	struct place *p = *state;
	autofree char *target = xasprintf("%s/secret", p->path);
	autoclose int a = -1, b = -1, c = -1;

	assert_int_equal(symlinkat("/run/there", p->root, "jump"), 0);
	assert_int_equal(symlinkat("jump/deep", p->root, "hop"), 0);
	a = path_make_dirs_following(p->root, "hop/x", 0755);
	assert_true(same_file(a, p->root, "run/there/deep/x"));
	assert_int_equal(symlinkat("../secret", p->root, "relative"), 0);
	b = path_make_dirs_following(p->root, "relative/x", 0755);
	assert_true(same_file(b, p->root, "secret/x"));
	assert_int_equal(symlinkat(target, p->root, "absolute"), 0);
	c = path_make_dirs_following(p->root, "absolute", 0755);
	assert_true(same_file(c, p->root, target + 1));
	assert_int_equal(faccessat(p->outer, "secret/x", F_OK, 0), -1);
}

static void make_dirs_following_ends(void **state)
{
	struct place *p = *state;

	assert_int_equal(symlinkat("/two/x", p->root, "one"), 0);
	assert_int_equal(symlinkat("/one/x", p->root, "two"), 0);
	assert_int_equal(path_make_dirs_following(p->root, "one", 0755), -ELOOP);
}

static void make_dirs_fails_at_a_file(void **state)
{
	struct place *p = *state;
	struct error err;

	assert_int_equal(file_replace_at(p->root, "f", "x", 1, 0600, 0, &err), 0);
	assert_int_equal(path_make_dirs_in_root(p->root, "f/x", 0755, 0, 0), -ENOTDIR);
}

static void make_dirs_gives_what_it_makes_to_their_owner(void **state)
{
	struct place *p = *state;
	autoclose int outer = path_make_dirs_in_root(p->root, "old", 0755, 0, 0), fd = -1;
	struct stat st;

	if (geteuid() != 0)
		skip();
	fd = path_make_dirs_in_root(p->root, "old/a/b", 0755, 7, 8);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_uid == 7 && st.st_gid == 8);
	assert_int_equal(fstatat(p->root, "old/a", &st, 0), 0);
	assert_true(st.st_uid == 7 && st.st_gid == 8);
	assert_int_equal(fstat(outer, &st), 0);
	assert_true(st.st_uid == 0 && st.st_gid == 0);
}

static void make_file_takes_dots_of_a_link_for_what_they_are(void **state)
{
	struct place *p = *state;
	autoclose int dir = path_make_dirs_in_root(p->root, "etc/app", 0755, 0, 0), fd = -1;

	assert_int_equal(symlinkat("../././other/x/../made", dir, "link"), 0);
	fd = path_make_file_in_root(p->root, "etc/app/link", 0644);
	assert_true(fd >= 0);
	assert_true(same_file(fd, p->root, "etc/other/made"));
}

static void make_file_makes_it_or_takes_what_is_there(void **state)
{
	struct place *p = *state;
	autoclose int made = path_make_file_in_root(p->root, "/etc/app/hosts", 0644);
	autoclose int again = path_make_file_in_root(p->root, "/etc/app/hosts", 0644);

	assert_true(made >= 0 && again >= 0);
	assert_true(same_file(again, p->root, "etc/app/hosts"));
	assert_int_equal(path_make_file_in_root(p->root, "/etc", 0644), -EISDIR);
	assert_int_equal(path_make_file_in_root(p->root, "/", 0644), -EINVAL);
}

static void dotdot_in_what_is_made_stays_in_the_root(void **state)
{
	struct place *p = *state;
	autoclose int file = path_make_file_in_root(p->root, "x/../../y", 0644), dir = -1;

	assert_true(file >= 0);
	assert_true(same_file(file, p->root, "y"));
	dir = path_make_dirs_following(p->root, "/a/../b/./../../c/d", 0755);
	assert_true(dir >= 0);
	assert_true(same_file(dir, p->root, "c/d"));
	assert_int_equal(path_make_file_in_root(p->root, "a/..", 0644), -EINVAL);
}

static void make_file_follows_links_to_nothing_inside_the_root(void **state)
{
	struct place *p = *state;
	autofree char *target = xasprintf("%s/secret/made", p->path);
	autoclose int absolute = -1, relative = -1, found = -1;

	assert_int_equal(symlinkat(target, p->root, "hosts"), 0);
	absolute = path_make_file_in_root(p->root, "hosts", 0644);
	assert_true(absolute >= 0);
	assert_int_equal(symlinkat("../../run/made", p->root, "resolv.conf"), 0);
	relative = path_make_file_in_root(p->root, "resolv.conf", 0644);
	assert_true(relative >= 0);
	found = openat(p->root, "run/made", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	assert_true(found >= 0);
	assert_int_equal(access(target, F_OK), -1);
}

static void make_file_ends_at_a_loop_of_links(void **state)
{
	struct place *p = *state;

	assert_int_equal(symlinkat("b", p->root, "a"), 0);
	assert_int_equal(symlinkat("a", p->root, "b"), 0);
	assert_true(path_make_file_in_root(p->root, "a", 0644) < 0);
}

static void clean_normalises_and_refuses_dotdot(void **state)
{
	static const struct {
		const char *raw, *clean;
	} cases[] = {
		{ "", "" },
		{ "/", "" },
		{ "//a//b/", "a/b" },
		{ "./a/./b/.", "a/b" },
		{ "a/..b/...", "a/..b/..." },
		{ "a/../b", NULL },
		{ "..", NULL },
		{ "/a/..", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		autofree char *clean = path_clean(cases[i].raw);

		if (cases[i].clean)
			assert_string_equal(clean, cases[i].clean);
		else
			assert_null(clean);
	}
}

static void a_name_is_one_component(void **state)
{
	(void)state;
	assert_true(path_is_name("a"));
	assert_true(path_is_name("..."));
	assert_false(path_is_name(""));
	assert_false(path_is_name("."));
	assert_false(path_is_name(".."));
	assert_false(path_is_name("a/b"));
	assert_false(path_is_name("/"));
}

/* Else a container that keeps a lease on its /etc/passwd keeps an exec busy for ever. */
static void a_lease_does_not_keep_us_waiting(void **state)
{
	const struct place *p = *state;
	autoclose int held = openat(p->root, "leased", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	(void)signal(SIGIO, SIG_IGN);
	if (fcntl(held, F_SETLEASE, F_WRLCK) < 0)
		skip(); /* this file system has none */
	assert_int_equal(path_open_in_root(p->root, "leased", O_RDONLY | O_NONBLOCK, 0), -EAGAIN);
	assert_int_equal(fcntl(held, F_SETLEASE, F_UNLCK), 0);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(absolute_links_resolve_inside_the_root),
		in_place(dotdot_stops_at_the_root),
		in_place(relative_links_do_not_climb_out),
		in_place(magic_links_are_not_followed),
		in_place(link_loops_end_in_an_error),
		in_place(opened_fds_are_closed_on_exec),
		in_place(beneath_refuses_every_link_and_every_way_out),
		in_place(make_dirs_makes_parents_and_keeps_what_is_there),
		in_place(make_dirs_follows_links_inside_the_root),
		in_place(make_dirs_never_makes_anything_outside),
		in_place(make_dirs_following_stays_inside_the_root),
		in_place(make_dirs_following_ends),
		in_place(make_dirs_fails_at_a_file),
		in_place(make_dirs_gives_what_it_makes_to_their_owner),
		in_place(make_file_takes_dots_of_a_link_for_what_they_are),
		in_place(make_file_makes_it_or_takes_what_is_there),
		in_place(dotdot_in_what_is_made_stays_in_the_root),
		in_place(make_file_follows_links_to_nothing_inside_the_root),
		in_place(make_file_ends_at_a_loop_of_links),
		in_place(a_lease_does_not_keep_us_waiting),
		in_place(clean_normalises_and_refuses_dotdot),
		in_place(a_name_is_one_component),
	};

	return cmocka_run_group_tests_name("base/path", tests, NULL, NULL);
}
