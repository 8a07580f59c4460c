/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/container_inspect.h - All there is to know of a container, docker's field names
 */
#ifndef CMD_CONTAINER_INSPECT_H
#define CMD_CONTAINER_INSPECT_H

struct context;
struct error;
struct json;
struct record;

struct json *container_inspect(const struct context *ctx, const struct record *r,
			       struct error *err);

#endif
