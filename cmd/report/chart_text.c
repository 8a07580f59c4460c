// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/chart_text.c - Curves over time on a terminal
 *
 * A column of text for each column of the chart, filled from below in eighths
 * of a cell.
 */
#include <string.h>

#include "base/str.h"
#include "cmd/report/chart.h"
#include "cmd/units.h"

#define EIGHTHS	     8
#define TICK_COLUMNS 12 /* between two times, at least */
#define MAX_LINE     2200

struct glyphs {
	const char *fill[EIGHTHS + 1]; /* by eighths */
	const char *limit, *axis, *axis_label, *corner, *floor, *tick;
};

static const struct glyphs utf8 = {
	.fill = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" },
	.limit = "╌",
	.axis = "│",
	.axis_label = "┤",
	.corner = "└",
	.floor = "─",
	.tick = "┴",
};

static const struct glyphs plain = {
	.fill = { " ", ".", ".", ".", ":", ":", ":", ":", "#" },
	.limit = "-",
	.axis = "|",
	.axis_label = "+",
	.corner = "+",
	.floor = "-",
	.tick = "+",
};

/* Of a value in a panel, from the floor; what is more than nothing is seen. */
static unsigned int eighths_of(const struct chart_panel *p, double value)
{
	unsigned int most = p->rows * EIGHTHS;
	double n = value / p->top * most;

	if (value <= 0)
		return 0;
	return n >= most ? most : n < 1 ? 1 : (unsigned int)(n + 0.5);
}

static const char *cell(const struct chart_panel *p, const struct glyphs *g, size_t column,
			unsigned int row)
{
	unsigned int filled = eighths_of(p, p->values[column]), below = row * EIGHTHS;
	double limit = p->limits ? p->limits[column] : CHART_NONE;

	if (filled > below)
		return g->fill[filled - below < EIGHTHS ? filled - below : EIGHTHS];
	if (limit >= 0 && limit <= p->top) {
		unsigned int at = (unsigned int)(limit / p->top * p->rows);

		if (at == row || (at == p->rows && row + 1 == at))
			return g->limit;
	}
	return g->fill[0];
}

static void print_row(const struct chart *c, const struct chart_panel *p, const struct glyphs *g,
		      unsigned int row, struct str *out)
{
	char label[UNITS_TEXT_MAX] = "";
	size_t last = c->columns;
	bool is_half = p->rows >= 6 && row == p->rows / 2 - 1;

	if (row + 1 == p->rows)
		chart_label(label, sizeof(label), p->unit, p->top);
	else if (is_half)
		chart_label(label, sizeof(label), p->unit, p->top * (row + 1) / p->rows);
	str_printf(out, "%*s%s", CHART_LABEL_COLUMNS - 1, label, *label ? g->axis_label : g->axis);
	while (last && !strcmp(cell(p, g, last - 1, row), " "))
		last--;
	for (size_t i = 0; i < last; i++)
		str_puts(out, cell(p, g, i, row));
	str_putc(out, '\n');
}

static size_t column_of(const struct chart *c, int64_t us)
{
	return (size_t)((double)us / (double)c->span_us * (double)c->columns);
}

static void print_axis(const struct chart *c, const struct glyphs *g, struct str *out)
{
	char times[MAX_LINE];
	bool is_tick[CHART_MAX_COLUMNS] = { false };
	int64_t tick = chart_tick(c, c->columns / TICK_COLUMNS);
	size_t end = 0;

	memset(times, ' ', sizeof(times));
	for (int64_t t = 0; c->span_us && t <= c->span_us; t += tick) {
		size_t at = column_of(c, t);
		char text[UNITS_TEXT_MAX];
		size_t len;

		chart_time(text, sizeof(text), t);
		len = strlen(text);
		if (at >= c->columns || at + len > c->columns)
			break;
		is_tick[at] = true;
		memcpy(times + at, text, len);
		end = at + len;
	}
	str_printf(out, "%*s%s", CHART_LABEL_COLUMNS - 1, "0", g->corner);
	for (size_t i = 0; i < c->columns; i++)
		str_puts(out, is_tick[i] ? g->tick : g->floor);
	str_printf(out, "\n%*s%.*s\n", CHART_LABEL_COLUMNS, "", (int)end, times);
}

static char mark_letter(size_t i)
{
	static const char letters[] = "123456789abcdefghijklmnopqrstuvwxyz";

	return i < sizeof(letters) - 1 ? letters[i] : '*';
}

static void print_marks(const struct chart *c, struct str *out)
{
	char line[MAX_LINE];
	size_t end = 0;

	if (!c->n_marks)
		return;
	memset(line, ' ', sizeof(line));
	for (size_t i = 0; i < c->n_marks; i++) {
		size_t at = c->marks[i].column;

		line[at] = line[at] == ' ' ? mark_letter(i) : '*';
		end = at + 1 > end ? at + 1 : end;
	}
	str_printf(out, "%*s%.*s\n", CHART_LABEL_COLUMNS, "", (int)end, line);
	for (size_t i = 0; i < c->n_marks; i++)
		str_printf(out, "%c %s\n", mark_letter(i), c->marks[i].text);
}

/**
 * chart_print_text() - Draw for a terminal of c->columns + CHART_LABEL_COLUMNS columns
 * @ascii:	With ASCII alone
 */
void chart_print_text(const struct chart *c, bool ascii, struct str *out)
{
	const struct glyphs *g = ascii ? &plain : &utf8;

	str_printf(out, "%s\n", c->title);
	for (size_t i = 0; i < c->n_panels; i++) {
		const struct chart_panel *p = &c->panels[i];

		str_printf(out, "\n%s: %s\n", p->title, p->caption);
		for (unsigned int row = p->rows; row-- > 0;)
			print_row(c, p, g, row, out);
		print_axis(c, g, out);
	}
	print_marks(c, out);
	str_printf(out, "\n%s", c->notes->data ? c->notes->data : "");
}
