/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/stream.h - A layer's bytes: read, verified, inflated, verified
 */
#ifndef IMAGE_STREAM_H
#define IMAGE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/codec.h"
#include "image/digest.h"
#include "image/source.h"

struct error;
struct tree_budget;

struct stream_plan {
	struct source_file file;
	const struct digest *blob;    /* what the file must be, or NULL if nobody says */
	const struct digest *diff_id; /* what it must be when inflated */
	struct tree_budget *budget;   /* of inflated bytes */
	void (*progress)(void *arg, size_t bytes);
	void *arg;
	const bool *stop; /* set by another thread: give up with -ECANCELED */
};

struct stream;

int stream_open(const struct stream_plan *plan, struct stream **out, struct error *err);
int stream_read(void *stream, const unsigned char **data, size_t *len, struct error *err);
int stream_finish(struct stream *s, struct error *err);
int stream_explain(struct stream *s, struct error *err);
void stream_close(struct stream *s);

#endif
