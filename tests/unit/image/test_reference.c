// SPDX-License-Identifier: Apache-2.0
/*
 * test_reference - Names are normalised as docker does it
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "image/reference.h"

static void names_get_registry_library_and_tag(void **state)
{
	static const char *const cases[][2] = {
		{ "busybox", "docker.io/library/busybox:latest" },
		{ "busybox:1.36", "docker.io/library/busybox:1.36" },
		{ "team/app", "docker.io/team/app:latest" },
		{ "docker.io/busybox", "docker.io/library/busybox:latest" },
		{ "index.docker.io/busybox", "docker.io/library/busybox:latest" },
		{ "localhost/x", "localhost/x:latest" },
		{ "localhost:5000/x:y", "localhost:5000/x:y" },
		{ "quay.io/a/b/c:t", "quay.io/a/b/c:t" },
		{ "[::1]:5000/a", "[::1]:5000/a:latest" },
		{ "a-b__c/d.e---f", "docker.io/a-b__c/d.e---f:latest" },
		{ "Host/x", "Host/x:latest" },
	};
	struct reference ref;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		autofree char *name = NULL;

		assert_int_equal(reference_parse(cases[i][0], &ref, &err), 0);
		name = reference_name(&ref);
		assert_string_equal(name, cases[i][1]);
	}
}

static void malformed_names_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"UPPER",
		"a//b",
		"/a",
		"a/",
		"a b",
		"a:",
		"a:b:c",
		"a:-tag",
		"a..b",
		"a___b",
		"-a",
		"a-",
		"a@sha256:12",
		"../../a",
		"a\nb",
		"\033[31m",
		"a:tag/x:",
		"host.x:port/a",
		"ex_ample.com/a",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	};
	struct reference ref;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(reference_parse(bad[i], &ref, &err), -EINVAL);
}

static void long_names_are_refused(void **state)
{
	char name[1000];
	struct reference ref;
	struct error err;

	(void)state;
	memset(name, 'a', sizeof(name));
	name[999] = '\0';
	assert_int_equal(reference_parse(name, &ref, &err), -EINVAL);
	name[300] = '\0';
	assert_int_equal(reference_parse(name, &ref, &err), -EINVAL);
	name[200] = '\0';
	assert_int_equal(reference_parse(name, &ref, &err), 0);
}

static void digest_makes_the_tag_optional(void **state)
{
	char text[128] = "busybox@sha256:";
	struct reference ref;
	struct error err;

	(void)state;
	memset(text + 15, 'a', 64);
	assert_int_equal(reference_parse(text, &ref, &err), 0);
	assert_true(ref.has_digest);
	assert_string_equal(ref.tag, "");
}

static void familiar_names_are_short(void **state)
{
	(void)state;
	assert_string_equal(reference_familiar("docker.io/library/busybox:1"), "busybox:1");
	assert_string_equal(reference_familiar("docker.io/team/app:1"), "team/app:1");
	assert_string_equal(reference_familiar("quay.io/library/x:1"), "quay.io/library/x:1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_get_registry_library_and_tag),
		cmocka_unit_test(malformed_names_are_refused),
		cmocka_unit_test(long_names_are_refused),
		cmocka_unit_test(digest_makes_the_tag_optional),
		cmocka_unit_test(familiar_names_are_short),
	};

	return cmocka_run_group_tests_name("image/reference", tests, NULL, NULL);
}
