// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_series - A file of --sample, read and drawn; steps of --at
 *
 * First byte: 0 for steps, a line each; else the number of columns.
 */
#include "base/error.h"
#include "base/json.h"
#include "cmd/report/chart.h"
#include "cmd/report/series.h"
#include "cmd/report/summary.h"
#include "cmd/report/timeline.h"
#include "tests/fuzz/fuzz.h"

static void draw(const struct series *s, size_t columns)
{
	struct str out = { 0 };
	struct chart c;

	chart_of_series(&c, s, columns);
	chart_print_text(&c, false, &out);
	chart_print_svg(&c, &out);
	chart_done(&c);
	str_done(&out);
}

static void read_series(const char *text, size_t columns)
{
	struct series s;

	series_init(&s);
	while (*text) {
		size_t len = strcspn(text, "\n");

		series_add_line(&s, text, len);
		text += len + (text[len] == '\n');
	}
	if (s.n)
		draw(&s, columns);
	series_done(&s);
}

static void sum_up(const char *text)
{
	struct str out = { 0 };
	struct error err;
	struct json *doc = json_parse(text, strlen(text), &err);

	if (doc)
		report_summary(doc, true, &out);
	json_free(doc);
	str_done(&out);
}

static void parse_steps(const char *text)
{
	struct strlist specs = { 0 };
	struct timeline t = { 0 };
	struct error err;

	strlist_split(&specs, text, '\n');
	(void)timeline_parse(&t, &specs, &err);
	timeline_done(&t);
	strlist_done(&specs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	text = fuzz_text(data + 1, size - 1);
	if (data[0] == 0)
		parse_steps(text);
	else if (data[0] == 1)
		sum_up(text);
	else
		read_series(text, data[0]);
	free(text);
	return 0;
}
