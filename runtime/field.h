/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/field.h - Members of config.json, by type, with errors that name them
 *
 * An absent member, or null, leaves the result as it is. One of another type
 * is -EBADMSG with its full name ("process.args: not a list"). @where is the
 * name of the map it is in, "" for the document.
 */
#ifndef RUNTIME_FIELD_H
#define RUNTIME_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct error;
struct json;

/* Entries that any list or map of a configuration may have. */
#define FIELD_MAX_ENTRIES 65536

int field_map(const struct json *map, const char *where, const char *key, const struct json **out,
	      struct error *err);
int field_list(const struct json *map, const char *where, const char *key, const struct json **out,
	       struct error *err);
int field_text(const struct json *map, const char *where, const char *key, char **out,
	       struct error *err);
int field_word(const struct json *map, const char *where, const char *key, char **out,
	       struct error *err);
int field_bool(const struct json *map, const char *where, const char *key, bool *out,
	       struct error *err);
int field_int(const struct json *map, const char *where, const char *key, int64_t min, int64_t max,
	      int64_t *out, struct error *err);
int field_u64(const struct json *map, const char *where, const char *key, uint64_t *out,
	      struct error *err);
int field_u32(const struct json *map, const char *where, const char *key, uint32_t *out,
	      struct error *err);
int field_texts(const struct json *map, const char *where, const char *key, struct strlist *out,
		struct error *err);
int field_bad_value(const char *where, const struct json *v, struct error *err);
int field_missing(const char *where, const char *key, struct error *err);

#endif
