// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_systemd_unit.c - "slice:prefix:name"
 */
#include "cgroups/systemd_unit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

static void assert_unit(const char *path, bool user, const char *slice, const char *name)
{
	struct systemd_unit unit;
	struct error err;

	assert_int_equal(systemd_unit_parse(&unit, path, "id", user, &err), 0);
	assert_string_equal(unit.slice, slice);
	assert_string_equal(unit.name, name);
	assert_int_equal(unit.user, user);
	systemd_unit_done(&unit);
}

static void assert_refused(const char *path)
{
	struct systemd_unit unit;
	struct error err;

	assert_int_equal(systemd_unit_parse(&unit, path, "id", false, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "linux.cgroupsPath"));
}

static void parts_name_slice_and_scope(void **state)
{
	(void)state;
	assert_unit("machine.slice:libpod:abc", false, "machine.slice", "libpod-abc.scope");
	assert_unit("kubepods-burstable-pod1.slice:crio:c1", false, "kubepods-burstable-pod1.slice",
		    "crio-c1.scope");
}

static void what_is_missing_has_defaults(void **state)
{
	(void)state;
	assert_unit(NULL, false, "system.slice", "tare-id.scope");
	assert_unit("", true, "user.slice", "tare-id.scope");
	assert_unit(":p:n", false, "system.slice", "p-n.scope");
	assert_unit(":p:n", true, "user.slice", "p-n.scope");
	assert_unit("::n", false, "system.slice", "-n.scope");
	assert_unit("-.slice:p:n", false, "-.slice", "p-n.scope");
}

static void a_slice_is_taken_as_it_is(void **state)
{
	(void)state;
	assert_unit("a.slice:p:a-b.slice", false, "a.slice", "a-b.slice");
}

static void other_forms_are_refused(void **state)
{
	char longer[400] = "::";

	(void)state;
	memset(longer + 2, 'x', sizeof(longer) - 3);
	assert_refused("/user.slice/x");
	assert_refused("a:b");
	assert_refused("a.slice:b:c:d");
	assert_refused("a:b:c");
	assert_refused("a/b.slice:p:n");
	assert_refused(".slice:p:n");
	assert_refused("a--b.slice:p:n");
	assert_refused("-a.slice:p:n");
	assert_refused("a-.slice:p:n");
	assert_refused("a.slice:p:");
	assert_refused("a.slice:p:n/m");
	assert_refused("a.slice:p:n m");
	assert_refused("a.slice:p:n'");
	assert_refused(longer);
}

static void assert_path(const char *slice, const char *wanted)
{
	struct error err;
	char *path;

	assert_int_equal(systemd_slice_path(slice, &path, &err), 0);
	assert_string_equal(path, wanted);
	free(path);
}

static void dashes_nest(void **state)
{
	(void)state;
	assert_path("a.slice", "a.slice");
	assert_path("a-b-c.slice", "a.slice/a-b.slice/a-b-c.slice");
	assert_path("-.slice", "");
}

static void assert_object(const char *name, const char *wanted)
{
	char *path = systemd_object_path(name);

	assert_string_equal(path, wanted);
	free(path);
}

static void objects_are_escaped(void **state)
{
	(void)state;
	assert_object("tare-a1.scope", "/org/freedesktop/systemd1/unit/tare_2da1_2escope");
	assert_object("1a_b.slice", "/org/freedesktop/systemd1/unit/_31a_5fb_2eslice");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_name_slice_and_scope),
		cmocka_unit_test(what_is_missing_has_defaults),
		cmocka_unit_test(a_slice_is_taken_as_it_is),
		cmocka_unit_test(other_forms_are_refused),
		cmocka_unit_test(dashes_nest),
		cmocka_unit_test(objects_are_escaped),
	};

	return cmocka_run_group_tests_name("cgroups/systemd_unit", tests, NULL, NULL);
}
