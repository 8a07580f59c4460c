// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_path.c - From linux.cgroupsPath to a path below the root
 */
#include "cgroups/path.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void assert_path(const char *asked, const char *own, const char *wanted)
{
	struct error err;
	char *path = NULL;

	assert_int_equal(cgroup_path_resolve(asked, "box", own, &path, &err), 0);
	assert_string_equal(path, wanted);
	free(path);
}

static void absolute_paths_begin_at_the_root(void **state)
{
	(void)state;
	assert_path("/docker/abc", "/user.slice/session-1.scope", "docker/abc");
	assert_path("//a/./b//", "/x/y", "a/b");
	assert_path("/a", "/", "a");
}

static void relative_ones_begin_beside_our_own(void **state)
{
	(void)state;
	assert_path("a/b", "/user.slice/session-1.scope", "user.slice/a/b");
	assert_path("a/b", "/init.scope", "a/b");
	assert_path("a/b", "/", "a/b");
}

static void without_one_the_id_is_the_name(void **state)
{
	(void)state;
	assert_path(NULL, "/user.slice/session-1.scope", "user.slice/box");
	assert_path("", "/", "box");
}

static void nothing_climbs_out(void **state)
{
	(void)state;
	assert_path("/../../a", "/x/y", "a");
	assert_path("../../../a", "/x/y", "x/a");
	assert_path("a/../b", "/x/y", "x/b");
}

static void the_root_itself_is_no_containers(void **state)
{
	char name[258] = "";
	struct error err;
	char *path = NULL;

	(void)state;
	assert_int_equal(cgroup_path_resolve("/", "box", "/", &path, &err), -EINVAL);
	assert_int_equal(cgroup_path_resolve("/a/..", "box", "/", &path, &err), -EINVAL);
	assert_int_equal(cgroup_path_resolve("..", "box", "/x/y", &path, &err), -EINVAL);
	assert_null(path);
	memset(name, 'x', sizeof(name) - 1); /* no file system has such a name */
	name[0] = '/';
	assert_int_equal(cgroup_path_resolve(name, "box", "/", &path, &err), -EINVAL);
	name[sizeof(name) - 2] = '\0';
	assert_int_equal(cgroup_path_resolve(name, "box", "/", &path, &err), 0);
	free(path);
}

static void our_own_is_the_line_of_cgroup2(void **state)
{
	static const struct {
		const char *text, *path;
	} cases[] = {
		{ "0::/user.slice/session-1.scope\n", "/user.slice/session-1.scope" },
		{ "12:pids:/a\n1:name=systemd:/b\n0::/c\n", "/c" },
		{ "0::/\n", "/" },
		{ "0::/../other\n", "/" },
		{ "1:name=systemd:/b\n", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *path = cgroup_path_parse(cases[i].text);

		if (cases[i].path)
			assert_string_equal(path, cases[i].path);
		else
			assert_null(path);
		free(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absolute_paths_begin_at_the_root),
		cmocka_unit_test(relative_ones_begin_beside_our_own),
		cmocka_unit_test(without_one_the_id_is_the_name),
		cmocka_unit_test(nothing_climbs_out),
		cmocka_unit_test(the_root_itself_is_no_containers),
		cmocka_unit_test(our_own_is_the_line_of_cgroup2),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
