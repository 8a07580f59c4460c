// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/chart.c - Curves over time: from looks to columns
 *
 * Each column is a stretch of time. Of what there is at a moment it shows the
 * most; of totals, what was added per time, as if they grew evenly between two
 * looks, so that it does not matter whether there are more looks or columns.
 */
#include "cmd/report/chart.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cmd/report/series.h"
#include "cmd/units.h"

#define US_PER_M (INT64_C(60) * UNITS_US_PER_S)
#define US_PER_H (60 * US_PER_M)

/** chart_label() - A value with its unit */
void chart_label(char *out, size_t size, enum chart_unit unit, double value)
{
	char text[UNITS_TEXT_MAX];

	if (unit == CHART_PERCENT)
		snprintf(out, size, "%.*f%%", value && value < 10 ? 1 : 0, value);
	else
		snprintf(out, size, "%s",
			 units_print_binary(text,
					    value < 1e18 ? (uint64_t)value : UINT64_C(1) << 60));
}

/** chart_time() - A time with its unit: "1.5s", "20ms", "1h30m" */
void chart_time(char *out, size_t size, int64_t us)
{
	if (us >= US_PER_H)
		snprintf(out, size, "%" PRId64 "h%02" PRId64 "m", us / US_PER_H,
			 us % US_PER_H / US_PER_M);
	else if (us >= 10 * US_PER_M)
		snprintf(out, size, "%" PRId64 "m%02" PRId64 "s", us / US_PER_M,
			 us % US_PER_M / UNITS_US_PER_S);
	else if (us >= UNITS_US_PER_S || us == 0)
		snprintf(out, size, "%.4gs", (double)us / UNITS_US_PER_S);
	else if (us >= UNITS_US_PER_MS)
		snprintf(out, size, "%.3gms", (double)us / UNITS_US_PER_MS);
	else
		snprintf(out, size, "%" PRId64 "us", us);
}

/**
 * chart_tick() - Microseconds between two times at an axis, a round number
 * @most:	So many at most; 0 counts as 1
 */
int64_t chart_tick(const struct chart *c, size_t most)
{
	static const int64_t steps[] = { 1, 2, 5, 10, 20, 50, 100, 200, 500 };
	static const int64_t minutes[] = { 1, 2, 5, 10, 30, 60, 120, 360, 720, 1440 };
	int64_t least = c->span_us / (int64_t)(most ? most : 1);
	int64_t tick = 24 * US_PER_H;

	for (int64_t unit = 1; unit <= UNITS_US_PER_S; unit *= 1000)
		for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
			if (steps[i] * unit >= least && steps[i] * unit <= 20 * UNITS_US_PER_S)
				return steps[i] * unit;
	for (size_t i = 0; i < sizeof(minutes) / sizeof(*minutes); i++)
		if (minutes[i] * US_PER_M >= least)
			return minutes[i] * US_PER_M;
	while (tick < least)
		tick *= 2;
	return tick;
}

/* ---- columns ------------------------------------------------------------ */

/* The last point that is not after @t; -1: none. */
static ssize_t point_at(const struct series *s, double t)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if ((double)s->points[middle].t_us <= t)
			low = middle + 1;
		else
			high = middle;
	}
	return (ssize_t)low - 1;
}

static double value_of(const struct series *s, size_t i, enum series_figure_index figure)
{
	int64_t value = series_value(&s->points[i], figure);

	return value == CGROUP_SAMPLE_NONE ? CHART_NONE : (double)value;
}

/* A total in between two looks. */
static double total_at(const struct series *s, enum series_figure_index figure, double t)
{
	ssize_t i = point_at(s, t);
	double a, b, t_a, t_b;

	if (i < 0)
		return CHART_NONE;
	a = value_of(s, (size_t)i, figure);
	if ((size_t)i + 1 >= s->n || a < 0)
		return a;
	b = value_of(s, (size_t)i + 1, figure);
	t_a = (double)s->points[i].t_us;
	t_b = (double)s->points[i + 1].t_us;
	return b < 0 || t_b <= t_a ? a : a + (b - a) * (t - t_a) / (t_b - t_a);
}

static double most_within(const struct series *s, enum series_figure_index figure, double from,
			  double to)
{
	ssize_t i = point_at(s, from);
	double most = i < 0 ? CHART_NONE : value_of(s, (size_t)i, figure);

	for (size_t k = (size_t)(i + 1); k < s->n && (double)s->points[k].t_us < to; k++) {
		double value = value_of(s, k, figure);

		most = value > most ? value : most;
	}
	return most;
}

/* How much of the time, in percent. */
static double rate_within(const struct series *s, enum series_figure_index figure, double from,
			  double to)
{
	double first = (double)s->points[0].t_us, last = (double)s->points[s->n - 1].t_us;
	double a, b;

	from = from < first ? first : from;
	to = to > last ? last : to;
	if (to <= from)
		return CHART_NONE;
	a = total_at(s, figure, from);
	b = total_at(s, figure, to);
	return a < 0 || b < a ? CHART_NONE : (b - a) * 100 / (to - from);
}

