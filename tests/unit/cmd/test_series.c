// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_series.c - Series read back, and drawn
 */
#include "cmd/report/series.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/report/chart.h"
#include "cmd/report/summary.h"

static const char head[] = "{\"kind\":\"samples\",\"version\":1,\"name\":\"n\",\"image\":\"i\","
			   "\"command\":\"a\\u001b[2Jb\"}";

static void add(struct series *s, const char *line)
{
	series_add_line(s, line, strlen(line));
}

static void add_memory(struct series *s, int64_t t_us, int64_t bytes)
{
	autofree char *line = xasprintf("{\"t_us\":%" PRId64 ",\"memory_bytes\":%" PRId64
					",\"cpu_us\":%" PRId64 "}",
					t_us, bytes, t_us / 2);

	add(s, line);
}

static void a_series_is_read_back(void **state)
{
	struct series s;

	(void)state;
	series_init(&s);
	add(&s, head);
	add(&s, "{\"t_us\":5,\"memory_bytes\":100,\"pids\":-4,\"cpu_us\":1.5,\"dropped\":3}");
	add(&s, "{\"t_us\":9,\"memory_bytes\":50,\"dropped\":4}");
	add(&s,
	    "{\"t_us\":7,\"step\":\"freeze=1s\",\"outcome\":\"failed\",\"took_us\":2,\"error\":\"no\"}");
	add(&s, "{\"t_us\":11,\"end\":\"oom\",\"code\":137}");
	assert_int_equal(s.looks, 2);
	assert_int_equal(series_value(&s.points[0], SERIES_MEMORY), 100);
	assert_int_equal(series_value(&s.points[0], SERIES_PIDS), CGROUP_SAMPLE_NONE);
	assert_int_equal(series_value(&s.points[0], SERIES_CPU), CGROUP_SAMPLE_NONE);
	assert_int_equal(s.points[1].t_us, 9);
	assert_int_equal(s.n_steps, 1);
	assert_string_equal(s.steps[0].error, "no");
	assert_string_equal(s.end, "oom");
	assert_int_equal(s.code, 137);
	assert_int_equal(s.dropped, 7);
	assert_int_equal(s.malformed, 0);
	assert_string_equal(s.command, "a\\x1b[2Jb"); /* nothing for a terminal to obey */
	add(&s, head);
	assert_int_equal(s.runs, 2);
	assert_int_equal(s.n, 0);
	assert_null(s.end);
	series_done(&s);
}

static void nonsense_is_counted(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"7",
		"{\"t_us\":-1}",
		"{\"t_us\":9223372036854775807}",
		"{\"t_us\":\"5\"}",
		"{\"t_us\":3,\"memory_bytes\":1}", /* back in time */
	};
	struct series s;

	(void)state;
	series_init(&s);
	add(&s, "{\"t_us\":1}"); /* without a head */
	assert_int_equal(s.malformed, 1);
	add(&s, head);
	add_memory(&s, 4, 1);
	s.malformed = 0;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		add(&s, bad[i]);
	assert_int_equal(s.malformed, sizeof(bad) / sizeof(*bad));
	assert_int_equal(s.n, 1);
	series_done(&s);
}

static void a_long_series_keeps_its_peak_and_its_end(void **state)
{
	const int64_t n = 5 * SERIES_MAX_POINTS + 7;
	int64_t peak = 0;
	struct series s;

	(void)state;
	series_init(&s);
	add(&s, head);
	for (int64_t i = 0; i < n; i++)
		add_memory(&s, i * 1000, i == 12345 ? 999 : 5);
	assert_int_equal(s.looks, n);
	assert_true(s.n <= SERIES_MAX_POINTS && s.n > SERIES_MAX_POINTS / 2);
	assert_int_equal(s.stride, 8);
	for (size_t i = 0; i < s.n; i++) {
		int64_t value = series_value(&s.points[i], SERIES_MEMORY);

		peak = value > peak ? value : peak;
		assert_true(i == 0 || s.points[i].t_us > s.points[i - 1].t_us);
	}
	assert_int_equal(peak, 999);
	assert_int_equal(s.points[s.n - 1].t_us, (n - 1) * 1000);
	assert_int_equal(series_value(&s.points[s.n - 1], SERIES_CPU), (n - 1) * 500);
	series_done(&s);
}

static void steps_are_bounded(void **state)
{
	struct series s;

	(void)state;
	series_init(&s);
	add(&s, head);
	for (int i = 0; i < SERIES_MAX_STEPS + 5; i++)
		add(&s, "{\"t_us\":1,\"step\":\"x\"}");
	assert_int_equal(s.n_steps, SERIES_MAX_STEPS);
	assert_int_equal(s.malformed, 5);
	series_done(&s);
}

/* ---- drawn -------------------------------------------------------------- */

static void columns_do_not_depend_on_how_many_looks_there_are(void **state)
{
	(void)state;
	for (int64_t step = 1000; step <= 250000; step *= 5) {
		struct series s;
		struct chart c;

		series_init(&s);
		add(&s, head);
		for (int64_t t = 0; t <= 1000000; t += step)
			add_memory(&s, t, t < 500000 ? 100 : 200);
		chart_of_series(&c, &s, 50);
		assert_string_equal(c.panels[0].title, "memory");
		assert_true(c.panels[0].values[0] == 100 && c.panels[0].values[49] == 200);
		assert_string_equal(c.panels[1].title, "cpu");
		for (size_t i = 0; i < 50; i++)
			if (c.panels[1].values[i] < 49 || c.panels[1].values[i] > 51)
				fail_msg("step %d column %zu: %f", (int)step, i,
					 c.panels[1].values[i]);
		chart_done(&c);
		series_done(&s);
	}
}

