/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/template/template.h - The part of Go's text/template that scripts use with --format
 *
 * Fields (.A.B), variables, pipelines, parentheses, trimming ({{- -}}),
 * comments; if, else, else if, range, with, end; the functions of
 * functions.c. Data are JSON values. An unknown field is an error.
 */
#ifndef CMD_TEMPLATE_TEMPLATE_H
#define CMD_TEMPLATE_TEMPLATE_H

#include <stdbool.h>

struct error;
struct json;
struct str;
struct template;

#define TEMPLATE_MAX_BYTES (64U << 10)

struct template *template_parse(const char *text, struct error *err);
void template_free(struct template *t);
void template_done(struct template **t);
#define autotemplate __attribute__((cleanup(template_done)))

bool template_uses(const struct template *t, const char *field);
int template_execute(const struct template *t, const struct json *data, struct str *out,
		     struct error *err);
int template_execute_header(const struct template *t, const struct json *headers, struct str *out,
			    struct error *err);
void template_set_method(struct json *data, const char *name, struct json *map);

#endif
