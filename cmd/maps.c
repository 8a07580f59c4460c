// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/maps.c - Lists that are maps in docker's documents: labels, sets of ports and volumes
 */
#include "cmd/maps.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"

/** maps_add_pair() - Add "KEY=VALUE"; of a KEY alone the value is "" */
void maps_add_pair(struct json *map, const char *pair)
{
	size_t len = strcspn(pair, "=");
	autofree char *key = xstrndup(pair, len);

	json_set_text(map, key, pair[len] ? pair + len + 1 : "");
}

/** maps_of_pairs() - A new map of "KEY=VALUE" texts */
struct json *maps_of_pairs(const struct strlist *pairs)
{
	struct json *map = json_new_map();

	for (size_t i = 0; i < pairs->n; i++)
		maps_add_pair(map, pairs->items[i]);
	return map;
}

/** maps_to_pairs() - Append the members of a map as "KEY=VALUE" */
void maps_to_pairs(const struct json *map, struct strlist *pairs)
{
	const struct json *value;
	const char *key;

	for (void *it = NULL; json_next(map, &it, &key, &value);)
		strlist_take(pairs, xasprintf("%s=%s", key, json_text_or(value, "")));
}

/** maps_have_pair() - Whether "KEY=VALUE" is in it; of a KEY alone, whatever its value */
bool maps_have_pair(const struct json *map, const char *wanted)
{
	size_t len = strcspn(wanted, "=");
	autofree char *key = xstrndup(wanted, len);
	const char *value = json_text(json_get(map, key));

	return value && (!wanted[len] || !strcmp(value, wanted + len + 1));
}

/** maps_of_keys() - A new map with these keys, and nothing behind them */
struct json *maps_of_keys(const struct strlist *keys)
{
	struct json *map = json_new_map();

	for (size_t i = 0; i < keys->n; i++)
		json_set(map, keys->items[i], json_new_map());
	return map;
}
