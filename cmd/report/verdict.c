// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/verdict.c - Which assertions about a run held: --assert, --assert-format
 *
 * For people a table of what failed; for the collectors of test results TAP
 * (testanything.org, version 13) or JUnit's XML, with all of them.
 */
#include "cmd/report/verdict.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/report/assertion.h"
#include "cmd/table.h"
#include "cmd/units.h"

static const char *const format_names[] = {
	[VERDICT_TEXT] = "text",
	[VERDICT_TAP] = "tap",
	[VERDICT_JUNIT] = "junit",
};

/**
 * verdict_output_open() - Where assertions are told of
 * @spec:	"text", "tap" or "junit", and ":FILE", ":fd:N" or ":-" behind it; NULL: text
 * @out:	VERDICT_OUTPUT_DEFAULT before; verdict_output_close() releases it
 */
int verdict_output_open(struct verdict_output *out, const char *spec, struct error *err)
{
	size_t len = strcspn(spec ? spec : "text", ":");

	for (size_t i = 0; spec && i < sizeof(format_names) / sizeof(*format_names); i++) {
		if (strlen(format_names[i]) != len || strncmp(format_names[i], spec, len) != 0)
			continue;
		out->format = (enum verdict_format)i;
		return spec[len] ? report_sink_open(&out->sink, spec + len + 1, "--assert-format",
						    err)
				 : 0;
	}
	return spec ? error_set(err, EINVAL, "--assert-format '%s' is not text, tap or junit", spec)
		    : 0;
}

/** verdict_output_absolute() - The same from any directory; the caller frees it */
char *verdict_output_absolute(const char *spec)
{
	size_t len = strcspn(spec, ":");
	autofree char *place = spec[len] ? report_sink_absolute(spec + len + 1) : NULL;

	return place ? xasprintf("%.*s:%s", (int)len, spec, place) : xstrdup(spec);
}

/** verdict_output_close() - Release; safe twice */
void verdict_output_close(struct verdict_output *out)
{
	report_sink_close(&out->sink);
}

/** verdict_check() - Whether all expressions can be understood, before anything starts */
int verdict_check(const struct strlist *expressions, struct error *err)
{
	struct assertion a;
	int r = 0;

	for (size_t i = 0; r == 0 && i < expressions->n; i++)
		r = assertion_parse(expressions->items[i], &a, err);
	return r;
}

/**
 * verdict_reach() - Compare all with a report
 * @v:	Zeroed; verdict_done() releases it
 */
void verdict_reach(struct verdict *v, const struct strlist *expressions, const struct json *report)
{
	v->assertions = json_new_list();
	for (size_t i = 0; i < expressions->n; i++) {
		struct json *item = json_new_map();
		autostr struct str seen = { 0 };
		struct error err = { 0 };
		struct assertion a;
		bool ok = false;

		if (assertion_parse(expressions->items[i], &a, &err) < 0)
			str_puts(&seen, err.msg); /* by another version of tare */
		else
			ok = assertion_holds(&a, report, &seen);
		json_set_text(item, "expression", expressions->items[i]);
		json_set_bool(item, "ok", ok);
		json_set_text(item, "seen", seen.data ? seen.data : "");
		json_add(v->assertions, item);
		v->n++;
		v->failed += !ok;
		v->end_foretold |= ok && assertion_is_of_the_end(&a);
	}
}

/* ---- formats ------------------------------------------------------------ */

static const char *text_of(const struct json *item, const char *key)
{
	return json_text_or(json_get(item, key), "");
}

static bool is_ok(const struct json *item)
{
	return json_is_true(json_get(item, "ok"));
}

static void format_text(const struct verdict *v, struct str *text)
{
	autotable struct table t = { 0 };

	str_printf(text, "tare: %zu of %zu assertions failed\n", v->failed, v->n);
	table_add(&t, "EXPECTED");
	table_add(&t, "SEEN");
	table_add(&t, "");
	table_end_row(&t);
	for (size_t i = 0; i < v->n; i++) {
		const struct json *item = json_at(v->assertions, i);

		table_add(&t, text_of(item, "expression"));
		table_add(&t, text_of(item, "seen"));
		table_add(&t, is_ok(item) ? "ok" : "FAILED");
		table_end_row(&t);
	}
	table_print(&t, text);
}

