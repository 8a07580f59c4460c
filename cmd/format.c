// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/format.c - The --format of lists: table, template, json, jsonl
 */
#include "cmd/format.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/template/template.h"

static struct json *make_titles(const struct format_column *columns)
{
	struct json *titles = json_new_map();

	for (; columns->field; columns++)
		json_set_text(titles, columns->field, columns->title);
	return titles;
}

static int open_template(struct format *f, const char *text, struct error *err)
{
	f->template = template_parse(text, err);
	return f->template ? 0 : -EINVAL;
}

/**
 * format_open() - Understand --format
 * @f:		Uninitialised; released by format_done()
 * @spec:	What the user gave, or NULL
 * @own_template: The command's own columns: fields and tabs
 * @columns:	All fields and their titles; ends with an empty row
 * @heading:	Whether a table begins with its titles
 *
 * Return: 0, or -EINVAL (a malformed template)
 */
int format_open(struct format *f, const char *spec, const char *own_template,
		const struct format_column *columns, bool heading, struct error *err)
{
	*f = (struct format){ .heading = heading };
	f->list = json_new_list();
	if (!spec || !*spec)
		spec = "table";
	if (!strcmp(spec, "json")) {
		f->kind = FORMAT_JSON;
		return 0;
	}
	if (!strcmp(spec, "jsonl")) {
		f->kind = FORMAT_JSONL;
		return open_template(f, "{{json .}}", err);
	}
	if (!str_starts(spec, "table") || (spec[5] && !strchr(" \t\\{", spec[5]))) {
		f->kind = FORMAT_LINES;
		return open_template(f, spec, err);
	}
	for (spec += 5; *spec == ' ' || *spec == '\t'; spec++)
		;
	f->kind = FORMAT_TABLE;
	f->titles = make_titles(columns);
	return open_template(f, *spec ? spec : own_template, err);
}

/** format_is_typed() - Whether format_add() wants the typed document instead of the row */
bool format_is_typed(const struct format *f)
{
	return f->kind == FORMAT_JSON;
}

/** format_uses() - Whether rows may show this field: what nobody asks for need not be found out */
bool format_uses(const struct format *f, const char *field)
{
	return f->kind == FORMAT_JSON || template_uses(f->template, field);
}

/* The titles, if this is a table that has nothing in it yet. */
static int begin_table(struct format *f, struct error *err)
{
	autostr struct str titles = { 0 };
	int r;

	if (f->kind != FORMAT_TABLE || f->table.n_rows || !f->heading)
		return 0;
	r = template_execute_header(f->template, f->titles, &titles, err);
	if (r == 0)
		table_add_line(&f->table, titles.data ? titles.data : "");
	return r;
}

/**
 * format_add() - Add an item
 * @item:	The row, or the typed document if format_is_typed(); owned from now on
 *
 * Return: 0, or -EINVAL (unknown field)
 */
int format_add(struct format *f, struct json *item, struct error *err)
{
	autojson struct json *owned = item;
	autostr struct str line = { 0 };
	int r;

	if (f->kind == FORMAT_JSON) {
		json_add(f->list, steal_ptr(&owned));
		return 0;
	}
	r = begin_table(f, err);
	if (r == 0)
		r = template_execute(f->template, item, &line, err);
	if (r < 0)
		return r;
	if (f->kind == FORMAT_TABLE)
		table_add_line(&f->table, line.data ? line.data : "");
	else
		printf("%s\n", line.data ? line.data : "");
	return 0;
}

static int print_table(struct format *f, struct error *err)
{
	autostr struct str out = { 0 };
	int r = begin_table(f, err);

	if (r < 0)
		return r;
	table_print(&f->table, &out);
	printf("%s", out.data ? out.data : "");
	return 0;
}

/**
 * format_print() - Write out what was added since the last time
 *
 * Lines are written as they are added; tables and arrays here.
 */
int format_print(struct format *f, struct error *err)
{
	int r = 0;

	if (f->kind == FORMAT_TABLE)
		r = print_table(f, err);
	if (f->kind == FORMAT_JSON) {
		format_print_json(f->list);
		json_free(f->list);
		f->list = json_new_list();
	}
	table_done(&f->table);
	return r;
}

/** format_done() - Release what format_open() made */
void format_done(struct format *f)
{
	template_free(f->template);
	table_done(&f->table);
	json_free(f->list);
	json_free(f->titles);
	*f = (struct format){ 0 };
}

/**
 * format_print_template() - Print a line: --format of commands that show one thing
 * @spec:	"json", or a template
 */
int format_print_template(const char *spec, const struct json *data, struct error *err)
{
	autotemplate struct template *t = NULL;
	autostr struct str line = { 0 };
	int r;

	t = template_parse(strcmp(spec, "json") != 0 ? spec : "{{json .}}", err);
	if (!t)
		return -EINVAL;
	r = template_execute(t, data, &line, err);
	if (r == 0)
		printf("%s\n", line.data ? line.data : "");
	return r;
}

/** format_print_json() - Print a document for people and programs: indented, and a newline */
void format_print_json(const struct json *document)
{
	autofree char *text = json_print_pretty(document);

	printf("%s\n", text);
}
