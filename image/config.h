/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/config.h - What an image says about the processes that run from it
 */
#ifndef IMAGE_CONFIG_H
#define IMAGE_CONFIG_H

#include <stddef.h>

#include "base/str.h"
#include "image/digest.h"

struct error;
struct json;

#define IMAGE_CONFIG_MAX_BYTES (8U << 20)

/*
 * The allow list: nothing else of an image's config is ever read. Strings are
 * owned; those without a value are NULL, lists are empty. { 0 } is empty.
 */
struct image_config {
	struct strlist env, cmd, entrypoint;
	char *working_dir, *user, *stop_signal;
	struct strlist exposed_ports; /* "80/tcp" */
	struct strlist volumes;
	struct json *labels;	  /* map of texts, or NULL */
	struct json *healthcheck; /* as in the document, or NULL */
	struct json *history;	  /* list, or NULL */
	char *created, *author, *architecture, *os, *variant;
	struct digest *diff_ids; /* bottom layer first, all SHA-256 */
	size_t n_diff_ids;
};

int image_config_parse(const char *data, size_t len, struct image_config *out, struct error *err);
void image_config_done(struct image_config *c);

#endif
