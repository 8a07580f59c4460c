/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/format.h - The --format of lists: table, template, json, jsonl
 *
 *	(none), table        the command's own columns
 *	table TEMPLATE       a row per item, with titles
 *	TEMPLATE             a line per item
 *	json                 one array of typed objects (podman's)
 *	jsonl                a line per item, an object of texts (docker's)
 *
 * A row is a map of texts; the fields of a template and of jsonl are its
 * members. What json shows is another document, which commands need to make
 * only if format_is_typed().
 */
#ifndef CMD_FORMAT_H
#define CMD_FORMAT_H

#include <stdbool.h>

#include "cmd/table.h"

struct error;
struct json;
struct template;

enum format_kind { FORMAT_TABLE, FORMAT_LINES, FORMAT_JSON, FORMAT_JSONL };

struct format_column {
	const char *field, *title;
};

struct format {
	enum format_kind kind;
	struct template *template;
	struct table table;
	struct json *list;
	struct json *titles;
	bool heading;
};

int format_open(struct format *f, const char *spec, const char *own_template,
		const struct format_column *columns, bool heading, struct error *err);
bool format_is_typed(const struct format *f);
bool format_uses(const struct format *f, const char *field);
int format_add(struct format *f, struct json *item, struct error *err);
int format_print(struct format *f, struct error *err);
void format_done(struct format *f);
#define autoformat __attribute__((cleanup(format_done)))

void format_print_json(const struct json *document);
int format_print_template(const char *spec, const struct json *data, struct error *err);

#endif
