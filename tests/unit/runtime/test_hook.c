// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_hook.c - Programs at points of a container's life
 */
#include "runtime/hook.h"

#include <errno.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "tests/unit/scratch.h"

static const char STATE[] = "{\"id\":\"box\"}";

/* One more hook of a configuration: sh -c SCRIPT. */
static void add(struct config *c, const char *script, int timeout_s)
{
	struct config_hook_list *list = &c->hooks[CONFIG_HOOK_CREATE_RUNTIME];
	struct config_hook hook = { .path = xstrdup("/bin/sh"), .timeout_s = timeout_s };

	strlist_add(&hook.args, "sh");
	strlist_add(&hook.args, "-c");
	strlist_add(&hook.args, script);
	list->items = xrealloc(list->items, (list->n + 1) * sizeof(*list->items));
	list->items[list->n++] = hook;
}

static int run(struct config *c, struct error *err)
{
	return hook_run_all(c, CONFIG_HOOK_CREATE_RUNTIME, STATE, NULL, err);
}

static void kinds_have_the_names_of_the_specification(void **state)
{
	(void)state;
	assert_string_equal(hook_kind_name(CONFIG_HOOK_PRESTART), "prestart");
	assert_string_equal(hook_kind_name(CONFIG_HOOK_CREATE_RUNTIME), "createRuntime");
	assert_string_equal(hook_kind_name(CONFIG_HOOK_POSTSTOP), "poststop");
}

static void none_is_nothing_to_do(void **state)
{
	struct error err = { 0 };
	struct config c;

	(void)state;
	config_init(&c);
	assert_int_equal(run(&c, &err), 0);
	config_done(&c);
}

static void they_run_in_order_with_the_state_on_stdin(void **state)
{
	const struct scratch *s = *state;
	autofree char *first = xasprintf("cat >%s/out", s->path);
	autofree char *second = xasprintf("echo second >>%s/out", s->path);
	autofree char *got = NULL;
	struct error err = { 0 };
	struct config c;

	config_init(&c);
	add(&c, first, 0);
	add(&c, second, 0);
	assert_int_equal(run(&c, &err), 0);
	got = scratch_get(s, "out");
	assert_string_equal(got, "{\"id\":\"box\"}second\n");
	config_done(&c);
}

static void the_environment_is_what_is_listed(void **state)
{
	const struct scratch *s = *state;
	autofree char *script = xasprintf("echo \"$GIVEN/$HOME\" >%s/out", s->path);
	autofree char *got = NULL;
	struct error err = { 0 };
	struct config c;

	config_init(&c);
	add(&c, script, 0);
	strlist_add(&c.hooks[CONFIG_HOOK_CREATE_RUNTIME].items[0].env, "GIVEN=yes");
	setenv("HOME", "/leaked", 1);
	assert_int_equal(run(&c, &err), 0);
	got = scratch_get(s, "out");
	assert_string_equal(got, "yes/\n");
	config_done(&c);
}

static void a_failure_ends_them_and_brings_its_words(void **state)
{
	const struct scratch *s = *state;
	autofree char *after = xasprintf("echo >%s/after", s->path);
	struct error err = { 0 };
	struct config c;

	config_init(&c);
	add(&c, "echo its words >&2; exit 3", 0);
	add(&c, after, 0);
	assert_int_equal(run(&c, &err), -ECHILD);
	assert_string_equal(
		err.msg,
		"error running createRuntime hook #0: '/bin/sh': exit status 3: its words");
	assert_false(scratch_has(s, "after"));
	config_done(&c);
}

static void a_signal_is_named(void **state)
{
	struct error err = { 0 };
	struct config c;

	(void)state;
	config_init(&c);
	add(&c, "kill -9 $$", 0);
	assert_int_equal(run(&c, &err), -ECHILD);
	assert_non_null(strstr(err.msg, "killed by signal 9"));
	config_done(&c);
}

static void a_program_that_is_not_there_is_an_error(void **state)
{
	struct error err = { 0 };
	struct config c;

	(void)state;
	config_init(&c);
	add(&c, "", 0);
	str_replace(&c.hooks[CONFIG_HOOK_CREATE_RUNTIME].items[0].path, "/nonsense");
	assert_true(run(&c, &err) < 0);
	assert_non_null(strstr(err.msg, "'/nonsense'"));
	assert_non_null(strstr(err.msg, "No such file"));
	config_done(&c);
}

static void its_time_is_limited(void **state)
{
	struct error err = { 0 };
	struct config c;

	(void)state;
	config_init(&c);
	add(&c, "echo began; exec sleep 100", 1);
	assert_int_equal(run(&c, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.msg, "not done after 1 s"));
	assert_non_null(strstr(err.msg, "began"));
	config_done(&c);
}

/* A state larger than a pipe, for one that does not read it, and much output that nobody keeps. */
static void who_does_not_read_or_says_too_much_holds_up_nobody(void **state)
{
	autofree char *large = xmalloc(1 << 20);
	struct error err = { 0 };
	struct config c;

	(void)state;
	memset(large, 'x', (1 << 20) - 1);
	large[(1 << 20) - 1] = '\0';
	config_init(&c);
	add(&c,
	    "exec <&-; i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789;"
	    " i=$((i+1)); done; exit 1",
	    20);
	assert_int_equal(hook_run_all(&c, CONFIG_HOOK_CREATE_RUNTIME, large, NULL, &err), -ECHILD);
	assert_non_null(strstr(err.msg, "exit status 1"));
	config_done(&c);
}

/* Of a service that a hook leaves running, the output stays open. */
static void who_inherits_its_output_is_not_waited_for(void **state)
{
	struct error err = { 0 };
	struct config c;
	time_t began = time(NULL);

	(void)state;
	config_init(&c);
	add(&c, "sleep 5 & exit 0", 0);
	assert_int_equal(run(&c, &err), 0);
	assert_true(time(NULL) - began < 4);
	config_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_have_the_names_of_the_specification),
		cmocka_unit_test(none_is_nothing_to_do),
		scratch_test(they_run_in_order_with_the_state_on_stdin),
		scratch_test(the_environment_is_what_is_listed),
		scratch_test(a_failure_ends_them_and_brings_its_words),
		cmocka_unit_test(a_signal_is_named),
		cmocka_unit_test(a_program_that_is_not_there_is_an_error),
		cmocka_unit_test(its_time_is_limited),
		cmocka_unit_test(who_does_not_read_or_says_too_much_holds_up_nobody),
		cmocka_unit_test(who_inherits_its_output_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
