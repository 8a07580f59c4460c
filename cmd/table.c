// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/table.c - Columns that line up
 *
 * docker's layout: three blanks between columns, none narrower than ten, the
 * last one not padded. Cells are escaped, since names and commands in them
 * come from images, and measured as a terminal shows them.
 */
#include "cmd/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/cleanup.h"

#define TABLE_GAP	3
#define TABLE_MIN_WIDTH 10

/* One character of valid UTF-8 (str_escape() saw to that). */
static wchar_t decode(const unsigned char **p)
{
	const unsigned char *s = *p;
	int extra = *s >= 0xf0 ? 3 : *s >= 0xe0 ? 2 : *s >= 0xc0 ? 1 : 0;
	unsigned int c = extra == 3 ? *s & 7U : extra == 2 ? *s & 15U : extra == 1 ? *s & 31U : *s;

	for (s++; extra > 0 && *s; extra--, s++)
		c = c << 6 | (*s & 0x3fU);
	*p = s;
	return (wchar_t)c;
}

static size_t display_width(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t width = 0;

	while (*p) {
		int w = *p < 0x80 ? (p++, 1) : wcwidth(decode(&p));

		width += w < 0 ? 1 : (size_t)w; /* unknown to libc: most are one wide */
	}
	return width;
}

/** table_add() - Add a cell to the current row */
void table_add(struct table *t, const char *cell)
{
	strlist_take(&t->cells, str_escape(cell));
}

/** table_end_row() - The next cell begins a new row */
void table_end_row(struct table *t)
{
	t->row_ends = xrealloc(t->row_ends, (t->n_rows + 1) * sizeof(*t->row_ends));
	t->row_ends[t->n_rows++] = t->cells.n;
}

/** table_add_line() - Add a row whose cells are separated by tabs */
void table_add_line(struct table *t, const char *line)
{
	autostrlist struct strlist cells = { 0 };

	strlist_split(&cells, line, '\t');
	for (size_t i = 0; i < cells.n; i++)
		table_add(t, cells.items[i]);
	table_end_row(t);
}

/* The width of each column, gap included; the caller frees it. */
static size_t *measure(const struct table *t)
{
	size_t *widths = xcalloc(t->cells.n + 1, sizeof(*widths));
	size_t cell = 0;

	for (size_t row = 0; row < t->n_rows; row++) {
		for (size_t column = 0; cell < t->row_ends[row]; column++, cell++) {
			size_t width = display_width(t->cells.items[cell]) + TABLE_GAP;

			if (width < TABLE_MIN_WIDTH)
				width = TABLE_MIN_WIDTH;
			if (width > widths[column])
				widths[column] = width;
		}
	}
	return widths;
}

/** table_print() - Append all rows to @out */
void table_print(const struct table *t, struct str *out)
{
	autofree size_t *widths = measure(t);
	size_t cell = 0;

	for (size_t row = 0; row < t->n_rows; row++) {
		for (size_t column = 0; cell < t->row_ends[row]; column++, cell++) {
			const char *text = t->cells.items[cell];
			size_t width = display_width(text);

			str_puts(out, text);
			if (cell + 1 < t->row_ends[row])
				str_printf(out, "%*s", (int)(widths[column] - width), "");
		}
		str_putc(out, '\n');
	}
}

/** table_done() - Release the contents of @t */
void table_done(struct table *t)
{
	int saved = errno;

	strlist_done(&t->cells);
	free(t->row_ends);
	*t = (struct table){ 0 };
	errno = saved;
}
