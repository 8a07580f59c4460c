/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/container_row.h - A container as lists show it
 */
#ifndef CMD_CONTAINER_ROW_H
#define CMD_CONTAINER_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/format.h"
#include "runtime/record.h"

struct json;

/* What a row is made from. */
struct container_item {
	struct record record;
	struct json *config; /* config.json, or NULL when nobody asked for what is in there */
	int64_t size_bytes;  /* of its own files; -1: not measured */
};

extern const struct format_column container_columns[];

char *container_status_text(const struct record *r, int64_t now_ns);
char *container_ports_text(const struct record *r);
char *container_command_text(const struct record *r, bool truncate);
struct json *container_row(const struct container_item *item, bool truncate, int64_t now_ns);
struct json *container_typed_row(const struct container_item *item, int64_t now_ns);

#endif
