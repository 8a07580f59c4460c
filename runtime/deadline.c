// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/deadline.c - What is to be done at a given time, while others wait for events
 */
#include "runtime/deadline.h"

#include <stddef.h>

#include "base/clock.h"

#define NS_PER_MS INT64_C(1000000)

/** deadline_after() - The time @ms milliseconds later; INT64_MAX if nothing counts that far */
int64_t deadline_after(int64_t now_ns, int64_t ms)
{
	int64_t ns;

	return __builtin_mul_overflow(ms, NS_PER_MS, &ns) || __builtin_add_overflow(ns, now_ns, &ns)
		       ? INT64_MAX
		       : ns;
}

/** deadline_add() - Put @d, whose due() is set and which is in no list, behind those of its time */
void deadline_add(struct deadline **list, struct deadline *d, int64_t at_ns)
{
	d->at_ns = at_ns;
	while (*list && (*list)->at_ns <= at_ns)
		list = &(*list)->next;
	d->next = *list;
	*list = d;
}

/** deadline_remove() - Take @d out, if it is in the list */
void deadline_remove(struct deadline **list, const struct deadline *d)
{
	while (*list && *list != d)
		list = &(*list)->next;
	if (*list)
		*list = d->next;
}

/** deadline_run() - Call all that are past, each once */
void deadline_run(struct deadline **list)
{
	struct deadline *past = NULL, **end = &past;
	int64_t now = clock_monotonic_ns();

	while (*list && (*list)->at_ns <= now) {
		*end = *list;
		*list = (*list)->next;
		end = &(*end)->next;
		*end = NULL;
	}
	while (past) {
		struct deadline *d = past;
		int64_t again;

		past = d->next;
		again = d->due(d, now);
		if (again)
			deadline_add(list, d, again);
	}
}
