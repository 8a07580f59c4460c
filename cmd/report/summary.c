// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/summary.c - The document of --report, for people
 *
 * What is null there is left out here. Texts may come from anybody.
 */
#include "cmd/report/summary.h"

#include <inttypes.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/report/chart.h"
#include "cmd/units.h"

#define BAR_COLUMNS   40
#define LEAST_WALL_US 100000

static int64_t figure(const struct json *doc, const char *section, const char *key)
{
	int64_t value = json_int(json_get(json_get(doc, section), key), -1);

	return value < 0 ? -1 : value;
}

static void add_text(struct str *out, const char *text)
{
	autofree char *safe = str_escape(text);

	str_puts(out, safe);
}

static void add_head(const struct json *doc, struct str *out)
{
	const struct json *container = json_get(doc, "container");
	int64_t wall = json_int(json_get(doc, "wall_us"), -1);
	const char *error = json_text(json_get(doc, "error"));
	char time[UNITS_TEXT_MAX];

	add_text(out, json_text_or(json_get(container, "name"), "?"));
	str_puts(out, " (");
	add_text(out, json_text_or(json_get(container, "image"), "?"));
	str_puts(out, ": ");
	add_text(out, json_text_or(json_get(container, "command"), "?"));
	str_puts(out, ")\n");
	if (wall >= 0) {
		chart_time(time, sizeof(time), wall);
		str_printf(out, "ended after %s: ", time);
	}
	add_text(out, json_text_or(json_get(doc, "reason"), "?"));
	str_printf(out, ", code %" PRId64, json_int(json_get(doc, "code"), 0));
	if (error) {
		str_puts(out, ", ");
		add_text(out, error);
	}
	str_puts(out, "\n\n");
}

/* How much of its limit. */
static void add_bar(int64_t used, int64_t limit, bool ascii, struct str *out)
{
	int filled;

	if (limit <= 0)
		return;
	filled = used >= limit ? BAR_COLUMNS : (int)((double)used / (double)limit * BAR_COLUMNS);
	str_puts(out, "  ");
	for (int i = 0; i < BAR_COLUMNS; i++)
		str_puts(out, i < filled ? (ascii ? "#" : "█") : (ascii ? "." : "░"));
	str_printf(out, " %.0f%%", (double)used * 100 / (double)limit);
}

static void add_memory(const struct json *doc, bool ascii, struct str *out)
{
	int64_t peak = figure(doc, "memory", "peak_bytes"),
		limit = figure(doc, "limits", "memory.max");
	int64_t swap = figure(doc, "memory", "swap_peak_bytes"),
		kills = figure(doc, "oom", "kills");
	char text[UNITS_TEXT_MAX];

	if (peak >= 0) {
		str_printf(out, "memory    peak %s", units_print_binary(text, (uint64_t)peak));
		if (limit > 0)
			str_printf(out, " of %s", units_print_binary(text, (uint64_t)limit));
		add_bar(peak, limit, ascii, out);
		str_putc(out, '\n');
	}
	if (swap > 0)
		str_printf(out, "swap      peak %s\n", units_print_binary(text, (uint64_t)swap));
	if (kills > 0)
		str_printf(out, "oom       %" PRId64 " killed\n", kills);
}

static void add_cpu(const struct json *doc, struct str *out)
{
	int64_t used = figure(doc, "cpu", "usage_us"),
		wall = json_int(json_get(doc, "wall_us"), -1);
	int64_t throttled = figure(doc, "cpu", "throttled_us");
	char text[UNITS_TEXT_MAX];

	if (used < 0)
		return;
	chart_time(text, sizeof(text), used);
	str_printf(out, "cpu       %s", text);
	if (wall >= LEAST_WALL_US) /* else the start weighs more than the program */
		str_printf(out, ", %.0f%% of one on average", (double)used * 100 / (double)wall);
	if (throttled > 0) {
		chart_time(text, sizeof(text), throttled);
		str_printf(out, ", throttled for %s", text);
	}
	str_putc(out, '\n');
}

static void add_pids(const struct json *doc, bool ascii, struct str *out)
{
	int64_t peak = figure(doc, "pids", "peak"), limit = figure(doc, "limits", "pids.max");
	int64_t refused = figure(doc, "pids", "refused");

	if (peak < 0)
		return;
	str_printf(out, "pids      peak %" PRId64, peak);
	if (limit > 0)
		str_printf(out, " of %" PRId64, limit);
	add_bar(peak, limit, ascii, out);
	if (refused > 0)
		str_printf(out, ", %" PRId64 " refused", refused);
	str_putc(out, '\n');
}

static void add_pressure(const struct json *doc, struct str *out)
{
	static const char *const resources[] = { "memory", "cpu", "io" };
	const struct json *pressure = json_get(doc, "pressure");
	const char *separator = "pressure  ";

	for (size_t i = 0; i < sizeof(resources) / sizeof(*resources); i++) {
		int64_t waited = figure(pressure, resources[i], "some_us");
		char text[UNITS_TEXT_MAX];

		if (waited < 0)
			continue;
		chart_time(text, sizeof(text), waited);
		str_printf(out, "%s%s %s", separator, resources[i], text);
		separator = ", ";
	}
	if (*separator == ',')
		str_putc(out, '\n');
}

/** report_summary() - A few lines on how a run went */
void report_summary(const struct json *report, bool ascii, struct str *out)
{
	const struct json *why;
	const char *what;

	add_head(report, out);
	add_memory(report, ascii, out);
	add_cpu(report, out);
	add_pids(report, ascii, out);
	add_pressure(report, out);
	for (void *it = NULL; json_next(json_get(report, "missing"), &it, &what, &why);) {
		str_puts(out, "not known: ");
		add_text(out, what);
		str_puts(out, ": ");
		add_text(out, json_text_or(why, "?"));
		str_putc(out, '\n');
	}
}
