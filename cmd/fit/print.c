// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/fit/print.c - Resources that can be fitted, and how the answer is shown
 */
#include "cmd/fit/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cmd/format.h"
#include "cmd/report/chart.h"
#include "cmd/table.h"
#include "cmd/units.h"

#define PLOT_COLUMNS 60
#define MILLI	     1000

/** fit_resources_init() - All that there are, none of them asked for */
void fit_resources_init(struct fit_resource *resources)
{
	static const struct {
		const char *name, *example;
		int64_t unit;
	} kinds[FIT_RESOURCES] = {
		[FIT_MEMORY] = { "memory", "8m..1g", 64 << 10 },
		[FIT_CPUS] = { "cpus", "0.1..2", 10 }, /* thousandths: the kernel's least quota */
		[FIT_PIDS] = { "pids", "1..200", 1 },
	};

	for (size_t i = 0; i < FIT_RESOURCES; i++)
		resources[i] = (struct fit_resource){
			.kind = (enum fit_kind)i,
			.name = kinds[i].name,
			.example = kinds[i].example,
			.search.unit = kinds[i].unit,
		};
}

static char *flag_of(const struct fit_resource *r, int64_t limit)
{
	switch (r->kind) {
	case FIT_MEMORY:
		return xasprintf("--memory=%" PRId64 "k", limit >> 10);
	case FIT_CPUS:
		return xasprintf("--cpus=%" PRId64 ".%03" PRId64, limit / MILLI, limit % MILLI);
	default:
		return xasprintf("--pids-limit=%" PRId64, limit);
	}
}

/** fit_add_flags() - The flags of run for a limit */
void fit_add_flags(const struct fit_resource *r, int64_t limit, struct strlist *flags)
{
	strlist_take(flags, flag_of(r, limit));
	if (r->kind == FIT_MEMORY) /* a knee that depends on swap is none */
		strlist_take(flags, xasprintf("--memory-swap=%" PRId64 "k", limit >> 10));
}

/** fit_peak() - The most that a run used of it, in units of the limit; -1: not known */
int64_t fit_peak(const struct fit_resource *r, const struct json *report)
{
	switch (r->kind) {
	case FIT_MEMORY:
		return json_int(json_get(json_get(report, "memory"), "peak_bytes"), -1);
	case FIT_PIDS:
		return json_int(json_get(json_get(report, "pids"), "peak"), -1);
	default:
		return -1;
	}
}

static char *print_limit(const struct fit_resource *r, int64_t limit)
{
	char text[UNITS_TEXT_MAX];

	if (limit < 0)
		return xstrdup("--");
	switch (r->kind) {
	case FIT_MEMORY:
		return xstrdup(units_print_binary(text, (uint64_t)limit));
	case FIT_CPUS:
		return xasprintf("%" PRId64 ".%02" PRId64, limit / MILLI, limit % MILLI / 10);
	default:
		return xasprintf("%" PRId64, limit);
	}
}

static const char *verdict(const struct fit_try *t)
{
	return fit_passes(t) ? "passes" : fit_is_flaky(t) ? "flaky" : "fails";
}

/** fit_print_progress() - On stderr, for who waits at a terminal */
void fit_print_progress(const struct fit_resource *r, const struct fit_try *t)
{
	autofree char *limit = print_limit(r, t->limit);

	fprintf(stderr, "%s %s: %s (%u of %u)\n", r->name, limit, verdict(t), t->passed, t->runs);
}

/* Powers of two apart, so that a range over magnitudes has room; 16 steps for each. */
static double log_2(double x)
{
	double whole = 0;

	while (x >= 2) {
		x /= 2;
		whole += 1;
	}
	return whole + x - 1; /* straight between two powers: it is only to be looked at */
}

/**
 * fit_plot() - The tried limits on a line, x: fails, ~: flaky, o: passes
 * @columns:	At least 1
 * @out:	Room for @columns and NUL
 */
void fit_plot(const struct fit_search *s, size_t columns, char *out)
{
	double from = log_2((double)s->low), span = log_2((double)s->high) - from;

	memset(out, '.', columns);
	out[columns] = '\0';
	for (size_t i = 0; i < s->n; i++) {
		const struct fit_try *t = &s->tries[i];
		double at = span > 0 ? (log_2((double)t->limit) - from) / span : 0;

		out[(size_t)(at * (double)(columns - 1) + 0.5)] = fit_passes(t)	    ? 'o'
								  : fit_is_flaky(t) ? '~'
										    : 'x';
	}
}

