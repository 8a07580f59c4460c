// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/template/functions.c - What templates can call, and how values are shown
 *
 * The functions are those of Go's text/template and of docker's --format; "and"
 * and "or" are in eval.c, because they need not look at all arguments.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/template/ast.h"

#define PRINTF_MAX_WIDTH 1024

typedef const struct json *const *values;

static struct json *fail(struct error *err, const char *function, const char *what)
{
	error_set(err, EINVAL, "template: %s: %s", function, what);
	return NULL;
}

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

/* The value as text; the caller frees it. */
static char *to_text(const struct json *v)
{
	struct str out = { 0 };

	template_print_value(&out, v);
	return str_take(&out);
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

/* A % directive of printf: flags, width and precision; -1 is none. */
struct directive {
	bool left, zero;
	int width, precision;
};

static int read_count(const char **s)
{
	int n = 0;

	for (; isdigit((unsigned char)**s); (*s)++)
		if (n <= PRINTF_MAX_WIDTH)
			n = n * 10 + (**s - '0');
	return n < PRINTF_MAX_WIDTH ? n : PRINTF_MAX_WIDTH;
}

static struct directive read_directive(const char **s)
{
	struct directive d = { .precision = -1 };

	for (; **s == '-' || **s == '0' || **s == '+'; (*s)++) {
		d.left |= **s == '-';
		d.zero |= **s == '0';
	}
	d.width = read_count(s);
	if (**s == '.') {
		(*s)++;
		d.precision = read_count(s);
	}
	return d;
}

/* Text for one verb without padding; false if verb and value don't fit. */
static bool print_verb(struct str *out, char verb, const struct directive *d, const struct json *v)
{
	autofree char *text = to_text(v), *quoted = NULL;
	enum json_kind kind = json_kind_of(v);

	switch (verb) {
	case 's':
	case 'v':
		str_append(out, text,
			   d->precision >= 0 ? strnlen(text, (size_t)d->precision) : strlen(text));
		return true;
	case 'q':
		quoted = json_print(v);
		str_puts(out, quoted);
		return kind == JSON_TEXT;
	case 'd':
		str_puts(out, text);
		return kind == JSON_INT;
	case 't':
		str_puts(out, text);
		return kind == JSON_BOOL;
	case 'x':
		str_printf(out, "%" PRIx64, (uint64_t)json_int(v, 0));
		return kind == JSON_INT;
	case 'f':
	case 'g':
		if (verb == 'f')
			str_printf(out, "%.*f", d->precision < 0 ? 6 : d->precision,
				   json_float(v, 0));
		else
			str_puts(out, text);
		return kind == JSON_FLOAT || kind == JSON_INT;
	default:
		return false;
	}
}

static void append_padded(struct str *out, const struct str *text, const struct directive *d)
{
	size_t width = (size_t)d->width;

	if (!d->left)
		for (size_t i = text->len; i < width; i++)
			str_putc(out, d->zero ? '0' : ' ');
	str_append(out, text->data ? text->data : "", text->len);
	if (d->left)
		for (size_t i = text->len; i < width; i++)
			str_putc(out, ' ');
}

static struct json *call_printf(values args, size_t n, struct error *err)
{
	const char *s = json_text(args[0]);
	autostr struct str out = { 0 };
	size_t next = 1;

	if (!s)
		return fail(err, "printf", "the format is no text");
	while (*s) {
		autostr struct str text = { 0 };
		struct directive d;

		if (*s != '%' || s[1] == '%') {
			s += *s == '%';
			str_putc(&out, *s++);
			continue;
		}
		s++;
		d = read_directive(&s);
		if (next >= n)
			return fail(err, "printf", "more verbs than arguments");
		if (!print_verb(&text, *s, &d, args[next++]))
			return fail(err, "printf", "a verb does not fit its argument");
		s++;
		append_padded(&out, &text, &d);
	}
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
	autofree char *text = to_text(v);
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
	autofree char *text = to_text(args[0]);
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
	{ "printf", 1, -1, call_printf, false },
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
