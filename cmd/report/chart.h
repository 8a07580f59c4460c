/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/chart.h - Curves over time, as text or SVG
 *
 *	chart_of_series()	columns of equal width, from whatever looks there are
 *	chart_print_text()	on a terminal: UTF-8, or ASCII
 *	chart_print_svg()
 */
#ifndef CMD_REPORT_CHART_H
#define CMD_REPORT_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct series;
struct str;

#define CHART_NONE	  (-1.0) /* a column of which nothing is known */
#define CHART_MAX_COLUMNS 2000
#define CHART_MAX_PANELS  8
#define CHART_MAX_MARKS	  256

enum chart_unit { CHART_BYTES, CHART_PERCENT };

struct chart_panel {
	const char *title;
	char *caption;
	enum chart_unit unit;
	unsigned int rows; /* as text */
	double top;	   /* of the scale */
	double *values;	   /* one for each column */
	double *limits;	   /* NULL: no limit at any time */
};

struct chart_mark {
	size_t column;
	char *text;
};

struct chart {
	char *title;
	size_t columns;
	int64_t span_us;
	struct chart_panel panels[CHART_MAX_PANELS];
	size_t n_panels;
	struct chart_mark *marks; /* what was done when, in the order of time */
	size_t n_marks;
	struct str *notes; /* owned: lines below */
};

void chart_of_series(struct chart *c, const struct series *s, size_t columns);
void chart_done(struct chart *c);

void chart_label(char *out, size_t size, enum chart_unit unit, double value);
void chart_time(char *out, size_t size, int64_t us);
int64_t chart_tick(const struct chart *c, size_t most);

#define CHART_LABEL_COLUMNS 10 /* left of the curves */
void chart_print_text(const struct chart *c, bool ascii, struct str *out);
void chart_print_svg(const struct chart *c, struct str *out);

#endif
