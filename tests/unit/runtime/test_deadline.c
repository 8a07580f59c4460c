// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_deadline.c - What is due is done, in order, and as often as it says
 */
#include "base/clock.h"
#include "runtime/deadline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FUTURE_NS INT64_C(1000000000000)

/* What was called, a letter each. */
static char calls[32];
static size_t n_calls;

struct letter {
	struct deadline deadline;
	char letter;
	int times;	  /* to be called once more */
	int64_t again_ns; /* after now */
};

static int64_t note(struct deadline *d, int64_t now_ns)
{
	struct letter *l = (struct letter *)d;

	assert_true(d->at_ns <= now_ns);
	assert_true(n_calls + 1 < sizeof(calls));
	calls[n_calls++] = l->letter;
	calls[n_calls] = '\0';
	return l->times-- > 0 ? now_ns + l->again_ns : 0;
}

static int forget(void **state)
{
	(void)state;
	n_calls = 0;
	calls[0] = '\0';
	return 0;
}

static void they_are_called_in_the_order_of_time(void **state)
{
	struct letter l[4] = {
		{ .letter = 'c' }, { .letter = 'a' }, { .letter = 'b' }, { .letter = 'd' }
	};
	int64_t now = clock_monotonic_ns();
	const int64_t at[4] = { now - 1, now - 3, now - 3, now + FUTURE_NS };
	struct deadline *list = NULL;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		l[i].deadline.due = note;
		deadline_add(&list, &l[i].deadline, at[i]);
	}
	deadline_run(&list);
	assert_string_equal(calls, "abc");
	assert_ptr_equal(list, &l[3].deadline);
	assert_null(list->next);
}

static void each_is_called_once_per_run(void **state)
{
	struct letter a = { .letter = 'a', .times = 2, .deadline.due = note }; /* again at once */
	struct letter b = { .letter = 'b', .times = 1, .deadline.due = note, .again_ns = FUTURE_NS };
	struct deadline *list = NULL;

	(void)state;
	deadline_add(&list, &a.deadline, 1);
	deadline_add(&list, &b.deadline, 2);
	deadline_run(&list);
	assert_string_equal(calls, "ab");
	assert_ptr_equal(list, &a.deadline);
	deadline_run(&list);
	deadline_run(&list);
	deadline_run(&list);
	assert_string_equal(calls, "abaa");
	assert_ptr_equal(list, &b.deadline);
	assert_null(list->next);
}

static void what_is_removed_is_not_called(void **state)
{
	struct letter a = { .letter = 'a', .deadline.due = note };
	struct letter b = { .letter = 'b', .deadline.due = note };
	struct deadline *list = NULL;

	(void)state;
	deadline_run(&list);
	deadline_add(&list, &a.deadline, 1);
	deadline_add(&list, &b.deadline, 2);
	deadline_remove(&list, &a.deadline);
	deadline_remove(&list, &a.deadline);
	deadline_run(&list);
	assert_string_equal(calls, "b");
	assert_null(list);
}

static void what_nothing_counts_is_never(void **state)
{
	(void)state;
	assert_int_equal(deadline_after(5, 2), 2000005);
	assert_int_equal(deadline_after(5, -2), -1999995);
	assert_int_equal(deadline_after(1, INT64_MAX / 1000000), INT64_C(9223372036854000001));
	assert_int_equal(deadline_after(FUTURE_NS, INT64_MAX / 1000000), INT64_MAX);
	assert_int_equal(deadline_after(0, INT64_MAX), INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(they_are_called_in_the_order_of_time, forget),
		cmocka_unit_test_setup(each_is_called_once_per_run, forget),
		cmocka_unit_test_setup(what_is_removed_is_not_called, forget),
		cmocka_unit_test(what_nothing_counts_is_never),
	};

	return cmocka_run_group_tests_name("runtime/deadline", tests, NULL, NULL);
}
