// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/template/functions.c - What templates can call
 *
 * The functions are those of Go's text/template and of docker's --format; "and"
 * and "or" are in eval.c, because they need not look at all arguments; printf is
 * in printf.c.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/template/ast.h"
#include "cmd/template/value.h"

typedef const struct json *const *values;

static struct json *fail(struct error *err, const char *function, const char *what)
{
	error_set(err, EINVAL, "template: %s: %s", function, what);
	return NULL;
}

static struct json *from_str(struct str *s)
{
	autofree char *text = str_take(s);

	return json_new_text(text);
}

/**
 * template_set_method() - Give the top of the data something to call with a name
 * @data:	What template_execute() gets
 * @map:	Owned by @data from now on
 *
 * {{.NAME "key"}} is then the member "key" of @map, or "". Not seen by {{json .}}.
 */
void template_set_method(struct json *data, const char *name, struct json *map)
{
	autofree char *key = xasprintf("%s()", name);

	json_set(data, key, map);
}

static struct json *call_json(values args, size_t n, struct error *err)
{
	autojson struct json *copy = json_clone(args[0]);
	autofree char *text = NULL;
	const struct json *value;
	const char *key;
	void *it = NULL;

	(void)n;
	(void)err;
	while (json_next(args[0], &it, &key, &value))
		if (str_ends(key, "()"))
			json_unset(copy, key);
	text = json_print(copy);
	return json_new_text(text);
}

static struct json *call_len(values args, size_t n, struct error *err)
{
	const char *text = json_text(args[0]);
	enum json_kind kind = json_kind_of(args[0]);

	(void)n;
	if (text)
		return json_new_int((int64_t)strlen(text));
	if (kind != JSON_LIST && kind != JSON_MAP && kind != JSON_NIL)
		return fail(err, "len", "neither text nor list nor map");
	return json_new_int((int64_t)json_count(args[0]));
}

/* A missing key of a map of texts is an empty text, as in Go. */
static bool holds_text(const struct json *map)
{
	const struct json *value;
	const char *key;
	void *it = NULL;

	return !json_next(map, &it, &key, &value) || json_text(value);
}

static struct json *call_index(values args, size_t n, struct error *err)
{
	const struct json *v = args[0];

	for (size_t i = 1; i < n; i++) {
		const char *key = json_text(args[i]);
		enum json_kind kind = json_kind_of(v);

		if (kind == JSON_LIST && !key) {
			v = json_at(v, (size_t)json_int(args[i], -1));
			if (!v)
				return fail(err, "index", "out of range");
		} else if (kind == JSON_MAP && key) {
			const struct json *member = json_get(v, key);

			if (!member && holds_text(v))
				return json_new_text("");
			v = member;
		} else if (kind == JSON_NIL && key) {
			return json_new_text("");
		} else {
			return fail(err, "index",
				    "neither a map and a name nor a list and a number");
		}
	}
	return json_clone(v);
}

/* <0, 0, >0 in @order, or false if the two cannot be compared. */
static bool compare(const struct json *a, const struct json *b, int *order)
{
	enum json_kind ka = json_kind_of(a), kb = json_kind_of(b);
	bool numbers = (ka == JSON_INT || ka == JSON_FLOAT) && (kb == JSON_INT || kb == JSON_FLOAT);

	if (ka == JSON_INT && kb == JSON_INT)
		*order = (json_int(a, 0) > json_int(b, 0)) - (json_int(a, 0) < json_int(b, 0));
	else if (numbers)
		*order = (json_float(a, 0) > json_float(b, 0)) -
			 (json_float(a, 0) < json_float(b, 0));
	else if (ka == JSON_TEXT && kb == JSON_TEXT)
		*order = strcmp(json_text(a), json_text(b));
	else if (ka == JSON_BOOL && kb == JSON_BOOL)
		*order = json_is_true(a) - json_is_true(b);
	else if (ka == JSON_NIL || kb == JSON_NIL)
		*order = ka != kb;
	else
		return false;
	return true;
}

static struct json *incomparable(struct error *err)
{
	return fail(err, "comparison", "the values are of different kinds");
}

static struct json *call_eq(values args, size_t n, struct error *err)
{
	int order;

	for (size_t i = 1; i < n; i++) {
		if (!compare(args[0], args[i], &order))
			return incomparable(err);
		if (order == 0)
			return json_new_bool(true);
	}
	return json_new_bool(false);
}

#define COMPARISON(name, relation)                                                \
	static struct json *call_##name(values args, size_t n, struct error *err) \
	{                                                                         \
		int order;                                                        \
                                                                                  \
		(void)n;                                                          \
		if (!compare(args[0], args[1], &order))                           \
			return incomparable(err);                                 \
		return json_new_bool(order relation 0);                           \
	}

COMPARISON(ne, !=)
COMPARISON(lt, <)
COMPARISON(le, <=)
COMPARISON(gt, >)
COMPARISON(ge, >=)

