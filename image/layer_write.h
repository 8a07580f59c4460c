/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/layer_write.h - New layers: a tar stream hashed, perhaps compressed, kept in a file
 */
#ifndef IMAGE_LAYER_WRITE_H
#define IMAGE_LAYER_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "image/digest.h"

struct error;

enum layer_compression { LAYER_PLAIN, LAYER_GZIP };

int layer_compression_parse(const char *text, enum layer_compression *out);

/* A layer's blob, ready to be written. */
struct layer_blob {
	struct digest blob, diff_id;
	uint64_t size;
	const char *media_type;
	int fd; /* holds the blob, from offset on; whoever made it closes it. -1: left out,
		 * who gets the archive has the layer */
	uint64_t offset;
};

struct layer_writer;

int layer_writer_new(int fd, enum layer_compression compression, struct layer_writer **out,
		     struct error *err);
int layer_writer_sink(void *writer, const void *data, size_t len, struct error *err);
int layer_writer_copy(struct layer_writer *w, int fd, struct error *err);
int layer_writer_finish(struct layer_writer *w, struct layer_blob *out, struct error *err);
void layer_writer_free(struct layer_writer *w);

#endif
