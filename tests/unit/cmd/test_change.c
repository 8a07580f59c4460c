// SPDX-License-Identifier: Apache-2.0
/*
 * test_change - Instructions of a Dockerfile do to a config what docker does
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/change.h"

/* Begins with @before, and is @after. */
static void check(const char *before, const char *change, const char *after)
{
	autojson struct json *config = json_parse(before, strlen(before), NULL);
	autostrlist struct strlist changes = { 0 };
	autofree char *text = NULL;
	struct error err;

	strlist_split(&changes, change, '|');
	assert_int_equal(change_apply(config, &changes, &err), 0);
	text = json_print(config);
	assert_string_equal(text, after);
}

static void check_refused(const char *change)
{
	autojson struct json *config = json_new_map();
	autostrlist struct strlist changes = { 0 };
	struct error err;

	strlist_add(&changes, change);
	assert_int_equal(change_apply(config, &changes, &err), -EINVAL);
}

static void commands_are_lists_or_lines_for_a_shell(void **state)
{
	(void)state;
	check("{}", "CMD [\"a\", \"b c\"]", "{\"Cmd\":[\"a\",\"b c\"]}");
	check("{}", "CMD a \"b\"", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"a \\\"b\\\"\"]}");
	check("{}", "entrypoint []", "{\"Entrypoint\":[]}");
	check("{}", "CMD [1]", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"[1]\"]}");
	check("{}", "CMD=[\"x\"]", "{\"Cmd\":[\"x\"]}");
}

static void variables_replace_those_of_their_name(void **state)
{
	(void)state;
	check("{\"Env\":[\"AB=1\",\"A=1\"]}", "ENV A=2", "{\"Env\":[\"AB=1\",\"A=2\"]}");
	check("{}", "ENV A=1 B='x y' C=\"a\\\"b\" D=e\\ f",
	      "{\"Env\":[\"A=1\",\"B=x y\",\"C=a\\\"b\",\"D=e f\"]}");
	check("{}", "ENV A  one two = three", "{\"Env\":[\"A=one two = three\"]}");
	check("{}", "ENV A=", "{\"Env\":[\"A=\"]}");
	check("{\"Labels\":{\"a\":\"1\"}}", "LABEL a=2|LABEL b=3",
	      "{\"Labels\":{\"a\":\"2\",\"b\":\"3\"}}");
}

static void sets_grow(void **state)
{
	(void)state;
	check("{}", "EXPOSE 80 53/udp|EXPOSE 80/tcp",
	      "{\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{}}}");
	check("{}", "VOLUME [\"/a b\"]|VOLUME /c /d",
	      "{\"Volumes\":{\"/a b\":{},\"/c\":{},\"/d\":{}}}");
}

static void working_directories_join(void **state)
{
	(void)state;
	check("{}", "WORKDIR a", "{\"WorkingDir\":\"/a\"}");
	check("{\"WorkingDir\":\"/x\"}", "WORKDIR y|WORKDIR z", "{\"WorkingDir\":\"/x/y/z\"}");
	check("{\"WorkingDir\":\"/x\"}", "WORKDIR /y", "{\"WorkingDir\":\"/y\"}");
	check("{}", "USER 1:2|STOPSIGNAL INT", "{\"User\":\"1:2\",\"StopSignal\":\"INT\"}");
}

static void what_does_not_only_change_the_config_is_refused(void **state)
{
	static const char *const bad[] = {
		"RUN true",	"ADD a b",	   "ONBUILD CMD x", "",	     "CMD",    "EXPOSE -1",
		"EXPOSE 65536", "EXPOSE 0",	   "EXPOSE 1/x",    "ENV A", "ENV =1", "LABEL x",
		"CMDX y",	"HEALTHCHECK NONE"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		check_refused(bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_lists_or_lines_for_a_shell),
		cmocka_unit_test(variables_replace_those_of_their_name),
		cmocka_unit_test(sets_grow),
		cmocka_unit_test(working_directories_join),
		cmocka_unit_test(what_does_not_only_change_the_config_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