static struct json *call_not(values args, size_t n, struct error *err)
{
	(void)n;
	(void)err;
	return json_new_bool(!template_is_true(args[0]));
}

static struct json *call_print(values args, size_t n, struct error *err)
{
	struct str out = { 0 };

	(void)err;
	for (size_t i = 0; i < n; i++) {
		/* Go's print: blanks only between two arguments of which neither is text. */
		if (i && !json_text(args[i]) && !json_text(args[i - 1]))
			str_putc(&out, ' ');
		template_print_value(&out, args[i]);
	}
	return from_str(&out);
}

static struct json *call_println(values args, size_t n, struct error *err)
{
	struct str out = { 0 };

	(void)err;
	for (size_t i = 0; i < n; i++) {
		template_print_value(&out, args[i]);
		str_putc(&out, i + 1 < n ? ' ' : '\n');
	}
	if (!n)
		str_putc(&out, '\n');
	return from_str(&out);
}

static struct json *call_join(values args, size_t n, struct error *err)
{
	const char *separator = json_text(args[1]);
	struct str out = { 0 };

	(void)n;
	if (!separator || (json_kind_of(args[0]) != JSON_LIST && json_kind_of(args[0]) != JSON_NIL))
		return fail(err, "join", "takes a list and a separator");
	for (size_t i = 0; i < json_count(args[0]); i++) {
		if (i)
			str_puts(&out, separator);
		template_print_value(&out, json_at(args[0], i));
	}
	return from_str(&out);
}

static struct json *call_split(values args, size_t n, struct error *err)
{
	const char *text = json_text(args[0]), *separator = json_text(args[1]), *end;
	struct json *list;

	(void)n;
	if (!text || !separator || !*separator)
		return fail(err, "split", "takes a text and a separator");
	list = json_new_list();
	while ((end = strstr(text, separator))) {
		autofree char *part = xstrndup(text, (size_t)(end - text));

		json_add_text(list, part);
		text = end + strlen(separator);
	}
	json_add_text(list, text);
	return list;
}

/* slice TEXT FROM [TO], in bytes */
static struct json *call_slice(values args, size_t n, struct error *err)
{
	const char *text = json_text(args[0]);
	int64_t len = text ? (int64_t)strlen(text) : 0;
	int64_t from = json_int(args[1], -1), to = n > 2 ? json_int(args[2], -1) : len;
	autofree char *part = NULL;

	if (!text || from < 0 || to < from || to > len)
		return fail(err, "slice", "takes a text and places in it");
	part = xstrndup(text + from, (size_t)(to - from));
	return json_new_text(part);
}

static struct json *map_text(const struct json *v, int (*change)(int), bool words_only)
{
	autofree char *text = template_text(v);
	bool start = true;

	for (char *c = text; *c; c++) {
		if (!words_only || start)
			*c = (char)change((unsigned char)*c);
		start = isspace((unsigned char)*c);
	}
	return json_new_text(text);
}

static struct json *call_upper(values args, size_t n, struct error *err)
{
	(void)n;
	(void)err;
	return map_text(args[0], toupper, false);
}

static struct json *call_lower(values args, size_t n, struct error *err)
{
	(void)n;
	(void)err;
	return map_text(args[0], tolower, false);
}

static struct json *call_title(values args, size_t n, struct error *err)
{
	(void)n;
	(void)err;
	return map_text(args[0], toupper, true);
}

static struct json *call_truncate(values args, size_t n, struct error *err)
{
	autofree char *text = template_text(args[0]);
	int64_t max = json_int(args[1], -1);

	(void)n;
	if (max < 0)
		return fail(err, "truncate", "takes a text and a length");
	text[str_whole(text, (size_t)max)] = '\0';
	return json_new_text(text);
}

static const struct template_function functions[] = {
	{ "eq", 2, -1, call_eq, false },
	{ "ge", 2, 2, call_ge, false },
	{ "gt", 2, 2, call_gt, false },
	{ "index", 1, -1, call_index, true },
	{ "join", 2, 2, call_join, true },
	{ "json", 1, 1, call_json, true },
	{ "le", 2, 2, call_le, false },
	{ "len", 1, 1, call_len, true },
	{ "lower", 1, 1, call_lower, true },
	{ "lt", 2, 2, call_lt, false },
	{ "ne", 2, 2, call_ne, false },
	{ "not", 1, 1, call_not, false },
	{ "print", 0, -1, call_print, false },
	{ "printf", 1, -1, template_printf, false },
	{ "println", 0, -1, call_println, false },
	{ "slice", 2, 3, call_slice, false },
	{ "split", 2, 2, call_split, true },
	{ "title", 1, 1, call_title, true },
	{ "truncate", 2, 2, call_truncate, true },
	{ "upper", 1, 1, call_upper, true },
};

/** template_find_function() - The function of this name; NULL if there is none */
const struct template_function *template_find_function(const char *name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
		if (!strcmp(functions[i].name, name))
			return &functions[i];
	return NULL;
}
