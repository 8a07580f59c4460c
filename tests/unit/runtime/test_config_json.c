// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_config_json.c - config.json: the document, process and hooks
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
	/* To the kernel these mean "no change": root would stay root. */
	refuse("\"user\": {\"uid\": 4294967295, \"gid\": 0}", "", "process.user.uid");
	refuse("\"user\": {\"uid\": 0, \"gid\": 4294967295}", "", "process.user.gid");
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

/* The whole document. */
static int read_document(const char *text, struct config *c, struct error *err)
{
	autojson struct json *document = json_parse(text, strlen(text), err);

	if (!document)
		fail_msg("%s: %s", text, err->msg);
	config_init(c);
	return config_from_json(document, "/bundle", c, err);
}

static void refuse_document(const char *text, int code, const char *named)
{
	struct error err = { 0 };
	struct config c;
	int r = read_document(text, &c, &err);

	config_done(&c);
	if (r != -code || !strstr(err.msg, named))
		fail_msg("%s: %d '%s', not '%s'", text, r, err.msg, named);
}

#define PROCESS "\"process\": {\"args\": [\"sh\"], \"cwd\": \"/\"}"
#define ROOT	"\"root\": {\"path\": \"r\"}"
#define VERSION "\"ociVersion\": \"1.3.0\""

static void any_version_1_is_accepted(void **state)
{
	struct error err = { 0 };
	struct config c;

	(void)state;
	assert_int_equal(read_document("{\"ociVersion\": \"1.99.7-dev\"," PROCESS "," ROOT "}", &c,
				       &err),
			 0);
	config_done(&c);
	refuse_document("{\"ociVersion\": \"2.0.0\"," PROCESS "," ROOT "}", EOPNOTSUPP,
			"ociVersion: '2.0.0' is not supported");
	refuse_document("{\"ociVersion\": \"1\"," PROCESS "," ROOT "}", EBADMSG, "is no version");
	refuse_document("{" PROCESS "," ROOT "}", EBADMSG, "ociVersion is missing");
}

static void what_there_must_be_is_named(void **state)
{
	(void)state;
	refuse_document("[]", EBADMSG, "not a JSON object");
	refuse_document("{" VERSION "," ROOT "}", EBADMSG, "process is missing");
	refuse_document("{" VERSION "," PROCESS "}", EBADMSG, "root is missing");
	refuse_document("{" VERSION "," PROCESS ", \"root\": {}}", EBADMSG, "root.path is missing");
	refuse_document("{" VERSION "," PROCESS ", \"root\": \"r\"}", EBADMSG,
			"root: not an object");
}

static void the_root_is_in_the_bundle(void **state)
{
	struct error err = { 0 };
	struct config c;

	(void)state;
	assert_int_equal(read_document("{" VERSION "," PROCESS "," ROOT "}", &c, &err), 0);
	assert_string_equal(c.root_path, "/bundle/r");
	assert_false(c.read_only);
	config_done(&c);
	assert_int_equal(read_document("{" VERSION "," PROCESS
				       ", \"root\": {\"path\": \"/r\", \"readonly\": true}}",
				       &c, &err),
			 0);
	assert_string_equal(c.root_path, "/r");
	assert_true(c.read_only);
	config_done(&c);
}

static void names_need_a_namespace(void **state)
{
	struct error err = { 0 };
	struct config c;

	(void)state;
	refuse_document("{" VERSION "," PROCESS "," ROOT ", \"hostname\": \"h\"}", EINVAL,
			"hostname: needs a private uts namespace");
	assert_int_equal(read_document("{" VERSION "," PROCESS "," ROOT ", \"hostname\": \"\"}", &c,
				       &err),
			 0);
	assert_null(c.hostname);
	config_done(&c);
	assert_int_equal(read_document("{" VERSION "," PROCESS "," ROOT ", \"hostname\": \"h\","
				       " \"linux\": {\"namespaces\": [{\"type\": \"uts\"}]}}",
				       &c, &err),
			 0);
	assert_string_equal(c.hostname, "h");
	config_done(&c);
}

static void annotations_are_texts(void **state)
{
	(void)state;
	refuse_document("{" VERSION "," PROCESS "," ROOT ", \"annotations\": {\"a\": 1}}", EBADMSG,
			"annotations: 'a' is not a string");
}

static void of_a_variable_the_last_counts(void **state)
{
	struct error err = { 0 };
	struct config c;

	(void)state;
	assert_int_equal(
		read_config("\"env\": [\"A=1\", \"AB=x\", \"HOME=\", \"A=2\"]", "", &c, &err), 0);
	assert_int_equal(c.process.env.n, 2);
	assert_string_equal(c.process.env.items[0], "AB=x");
	assert_string_equal(c.process.env.items[1], "A=2");
	assert_null(c.process.env.items[2]);
	config_done(&c);
}

static void hooks_have_a_path_and_a_time(void **state)
{
	struct error err = { 0 };
	const struct config_hook *hook;
	struct config c;

	(void)state;
	assert_int_equal(read_document("{" VERSION "," PROCESS "," ROOT
				       ", \"hooks\": {\"poststop\": ["
				       "{\"path\": \"/bin/a\"},"
				       "{\"path\": \"/bin/b\", \"args\": [\"b\", \"c\"],"
				       " \"env\": [\"X=1\"], \"timeout\": 9}]}}",
				       &c, &err),
			 0);
	assert_int_equal(c.hooks[CONFIG_HOOK_POSTSTOP].n, 2);
	assert_int_equal(c.hooks[CONFIG_HOOK_PRESTART].n, 0);
	assert_false(config_has_hooks_before_pivot(&c));
	hook = &c.hooks[CONFIG_HOOK_POSTSTOP].items[1];
	assert_string_equal(hook->path, "/bin/b");
	assert_string_equal(hook->args.items[1], "c");
	assert_int_equal(hook->timeout_s, 9);
	config_done(&c);
	refuse_document("{" VERSION "," PROCESS "," ROOT ", \"hooks\": {\"prestart\": [{}]}}",
			EBADMSG, "hooks.prestart[0].path is missing");
	refuse_document("{" VERSION "," PROCESS "," ROOT
			", \"hooks\": {\"prestart\": [{\"path\": \"a\"}]}}",
			EINVAL, "hooks.prestart[0].path: 'a' is not absolute");
	refuse_document("{" VERSION "," PROCESS "," ROOT
			", \"hooks\": {\"prestart\": [{\"path\": \"/a\", \"timeout\": 0}]}}",
			ERANGE, "hooks.prestart[0].timeout");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_infinite_limit_leaves_other_numbers_whole),
		cmocka_unit_test(a_number_that_is_not_whole_is_refused),
		cmocka_unit_test(a_limit_that_is_no_number_is_refused),
		cmocka_unit_test(mappings_without_a_user_namespace_are_passed_over),
		cmocka_unit_test(any_version_1_is_accepted),
		cmocka_unit_test(what_there_must_be_is_named),
		cmocka_unit_test(the_root_is_in_the_bundle),
		cmocka_unit_test(names_need_a_namespace),
		cmocka_unit_test(annotations_are_texts),
		cmocka_unit_test(of_a_variable_the_last_counts),
		cmocka_unit_test(hooks_have_a_path_and_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
