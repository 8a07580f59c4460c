// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/repeat.c - run --repeat: the same run several times, and how its figures vary
 *
 * Of each number of a report the least, the middle and the greatest; of an
 * even count the lower one of the two in the middle, so that it was seen. A
 * run in which a figure was not known does not count for it.
 */
#include "cmd/report/repeat.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/report/assertion.h"
#include "cmd/report/report.h"
#include "cmd/report/verdict.h"
#include "cmd/table.h"

/** repeat_init() - Nothing has run yet; repeat_done() releases it */
void repeat_init(struct repeat *r)
{
	r->reports = json_new_list();
	r->assertions = json_new_list();
}

static const char *text_of(const struct json *map, const char *key)
{
	return json_text_or(json_get(map, key), "");
}

/* An assertion over all runs: what it saw where it failed first, else the last time. */
static struct json *join(const struct json *before, const struct json *now)
{
	bool held = !before || json_is_true(json_get(before, "ok"));
	struct json *item = json_clone(held ? now : before);
	int64_t failures = json_int(json_get(before, "failures"), 0);

	failures += !json_is_true(json_get(now, "ok"));
	json_set_int(item, "failures", failures);
	return item;
}

static void add_assertions(struct repeat *r, const struct json *assertions)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < json_count(assertions); i++)
		json_add(list, join(json_at(r->assertions, i), json_at(assertions, i)));
	json_free(r->assertions);
	r->assertions = list;
}

/** repeat_add() - One more run has ended */
void repeat_add(struct repeat *r, const struct json *report)
{
	json_add(r->reports, json_clone(report));
	if (json_count(json_get(report, "assertions")))
		add_assertions(r, json_get(report, "assertions"));
}

/** repeat_is_over() - Whether to run it again makes no sense: it was stopped, or cannot start */
bool repeat_is_over(const struct json *report)
{
	const char *reason = text_of(report, "reason");

	return !strcmp(reason, "stopped") || !strcmp(reason, "shutdown") ||
	       !strcmp(reason, "start-failed") || !strcmp(reason, "limit");
}

/* ---- how figures vary --------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* NULL if the figure was never known. */
static struct json *spread(const struct json *reports, const char *path)
{
	size_t count = json_count(reports), n = 0;
	autofree int64_t *values = xcalloc(count + 1, sizeof(*values));
	struct json *map;

	for (size_t i = 0; i < count; i++) {
		const struct json *v = assertion_find(json_at(reports, i), path);

		if (json_kind_of(v) == JSON_INT)
			values[n++] = json_int(v, 0);
	}
	if (!n)
		return NULL;
	qsort(values, n, sizeof(*values), by_value);
	map = json_new_map();
	json_set_int(map, "known", (int64_t)n);
	json_set_int(map, "min", values[0]);
	json_set_int(map, "median", values[(n - 1) / 2]);
	json_set_int(map, "max", values[n - 1]);
	return map;
}

static bool varies(const struct assertion_field *f)
{
	return (f->unit == ASSERTION_COUNT && strcmp(f->name, "signal") != 0) ||
	       f->unit == ASSERTION_BYTES || f->unit == ASSERTION_TIME;
}

static struct json *summary(const struct json *reports)
{
	struct json *map = json_new_map();

	for (const struct assertion_field *f = assertion_fields; f->name; f++) {
		struct json *values = varies(f) ? spread(reports, f->path) : NULL;

		if (values)
			json_set(map, f->path, values);
	}
	return map;
}

/** repeat_document() - All runs and how they vary: docs/repeat.schema.json; the caller frees it */
struct json *repeat_document(const struct repeat *r)
{
	struct json *doc = json_new_map();

	json_set_int(doc, "version", REPORT_VERSION);
	json_set_text(doc, "kind", "repeat");
	json_set_int(doc, "runs", (int64_t)json_count(r->reports));
	json_set(doc, "summary", summary(r->reports));
	json_set(doc, "assertions", json_clone(r->assertions));
	json_set(doc, "reports", json_clone(r->reports));
	return doc;
}

static void add_number(struct table *t, enum assertion_unit unit, const struct json *v)
{
	autostr struct str cell = { 0 };

	assertion_print(&cell, unit, json_int(v, 0));
	table_add(t, cell.data);
}

/** repeat_table() - The same for people; what was 0 in each run is left out */
void repeat_table(const struct json *document, struct str *out)
{
	static const char *const titles[] = { "FIGURE", "MIN", "MEDIAN", "MAX" };
	const struct json *all = json_get(document, "summary");
	autotable struct table t = { 0 };

	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++)
		table_add(&t, titles[i]);
	table_end_row(&t);
	for (const struct assertion_field *f = assertion_fields; f->name; f++) {
		const struct json *v = varies(f) ? json_get(all, f->path) : NULL;

		if (!v || !json_int(json_get(v, "max"), 0))
			continue;
		table_add(&t, f->name);
		add_number(&t, f->unit, json_get(v, "min"));
		add_number(&t, f->unit, json_get(v, "median"));
		add_number(&t, f->unit, json_get(v, "max"));
		table_end_row(&t);
	}
	table_print(&t, out);
}

/* ---- assertions --------------------------------------------------------- */

/** repeat_tell() - Tell of the assertions over all runs, as verdict_tell() of one */
int repeat_tell(const struct repeat *r, const struct verdict_output *out, struct error *err)
{
	const struct json *last = json_at(r->reports, json_count(r->reports) - 1);
	struct verdict v = { .assertions = json_new_list() };
	int ret;

	for (size_t i = 0; i < json_count(r->assertions); i++) {
		struct json *item = json_clone(json_at(r->assertions, i));
		int64_t failures = json_int(json_get(item, "failures"), 0);
		autofree char *seen = xasprintf("%s (%" PRId64 " of %zu runs)",
						text_of(item, "seen"), failures,
						json_count(r->reports));

		if (failures)
			json_set_text(item, "seen", seen);
		v.n++;
		v.failed += failures > 0;
		json_add(v.assertions, item);
	}
	ret = v.n ? verdict_tell(&v, out, last, err) : 0;
	verdict_done(&v);
	return ret;
}

/** repeat_done() - Release what the struct holds */
void repeat_done(struct repeat *r)
{
	json_done(&r->reports);
	json_done(&r->assertions);
}
