// SPDX-License-Identifier: Apache-2.0
/*
 * base/json.c - JSON documents, read strictly and written compactly
 *
 * Over jansson, with duplicate keys refused. What jansson guarantees: valid
 * UTF-8, no NUL in strings, depth at most 2048; we bound the depth further
 * (JSON_MAX_DEPTH) because every walker of ours recurses.
 */
#include "base/json.h"

#include <errno.h>
#include <jansson.h>
#undef json_is_true /* ours is a function */
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/pool.h"
#include "base/str.h"

#define JSON_MAX_DEPTH 64
#define USUAL_BYTES    2000 /* of what is printed: the settings of a container */

static const json_t *in(const struct json *v)
{
	return (const json_t *)v;
}

static json_t *inm(struct json *v)
{
	return (json_t *)v;
}

static struct json *out(json_t *v)
{
	if (!v)
		abort();
	return (struct json *)v;
}

/*
 * Before anything of the library is used. The seed of its hash tables is what
 * the kernel gave the process at exec: it need not open /dev/urandom for that.
 */
__attribute__((constructor)) static void set_up_library(void)
{
	const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
	size_t seed = 1;

	if (random)
		memcpy(&seed, random, sizeof(seed));
	json_set_alloc_funcs(pool_new, pool_free);
	json_object_seed(seed | 1); /* 0 would mean: find one yourself */
}

/* The deepest nesting, found without recursion: outside strings, count brackets. */
static int depth_of(const char *data, size_t len)
{
	int depth = 0, deepest = 0;
	bool text = false;

	for (size_t i = 0; i < len; i++) {
		char c = data[i];

		if (text) {
			if (c == '\\')
				i++;
			else if (c == '"')
				text = false;
		} else if (c == '"') {
			text = true;
		} else if (c == '{' || c == '[') {
			if (++depth > deepest)
				deepest = depth;
		} else if (c == '}' || c == ']') {
			depth--;
		}
	}
	return deepest;
}

/**
 * json_parse() - Parse a document from memory
 * @data:	UTF-8, not NUL-terminated
 * @len:	Bytes of @data; the caller has bounded it
 * @err:	Set on failure, with line and column
 *
 * Integers beyond 64 signed bits (RLIM_INFINITY in a runtime-spec config) come
 * back as floats; json_u64() turns those into the integer meant.
 *
 * Return: the value, to be freed with json_free(), or NULL (EBADMSG)
 */
struct json *json_parse(const char *data, size_t len, struct error *err)
{
	json_error_t why;
	json_t *v;

	if (depth_of(data, len) > JSON_MAX_DEPTH) {
		error_set(err, EBADMSG, "JSON nested deeper than %d levels", JSON_MAX_DEPTH);
		return NULL;
	}
	v = json_loadb(data, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (!v && json_error_code(&why) == json_error_numeric_overflow)
		v = json_loadb(data, len,
			       JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL,
			       &why);
	if (!v) {
		autofree char *text = str_escape(why.text);

		error_set(err, EBADMSG, "invalid JSON at line %d, column %d: %s", why.line,
			  why.column, text);
		return NULL;
	}
	return (struct json *)v;
}

/**
 * json_read_at() - Parse a file
 * @dirfd:	Directory that @path is relative to, or AT_FDCWD
 * @max_bytes:	Larger files are refused (EFBIG)
 *
 * Return: the value, to be freed with json_free(), or NULL
 */
struct json *json_read_at(int dirfd, const char *path, size_t max_bytes, struct error *err)
{
	char small[2048];
	autofree char *large = NULL;
	struct json *v;
	size_t len;

