// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/template/printf.c - The function printf of templates
 *
 * As in Go, width and precision count characters and a value must fit its verb.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/template/ast.h"
#include "cmd/template/value.h"

#define PRINTF_MAX_WIDTH 1024

static struct json *fail(struct error *err, const char *what)
{
	error_set(err, EINVAL, "template: printf: %s", what);
	return NULL;
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

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* Of the first characters, @n of them; negative: of all. */
static size_t bytes_of(const char *text, int n)
{
	size_t i = 0;

	for (; text[i]; i++)
		if (begins_character(text[i]) && n-- == 0)
			break;
	return i;
}

/* Text for one verb without padding; false if verb and value don't fit. */
static bool print_verb(struct str *out, char verb, const struct directive *d, const struct json *v)
{
	autofree char *text = template_text(v), *quoted = NULL;
	enum json_kind kind = json_kind_of(v);

	switch (verb) {
	case 's':
	case 'v':
		str_append(out, text, bytes_of(text, d->precision));
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
	int missing = d->width;

	for (size_t i = 0; i < text->len; i++)
		missing -= begins_character(text->data[i]);
	for (int i = 0; !d->left && i < missing; i++)
		str_putc(out, d->zero ? '0' : ' ');
	str_append(out, text->data ? text->data : "", text->len);
	for (int i = 0; d->left && i < missing; i++)
		str_putc(out, ' ');
}

/** template_printf() - The function printf: the format, and what its verbs show */
struct json *template_printf(const struct json *const *args, size_t n, struct error *err)
{
	const char *s = json_text(args[0]);
	autostr struct str out = { 0 };
	size_t next = 1;

	if (!s)
		return fail(err, "the format is no text");
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
			return fail(err, "more verbs than arguments");
		if (!print_verb(&text, *s, &d, args[next++]))
			return fail(err, "a verb does not fit its argument");
		s++;
		append_padded(&out, &text, &d);
	}
	return json_new_text(out.data ? out.data : "");
}
