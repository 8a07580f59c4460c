/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/str.h - Memory that cannot fail, growing strings, lists of strings, strict numbers
 *
 * Out of memory aborts: nothing sensible is left to do. Hence everything that
 * sizes an allocation from outside data is bounded before it gets here.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A growing string; { 0 } is empty. Always NUL-terminated once data is not NULL. */
struct str {
	char *data;
	size_t len;
	size_t cap;
};

void str_reserve(struct str *s, size_t more);
void str_append(struct str *s, const void *data, size_t len);
void str_puts(struct str *s, const char *text);
void str_putc(struct str *s, char c);
void str_printf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *str_take(struct str *s);
void str_done(struct str *s);
#define autostr __attribute__((cleanup(str_done)))

/* A list of strings it owns; items is NULL-terminated once not NULL. { 0 } is empty. */
struct strlist {
	char **items;
	size_t n;
};

void strlist_add(struct strlist *l, const char *s);
void strlist_take(struct strlist *l, char *s);
void strlist_copy(struct strlist *to, const struct strlist *from);
char *const *strlist_items(const struct strlist *l);
bool strlist_has(const struct strlist *l, const char *s);
void strlist_sort(struct strlist *l);
void strlist_split(struct strlist *l, const char *s, char sep);
char *strlist_join(const struct strlist *l, const char *sep);
void strlist_done(struct strlist *l);
#define autostrlist __attribute__((cleanup(strlist_done)))

void str_replace(char **field, const char *text);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
bool str_is_hex(const char *s, size_t n);
size_t str_whole(const char *s, size_t max);
int str_parse_u64(const char *s, uint64_t max, uint64_t *out);
int str_parse_i64(const char *s, int64_t min, int64_t max, int64_t *out);
char *str_escape(const char *s);
int32_t str_find_control(const char *s, size_t len, size_t *before, size_t *bytes);

#endif
