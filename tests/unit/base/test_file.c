// SPDX-License-Identifier: Apache-2.0
/*
 * test_file - Files appear whole or not at all; trees go, whatever is in them
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"

struct place {
	char path[32];
	int fd;
};

static int make_place(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));

	strncpy(p->path, "/tmp/tare-unit.XXXXXX", sizeof(p->path) - 1);
	if (!mkdtemp(p->path))
		return -1;
	p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = p;
	return p->fd < 0 ? -1 : 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;
	int r;

	(void)close(p->fd);
	r = file_remove_tree_at(AT_FDCWD, p->path);
	free(p);
	return r;
}

static size_t entries_in(int dirfd)
{
	autodir DIR *dir = fdopendir(openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	return n - 2;
}

static void contents_are(int dirfd, const char *name, const char *wanted)
{
	autofree char *data = NULL;
	struct error err;
	size_t len;

	assert_int_equal(file_read_at(dirfd, name, 1 << 20, &data, &len, &err), 0);
	assert_int_equal(len, strlen(wanted));
	assert_string_equal(data, wanted);
}

static void replace_makes_and_replaces_with_the_mode_asked_for(void **state)
{
	struct place *p = *state;
	struct error err;
	struct stat st;

	assert_int_equal(file_replace_at(p->fd, "f", "one", 3, 0600, 0, &err), 0);
	contents_are(p->fd, "f", "one");
	assert_int_equal(file_replace_at(p->fd, "f", "two", 3, 0666, FILE_SYNC, &err), 0);
	contents_are(p->fd, "f", "two");
	assert_int_equal(fstatat(p->fd, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0666);
	assert_int_equal(entries_in(p->fd), 1);
}

static void replace_exclusively_refuses_and_leaves_no_temporary(void **state)
{
	struct place *p = *state;
	struct error err;

	assert_int_equal(file_replace_at(p->fd, "f", "one", 3, 0600, FILE_EXCL, &err), 0);
	assert_int_equal(file_replace_at(p->fd, "f", "two", 3, 0600, FILE_EXCL, &err), -EEXIST);
	assert_non_null(strstr(err.msg, "'f'"));
	contents_are(p->fd, "f", "one");
	assert_int_equal(entries_in(p->fd), 1);
}

static void replace_replaces_a_link_and_not_its_target(void **state)
{
	struct place *p = *state;
	struct error err;

	assert_int_equal(file_replace_at(p->fd, "target", "keep", 4, 0600, 0, &err), 0);
	assert_int_equal(symlinkat("target", p->fd, "f"), 0);
	assert_int_equal(file_replace_at(p->fd, "f", "new", 3, 0600, 0, &err), 0);
	contents_are(p->fd, "target", "keep");
	contents_are(p->fd, "f", "new");
}

static void replace_fails_over_a_directory_and_leaves_no_temporary(void **state)
{
	struct place *p = *state;
	struct error err;

	assert_int_equal(mkdirat(p->fd, "f", 0700), 0);
	assert_int_equal(file_replace_at(p->fd, "f", "new", 3, 0600, 0, &err), -EISDIR);
	assert_int_equal(entries_in(p->fd), 1);
}

static void read_stops_at_the_limit(void **state)
{
	struct place *p = *state;
	autofree char *data = NULL;
	struct error err;
	size_t len = 99;
	char big[5000];

	memset(big, 'x', sizeof(big));
	assert_int_equal(file_replace_at(p->fd, "f", big, sizeof(big), 0600, 0, &err), 0);
	assert_int_equal(file_read_at(p->fd, "f", 4999, &data, &len, &err), -EFBIG);
	assert_null(data);
	assert_int_equal(len, 99);
	assert_int_equal(file_read_at(p->fd, "f", 5000, &data, &len, &err), 0);
	assert_int_equal(len, 5000);
	assert_int_equal(data[5000], '\0');
}

static void a_small_file_needs_no_buffer(void **state)
{
	struct place *p = *state;
	char wanted[300], small[100];
	struct error err;

	for (size_t i = 0; i < sizeof(wanted); i++)
		wanted[i] = (char)('a' + i % 26);
	for (size_t size = 0; size <= sizeof(wanted); size += 50) {
		autofree char *large = NULL;
		size_t len;

		assert_int_equal(file_replace_at(p->fd, "f", wanted, size, 0600, 0, &err), 0);
		assert_int_equal(file_read_small_at(p->fd, "f", 250, small, sizeof(small), &large,
						    &len, &err),
				 size > 250 ? -EFBIG : 0);
		assert_int_equal(large != NULL, size >= sizeof(small) && size <= 250);
		if (size > 250)
			continue;
		assert_int_equal(len, size);
		assert_memory_equal(large ? large : small, wanted, size);
	}
	assert_int_equal(file_read_small_at(p->fd, "missing", 9, small, 9, &(char *){ NULL },
					    &(size_t){ 0 }, &err),
			 -ENOENT);
}

static void write_at_never_creates(void **state)
{
	struct place *p = *state;

	assert_int_equal(file_write_at(p->fd, "absent", "1"), -ENOENT);
	assert_int_equal(entries_in(p->fd), 0);
}

static void make_dirs_makes_missing_parents_only(void **state)
{
	struct place *p = *state;
	autofree char *path = xasprintf("%s/a/b/c", p->path);
	struct error err;
	struct stat st;

	assert_int_equal(file_make_dirs(path, 0700, &err), 0);
	assert_int_equal(file_make_dirs(path, 0700, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

static void remove_tree_removes_links_not_their_targets(void **state)
{
	struct place *p = *state;
	struct error err;

	assert_int_equal(mkdirat(p->fd, "keep", 0700), 0);
	assert_int_equal(mkdirat(p->fd, "tree", 0700), 0);
	assert_int_equal(file_replace_at(p->fd, "file", "x", 1, 0600, 0, &err), 0);
	assert_int_equal(symlinkat("../keep", p->fd, "tree/dir"), 0);
	assert_int_equal(symlinkat("../file", p->fd, "tree/file"), 0);
	assert_int_equal(file_remove_tree_at(p->fd, "tree"), 0);
	assert_int_equal(entries_in(p->fd), 2);
}

static void remove_tree_of_nothing_succeeds(void **state)
{
	struct place *p = *state;

	assert_int_equal(file_remove_tree_at(p->fd, "absent"), 0);
}

static void remove_tree_passes_closed_directories(void **state)
{
	struct place *p = *state;
	int r;

	assert_int_equal(mkdirat(p->fd, "tree", 0700), 0);
	assert_int_equal(mkdirat(p->fd, "tree/sub", 0700), 0);
	assert_int_equal(mkdirat(p->fd, "tree/sub/x", 0700), 0);
	assert_int_equal(fchmodat(p->fd, "tree/sub", 0, 0), 0);
	/* Root passes anyway: as somebody else. */
	if (geteuid() == 0) {
		assert_int_equal(fchownat(p->fd, "tree", 1, 1, 0), 0);
		assert_int_equal(fchownat(p->fd, "tree/sub", 1, 1, 0), 0);
		assert_int_equal(fchownat(p->fd, "tree/sub/x", 1, 1, 0), 0);
		assert_int_equal(fchown(p->fd, 1, 1), 0);
		assert_int_equal(seteuid(1), 0);
	}
	r = file_remove_tree_at(p->fd, "tree");
	assert_int_equal(seteuid(getuid()), 0);
	assert_int_equal(r, 0);
	assert_int_equal(entries_in(p->fd), 0);
}