static double *make_columns(const struct chart *c, const struct series *s,
			    enum series_figure_index figure)
{
	double *values = xcalloc(c->columns, sizeof(*values));
	double width = (double)c->span_us / (double)c->columns;

	for (size_t i = 0; i < c->columns; i++) {
		double from = width * (double)i, to = width * (double)(i + 1);

		if (i + 1 == c->columns)
			to += 1; /* the last look is in it */
		values[i] = series_figures[figure].is_total ? rate_within(s, figure, from, to)
							    : most_within(s, figure, from, to);
	}
	return values;
}

static double most_of(const double *values, size_t n)
{
	double most = CHART_NONE;

	for (size_t i = 0; values && i < n; i++)
		most = values[i] > most ? values[i] : most;
	return most;
}

/* The least number with few digits, in the unit's own system, that is no less. */
static double round_up(double value, enum chart_unit unit)
{
	static const double binary[] = { 1, 1.5, 2, 3, 4, 6, 8 }, decimal[] = { 1, 2, 2.5, 5, 10 };
	const double *steps = unit == CHART_BYTES ? binary : decimal;
	size_t n = unit == CHART_BYTES ? 7 : 5;
	double scale = 1, base = unit == CHART_BYTES ? 8 : 10;

	while (value > scale * base)
		scale *= base;
	for (size_t i = 0; i < n; i++)
		if (value <= scale * steps[i])
			return scale * steps[i];
	return scale * base;
}

/* ---- panels ------------------------------------------------------------- */

static int64_t last_of(const struct series *s, enum series_figure_index figure)
{
	return s->n ? series_value(&s->points[s->n - 1], figure) : CGROUP_SAMPLE_NONE;
}

/* What was added in the course of the run. */
static int64_t growth_of(const struct series *s, enum series_figure_index figure)
{
	int64_t first = s->n ? series_value(&s->points[0], figure) : CGROUP_SAMPLE_NONE;
	int64_t last = last_of(s, figure);

	return first < 0 || last < first ? CGROUP_SAMPLE_NONE : last - first;
}

static int64_t peak_of(const struct series *s, enum series_figure_index figure)
{
	int64_t most = CGROUP_SAMPLE_NONE;

	for (size_t i = 0; i < s->n; i++) {
		int64_t value = series_value(&s->points[i], figure);

		most = value > most ? value : most;
	}
	return most;
}

static struct chart_panel *add_panel(struct chart *c, const struct series *s, const char *title,
				     enum series_figure_index figure, unsigned int rows)
{
	struct chart_panel *p = &c->panels[c->n_panels++];
	double most;

	p->title = title;
	p->unit = series_figures[figure].is_total ? CHART_PERCENT : CHART_BYTES;
	p->rows = rows;
	p->values = make_columns(c, s, figure);
	most = most_of(p->values, c->columns);
	p->top = round_up(most > 0 ? most : 1, p->unit);
	return p;
}

/* A limit is drawn where that does not press the curve flat. */
static void add_limits(struct chart *c, struct chart_panel *p, const struct series *s)
{
	double most = most_of(p->values, c->columns), room = most * 2;

	if (peak_of(s, SERIES_MEMORY_LIMIT) < 0)
		return;
	p->limits = make_columns(c, s, SERIES_MEMORY_LIMIT);
	for (size_t i = 0; i < c->columns; i++)
		if (p->limits[i] > most && p->limits[i] <= room)
			most = p->limits[i];
	p->top = round_up(most > 0 ? most : 1, p->unit);
}

static void add_memory(struct chart *c, const struct series *s)
{
	int64_t peak = peak_of(s, SERIES_MEMORY), limit = last_of(s, SERIES_MEMORY_LIMIT);
	int64_t swap = peak_of(s, SERIES_SWAP);
	char text[UNITS_TEXT_MAX];
	struct chart_panel *p;
	struct str caption = { 0 };

	if (peak < 0) {
		str_puts(c->notes, "no figures of memory: there was no such controller\n");
		return;
	}
	p = add_panel(c, s, "memory", SERIES_MEMORY, 8);
	add_limits(c, p, s);
	str_printf(&caption, "peak %s", units_print_binary(text, (uint64_t)peak));
	if (peak_of(s, SERIES_ANON) >= 0)
		str_printf(&caption, ", %s at most without files",
			   units_print_binary(text, (uint64_t)peak_of(s, SERIES_ANON)));
	if (limit >= 0)
		str_printf(&caption, "; limit %s", units_print_binary(text, (uint64_t)limit));
	p->caption = str_take(&caption);
	if (swap <= 0)
		return;
	p = add_panel(c, s, "swap", SERIES_SWAP, 3);
	p->caption = xasprintf("peak %s", units_print_binary(text, (uint64_t)swap));
}

