/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/layer.h - Unpacking a layer into overlay form
 */
#ifndef IMAGE_LAYER_H
#define IMAGE_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/str.h"

struct archive_tar;
struct error;

/* A root directory the layer does not carry has this mode, owner root, time 0. */
#define LAYER_ROOT_MODE 0755

/* What this process may do here; found out by trying, see layer_probe(). */
struct layer_rights {
	bool root;    /* give files away, and pass by every mode */
	bool devices; /* make device nodes */
	bool trusted; /* set trusted.* attributes */
};

int layer_probe(int dirfd, struct layer_rights *out, struct error *err);

/* Bytes that may still be written, shared by all layers of a load. */
struct layer_budget {
	uint64_t left, limit; /* left is changed atomically */
};

struct layer_result {
	uint64_t size;		/* bytes of all files, holes included */
	struct strlist implied; /* directories made, but not carried; parents first */
};

int layer_apply(struct archive_tar *tar, int dirfd, const struct layer_rights *rights,
		struct layer_budget *budget, struct layer_result *out, struct error *err);
void layer_result_done(struct layer_result *r);

int layer_budget_take(struct layer_budget *budget, uint64_t bytes, struct error *err);

#endif
