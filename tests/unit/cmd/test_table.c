// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cmd/test_table.c - Tables and the --format of lists
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/format.h"
#include "cmd/table.h"

static void expect_table(const char *const *lines, const char *wanted)
{
	autotable struct table t = { 0 };
	autostr struct str out = { 0 };

	for (; *lines; lines++)
		table_add_line(&t, *lines);
	table_print(&t, &out);
	assert_string_equal(out.data ? out.data : "", wanted);
}

static void columns_line_up_with_three_blanks_between(void **state)
{
	(void)state;
	expect_table((const char *const[]){ "CONTAINER ID\tIMAGE\tNAMES", "abc\tbusybox:latest\tx",
					    NULL },
		     "CONTAINER ID   IMAGE            NAMES\n"
		     "abc            busybox:latest   x\n");
}

static void narrow_columns_are_ten_wide(void **state)
{
	(void)state;
	expect_table((const char *const[]){ "A\tB", "1\t2", NULL }, "A         B\n1         2\n");
}

static void rows_may_be_shorter(void **state)
{
	(void)state;
	expect_table((const char *const[]){ "a\tb\tc", "", "x", NULL },
		     "a         b         c\n\nx\n");
	expect_table((const char *const[]){ NULL }, "");
}

static void empty_cells_keep_their_place(void **state)
{
	(void)state;
	expect_table((const char *const[]){ "a\t\tc", NULL }, "a                   c\n");
}

static void control_characters_are_escaped(void **state)
{
	(void)state;
	expect_table((const char *const[]){ "a\033[2J\tb", NULL }, "a\\x1b[2J   b\n");
}

static void wide_text_is_measured_as_shown(void **state)
{
	(void)state;
	/* One column each, two bytes. */
	expect_table((const char *const[]){ "\303\251\303\251\303\251\tx", NULL },
		     "\303\251\303\251\303\251       x\n");
}

static const struct format_column columns[] = { { "ID", "THE ID" }, { "Name", "NAME" }, { 0 } };

static enum format_kind kind_of(const char *spec)
{
	autoformat struct format f;
	struct error err = { 0 };

	assert_int_equal(format_open(&f, spec, "{{.ID}}", columns, true, &err), 0);
	return f.kind;
}

static void formats_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(kind_of(NULL), FORMAT_TABLE);
	assert_int_equal(kind_of(""), FORMAT_TABLE);
	assert_int_equal(kind_of("table"), FORMAT_TABLE);
	assert_int_equal(kind_of("table {{.Name}}"), FORMAT_TABLE);
	assert_int_equal(kind_of("table\\t{{.Name}}"), FORMAT_TABLE);
	assert_int_equal(kind_of("tables {{.Name}}"), FORMAT_LINES);
	assert_int_equal(kind_of("{{.Name}}"), FORMAT_LINES);
	assert_int_equal(kind_of("json"), FORMAT_JSON);
	assert_int_equal(kind_of("jsonl"), FORMAT_JSONL);
}

static void table_template_shows_titles_and_rows(void **state)
{
	autoformat struct format f;
	autostr struct str out = { 0 };
	struct json *row = json_new_map();
	struct error err = { 0 };

	(void)state;
	json_set_text(row, "ID", "1");
	json_set_text(row, "Name", "web");
	assert_int_equal(format_open(&f, "table {{.Name}}\\t{{.ID}}", "", columns, true, &err), 0);
	assert_int_equal(format_add(&f, row, &err), 0);
	table_print(&f.table, &out);
	assert_string_equal(out.data, "NAME      THE ID\nweb       1\n");
}

static void unknown_fields_are_errors(void **state)
{
	autoformat struct format f;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(format_open(&f, "{{.Nope}}", "", columns, true, &err), 0);
	assert_true(format_add(&f, json_new_map(), &err) < 0);
	assert_non_null(strstr(err.msg, "unknown field '.Nope'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_line_up_with_three_blanks_between),
		cmocka_unit_test(narrow_columns_are_ten_wide),
		cmocka_unit_test(rows_may_be_shorter),
		cmocka_unit_test(empty_cells_keep_their_place),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(wide_text_is_measured_as_shown),
		cmocka_unit_test(formats_are_told_apart),
		cmocka_unit_test(table_template_shows_titles_and_rows),
		cmocka_unit_test(unknown_fields_are_errors),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