/* A container can nest directories without end; removing it must not need as many fds. */
static void remove_tree_says_what_the_kernel_says(void **state)
{
	struct place *p = *state;
	int r;

	if (geteuid() != 0)
		skip();
	/* A sticky directory: what is another's stays. */
	assert_int_equal(fchmod(p->fd, 0755), 0);
	assert_int_equal(mkdirat(p->fd, "sticky", 0700), 0);
	assert_int_equal(fchmodat(p->fd, "sticky", 01777, 0), 0);
	(void)close(openat(p->fd, "sticky/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	assert_int_equal(seteuid(65534), 0);
	r = file_remove_tree_at(p->fd, "sticky/file");
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(r, -EPERM);
}

static void remove_tree_needs_few_descriptors_whatever_the_depth(void **state)
{
	struct place *p = *state;
	struct rlimit old, few = { 64, 64 };
	int fd = fcntl(p->fd, F_DUPFD_CLOEXEC, 3), r;

	for (int i = 0; i < 3000; i++) {
		int next;

		assert_int_equal(mkdirat(fd, "d", 0700), 0);
		assert_int_equal(symlinkat("/", fd, "l"), 0);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		(void)close(fd);
		fd = next;
	}
	(void)close(fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = file_remove_tree_at(p->fd, "d");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(r, 0);
	assert_int_equal(file_remove_tree_at(p->fd, "l"), 0);
	assert_int_equal(entries_in(p->fd), 0);
}

static void a_lock_is_exclusive_until_its_fd_goes(void **state)
{
	struct place *p = *state;
	autoclose int other = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int held = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(file_lock(held, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(file_lock(other, LOCK_SH | LOCK_NB), -EWOULDBLOCK);
	(void)close(held);
	assert_int_equal(file_lock(other, LOCK_EX | LOCK_NB), 0);
}

static void random_hex_differs_and_is_hex(void **state)
{
	char a[65], b[65];

	(void)state;
	file_random_hex(a, 32);
	file_random_hex(b, 32);
	assert_int_equal(strlen(a), 64);
	assert_true(str_is_hex(a, 64));
	assert_string_not_equal(a, b);
}

static void make_dir_takes_nothing_from_above(void **state)
{
	/* linux/posix_acl_xattr.h: version 2; user, group and others: rwx, nothing, nothing */
	static const uint8_t list[] = {
		2, 0, 0,    0,	  0x01, 0,    7,    0, 0xff, 0xff, 0xff, 0xff, 0x04, 0,
		0, 0, 0xff, 0xff, 0xff, 0xff, 0x20, 0, 0,    0,	   0xff, 0xff, 0xff, 0xff,
	};
	struct place *p = *state;
	mode_t mask = umask(077);
	struct stat st;
	int fd;

	assert_int_equal(fchmod(p->fd, 02755), 0);
	if (fsetxattr(p->fd, "system.posix_acl_default", list, sizeof(list), 0) < 0)
		assert_int_equal(errno, EOPNOTSUPP);
	assert_int_equal(file_make_dir(p->fd, "own", 0755), 0);
	(void)umask(mask);
	assert_int_equal(fstatat(p->fd, "own", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0755);
	assert_int_equal(st.st_gid, getegid());
	fd = openat(p->fd, "own", O_RDONLY | O_CLOEXEC);
	assert_true(fgetxattr(fd, "system.posix_acl_default", NULL, 0) < 0);
	(void)close(fd);
	assert_int_equal(file_make_dir(p->fd, "own", 0755), -EEXIST);
}

#define in_place(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_place(replace_makes_and_replaces_with_the_mode_asked_for),
		in_place(replace_exclusively_refuses_and_leaves_no_temporary),
		in_place(replace_replaces_a_link_and_not_its_target),
		in_place(replace_fails_over_a_directory_and_leaves_no_temporary),
		in_place(read_stops_at_the_limit),
		in_place(a_small_file_needs_no_buffer),
		in_place(write_at_never_creates),
		in_place(make_dirs_makes_missing_parents_only),
		in_place(make_dir_takes_nothing_from_above),
		in_place(remove_tree_removes_links_not_their_targets),
		in_place(remove_tree_of_nothing_succeeds),
		in_place(remove_tree_passes_closed_directories),
		in_place(remove_tree_says_what_the_kernel_says),
		in_place(remove_tree_needs_few_descriptors_whatever_the_depth),
		in_place(a_lock_is_exclusive_until_its_fd_goes),
		in_place(random_hex_differs_and_is_hex),
	};

	return cmocka_run_group_tests_name("base/file", tests, NULL, NULL);
}
