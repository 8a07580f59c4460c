// SPDX-License-Identifier: Apache-2.0
/*
 * base/str.c - Memory that cannot fail, growing strings, lists of strings, strict numbers
 */
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *p)
{
	if (!p)
		abort();
	return p;
}

/** xmalloc() - malloc() that aborts when out of memory; @size 0 gives a valid pointer */
void *xmalloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

/** xcalloc() - calloc() that aborts when out of memory or on overflow */
void *xcalloc(size_t n, size_t size)
{
	return checked(calloc(n ? n : 1, size ? size : 1));
}

/** xrealloc() - realloc() that aborts when out of memory */
void *xrealloc(void *p, size_t size)
{
	return checked(realloc(p, size ? size : 1));
}

/** xstrdup() - strdup() that aborts when out of memory; NULL gives NULL */
char *xstrdup(const char *s)
{
	return s ? checked(strdup(s)) : NULL;
}

/** xstrndup() - strndup() that aborts when out of memory */
char *xstrndup(const char *s, size_t n)
{
	return checked(strndup(s, n));
}

/** xasprintf() - A new formatted string; the caller frees it */
char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	va_end(ap);
	return s;
}

/** str_reserve() - Have room for @more bytes, so that to append them moves nothing */
void str_reserve(struct str *s, size_t more)
{
	size_t need = s->len + more + 1;

	if (need < more)
		abort();
	if (need <= s->cap)
		return;
	s->cap = need < 64 ? 64 : need + need / 2;
	s->data = xrealloc(s->data, s->cap);
}

/** str_append() - Append @len bytes */
void str_append(struct str *s, const void *data, size_t len)
{
	str_reserve(s, len);
	if (len)
		memcpy(s->data + s->len, data, len);
	s->len += len;
	s->data[s->len] = '\0';
}

/** str_puts() - Append a C string */
void str_puts(struct str *s, const char *text)
{
	str_append(s, text, strlen(text));
}

/** str_putc() - Append one byte */
void str_putc(struct str *s, char c)
{
	str_append(s, &c, 1);
}

/** str_printf() - Append formatted text */
void str_printf(struct str *s, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	str_reserve(s, (size_t)n);
	vsnprintf(s->data + s->len, (size_t)n + 1, fmt, again);
	va_end(again);
	s->len += (size_t)n;
}

/** str_take() - Hand over the text (never NULL, the caller frees it); @s is empty afterwards */
char *str_take(struct str *s)
{
	char *text;

	str_reserve(s, 0);
	text = s->data;
	text[s->len] = '\0';
	*s = (struct str){ 0 };
	return text;
}

/** str_done() - Release the contents of @s */
void str_done(struct str *s)
{
	int saved = errno;

	free(s->data);
	*s = (struct str){ 0 };
	errno = saved;
}

/** strlist_take() - Append @s, which the list owns from now on */
void strlist_take(struct strlist *l, char *s)
{
	l->items = xrealloc(l->items, (l->n + 2) * sizeof(*l->items));
	l->items[l->n++] = s;
	l->items[l->n] = NULL;
}

/** strlist_add() - Append a copy of @s */
void strlist_add(struct strlist *l, const char *s)
{
	strlist_take(l, xstrdup(s));
}

/** strlist_copy() - Append copies of all strings of @from */
void strlist_copy(struct strlist *to, const struct strlist *from)
{
	for (size_t i = 0; i < from->n; i++)
		strlist_add(to, from->items[i]);
}

/** strlist_items() - The strings with a NULL after the last, also of a list that never had any */
char *const *strlist_items(const struct strlist *l)
{
	static char *const none[] = { NULL };

	return l->items ? l->items : none;
}

/** strlist_has() - Whether @s is in the list */
bool strlist_has(const struct strlist *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->items[i], s))
			return true;
	return false;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/** strlist_sort() - Put the strings in the order of their bytes */
void strlist_sort(struct strlist *l)
{
	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), by_bytes);
}

/** strlist_split() - Append the parts of @s between separators; an empty @s adds nothing */
void strlist_split(struct strlist *l, const char *s, char sep)
{
	const char *end;

	if (!*s)
		return;
	while ((end = strchr(s, sep))) {
		strlist_take(l, xstrndup(s, (size_t)(end - s)));
		s = end + 1;
	}
	strlist_add(l, s);
}

