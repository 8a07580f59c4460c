// SPDX-License-Identifier: Apache-2.0
/*
 * test_pack - What is packed is read back as it was
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
#include "image/archive.h"
#include "image/pack.h"

struct fixture {
	char path[64];
	int dir;
	struct str tar;
	bool read;
	struct tar_writer writer;
	struct error err;
};

static int to_memory(void *arg, const void *data, size_t len, struct error *err)
{
	(void)err;
	str_append(arg, data, len);
	return 0;
}

static int from_memory(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct fixture *f = arg;

	(void)err;
	*data = (const unsigned char *)f->tar.data;
	*len = f->read ? 0 : f->tar.len;
	f->read = true;
	return 0;
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	snprintf(f->path, sizeof(f->path), "/tmp/tare-test.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	f->dir = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f->writer = (struct tar_writer){ .sink = to_memory, .arg = &f->tar };
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	str_done(&f->tar);
	close(f->dir);
	file_remove_tree_at(AT_FDCWD, f->path);
	free(f);
	return 0;
}

static struct archive_tar *reader(struct fixture *f)
{
	struct archive_tar *t;

	f->read = false;
	assert_int_equal(archive_tar_new(from_memory, f, &t, &f->err), 0);
	return t;
}

static void a_long_name_and_large_numbers_survive(void **state)
{
	struct fixture *f = *state;
	char name[300], link[400];
	const struct tar_xattr xattr = { "user.k", "a\0b", 3 };
	struct tar_entry e = { .path = name,
			       .type = S_IFLNK,
			       .link = link,
			       .perm = 0777,
			       .uid = 3000000,
			       .gid = 4000000000,
			       .mtime_s = -5,
			       .xattrs = &xattr,
			       .n_xattrs = 1 };
	struct archive_member m;
	struct archive_tar *t;
	const char *key;
	const void *value;
	size_t size;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(link, 'l', sizeof(link) - 1);
	link[sizeof(link) - 1] = '\0';
	assert_int_equal(tar_write_entry(&f->writer, &e, &f->err), 0);
	assert_int_equal(tar_write_end(&f->writer, &f->err), 0);
	assert_int_equal(f->tar.len % 512, 0);
	t = reader(f);
	assert_int_equal(archive_tar_next(t, &m, &f->err), 1);
	assert_string_equal(m.path, name);
	assert_string_equal(m.symlink, link);
	assert_int_equal(m.uid, 3000000);
	assert_int_equal(m.gid, 4000000000);
	assert_int_equal(m.mtime.tv_sec, -5);
	assert_true(archive_tar_next_xattr(t, &key, &value, &size));
	assert_string_equal(key, "user.k");
	assert_int_equal(size, 3);
	assert_memory_equal(value, "a\0b", 3);
	assert_int_equal(archive_tar_next(t, &m, &f->err), 0);
	archive_tar_free(t);
}

static void an_extended_header_counts_its_own_digits(void **state)
{
	struct fixture *f = *state;
	struct archive_member m;
	struct archive_tar *t;

	/* Around 99 and 999 bytes the length takes one digit more. */
	for (size_t n = 85; n < 1010; n++) {
		autofree char *link = xcalloc(1, n + 1);
		struct tar_entry e = { .path = "x", .type = S_IFLNK, .link = link, .perm = 0777 };

		memset(link, 'l', n);
		f->tar.len = 0;
		assert_int_equal(tar_write_entry(&f->writer, &e, &f->err), 0);
		assert_int_equal(tar_write_end(&f->writer, &f->err), 0);
		t = reader(f);
		assert_int_equal(archive_tar_next(t, &m, &f->err), 1);
		assert_string_equal(m.symlink, link);
		archive_tar_free(t);
	}
}

static void pack(struct fixture *f, int64_t id_base)
{
	struct pack p = { .out = &f->writer, .id_base = id_base };

	f->tar.len = 0;
	assert_int_equal(pack_tree(&p, f->dir, "", &f->err), 0);
	assert_int_equal(tar_write_end(&f->writer, &f->err), 0);
	pack_done(&p);
}

static void make_tree(const struct fixture *f)
{
	autoclose int fd = -1;

	assert_int_equal(mkdirat(f->dir, "d", 0750), 0);
	fd = openat(f->dir, "d/b", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(file_write_fd(fd, "hello", 5), 0);
}

static void a_second_name_becomes_a_hard_link_and_names_are_sorted(void **state)
{
	struct fixture *f = *state;
	struct archive_member m;
	struct archive_tar *t;
	const void *data;
	uint64_t at;
	size_t len;

	make_tree(f);
	assert_int_equal(linkat(f->dir, "d/b", f->dir, "a", 0), 0);
	assert_int_equal(symlinkat("/etc/shadow", f->dir, "z"), 0);
	pack(f, 0);
	t = reader(f);
	assert_int_equal(archive_tar_next(t, &m, &f->err), 1);
	assert_string_equal(m.path, "a");
	assert_int_equal(archive_tar_read(t, &data, &len, &at, &f->err), 1);
	assert_int_equal(len, 5);
	assert_memory_equal(data, "hello", 5);
	assert_int_equal(archive_tar_next(t, &m, &f->err), 1);
	assert_string_equal(m.path, "d/");
	assert_int_equal(m.perm, 0750);
	assert_int_equal(archive_tar_next(t, &m, &f->err), 1);
	assert_string_equal(m.path, "d/b");
	assert_string_equal(m.hardlink, "a");
	assert_int_equal(archive_tar_next(t, &m, &f->err), 1);
	assert_string_equal(m.path, "z");
	assert_string_equal(m.symlink, "/etc/shadow");
	assert_int_equal(archive_tar_next(t, &m, &f->err), 0);
	archive_tar_free(t);
}

static void owners_outside_the_namespace_are_nobody(void **state)
{
	struct fixture *f = *state;
	struct archive_member m;
	struct archive_tar *t;

	make_tree(f);
	pack(f, (int64_t)geteuid() + 1);
	t = reader(f);
	assert_int_equal(archive_tar_next(t, &m, &f->err), 1);
	assert_int_equal(m.uid, 65534);
	archive_tar_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_long_name_and_large_numbers_survive, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_extended_header_counts_its_own_digits, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_second_name_becomes_a_hard_link_and_names_are_sorted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(owners_outside_the_namespace_are_nobody, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
