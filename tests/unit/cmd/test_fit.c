// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_fit.c - Where the knee is, in how many tries, and how it is drawn
 */
#include "cmd/fit/search.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json.h"
#include "cmd/fit/print.h"

/* Passes always from @knee on, and half of the time from @flaky on. */
struct program {
	int64_t knee, flaky;
	unsigned int tries;
	int64_t breaks_at; /* an error; 0: never */
};

static int try_limit(void *arg, struct fit_try *t, struct error *err)
{
	struct program *p = arg;

	p->tries++;
	t->runs = 4;
	t->passed = t->limit >= p->knee ? 4 : t->limit >= p->flaky ? 2 : 0;
	return t->limit == p->breaks_at ? error_set(err, EIO, "broken") : 0;
}

static void search(struct fit_search *s, struct program *p, int64_t low, int64_t high, int64_t unit,
		   unsigned int precision)
{
	struct error err;

	*s = (struct fit_search){ .low = low, .high = high, .unit = unit, .precision = precision };
	p->tries = 0;
	assert_int_equal(fit_search(s, try_limit, p, &err), 0);
	assert_int_equal(s->n, p->tries);
	for (size_t i = 1; i < s->n; i++)
		assert_true(s->tries[i].limit > s->tries[i - 1].limit);
}

static void the_knee_is_found(void **state)
{
	(void)state;
	for (int64_t knee = 1; knee <= 200; knee++) {
		struct program p = { .knee = knee, .flaky = knee };
		struct fit_search s;

		search(&s, &p, 1, 200, 1, 0);
		assert_true(s.found);
		assert_int_equal(s.knee, knee);
		assert_int_equal(s.fails, knee - 1);
		assert_true(s.n <= 14);
	}
}

static void the_answer_is_as_precise_as_asked(void **state)
{
	static const int64_t knees[] = { 9 << 20, 43 << 20, 44000 << 10, 700 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof(knees) / sizeof(*knees); i++) {
		struct program p = { .knee = knees[i], .flaky = knees[i] };
		struct fit_search s;

		search(&s, &p, 8 << 20, 1 << 30, 64 << 10, 5);
		assert_true(s.knee >= knees[i] && s.fails < knees[i]);
		assert_true(s.knee - s.fails <= s.knee / 20);
		assert_int_equal(s.knee % (64 << 10), 0);
		assert_true(s.n <= 11);
	}
}

static void flaky_is_not_good_enough(void **state)
{
	struct program p = { .knee = 64, .flaky = 32 };
	struct fit_search s;
	bool flaky = false;

	(void)state;
	search(&s, &p, 1, 128, 1, 0);
	assert_int_equal(s.knee, 64);
	assert_int_equal(s.fails, 63);
	for (size_t i = 0; i < s.n; i++)
		flaky |= fit_is_flaky(&s.tries[i]);
	assert_true(flaky);
}

static void the_ends_may_be_the_answer(void **state)
{
	struct program low = { .knee = 1, .flaky = 1 }, never = { .knee = 1000, .flaky = 1 };
	struct fit_search s;

	(void)state;
	search(&s, &low, 10, 100, 1, 5);
	assert_true(s.found);
	assert_int_equal(s.knee, 10);
	assert_int_equal(s.fails, 0);
	assert_int_equal(s.n, 2);
	search(&s, &never, 10, 100, 1, 5);
	assert_false(s.found);
	assert_int_equal(s.n, 1);
	search(&s, &low, 10, 10, 10, 5);
	assert_true(s.found);
	assert_int_equal(s.n, 1);
}

static void an_error_ends_it(void **state)
{
	struct program p = { .knee = 50, .flaky = 50, .breaks_at = 10 };
	struct fit_search s = { .low = 10, .high = 100, .unit = 1 };
	struct error err;

	(void)state;
	assert_int_equal(fit_search(&s, try_limit, &p, &err), -EIO);
}

static void the_middle_is_between(void **state)
{
	(void)state;
	assert_int_equal(fit_middle(1, 100, 1), 10);
	assert_int_equal(fit_middle(8 << 20, 1 << 30, 64 << 10), 94896128 / 65536 * 65536);
	assert_int_equal(fit_middle(50, 60, 1), 55);
	assert_int_equal(fit_middle(50, 52, 1), 51);
	assert_int_equal(fit_middle(50, 51, 1), 50);
	assert_int_equal(fit_middle(64, 128, 64), 64);
	assert_int_equal(fit_middle(64, 192, 64), 128);
	assert_int_equal(fit_middle(1, INT64_C(1) << 50, 1), 1 << 25);
}

static void the_tries_are_on_a_line(void **state)
{
	struct program p = { .knee = 16, .flaky = 8 };
	struct fit_search s;
	char line[11];

	(void)state;
	search(&s, &p, 1, 256, 1, 50);
	fit_plot(&s, 10, line);
	assert_int_equal(strlen(line), 10);
	assert_int_equal(line[0], 'x');
	assert_int_equal(line[9], 'o');
	assert_int_equal(line[5], 'o'); /* 16 is half-way: 9 * 4 / 8, rounded */
	assert_null(strpbrk(line + 6, "x~"));
	search(&s, &p, 16, 16, 1, 50);
	fit_plot(&s, 1, line);
	assert_string_equal(line, "o");
}

static void limits_become_flags(void **state)
{
	struct fit_resource r[FIT_RESOURCES];
	struct strlist flags = { 0 };

	(void)state;
	fit_resources_init(r);
	fit_add_flags(&r[FIT_MEMORY], 64 << 20, &flags);
	fit_add_flags(&r[FIT_CPUS], 1050, &flags);
	fit_add_flags(&r[FIT_PIDS], 7, &flags);
	assert_int_equal(flags.n, 4);
	assert_string_equal(flags.items[0], "--memory=65536k");
	assert_string_equal(flags.items[1], "--memory-swap=65536k");
	assert_string_equal(flags.items[2], "--cpus=1.050");
	assert_string_equal(flags.items[3], "--pids-limit=7");
	assert_int_equal(fit_peak(&r[FIT_MEMORY], NULL), -1);
	strlist_done(&flags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_knee_is_found),
		cmocka_unit_test(the_answer_is_as_precise_as_asked),
		cmocka_unit_test(flaky_is_not_good_enough),
		cmocka_unit_test(the_ends_may_be_the_answer),
		cmocka_unit_test(an_error_ends_it),
		cmocka_unit_test(the_middle_is_between),
		cmocka_unit_test(the_tries_are_on_a_line),
		cmocka_unit_test(limits_become_flags),
	};

	return cmocka_run_group_tests_name("cmd/fit", tests, NULL, NULL);
}
