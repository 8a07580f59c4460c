/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/manifest.h - Index and manifest documents
 */
#ifndef IMAGE_MANIFEST_H
#define IMAGE_MANIFEST_H

#include <stddef.h>

#include "image/descriptor.h"

struct error;
struct json;

#define MANIFEST_MAX_BYTES  (4U << 20)
#define MANIFEST_MAX_LAYERS 500 /* of an overlay in Linux; podman has this limit, too */
#define INDEX_MAX_MANIFESTS 4096

/* Descriptors borrow from doc. { 0 } is empty. */
struct index {
	struct json *doc;
	struct descriptor *manifests;
	size_t n;
};

int index_parse(const char *data, size_t len, struct index *out, struct error *err);
void index_done(struct index *index);

struct manifest {
	struct json *doc;
	struct descriptor config;
	struct descriptor *layers; /* bottom layer first */
	size_t n_layers;
};

int manifest_parse(const char *data, size_t len, struct manifest *out, struct error *err);
void manifest_done(struct manifest *m);
struct json *manifest_new(const struct descriptor *config, const struct descriptor *layers,
			  size_t n_layers);

#endif