	if (file_read_small_at(dirfd, path, max_bytes, small,
			       max_bytes < sizeof(small) ? max_bytes : sizeof(small), &large, &len,
			       err) < 0)
		return NULL;
	v = json_parse(large ? large : small, len, err);
	if (!v)
		error_wrap(err, "read '%s'", path);
	return v;
}

/** json_free() - Release a value made here or parsed; NULL is fine */
void json_free(struct json *v)
{
	json_decref(inm(v));
}

/** json_done() - For autojson */
void json_done(struct json **v)
{
	int saved = errno;

	json_free(*v);
	*v = NULL;
	errno = saved;
}

/** json_kind_of() - The type of @v; JSON_ABSENT for NULL */
enum json_kind json_kind_of(const struct json *v)
{
	if (!v)
		return JSON_ABSENT;
	switch (json_typeof(in(v))) {
	case JSON_OBJECT:
		return JSON_MAP;
	case JSON_ARRAY:
		return JSON_LIST;
	case JSON_STRING:
		return JSON_TEXT;
	case JSON_INTEGER:
		return JSON_INT;
	case JSON_REAL:
		return JSON_FLOAT;
	case JSON_TRUE:
	case JSON_FALSE:
		return JSON_BOOL;
	default:
		return JSON_NIL;
	}
}

/** json_get() - The member @key of a map; NULL if absent or @map is no map */
const struct json *json_get(const struct json *map, const char *key)
{
	return (const struct json *)json_object_get(in(map), key);
}

/** json_at() - The @i-th element of a list; NULL if absent or @list is no list */
const struct json *json_at(const struct json *list, size_t i)
{
	return (const struct json *)json_array_get(in(list), i);
}

/** json_count() - Elements of a list or members of a map; 0 for all else */
size_t json_count(const struct json *v)
{
	return json_kind_of(v) == JSON_MAP ? json_object_size(in(v)) : json_array_size(in(v));
}

/** json_text() - The string @v, borrowed from it; NULL if it is no string */
const char *json_text(const struct json *v)
{
	return json_string_value(in(v));
}

/** json_text_or() - The string @v, or @fallback if it is no string */
const char *json_text_or(const struct json *v, const char *fallback)
{
	const char *s = json_text(v);

	return s ? s : fallback;
}

/** json_int() - The integer @v, or @fallback if it is none */
int64_t json_int(const struct json *v, int64_t fallback)
{
	if (json_kind_of(v) == JSON_INT)
		return json_integer_value(in(v));
	/* After a document with one huge number, all its integers are floats. */
	if (json_kind_of(v) == JSON_FLOAT) {
		double d = json_real_value(in(v));

		if (d >= -9007199254740992.0 && d <= 9007199254740992.0 && d == (double)(int64_t)d)
			return (int64_t)d;
	}
	return fallback;
}

/** json_u64() - The unsigned integer @v up to 2^64-1, or @fallback if it is none */
uint64_t json_u64(const struct json *v, uint64_t fallback)
{
	if (json_kind_of(v) == JSON_FLOAT) {
		double d = json_real_value(in(v));

		if (d >= 18446744073709551615.0)
			return UINT64_MAX;
		return d >= 0 && d == (double)(uint64_t)d ? (uint64_t)d : fallback;
	}
	if (json_kind_of(v) != JSON_INT || json_integer_value(in(v)) < 0)
		return fallback;
	return (uint64_t)json_integer_value(in(v));
}

/** json_float() - The number @v, or @fallback if it is none */
double json_float(const struct json *v, double fallback)
{
	return json_is_number(in(v)) ? json_number_value(in(v)) : fallback;
}

/** json_is_true() - Whether @v is the literal true */
bool json_is_true(const struct json *v)
{
	return v && json_typeof(in(v)) == JSON_TRUE;
}

/** json_is_given() - Whether there is a value, and not null */
bool json_is_given(const struct json *v)
{
	return v && json_typeof(in(v)) != JSON_NULL;
}

/**
 * json_next() - Step through a map in the order of the document
 * @it:		NULL before the first call
 *
 * Return: false when there is no further member (or @map is no map)
 */
bool json_next(const struct json *map, void **it, const char **key, const struct json **value)
{
	json_t *m = (json_t *)(uintptr_t)map;

	*it = *it ? json_object_iter_next(m, *it) : json_object_iter(m);
	if (!*it)
		return false;
	*key = json_object_iter_key(*it);
	*value = (const struct json *)json_object_iter_value(*it);
	return true;
}

/** json_new_map() - An empty map */
struct json *json_new_map(void)
{
	return out(json_object());
}

/** json_new_list() - An empty list */
struct json *json_new_list(void)
{
	return out(json_array());
}

/** json_new_text() - A string; bytes that are not UTF-8 come out escaped; NULL gives null */
struct json *json_new_text(const char *s)
{
	autofree char *safe = NULL;
	json_t *v;