static void a_drawing_has_the_limit_and_the_steps(void **state)
{
	struct series s;
	struct chart c;
	struct str text = { 0 }, plain = { 0 }, svg = { 0 };

	(void)state;
	series_init(&s);
	add(&s, head);
	add(&s, "{\"t_us\":0,\"memory_bytes\":1048576,\"memory_limit_bytes\":2097152}");
	add(&s, "{\"t_us\":2000000,\"memory_bytes\":1048576,\"memory_limit_bytes\":2097152}");
	add(&s,
	    "{\"t_us\":1000000,\"step\":\"memory.max=<2M>\",\"outcome\":\"done\",\"took_us\":1500}");
	add(&s, "{\"t_us\":2000000,\"end\":\"exit\",\"code\":3}");
	chart_of_series(&c, &s, 20);
	chart_print_text(&c, false, &text);
	chart_print_text(&c, true, &plain);
	chart_print_svg(&c, &svg);
	assert_non_null(strstr(text.data, "memory: peak 1MiB; limit 2MiB\n"));
	assert_non_null(strstr(text.data, "     2MiB┤╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌\n"));
	assert_non_null(strstr(text.data, "     1MiB┤████████████████████\n"));
	assert_non_null(strstr(text.data, "        0└┴───────────────────\n          0s\n"));
	assert_non_null(strstr(
		text.data, "\n                    1\n1 at 1s memory.max=<2M>: done after 1.5ms\n"));
	assert_non_null(strstr(text.data, "ended after 2s: exit, code 3\n2 looks\n"));
	assert_non_null(strstr(plain.data, "     1MiB+####################\n"));
	for (size_t i = 0; i < plain.len; i++)
		assert_true((unsigned char)plain.data[i] < 0x80);
	assert_non_null(strstr(svg.data, "memory.max=&lt;2M&gt;"));
	assert_null(strstr(svg.data, "<2M"));
	assert_non_null(strstr(svg.data, "</svg>\n"));
	str_done(&text);
	str_done(&plain);
	str_done(&svg);
	chart_done(&c);
	series_done(&s);
}

static void one_look_is_enough_to_draw(void **state)
{
	struct series s;
	struct chart c;
	struct str text = { 0 };

	(void)state;
	series_init(&s);
	add(&s, head);
	add(&s, "{\"t_us\":0,\"memory_bytes\":0,\"cpu_us\":0,\"throttled_us\":0}");
	chart_of_series(&c, &s, 1);
	chart_print_text(&c, false, &text);
	assert_non_null(strstr(text.data, "no end after 0s\n1 looks\n"));
	str_done(&text);
	chart_done(&c);
	series_done(&s);
}

static void times_are_short(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = { { 0, "0s" },
		      { 999, "999us" },
		      { 1500, "1.5ms" },
		      { 2500000, "2.5s" },
		      { 90000000, "90s" },
		      { 754000000, "12m34s" },
		      { 5400000000, "1h30m" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[64];

		chart_time(text, sizeof(text), cases[i].us);
		assert_string_equal(text, cases[i].text);
	}
}

static void a_report_is_summed_up(void **state)
{
	static const char doc[] =
		"{\"version\":1,\"kind\":\"run\",\"reason\":\"oom\",\"code\":137,\"error\":null,"
		"\"wall_us\":2000000,\"oom\":{\"kills\":1},\"cpu\":{\"usage_us\":500000,"
		"\"throttled_us\":0},\"memory\":{\"peak_bytes\":1048576,\"swap_peak_bytes\":0},"
		"\"pids\":{\"peak\":3,\"refused\":2},\"limits\":{\"memory.max\":2097152,"
		"\"pids.max\":\"max\"},\"pressure\":{\"memory\":{\"some_us\":1500}},"
		"\"container\":{\"name\":\"n\",\"image\":\"i\",\"command\":\"c\\u0007\"},"
		"\"missing\":{\"io\":\"why\"}}";
	struct error err;
	autojson struct json *report = json_parse(doc, strlen(doc), &err);
	autostr struct str out = { 0 };

	(void)state;
	assert_non_null(report);
	report_summary(report, true, &out);
	assert_string_equal(
		out.data,
		"n (i: c\\x07)\n"
		"ended after 2s: oom, code 137\n\n"
		"memory    peak 1MiB of 2MiB  ####################.................... 50%\n"
		"oom       1 killed\n"
		"cpu       500ms, 25% of one on average\n"
		"pids      peak 3, 2 refused\n"
		"pressure  memory 1.5ms\n"
		"not known: io: why\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_series_is_read_back),
		cmocka_unit_test(nonsense_is_counted),
		cmocka_unit_test(a_long_series_keeps_its_peak_and_its_end),
		cmocka_unit_test(steps_are_bounded),
		cmocka_unit_test(columns_do_not_depend_on_how_many_looks_there_are),
		cmocka_unit_test(a_drawing_has_the_limit_and_the_steps),
		cmocka_unit_test(one_look_is_enough_to_draw),
		cmocka_unit_test(times_are_short),
		cmocka_unit_test(a_report_is_summed_up),
	};

	return cmocka_run_group_tests_name("cmd/series", tests, NULL, NULL);
}
