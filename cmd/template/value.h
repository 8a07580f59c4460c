/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/template/value.h - What values are to Go's templates: true or false, and text
 */
#ifndef CMD_TEMPLATE_VALUE_H
#define CMD_TEMPLATE_VALUE_H

#include <stdbool.h>

struct json;
struct str;

bool template_is_true(const struct json *v);
const char **template_sorted_keys(const struct json *map);
void template_print_value(struct str *out, const struct json *v);
char *template_text(const struct json *v);

#endif
