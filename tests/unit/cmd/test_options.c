// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_options.c - Command lines, as users of docker type them
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"
#include "cmd/options.h"

#define MAX_ARGS 16

struct values {
	bool tty, interactive, remove;
	const char *name;
	struct strlist env, steps;
	int64_t last, memory, swap, time_ms;
	uint64_t shares;
	int parsed;
};

static int count_letters(void *member, const char *value, struct error *err)
{
	if (!*value)
		return error_set(err, EINVAL, "empty");
	*(int *)member = (int)strlen(value);
	return 0;
}

#define O(...) OPTION(struct values, __VA_ARGS__)

static const struct option_def table[] = {
	O('t', "tty", NULL, OPTION_BOOL, tty, "Terminal"),
	O('i', "interactive", NULL, OPTION_BOOL, interactive, "Input"),
	O(0, "rm", NULL, OPTION_BOOL, remove, "Remove"),
	O('n', "name", "NAME", OPTION_TEXT, name, "Name", .alias = "title"),
	O('e', "env", "NAME=VALUE", OPTION_LIST, env, "Variable"),
	O(0, "step", "WHEN WHAT", OPTION_PAIR, steps, "Step"),
	O('l', "last", "N", OPTION_INT, last, "Last"),
	O('c', "shares", "N", OPTION_U64, shares, "Shares"),
	O('m', "memory", "SIZE", OPTION_SIZE, memory, "Memory"),
	O(0, "swap", "SIZE", OPTION_LIMIT, swap, "Swap"),
	O(0, "time", "DURATION", OPTION_DURATION, time_ms, "Time"),
	O('x', "letters", "TEXT", OPTION_FUNC, parsed, "Letters", .parse = count_letters),
	OPTION_REFUSE("link", "put both on one network"),
	{ 0 },
};

/* A parsed command line, given as words separated by blanks. */
struct line {
	struct strlist words;
	struct values values;
	struct error err;
	char *argv[MAX_ARGS];
	int argc, result;
};

static void parse(struct line *l, const char *text, bool prefix)
{
	*l = (struct line){ 0 };
	strlist_split(&l->words, text, ' ');
	assert_true(l->words.n < MAX_ARGS);
	l->argc = (int)l->words.n;
	for (size_t i = 0; i < l->words.n; i++)
		l->argv[i] = l->words.items[i];
	l->result = options_parse(table, &l->values, prefix, &l->argc, l->argv, &l->err);
}

static void done(struct line *l)
{
	options_done(table, &l->values);
	strlist_done(&l->words);
}

static void expect_error(const char *text, const char *part)
{
	struct line l;

	parse(&l, text, false);
	assert_true(l.result < 0);
	assert_non_null(strstr(l.err.msg, part));
	done(&l);
}

static void long_options_take_values_both_ways(void **state)
{
	static const char *const forms[] = { "--name=x a", "--name x a", "-nx a",
					     "-n x a",	   "-n=x a",	 "--title x a" };

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct line l;

		parse(&l, forms[i], false);
		assert_int_equal(l.result, 0);
		assert_string_equal(l.values.name, "x");
		assert_int_equal(l.argc, 1);
		assert_string_equal(l.argv[0], "a");
		assert_null(l.argv[1]);
		done(&l);
	}
}

static void combined_switches_and_a_value_at_the_end(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "-it --rm -tinweb img", false);
	assert_int_equal(l.result, 0);
	assert_true(l.values.tty && l.values.interactive && l.values.remove);
	assert_string_equal(l.values.name, "web");
	done(&l);
}

static void switches_can_be_turned_off(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "--tty --tty=false --rm=true -i=0", false);
	assert_int_equal(l.result, 0);
	assert_false(l.values.tty);
	assert_true(l.values.remove);
	assert_false(l.values.interactive);
	done(&l);
	expect_error("--tty=maybe", "flag '--tty'");
}

static void lists_grow_and_texts_are_replaced(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "-e A=1 --env=B=2 -eC --name a --name b", false);
	assert_int_equal(l.result, 0);
	assert_int_equal(l.values.env.n, 3);
	assert_string_equal(l.values.env.items[0], "A=1");
	assert_string_equal(l.values.env.items[1], "B=2");
	assert_string_equal(l.values.env.items[2], "C");
	assert_string_equal(l.values.name, "b");
	done(&l);
}

static void options_may_follow_operands(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "web --name x db - -t", false);
	assert_int_equal(l.result, 0);
	assert_int_equal(l.argc, 3);
	assert_string_equal(l.argv[1], "db");
	assert_string_equal(l.argv[2], "-");
	assert_true(l.values.tty);
	done(&l);
}