	if (!s)
		return json_new_nil();
	v = json_string(s);
	if (v)
		return out(v);
	safe = str_escape(s);
	return out(json_string(safe));
}

/** json_new_int() - An integer */
struct json *json_new_int(int64_t i)
{
	return out(json_integer(i));
}

/** json_new_u64() - An integer; INT64_MAX, the library's largest, for what is larger */
struct json *json_new_u64(uint64_t n)
{
	return json_new_int(n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

/** json_new_float() - A number with a fraction; must be finite */
struct json *json_new_float(double d)
{
	return out(json_real(d));
}

/** json_new_bool() - true or false */
struct json *json_new_bool(bool b)
{
	return out(json_boolean(b));
}

/** json_new_nil() - null */
struct json *json_new_nil(void)
{
	return out(json_null());
}

/** json_clone() - A deep copy; NULL gives null */
struct json *json_clone(const struct json *v)
{
	return v ? out(json_deep_copy(in(v))) : json_new_nil();
}

/**
 * json_set() - Set a member; the map owns @value from now on
 *
 * Like text, a key that is not UTF-8 comes out escaped.
 */
void json_set(struct json *map, const char *key, struct json *value)
{
	autofree char *safe = NULL;

	json_incref(inm(value));
	if (json_object_set_new(inm(map), key, inm(value)) < 0) {
		safe = str_escape(key);
		if (json_object_set_new(inm(map), safe, json_incref(inm(value))) < 0)
			abort();
	}
	json_decref(inm(value));
}

/** json_set_text() - Set a member to a string, or to null if @s is NULL */
void json_set_text(struct json *map, const char *key, const char *s)
{
	json_set(map, key, json_new_text(s));
}

/** json_take_text() - The same, of a string that is not needed any more: it is freed */
void json_take_text(struct json *map, const char *key, char *s)
{
	json_set_text(map, key, s);
	free(s);
}

/** json_set_int() - Set a member to an integer */
void json_set_int(struct json *map, const char *key, int64_t i)
{
	json_set(map, key, json_new_int(i));
}

/** json_set_u64() - Set a member to an integer, as json_new_u64() */
void json_set_u64(struct json *map, const char *key, uint64_t n)
{
	json_set(map, key, json_new_u64(n));
}

/** json_set_bool() - Set a member to true or false */
void json_set_bool(struct json *map, const char *key, bool b)
{
	json_set(map, key, json_new_bool(b));
}

/** json_set_list() - Set a member to a list of @n strings */
void json_set_list(struct json *map, const char *key, char *const *items, size_t n)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < n; i++)
		json_add_text(list, items[i]);
	json_set(map, key, list);
}

/** json_unset() - Remove a member, if there */
void json_unset(struct json *map, const char *key)
{
	(void)json_object_del(inm(map), key);
}

/** json_add() - Append to a list, which owns @value from now on */
void json_add(struct json *list, struct json *value)
{
	if (json_array_append_new(inm(list), inm(value)) < 0)
		abort();
}

/** json_add_text() - Append a string to a list */
void json_add_text(struct json *list, const char *s)
{
	json_add(list, json_new_text(s));
}

/*
 * JSON lets controls from U+0080 on pass, and changes of writing direction, which a terminal
 * would obey: as \uNNNN they mean the same. jansson never cuts a character in two.
 */
static int append(const char *data, size_t len, void *text)
{
	size_t plain, bytes;

	for (const char *end = data + len; data < end; data += plain + bytes) {
		int32_t c = str_find_control(data, (size_t)(end - data), &plain, &bytes);

		str_append(text, data, plain);
		if (bytes)
			str_printf(text, "\\u%04x", (unsigned int)c);
	}
	return 0;
}

static char *print(const struct json *v, size_t flags)
{
	struct str text = { 0 };

	str_reserve(&text, USUAL_BYTES);
	if (json_dump_callback(in(v), append, &text,
			       flags | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) < 0)
		abort();
	return str_take(&text);
}

/** json_print() - The value on one line, without blanks; the caller frees it */
char *json_print(const struct json *v)
{
	return print(v, JSON_COMPACT);
}

/** json_print_pretty() - The value, indented by four; the caller frees it */
char *json_print_pretty(const struct json *v)
{
	return print(v, JSON_INDENT(4));
}