/* A # would begin a directive. */
static void put_tap(struct str *text, const char *description)
{
	for (const char *p = description; *p; p++) {
		if (*p == '#' || *p == '\\')
			str_putc(text, '\\');
		str_putc(text, *p == '\n' ? ' ' : *p);
	}
}

static void format_tap(const struct verdict *v, struct str *text)
{
	str_printf(text, "TAP version 13\n1..%zu\n", v->n);
	for (size_t i = 0; i < v->n; i++) {
		const struct json *item = json_at(v->assertions, i);
		autofree char *seen = str_escape(text_of(item, "seen"));

		str_printf(text, "%sok %zu - ", is_ok(item) ? "" : "not ", i + 1);
		put_tap(text, text_of(item, "expression"));
		str_printf(text, "\n# seen: %s\n", seen);
	}
}

static void put_xml(struct str *text, const char *value)
{
	for (const char *p = value; *p; p++) {
		if (strchr("<>&\"", *p))
			str_printf(text, "&#%d;", *p);
		else
			str_putc(text, (unsigned char)*p < ' ' ? ' ' : *p);
	}
}

static void put_attribute(struct str *text, const char *name, const char *value)
{
	str_printf(text, " %s=\"", name);
	put_xml(text, value);
	str_putc(text, '"');
}

static void format_junit(const struct verdict *v, const struct json *report, struct str *text)
{
	const struct json *container = json_get(report, "container");
	double seconds = (double)json_int(json_get(report, "wall_us"), 0) / UNITS_US_PER_S;

	str_puts(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite");
	put_attribute(text, "name", text_of(container, "image"));
	put_attribute(text, "timestamp", text_of(report, "started"));
	str_printf(text,
		   " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\" time=\"%.6f\">\n",
		   v->n, v->failed, seconds);
	for (size_t i = 0; i < v->n; i++) {
		const struct json *item = json_at(v->assertions, i);

		str_puts(text, "    <testcase");
		put_attribute(text, "name", text_of(item, "expression"));
		put_attribute(text, "classname", text_of(container, "image"));
		str_printf(text, " time=\"%.6f\"", seconds);
		if (is_ok(item)) {
			str_puts(text, "/>\n");
			continue;
		}
		str_puts(text, ">\n      <failure");
		put_attribute(text, "message", text_of(item, "seen"));
		str_puts(text, "/>\n    </testcase>\n");
	}
	str_puts(text, "  </testsuite>\n</testsuites>\n");
}

/** verdict_format() - Append it in one of the formats */
void verdict_format(const struct verdict *v, enum verdict_format format, const struct json *report,
		    struct str *text)
{
	switch (format) {
	case VERDICT_TEXT:
		format_text(v, text);
		break;
	case VERDICT_TAP:
		format_tap(v, text);
		break;
	case VERDICT_JUNIT:
		format_junit(v, report, text);
		break;
	}
}

/** verdict_tell() - Write it where it is wanted; to people nothing if all is well */
int verdict_tell(const struct verdict *v, const struct verdict_output *out,
		 const struct json *report, struct error *err)
{
	autostr struct str text = { 0 };

	if (out->mute)
		return 0;
	if (!report_sink_is_open(&out->sink) && out->format == VERDICT_TEXT && !v->failed)
		return 0;
	verdict_format(v, out->format, report, &text);
	if (report_sink_is_open(&out->sink))
		return report_sink_write(&out->sink, text.data, text.len, err);
	(void)file_write_fd(STDERR_FILENO, text.data, text.len); /* as other messages there */
	return 0;
}

/** verdict_done() - Release what the struct holds */
void verdict_done(struct verdict *v)
{
	json_done(&v->assertions);
}