static void add_row(struct table *table, const struct fit_resource *r, const struct fit_try *t)
{
	autofree char *limit = print_limit(r, t->limit), *peak = print_limit(r, t->peak);
	autofree char *passed = xasprintf("%u of %u", t->passed, t->runs);
	char slowest[UNITS_TEXT_MAX] = "--";

	if (t->slowest_us >= 0)
		chart_time(slowest, sizeof(slowest), t->slowest_us);
	table_add(table, limit);
	table_add(table, passed);
	if (r->kind != FIT_CPUS)
		table_add(table, peak);
	table_add(table, slowest);
	table_add(table, verdict(t));
	table_add(table, t->reason);
	table_end_row(table);
}

static void print_knee(const struct fit_resource *r)
{
	const struct fit_search *s = &r->search;
	autofree char *knee = print_limit(r, s->knee), *fails = print_limit(r, s->fails);
	autofree char *flag = flag_of(r, s->knee), *high = print_limit(r, s->high);

	if (!s->found)
		printf("does not pass even with %s\n", high);
	else if (!s->fails)
		printf("%s passes, the least that was to be tried: %s\n", knee, flag);
	else
		printf("%s passes, %s does not: %s\n", knee, fails, flag);
}

static void print_resource(const struct fit_resource *r)
{
	const struct fit_search *s = &r->search;
	autofree char *low = print_limit(r, s->low), *high = print_limit(r, s->high);
	autotable struct table table = { 0 };
	autostr struct str out = { 0 };
	char plot[PLOT_COLUMNS + 1];

	table_add(&table, r->name);
	table_add(&table, "PASSED");
	if (r->kind != FIT_CPUS)
		table_add(&table, "PEAK");
	table_add(&table, "SLOWEST");
	table_add(&table, "RESULT");
	table_add(&table, "REASON");
	table_end_row(&table);
	for (size_t i = 0; i < s->n; i++)
		add_row(&table, r, &s->tries[i]);
	table_print(&table, &out);
	fit_plot(s, PLOT_COLUMNS, plot);
	printf("%s\n%s %s %s   (x fails, ~ flaky, o passes)\n", out.data, low, plot, high);
	print_knee(r);
}

/** fit_print_table() - For people */
void fit_print_table(const struct fit_resource *resources, const struct fit_try *together)
{
	bool first = true;

	for (size_t i = 0; i < FIT_RESOURCES; i++) {
		if (!resources[i].is_asked)
			continue;
		if (!first)
			putchar('\n');
		print_resource(&resources[i]);
		first = false;
	}
	if (together->runs)
		printf("\nall together: %u of %u passed%s%s\n", together->passed, together->runs,
		       *together->reason ? ", " : "", together->reason);
}

static struct json *try_json(const struct fit_try *t)
{
	struct json *map = json_new_map();

	json_set_int(map, "limit", t->limit);
	json_set_int(map, "runs", t->runs);
	json_set_int(map, "passed", t->passed);
	json_set_text(map, "result", verdict(t));
	json_set(map, "peak", t->peak < 0 ? json_new_nil() : json_new_int(t->peak));
	json_set(map, "slowest_us",
		 t->slowest_us < 0 ? json_new_nil() : json_new_int(t->slowest_us));
	json_set_text(map, "reason", *t->reason ? t->reason : NULL);
	return map;
}

static struct json *resource_json(const struct fit_resource *r)
{
	static const char *const units[] = { "bytes", "thousandths", "processes" };
	const struct fit_search *s = &r->search;
	autofree char *flag = flag_of(r, s->knee);
	struct json *map = json_new_map(), *tried = json_new_list();

	json_set_text(map, "unit", units[r->kind]);
	json_set_int(map, "low", s->low);
	json_set_int(map, "high", s->high);
	json_set(map, "knee", s->found ? json_new_int(s->knee) : json_new_nil());
	json_set(map, "fails", s->fails ? json_new_int(s->fails) : json_new_nil());
	json_set_text(map, "flag", s->found ? flag : NULL);
	for (size_t i = 0; i < s->n; i++)
		json_add(tried, try_json(&s->tries[i]));
	json_set(map, "tried", tried);
	return map;
}

/** fit_print_json() - One document; docs/fit.md has its members */
void fit_print_json(const struct fit_resource *resources, const struct fit_try *together,
		    char *const *operands)
{
	autojson struct json *doc = json_new_map();
	struct json *fitted = json_new_map(), *list = json_new_list();

	for (; *operands; operands++)
		json_add_text(list, *operands);
	for (size_t i = 0; i < FIT_RESOURCES; i++)
		if (resources[i].is_asked)
			json_set(fitted, resources[i].name, resource_json(&resources[i]));
	json_set_text(doc, "kind", "fit");
	json_set_int(doc, "version", 1);
	json_set(doc, "operands", list);
	json_set(doc, "fitted", fitted);
	if (together->runs) {
		struct json *all = json_new_map();

		json_set_int(all, "runs", together->runs);
		json_set_int(all, "passed", together->passed);
		json_set(doc, "together", all);
	} else {
		json_set(doc, "together", json_new_nil());
	}
	format_print_json(doc);
}
