// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/chart_svg.c - Curves over time as a drawing, in one file without scripts or fonts
 */
#include <stdio.h>

#include "base/str.h"
#include "cmd/report/chart.h"
#include "cmd/units.h"

#define LEFT	    90.0
#define RIGHT	    20.0
#define ROW_HEIGHT  16.0
#define GAP	    48.0
#define HEAD	    40.0
#define LINE_HEIGHT 18.0
#define TICKS	    8

static void put_text(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			str_puts(out, "&lt;");
		else if (*text == '>')
			str_puts(out, "&gt;");
		else if (*text == '&')
			str_puts(out, "&amp;");
		else
			str_putc(out, *text);
	}
}

static void text_at(struct str *out, double x, double y, const char *attributes, const char *text)
{
	str_printf(out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
	put_text(out, text);
	str_puts(out, "</text>\n");
}

static double height_of(const struct chart_panel *p, double value)
{
	double top = p->rows * ROW_HEIGHT;

	return value > p->top ? top : value / p->top * top;
}

/* One outline for each stretch of known values, down to the floor at both ends. */
static void put_area(const struct chart *c, const struct chart_panel *p, double floor,
		     struct str *out)
{
	bool open = false;

	str_puts(out, "<path fill=\"#4878a8\" d=\"");
	for (size_t i = 0; i < c->columns; i++) {
		double x = LEFT + (double)i, y;

		if (p->values[i] < 0) {
			if (open)
				str_printf(out, "V%.1fZ", floor);
			open = false;
			continue;
		}
		y = floor - height_of(p, p->values[i]);
		if (!open)
			str_printf(out, "M%.1f %.1f", x, floor);
		str_printf(out, "V%.1fH%.1f", y, x + 1);
		open = true;
	}
	if (open)
		str_printf(out, "V%.1fZ", floor);
	str_puts(out, "\"/>\n");
}

static void put_limits(const struct chart *c, const struct chart_panel *p, double floor,
		       struct str *out)
{
	bool open = false;

	if (!p->limits)
		return;
	str_puts(out, "<path fill=\"none\" stroke=\"#c03020\" stroke-dasharray=\"6 3\" d=\"");
	for (size_t i = 0; i < c->columns; i++) {
		double x = LEFT + (double)i, y = floor - height_of(p, p->limits[i]);

		if (p->limits[i] < 0 || p->limits[i] > p->top) {
			open = false;
			continue;
		}
		if (open)
			str_printf(out, "V%.1f", y);
		else
			str_printf(out, "M%.1f %.1f", x, y);
		str_printf(out, "H%.1f", x + 1);
		open = true;
	}
	str_puts(out, "\"/>\n");
}

static void put_scale(const struct chart *c, const struct chart_panel *p, double floor,
		      struct str *out)
{
	int64_t tick = chart_tick(c, TICKS);
	char label[UNITS_TEXT_MAX];

	str_printf(out, "<path stroke=\"#888\" fill=\"none\" d=\"M%.1f %.1fV%.1fH%.1f\"/>\n", LEFT,
		   floor - p->rows * ROW_HEIGHT, floor, LEFT + (double)c->columns);
	chart_label(label, sizeof(label), p->unit, p->top);
	text_at(out, LEFT - 6, floor - p->rows * ROW_HEIGHT + 10, "text-anchor=\"end\"", label);
	text_at(out, LEFT - 6, floor, "text-anchor=\"end\"", "0");
	for (int64_t t = 0; t <= c->span_us && c->span_us; t += tick) {
		chart_time(label, sizeof(label), t);
		text_at(out, LEFT + (double)t / (double)c->span_us * (double)c->columns, floor + 14,
			"text-anchor=\"middle\"", label);
	}
}

static void put_marks(const struct chart *c, const struct chart_panel *p, double floor,
		      struct str *out)
{
	for (size_t i = 0; i < c->n_marks; i++) {
		double x = LEFT + (double)c->marks[i].column;
		char number[UNITS_TEXT_MAX];

		snprintf(number, sizeof(number), "%zu", i + 1);
		str_printf(
			out,
			"<path stroke=\"#222\" stroke-dasharray=\"2 2\" d=\"M%.1f %.1fV%.1f\"/>\n",
			x, floor - p->rows * ROW_HEIGHT, floor);
		text_at(out, x + 2, floor - p->rows * ROW_HEIGHT + 10, "", number);
	}
}

static void put_notes(const struct chart *c, double y, struct str *out)
{
	autostrlist struct strlist notes = { 0 };

	for (size_t i = 0; i < c->n_marks; i++)
		strlist_take(&notes, xasprintf("%zu %s", i + 1, c->marks[i].text));
	strlist_split(&notes, c->notes->data ? c->notes->data : "", '\n');
	for (size_t i = 0; i < notes.n; i++)
		text_at(out, LEFT, y + LINE_HEIGHT * (double)i, "", notes.items[i]);
}

/** chart_print_svg() - Draw as SVG, a unit for each column */
void chart_print_svg(const struct chart *c, struct str *out)
{
	double height = HEAD + LINE_HEIGHT * (double)(c->n_marks + 5), y = HEAD;

	for (size_t i = 0; i < c->n_panels; i++)
		height += c->panels[i].rows * ROW_HEIGHT + GAP;
	str_printf(out,
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
		   "font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n"
		   "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		   LEFT + (double)c->columns + RIGHT, height);
	text_at(out, LEFT, LINE_HEIGHT + 4, "font-size=\"14\"", c->title);
	for (size_t i = 0; i < c->n_panels; i++) {
		const struct chart_panel *p = &c->panels[i];
		double floor = y + LINE_HEIGHT + p->rows * ROW_HEIGHT;

		str_printf(out, "<text x=\"%.1f\" y=\"%.1f\"><tspan font-weight=\"bold\">", LEFT,
			   y + LINE_HEIGHT - 8);
		put_text(out, p->title);
		str_puts(out, "</tspan> ");
		put_text(out, p->caption);
		str_puts(out, "</text>\n");
		put_area(c, p, floor, out);
		put_limits(c, p, floor, out);
		put_scale(c, p, floor, out);
		put_marks(c, p, floor, out);
		y = floor + GAP - LINE_HEIGHT;
	}
	put_notes(c, y + LINE_HEIGHT, out);
	str_puts(out, "</svg>\n");
}