/** strlist_join() - All strings with @sep between them; the caller frees the result */
char *strlist_join(const struct strlist *l, const char *sep)
{
	struct str out = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		if (i)
			str_puts(&out, sep);
		str_puts(&out, l->items[i]);
	}
	return str_take(&out);
}

/** strlist_done() - Release the list's strings */
void strlist_done(struct strlist *l)
{
	int saved = errno;

	for (size_t i = 0; i < l->n; i++)
		free(l->items[i]);
	free(l->items);
	*l = (struct strlist){ 0 };
	errno = saved;
}

/** str_replace() - Free what *@field holds and put a copy of @text there */
void str_replace(char **field, const char *text)
{
	char *copy = xstrdup(text);

	free(*field);
	*field = copy;
}

/** str_starts() - Whether @s begins with @prefix */
bool str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/** str_ends() - Whether @s ends with @suffix */
bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && !memcmp(s + n - m, suffix, m);
}

/** str_is_hex() - Whether the first @n bytes of @s are lower-case hex digits */
bool str_is_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
	return true;
}

/** str_whole() - How many bytes of @s, @max at most, end with a whole character of UTF-8 */
size_t str_whole(const char *s, size_t max)
{
	size_t len = strnlen(s, max);

	while (len && s[len] && ((unsigned char)s[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/**
 * str_parse_u64() - Parse a whole string as a decimal number
 * @s:		Digits only: no sign, no blanks, not empty
 * @max:	Largest value allowed
 * @out:	Result, written on success only
 *
 * Return: 0, -EINVAL if not a number, -ERANGE if larger than @max
 */
int str_parse_u64(const char *s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value) || value > max)
			return -ERANGE;
	}
	*out = value;
	return 0;
}

/**
 * str_parse_i64() - Parse a whole string as a decimal number with an optional '-'
 * @min: @max:	Range allowed
 *
 * Return: 0, -EINVAL if not a number, -ERANGE if out of range
 */
int str_parse_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
	bool negative = *s == '-';
	uint64_t magnitude;
	int64_t value;
	int r;

	r = str_parse_u64(s + negative, (uint64_t)INT64_MAX + negative, &magnitude);
	if (r < 0)
		return r;
	/* Converted after negation: -INT64_MIN is no int64_t. */
	value = (int64_t)(negative ? -magnitude : magnitude);
	if (value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

/*
 * The character at @p, of 1 to 4 bytes in @len; -1 if it is not the shortest
 * form of a Unicode scalar value.
 */
static int32_t decode_utf8(const unsigned char *p, size_t *len)
{
	static const int32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int32_t c;

	*len = *p < 0x80 ? 1 : *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2;
	if (*len == 1)
		return *p;
	if (*p < 0xc0 || *p > 0xf4)
		return -1;
	c = *p & (0x7f >> *len);
	for (size_t i = 1; i < *len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < smallest[*len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return -1;
	return c;
}

/* Controls, and what makes text look like other text: line ends, changes of direction. */
static bool is_printable(int32_t c)
{
	return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && !(c >= 0x200e && c <= 0x200f) &&
	       !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

/**
 * str_find_control() - The first character beyond ASCII that str_escape() would not let pass
 * @s:		UTF-8 text, at most three bytes of which may lie behind its end
 * @before:	Gets the number of bytes in front of it
 * @bytes:	Gets its length; 0: there is none
 */
int32_t str_find_control(const char *s, size_t len, size_t *before, size_t *bytes)
{
	for (size_t at = 0; at < len; at++) {
		const unsigned char *p = (const unsigned char *)s + at;
		int32_t c;

		/* All of them begin with one of two bytes. */
		if (*p != 0xc2 && *p != 0xe2)
			continue;
		c = decode_utf8(p, bytes);
		*before = at;
		if (c >= 0 && !is_printable(c))
			return c;
	}
	*before = len;
	*bytes = 0;
	return 0;
}

/**
 * str_escape() - Make text from outside safe to show on a terminal
 *
 * Control characters, changes of writing direction, and bytes that are not
 * part of UTF-8 text come out as \xNN; the rest is unchanged.
 *
 * Return: a new string; the caller frees it
 */
char *str_escape(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	struct str out = { 0 };
	size_t len;

	while (*p) {
		int32_t c = decode_utf8(p, &len);

		if (is_printable(c)) {
			str_append(&out, p, len);
			p += len;
			continue;
		}
		for (size_t i = 0; i < (c < 0 ? 1 : len); i++)
			str_printf(&out, "\\x%02x", *p++);
	}
	return str_take(&out);
}
