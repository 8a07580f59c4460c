/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/image_inspect.h - All there is to know of an image, docker's field names
 */
#ifndef CMD_IMAGE_INSPECT_H
#define CMD_IMAGE_INSPECT_H

#include <stdbool.h>

struct context;
struct error;
struct image_list;
struct json;

int image_inspect(const struct context *ctx, const char *operand, struct json **doc,
		  struct error *err);
struct json *image_names(const struct image_list *list, const char *id, bool with_digest);

#endif
