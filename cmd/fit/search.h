/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/fit/search.h - The smallest limit that passes, by bisection
 *
 * Pure: what passes says a function of the caller's.
 */
#ifndef CMD_FIT_SEARCH_H
#define CMD_FIT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

#define FIT_MAX_TRIES 64

/* All runs under one limit. */
struct fit_try {
	int64_t limit;
	unsigned int runs, passed;
	int64_t peak;	    /* the most that was in use; -1: not known */
	int64_t slowest_us; /* -1: not known */
	char reason[32];    /* of a run that did not pass; "" if all did */
};

struct fit_search {
	int64_t low, high, unit;	     /* limits are multiples of the unit */
	unsigned int precision;		     /* of the answer, in percent of it */
	struct fit_try tries[FIT_MAX_TRIES]; /* in the order of the limits */
	size_t n;
	bool found;
	int64_t knee;  /* the least limit under which every run passed */
	int64_t fails; /* the largest below it under which not every one did; 0: none was tried */
};

typedef int fit_try_fn(void *arg, struct fit_try *t, struct error *err);

bool fit_passes(const struct fit_try *t);
bool fit_is_flaky(const struct fit_try *t);
int64_t fit_middle(int64_t low, int64_t high, int64_t unit);
int fit_search(struct fit_search *s, fit_try_fn *try_limit, void *arg, struct error *err);

#endif