static void add_cpu(struct chart *c, const struct series *s)
{
	int64_t used = growth_of(s, SERIES_CPU);
	struct chart_panel *p;
	char text[UNITS_TEXT_MAX];

	if (used < 0)
		return;
	p = add_panel(c, s, "cpu", SERIES_CPU, 6);
	chart_time(text, sizeof(text), used);
	p->caption = xasprintf("%s of processor time, %.0f%% of one on average", text,
			       c->span_us ? (double)used * 100 / (double)c->span_us : 0);
}

/* Time in which something was withheld; a note where there was none. */
static void add_waiting(struct chart *c, const struct series *s)
{
	static const struct {
		enum series_figure_index figure;
		const char *title, *what;
	} kinds[] = {
		{ SERIES_THROTTLED, "throttled", "withheld by the limit, of all processors" },
		{ SERIES_MEMORY_PRESSURE, "memory pressure", "some process waited" },
		{ SERIES_CPU_PRESSURE, "cpu pressure", "some process waited" },
		{ SERIES_IO_PRESSURE, "io pressure", "some process waited" },
	};
	autostr struct str none = { 0 };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		int64_t waited = growth_of(s, kinds[i].figure);
		struct chart_panel *p;
		char text[UNITS_TEXT_MAX];

		if (waited == 0)
			str_printf(&none, "%s%s", none.len ? ", " : "", kinds[i].title);
		if (waited <= 0)
			continue;
		p = add_panel(c, s, kinds[i].title, kinds[i].figure, 3);
		chart_time(text, sizeof(text), waited);
		p->caption = xasprintf("%s, %s", text, kinds[i].what);
	}
	if (none.len)
		str_printf(c->notes, "none at all: %s\n", none.data);
}

/* ---- the rest ----------------------------------------------------------- */

static void add_marks(struct chart *c, const struct series *s)
{
	for (size_t i = 0; i < s->n_steps && i < CHART_MAX_MARKS; i++) {
		const struct series_step *step = &s->steps[i];
		char at[UNITS_TEXT_MAX], took[UNITS_TEXT_MAX];
		size_t column = c->span_us ? (size_t)((double)step->t_us / (double)c->span_us *
						      (double)c->columns)
					   : 0;

		chart_time(at, sizeof(at), step->t_us);
		chart_time(took, sizeof(took), step->took_us);
		if (!c->marks)
			c->marks = xcalloc(CHART_MAX_MARKS, sizeof(*c->marks));
		c->marks[c->n_marks++] = (struct chart_mark){
			.column = column < c->columns ? column : c->columns - 1,
			.text = xasprintf("at %s %s: %s after %s%s%s", at, step->text,
					  step->outcome ? step->outcome : "unknown", took,
					  step->error ? ": " : "", step->error ? step->error : ""),
		};
	}
}

static void add_end(struct chart *c, const struct series *s)
{
	char span[UNITS_TEXT_MAX];

	chart_time(span, sizeof(span), c->span_us);
	if (s->end)
		str_printf(c->notes, "ended after %s: %s, code %" PRId64 "\n", span, s->end,
			   s->code);
	else
		str_printf(c->notes, "no end after %s\n", span);
	str_printf(c->notes, "%" PRIu64 " looks", s->looks);
	if (s->stride > 1)
		str_printf(c->notes, ", %zu to a point", s->stride);
	if (s->dropped)
		str_printf(c->notes, ", %" PRIu64 " lines dropped", s->dropped);
	if (s->malformed)
		str_printf(c->notes, ", %" PRIu64 " lines not understood", s->malformed);
	if (s->runs > 1)
		str_printf(c->notes, "; the last of %" PRIu64 " runs", s->runs);
	str_putc(c->notes, '\n');
}

/**
 * chart_of_series() - Everything that is to be drawn of a series
 * @c:		chart_done() releases it
 * @s:		With one look at least
 * @columns:	1 to CHART_MAX_COLUMNS
 */
void chart_of_series(struct chart *c, const struct series *s, size_t columns)
{
	*c = (struct chart){
		.columns = columns,
		.span_us = s->points[s->n - 1].t_us,
		.notes = xcalloc(1, sizeof(*c->notes)),
	};
	c->title = xasprintf("%s (%s: %s)", s->name ? s->name : "?", s->image ? s->image : "?",
			     s->command ? s->command : "?");
	add_memory(c, s);
	add_cpu(c, s);
	add_waiting(c, s);
	add_marks(c, s);
	add_end(c, s);
}

/** chart_done() - Release all, leaving { 0 } */
void chart_done(struct chart *c)
{
	for (size_t i = 0; i < c->n_panels; i++) {
		free(c->panels[i].caption);
		free(c->panels[i].values);
		free(c->panels[i].limits);
	}
	for (size_t i = 0; i < c->n_marks; i++)
		free(c->marks[i].text);
	free(c->marks);
	free(c->title);
	if (c->notes)
		str_done(c->notes);
	free(c->notes);
	*c = (struct chart){ 0 };
}
