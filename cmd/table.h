/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/table.h - Columns that line up
 */
#ifndef CMD_TABLE_H
#define CMD_TABLE_H

#include <stddef.h>

#include "base/str.h"

/* Cells in rows; { 0 } is empty. */
struct table {
	struct strlist cells;
	size_t *row_ends; /* index of the cell after each row's last */
	size_t n_rows;
};

void table_add(struct table *t, const char *cell);
void table_end_row(struct table *t);
void table_add_line(struct table *t, const char *line);
void table_print(const struct table *t, struct str *out);
void table_done(struct table *t);
#define autotable __attribute__((cleanup(table_done)))

#endif
