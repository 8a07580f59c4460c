// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/log_entry.c - One line of a container's log file
 *
 *	{"log":"text\n","stream":"stdout","time":"2026-01-02T03:04:05.678901234Z"}
 *
 * Read without the JSON library: what a container writes may hold NUL bytes,
 * which that refuses, and a log is long.
 */
#include "cmd/log_entry.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/units.h"

static const char prefix[] = "{\"log\":\"";
static const char line_end[] = "\\n\",\"stream\":\"";

/**
 * log_entry_ends_line() - Whether this entry is the end of a line of output
 * @line:	As it is in the file, @len bytes
 *
 * The quotes of the pattern cannot be part of the text: there they are escaped.
 * A backslash that is escaped itself, followed by an n, is no newline.
 */
bool log_entry_ends_line(const char *line, size_t len)
{
	const char *found = memmem(line, len, line_end, sizeof(line_end) - 1);
	size_t backslashes = 0;

	while (found && found - backslashes > line && found[-1 - (ptrdiff_t)backslashes] == '\\')
		backslashes++;
	return found && backslashes % 2 == 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four hex digits at @p, or -1. */
static int hex4(const char *p, const char *end)
{
	int value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		if (hex_digit(p[i]) < 0)
			return -1;
		value = value << 4 | hex_digit(p[i]);
	}
	return value;
}

static void put_utf8(struct str *out, unsigned int c)
{
	if (c < 0x80) {
		str_putc(out, (char)c);
	} else if (c < 0x800) {
		str_putc(out, (char)(0xc0 | c >> 6));
		str_putc(out, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		str_putc(out, (char)(0xe0 | c >> 12));
		str_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		str_putc(out, (char)(0x80 | (c & 0x3f)));
	} else {
		str_putc(out, (char)(0xf0 | c >> 18));
		str_putc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		str_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		str_putc(out, (char)(0x80 | (c & 0x3f)));
	}
}

/* \uXXXX, or two of them for what is beyond 16 bits; NULL if malformed. */
static const char *unescape_unicode(struct str *out, const char *p, const char *end)
{
	int c = hex4(p, end), low;

	if (c < 0)
		return NULL;
	p += 4;
	if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
		low = hex4(p + 2, end);
		if (low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			p += 6;
		}
	}
	put_utf8(out, (unsigned int)c);
	return p;
}

/* The text up to its closing quote, which is returned; NULL if malformed. */
static const char *unescape(struct str *out, const char *p, const char *end)
{
	static const char from[] = "nrtbf\\\"/", to[] = "\n\r\t\b\f\\\"/";

	while (p && p < end && *p != '"') {
		const char *known;

		if (*p != '\\') {
			const char *start = p;

			while (p < end && *p != '"' && *p != '\\')
				p++;
			str_append(out, start, (size_t)(p - start));
			continue;
		}
		if (++p >= end)
			return NULL;
		if (*p == 'u') {
			p = unescape_unicode(out, p + 1, end);
			continue;
		}
		known = strchr(from, *p);
		if (!known || !*p)
			return NULL;
		str_putc(out, to[known - from]);
		p++;
	}
	return p && p < end ? p : NULL;
}

/* The plain text after "key":" in @p; NULL if it is not there. */
static const char *find_value(const char *p, const char *end, const char *key, size_t *len)
{
	const char *start = memmem(p, (size_t)(end - p), key, strlen(key)), *quote;

	if (!start)
		return NULL;
	start += strlen(key);
	quote = memchr(start, '"', (size_t)(end - start));
	if (!quote)
		return NULL;
	*len = (size_t)(quote - start);
	return start;
}

/**
 * log_entry_parse() - Understand a line of a log file
 * @line:	Without the newline of the file, @len bytes
 * @entry:	text is emptied and filled; the caller releases it at the end
 *
 * Return: 0, or -EBADMSG
 */
int log_entry_parse(const char *line, size_t len, struct log_entry *entry)
{
	const char *end = line + len, *p, *value;
	size_t n;

	entry->text.len = 0;
	if (len < sizeof(prefix) - 1 || memcmp(line, prefix, sizeof(prefix) - 1) != 0)
		return -EBADMSG;
	p = unescape(&entry->text, line + sizeof(prefix) - 1, end);
	value = p ? find_value(p, end, "\"stream\":\"", &n) : NULL;
	if (!value)
		return -EBADMSG;
	entry->is_stderr = n == 6 && !memcmp(value, "stderr", 6);
	value = find_value(p, end, "\"time\":\"", &n);
	if (!value || n >= sizeof(entry->time))
		return -EBADMSG;
	snprintf(entry->time, sizeof(entry->time), "%.*s", (int)n, value);
	return units_parse_time(entry->time, 0, &entry->time_ns) < 0 ? -EBADMSG : 0;
}
