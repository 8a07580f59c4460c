// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/fit/search.c - The smallest limit that passes, by bisection
 *
 * Both ends are tried first: without a limit that passes there is nothing to
 * find, and the smallest one may do. Ranges span magnitudes, so the middle is
 * that of the logarithms as long as the ends are far apart.
 */
#include "cmd/fit/search.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

/** fit_passes() - Every run did */
bool fit_passes(const struct fit_try *t)
{
	return t->passed == t->runs;
}

/** fit_is_flaky() - Some runs did, and some did not */
bool fit_is_flaky(const struct fit_try *t)
{
	return t->passed > 0 && t->passed < t->runs;
}

static int64_t square_root(double x)
{
	double root = x > 1 ? x : 1;

	for (int i = 0; i < 80; i++) /* Newton's, from above: halves until it is near */
		root = (root + x / root) / 2;
	return (int64_t)root;
}

/**
 * fit_middle() - A multiple of @unit between two limits
 *
 * Return: it; @low if there is none
 */
int64_t fit_middle(int64_t low, int64_t high, int64_t unit)
{
	int64_t middle = high / 2 > low ? square_root((double)low * (double)high)
					: low + (high - low) / 2;

	middle = middle / unit * unit;
	if (middle <= low)
		middle = low / unit * unit + unit;
	return middle < high ? middle : low;
}

/* Keeps the order of the limits. */
static int try_at(struct fit_search *s, int64_t limit, fit_try_fn *try_limit, void *arg,
		  bool *passes, struct error *err)
{
	struct fit_try t = { .limit = limit, .peak = -1, .slowest_us = -1 };
	size_t at = 0;
	int r;

	if (s->n == FIT_MAX_TRIES)
		return error_set(err, E2BIG, "more than %d limits to try", FIT_MAX_TRIES);
	r = try_limit(arg, &t, err);
	if (r < 0)
		return r;
	while (at < s->n && s->tries[at].limit < limit)
		at++;
	memmove(&s->tries[at + 1], &s->tries[at], (s->n - at) * sizeof(t));
	s->tries[at] = t;
	s->n++;
	*passes = fit_passes(&t);
	return 0;
}

static bool is_near(const struct fit_search *s)
{
	int64_t tolerance = s->knee / 100 * s->precision + s->knee % 100 * s->precision / 100;

	return s->knee - s->fails <= (tolerance > s->unit ? tolerance : s->unit);
}

/**
 * fit_search() - Find the knee between s->low and s->high
 * @s:		low, high, unit and precision are set, the rest is 0
 *
 * Return: 0, also if no limit passes (s->found); or what @try_limit fails with
 */
int fit_search(struct fit_search *s, fit_try_fn *try_limit, void *arg, struct error *err)
{
	bool passes = false;
	int r = try_at(s, s->high, try_limit, arg, &passes, err);

	if (r < 0 || !passes)
		return r;
	s->found = true;
	s->knee = s->high;
	if (s->low == s->high)
		return 0;
	r = try_at(s, s->low, try_limit, arg, &passes, err);
	if (r == 0 && passes)
		s->knee = s->low;
	if (r < 0 || passes)
		return r;
	s->fails = s->low;
	while (!is_near(s)) {
		int64_t middle = fit_middle(s->fails, s->knee, s->unit);

		if (middle == s->fails)
			return 0;
		r = try_at(s, middle, try_limit, arg, &passes, err);
		if (r < 0)
			return r;
		if (passes)
			s->knee = middle;
		else
			s->fails = middle;
	}
	return 0;
}