static void options_of_run_end_at_the_image(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "-t img -c --help --nope -- x", true);
	assert_int_equal(l.result, 0);
	assert_int_equal(l.argc, 6);
	assert_string_equal(l.argv[0], "img");
	assert_string_equal(l.argv[2], "--help");
	assert_string_equal(l.argv[4], "--");
	done(&l);
}

static void two_dashes_end_the_options(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "-t -- -i --nope", false);
	assert_int_equal(l.result, 0);
	assert_int_equal(l.argc, 2);
	assert_false(l.values.interactive);
	assert_string_equal(l.argv[0], "-i");
	done(&l);
}

static void help_is_found_unless_it_is_a_value(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "-t --help --nope", false);
	assert_int_equal(l.result, OPTIONS_HELP);
	done(&l);
	parse(&l, "-t -h", false);
	assert_int_equal(l.result, OPTIONS_HELP);
	done(&l);
	parse(&l, "--name --help", false);
	assert_int_equal(l.result, 0);
	assert_string_equal(l.values.name, "--help");
	done(&l);
}

static void unknown_flags_are_errors(void **state)
{
	(void)state;
	expect_error("--nope", "unknown flag '--nope'");
	expect_error("--nam=x", "unknown flag '--nam'");
	expect_error("-tq", "unknown flag '-q'");
}

static void missing_values_are_errors(void **state)
{
	(void)state;
	expect_error("--name", "flag '--name' needs a value (NAME)");
	expect_error("-te", "flag '--env' needs a value");
}

static void numbers_are_strict(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "--last -3 -c 18446744073709551615 -m 1.5g --swap -1 --time 1m30s", false);
	assert_int_equal(l.result, 0);
	assert_int_equal(l.values.last, -3);
	assert_true(l.values.shares == UINT64_MAX);
	assert_int_equal(l.values.memory, 1610612736);
	assert_int_equal(l.values.swap, -1);
	assert_int_equal(l.values.time_ms, 90000);
	done(&l);
	expect_error("-m -1", "flag '--memory'");
	expect_error("-m 12q", "flag '--memory': '12q' is not understood; expected a size");
	expect_error("-c -1", "flag '--shares'");
	expect_error("-c 18446744073709551616", "out of range");
	expect_error("--last 3x", "a whole number");
	expect_error("--last=", "a whole number");
}

static void functions_parse_what_types_cannot(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "--letters abc", false);
	assert_int_equal(l.result, 0);
	assert_int_equal(l.values.parsed, 3);
	done(&l);
	expect_error("--letters=", "flag '--letters': empty");
}

static void refused_flags_say_what_to_do_instead(void **state)
{
	(void)state;
	expect_error("--link db:db", "flag '--link' is not supported: put both on one network");
	expect_error("--link=db", "put both on one network");
}

static void pairs_are_two_words_or_one(void **state)
{
	struct line l;

	(void)state;
	parse(&l, "--step 5s a=1 --step=6s b=2 --step 7s:c=3 --step=8s:d=4 left", true);
	assert_int_equal(l.result, 0);
	assert_int_equal(l.values.steps.n, 4);
	assert_string_equal(l.values.steps.items[0], "5s a=1");
	assert_string_equal(l.values.steps.items[1], "6s b=2");
	assert_string_equal(l.values.steps.items[2], "7s:c=3");
	assert_string_equal(l.values.steps.items[3], "8s:d=4");
	assert_int_equal(l.argc, 1);
	done(&l);
	parse(&l, "--step 5s", true);
	assert_int_equal(l.result, -EINVAL);
	done(&l);
	parse(&l, "--step", true);
	assert_int_equal(l.result, -EINVAL);
	done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_two_words_or_one),
		cmocka_unit_test(long_options_take_values_both_ways),
		cmocka_unit_test(combined_switches_and_a_value_at_the_end),
		cmocka_unit_test(switches_can_be_turned_off),
		cmocka_unit_test(lists_grow_and_texts_are_replaced),
		cmocka_unit_test(options_may_follow_operands),
		cmocka_unit_test(options_of_run_end_at_the_image),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(help_is_found_unless_it_is_a_value),
		cmocka_unit_test(unknown_flags_are_errors),
		cmocka_unit_test(missing_values_are_errors),
		cmocka_unit_test(numbers_are_strict),
		cmocka_unit_test(functions_parse_what_types_cannot),
		cmocka_unit_test(refused_flags_say_what_to_do_instead),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
