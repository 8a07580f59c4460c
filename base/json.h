/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/json.h - JSON documents, read strictly and written compactly
 *
 * The only door to the JSON library; its names differ from ours on purpose
 * (both begin with json_), its types stay in json.c. Every reader accepts NULL
 * for a missing value, so that look-ups chain: json_text(json_get(v, "a")).
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json; /* a value of any type */

enum json_kind {
	JSON_ABSENT,
	JSON_NIL,
	JSON_BOOL,
	JSON_INT,
	JSON_FLOAT,
	JSON_TEXT,
	JSON_LIST,
	JSON_MAP
};

/* Documents from outside are limited to this many bytes unless said otherwise. */
#define JSON_MAX_BYTES (4U << 20)

struct json *json_parse(const char *data, size_t len, struct error *err);
struct json *json_read_at(int dirfd, const char *path, size_t max_bytes, struct error *err);
void json_free(struct json *v);
void json_done(struct json **v);
#define autojson __attribute__((cleanup(json_done)))

enum json_kind json_kind_of(const struct json *v);
const struct json *json_get(const struct json *map, const char *key);
const struct json *json_at(const struct json *list, size_t i);
size_t json_count(const struct json *v);
const char *json_text(const struct json *v);
const char *json_text_or(const struct json *v, const char *fallback);
int64_t json_int(const struct json *v, int64_t fallback);
uint64_t json_u64(const struct json *v, uint64_t fallback);
double json_float(const struct json *v, double fallback);
bool json_is_true(const struct json *v);
bool json_is_given(const struct json *v);

/* Walk a map in the order of the document: for (it = NULL; json_next(map, &it, &key, &value);) */
bool json_next(const struct json *map, void **it, const char **key, const struct json **value);

struct json *json_new_map(void);
struct json *json_new_list(void);
struct json *json_new_text(const char *s);
struct json *json_new_int(int64_t i);
struct json *json_new_u64(uint64_t n);
struct json *json_new_float(double d);
struct json *json_new_bool(bool b);
struct json *json_new_nil(void);
struct json *json_clone(const struct json *v);
void json_set(struct json *map, const char *key, struct json *value);
void json_set_text(struct json *map, const char *key, const char *s);
void json_take_text(struct json *map, const char *key, char *s);
void json_set_int(struct json *map, const char *key, int64_t i);
void json_set_u64(struct json *map, const char *key, uint64_t n);
void json_set_bool(struct json *map, const char *key, bool b);
void json_set_list(struct json *map, const char *key, char *const *items, size_t n);
void json_unset(struct json *map, const char *key);
void json_add(struct json *list, struct json *value);
void json_add_text(struct json *list, const char *s);

char *json_print(const struct json *v);
char *json_print_pretty(const struct json *v);

#endif
