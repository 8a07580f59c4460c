/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/maps.h - Lists that are maps in docker's documents: labels, sets of ports and volumes
 */
#ifndef CMD_MAPS_H
#define CMD_MAPS_H

#include <stdbool.h>

struct json;
struct strlist;

/* { "KEY": "VALUE" } */
void maps_add_pair(struct json *map, const char *pair);
struct json *maps_of_pairs(const struct strlist *pairs);
void maps_to_pairs(const struct json *map, struct strlist *pairs);
bool maps_have_pair(const struct json *map, const char *wanted);

/* { "KEY": {} } */
struct json *maps_of_keys(const struct strlist *keys);

#endif
