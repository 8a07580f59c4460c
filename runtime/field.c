// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/field.c - Members of config.json, by type, with errors that name them
 */
#include "runtime/field.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"

/* The member if it is there and of that kind; 1: absent. */
static int find(const struct json *map, const char *where, const char *key, enum json_kind kind,
		const char *what, const struct json **out, struct error *err)
{
	const struct json *v = json_get(map, key);
	enum json_kind got = json_kind_of(v);

	if (!json_is_given(v))
		return 1;
	/* One huge number makes floats of all: see json_parse(). */
	if (got == JSON_FLOAT && kind == JSON_INT &&
	    (json_u64(v, 0) == json_u64(v, 1) || json_int(v, 0) == json_int(v, 1)))
		got = JSON_INT;
	if (got != kind)
		return error_set(err, EBADMSG, "%s%s%s: not %s", where, *where ? "." : "", key,
				 what);
	*out = v;
	return 0;
}

static int find_entries(const struct json *map, const char *where, const char *key,
			enum json_kind kind, const char *what, const struct json **out,
			struct error *err)
{
	int r = find(map, where, key, kind, what, out, err);

	if (r == 0 && json_count(*out) > FIELD_MAX_ENTRIES)
		return error_set(err, E2BIG, "%s%s%s: more than %d entries", where,
				 *where ? "." : "", key, FIELD_MAX_ENTRIES);
	return r < 0 ? r : 0;
}

/** field_map() - A member that is an object; borrowed */
int field_map(const struct json *map, const char *where, const char *key, const struct json **out,
	      struct error *err)
{
	return find_entries(map, where, key, JSON_MAP, "an object", out, err);
}

/** field_list() - A member that is a list; borrowed */
int field_list(const struct json *map, const char *where, const char *key, const struct json **out,
	       struct error *err)
{
	return find_entries(map, where, key, JSON_LIST, "a list", out, err);
}

/** field_text() - A copy of a member that is a string; what *@out held is freed */
int field_text(const struct json *map, const char *where, const char *key, char **out,
	       struct error *err)
{
	const struct json *v = NULL;
	int r = find(map, where, key, JSON_TEXT, "a string", &v, err);

	if (r == 0)
		str_replace(out, json_text(v));
	return r < 0 ? r : 0;
}

/** field_word() - The same of a string that is not empty; "" asks for nothing, like null */
int field_word(const struct json *map, const char *where, const char *key, char **out,
	       struct error *err)
{
	const char *text = json_text(json_get(map, key));

	return text && !*text ? 0 : field_text(map, where, key, out, err);
}

/** field_bool() - A member that is true or false */
int field_bool(const struct json *map, const char *where, const char *key, bool *out,
	       struct error *err)
{
	const struct json *v = NULL;
	int r = find(map, where, key, JSON_BOOL, "true or false", &v, err);

	if (r == 0)
		*out = json_is_true(v);
	return r < 0 ? r : 0;
}

/** field_int() - A member that is a whole number from @min to @max */
int field_int(const struct json *map, const char *where, const char *key, int64_t min, int64_t max,
	      int64_t *out, struct error *err)
{
	const struct json *v = NULL;
	int r = find(map, where, key, JSON_INT, "a whole number", &v, err);
	int64_t n = json_int(v, INT64_MAX); /* what is larger is far out of range, too */

	if (r)
		return r < 0 ? r : 0;
	if (n < min || n > max)
		return error_set(err, ERANGE,
				 "%s%s%s: %" PRId64 " is not in %" PRId64 " to %" PRId64, where,
				 *where ? "." : "", key, n, min, max);
	*out = n;
	return 0;
}

/** field_u64() - A member that is a whole number up to 2^64-1, such as a limit */
int field_u64(const struct json *map, const char *where, const char *key, uint64_t *out,
	      struct error *err)
{
	const struct json *v = NULL;
	int r = find(map, where, key, JSON_INT, "a whole number", &v, err);

	if (r)
		return r < 0 ? r : 0;
	if (json_u64(v, 0) != json_u64(v, 1))
		return error_set(err, ERANGE, "%s%s%s: must not be negative", where,
				 *where ? "." : "", key);
	*out = json_u64(v, 0);
	return 0;
}

/** field_u32() - A member that is a whole number of 32 bits, such as an id */
int field_u32(const struct json *map, const char *where, const char *key, uint32_t *out,
	      struct error *err)
{
	int64_t value = *out;
	int r = field_int(map, where, key, 0, UINT32_MAX, &value, err);

	if (r == 0)
		*out = (uint32_t)value;
	return r;
}

/** field_texts() - A member that is a list of strings; added to @out */
int field_texts(const struct json *map, const char *where, const char *key, struct strlist *out,
		struct error *err)
{
	const struct json *list = NULL;
	int r = field_list(map, where, key, &list, err);

	for (size_t i = 0; r == 0 && i < json_count(list); i++) {
		const char *text = json_text(json_at(list, i));

		if (!text)
			return error_set(err, EBADMSG, "%s%s%s[%zu]: not a string", where,
					 *where ? "." : "", key, i);
		strlist_add(out, text);
	}
	return r;
}

/** field_bad_value() - The error about a value that makes no sense where it is */
int field_bad_value(const char *where, const struct json *v, struct error *err)
{
	autofree char *shown = json_text(v) ? str_escape(json_text(v)) : NULL;

	if (!shown)
		return error_set(err, EBADMSG, "%s: missing or of the wrong type", where);
	return error_set(err, EBADMSG, "%s: unknown value '%.64s'", where, shown);
}

/** field_missing() - The error about a member that there must be */
int field_missing(const char *where, const char *key, struct error *err)
{
	return error_set(err, EBADMSG, "%s%s%s is missing", where, *where ? "." : "", key);
}
