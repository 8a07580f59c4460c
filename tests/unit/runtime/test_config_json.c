// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_config_json.c - Numbers of config.json, huge ones too
 */
#include "runtime/config_json.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "runtime/config.h"
#include "tests/unit/scratch.h"

/* A config of which only the process' members and those of linux vary. */
static int read_config(const char *process, const char *linux_map, struct config *c,
		       struct error *err)
{
	autofree char *text = xasprintf("{\"ociVersion\": \"1.0.2\", \"root\": {\"path\": \"r\"},"
					" \"process\": {\"args\": [\"sh\"], \"cwd\": \"/\", %s},"
					" \"linux\": {%s}}",
					process, linux_map);
	struct json *document = json_parse(text, strlen(text), err);
	int r;

	assert_non_null(document);
	config_init(c);
	r = config_from_json(document, "/bundle", c, err);
	json_free(document);
	return r;
}

static void refuse(const char *process, const char *linux_map, const char *named)
{
	struct error err = { 0 };
	struct config c;

	assert_true(read_config(process, linux_map, &c, &err) < 0);
	assert_non_null(strstr(err.msg, named));
	config_done(&c);
}

/* One number beyond 63 bits makes floats of all numbers in the document. */
static void an_infinite_limit_leaves_other_numbers_whole(void **state)
{
	struct error err = { 0 };
	struct config c;

	(void)state;
	assert_int_equal(read_config("\"user\": {\"uid\": 7, \"gid\": 8, \"additionalGids\": [9]},"
				     "\"oomScoreAdj\": -5, \"rlimits\": [{\"type\":"
				     "\"RLIMIT_MEMLOCK\", \"soft\": 5,"
				     "\"hard\": 18446744073709551615}]",
				     "", &c, &err),
			 0);
	assert_int_equal(c.process.uid, 7);
	assert_int_equal(c.process.gid, 8);
	assert_int_equal(c.process.groups[0], 9);
	assert_int_equal(c.process.oom_score_adj, -5);
	config_done(&c);
}

static void a_number_that_is_not_whole_is_refused(void **state)
{
	(void)state;
	refuse("\"user\": {\"uid\": 1.5, \"gid\": 0}", "", "process.user.uid");
	refuse("\"user\": {\"uid\": 18446744073709551615, \"gid\": 0}", "", "process.user.uid");
	refuse("\"user\": {\"uid\": -1, \"gid\": 0}", "", "process.user.uid");
}

static void a_limit_that_is_no_number_is_refused(void **state)
{
	(void)state;
	refuse("\"rlimits\": [{\"type\": \"RLIMIT_CORE\", \"soft\": \"1\", \"hard\": 1}]", "",
	       "process.rlimits[0].soft");
	refuse("\"rlimits\": [{\"type\": \"RLIMIT_CORE\", \"soft\": 1, \"hard\": -1}]", "",
	       "process.rlimits[0].hard");
}

static void mappings_without_a_user_namespace_are_passed_over(void **state)
{
	struct error err = { 0 };
	struct config c;

	(void)state;
	assert_int_equal(read_config("\"env\": []",
				     "\"uidMappings\": [{\"containerID\": 0, \"hostID\": 1,"
				     "\"size\": 1}]",
				     &c, &err),
			 0);
	config_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_infinite_limit_leaves_other_numbers_whole),
		cmocka_unit_test(a_number_that_is_not_whole_is_refused),
		cmocka_unit_test(a_limit_that_is_no_number_is_refused),
		cmocka_unit_test(mappings_without_a_user_namespace_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
