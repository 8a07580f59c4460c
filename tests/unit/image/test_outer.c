// SPDX-License-Identifier: Apache-2.0
/*
 * test_outer - An archive's index says where content lies
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "image/outer.h"
#include "image/source.h"
#include "tests/unit/image/tarball.h"

static int to_file(const struct str *s)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(file_write_fd(fd, s->data, s->len), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static struct source *open_source(const struct str *s, struct error *err)
{
	const struct source_limits limits = { 1 << 20, 200 };
	autoclose int fd = to_file(s), tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct source *source = NULL;

	return source_open(fd, tmp, &limits, &source, err) < 0 ? NULL : source;
}

static void read_back(const struct source *source, const char *name, const char *want)
{
	autofree char *data = NULL;
	struct error err;
	size_t len;

	assert_int_equal(source_read(source, name, 100, &data, &len, &err), 0);
	assert_string_equal(data, want);
}

static void files_are_found_by_cleaned_name(void **state)
{
	autostr struct str t = { 0 };
	struct source *source;
	struct error err;

	(void)state;
	tarball_add(&t, '0', "./a//b", NULL, "one", 3);
	tarball_add_pax(&t, "path", "a/very/long/name");
	tarball_add(&t, '0', "x", NULL, "two", 3);
	tarball_add(&t, '0', "a/b", NULL, "one", 3);
	tarball_end(&t);
	source = open_source(&t, &err);
	assert_non_null(source);
	read_back(source, "a/b", "one");
	read_back(source, "/a/very/./long/name", "two");
	assert_false(source_has(source, "x"));
	source_close(source);
}

static void two_of_one_name_must_be_the_same(void **state)
{
	static const struct {
		char type;
		const char *link, *data, *why;
	} others[] = {
		{ '0', NULL, "other", "'a' is in the archive twice" },
		{ '0', NULL, "same and more", "'a' is in the archive twice" },
		{ '2', "b", "", "'a' is in the archive twice" },
		{ '0', NULL, "equal", NULL },
		{ '5', NULL, "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		autostr struct str t = { 0 };
		struct source *source;
		struct error err = { 0 };

		tarball_add(&t, '0', "a", NULL, "equal", 5);
		tarball_add(&t, others[i].type, "./a", others[i].link, others[i].data,
			    strlen(others[i].data));
		tarball_end(&t);
		source = open_source(&t, &err);
		if (others[i].why)
			assert_non_null(strstr(err.msg, others[i].why));
		else
			read_back(source, "a", "equal");
		source_close(source);
	}
}

static void links_resolve_inside_the_index(void **state)
{
	autostr struct str t = { 0 };
	struct source *source;
	struct error err;

	(void)state;
	tarball_add(&t, '0', "x/y.tar", NULL, "content", 7);
	tarball_add(&t, '2', "l/layer.tar", "../x/y.tar", NULL, 0);
	tarball_add(&t, '1', "hard", "x/y.tar", NULL, 0);
	tarball_add(&t, '2', "out", "../../etc/passwd", NULL, 0);
	tarball_add(&t, '2', "absolute", "/x/y.tar", NULL, 0);
	tarball_add(&t, '2', "loop", "loop", NULL, 0);
	tarball_end(&t);
	source = open_source(&t, &err);
	assert_non_null(source);
	read_back(source, "l/layer.tar", "content");
	read_back(source, "hard", "content");
	assert_false(source_has(source, "out"));
	assert_false(source_has(source, "absolute"));
	assert_false(source_has(source, "loop"));
	assert_false(source_has(source, "../x/y.tar"));
	source_close(source);
}

static void every_damaged_header_is_noticed(void **state)
{
	autostr struct str t = { 0 };
	struct outer_index index;
	struct error err;

	(void)state;
	tarball_add(&t, '0', "a", NULL, "one", 3);
	tarball_end(&t);
	for (size_t i = 0; i < 512; i++) {
		autoclose int fd = -1;

		/* The byte behind the checksum's NUL, which nobody reads. */
		if (i == 155)
			continue;
		t.data[i] ^= 0x40;
		fd = to_file(&t);
		assert_int_equal(outer_index_read(fd, 0, t.len, &index, &err), -EBADMSG);
		outer_index_done(&index);
		t.data[i] ^= 0x40;
	}
}

static void content_that_is_cut_off_is_noticed(void **state)
{
	autostr struct str t = { 0 };
	struct outer_index index;
	struct error err;

	(void)state;
	tarball_add(&t, '0', "a", NULL, "one", 3);
	for (size_t len = 0; len < 515; len++) {
		struct str cut = { t.data, len, 0 };
		autoclose int fd = to_file(&cut);

		assert_int_equal(outer_index_read(fd, 0, len, &index, &err), -EBADMSG);
		assert_non_null(strstr(err.msg, !len	    ? "is empty"
						: len < 512 ? "not a tar archive"
							    : "cut off"));
		outer_index_done(&index);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_found_by_cleaned_name),
		cmocka_unit_test(two_of_one_name_must_be_the_same),
		cmocka_unit_test(links_resolve_inside_the_index),
		cmocka_unit_test(every_damaged_header_is_noticed),
		cmocka_unit_test(content_that_is_cut_off_is_noticed),
	};

	return cmocka_run_group_tests_name("image/outer", tests, NULL, NULL);
}
