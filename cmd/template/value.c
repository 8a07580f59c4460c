// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/template/value.c - What values are to Go's templates: true or false, and text
 */
#include "cmd/template/value.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"

/** template_is_true() - What if, and, or, not take for true: all but empty values */
bool template_is_true(const struct json *v)
{
	switch (json_kind_of(v)) {
	case JSON_BOOL:
		return json_is_true(v);
	case JSON_INT:
	case JSON_FLOAT:
		return json_float(v, 0) != 0;
	case JSON_TEXT:
		return *json_text(v) != '\0';
	case JSON_LIST:
	case JSON_MAP:
		return json_count(v) > 0;
	default:
		return false;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/** template_sorted_keys() - The keys of a map in Go's order, json_count() of them; freed by the
 * caller */
const char **template_sorted_keys(const struct json *map)
{
	size_t n = json_count(map);
	const char **keys = xcalloc(n, sizeof(*keys));
	const struct json *value;
	void *it = NULL;

	for (size_t i = 0; i < n; i++)
		(void)json_next(map, &it, &keys[i], &value);
	qsort(keys, n, sizeof(*keys), by_name);
	return keys;
}

static void print_map(struct str *out, const struct json *map)
{
	autofree const char **keys = template_sorted_keys(map);

	str_puts(out, "map[");
	for (size_t i = 0; i < json_count(map); i++) {
		str_printf(out, "%s%s:", i ? " " : "", keys[i]);
		template_print_value(out, json_get(map, keys[i]));
	}
	str_putc(out, ']');
}

/** template_print_value() - Append a value as Go prints it: text plain, [a b], map[k:v] */
void template_print_value(struct str *out, const struct json *v)
{
	switch (json_kind_of(v)) {
	case JSON_BOOL:
		str_puts(out, json_is_true(v) ? "true" : "false");
		break;
	case JSON_INT:
		str_printf(out, "%" PRId64, json_int(v, 0));
		break;
	case JSON_FLOAT:
		str_printf(out, "%g", json_float(v, 0));
		break;
	case JSON_TEXT:
		str_puts(out, json_text(v));
		break;
	case JSON_LIST:
		str_putc(out, '[');
		for (size_t i = 0; i < json_count(v); i++) {
			if (i)
				str_putc(out, ' ');
			template_print_value(out, json_at(v, i));
		}
		str_putc(out, ']');
		break;
	case JSON_MAP:
		print_map(out, v);
		break;
	default:
		str_puts(out, "<no value>");
	}
}

/** template_text() - A value as Go prints it; the caller frees it */
char *template_text(const struct json *v)
{
	struct str out = { 0 };

	template_print_value(&out, v);
	return str_take(&out);
}
