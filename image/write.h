/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/write.h - Images into one archive, the same bytes for the same images
 */
#ifndef IMAGE_WRITE_H
#define IMAGE_WRITE_H

#include <stddef.h>

#include "image/layer_write.h"
#include "image/tar_write.h"

struct error;
struct strlist;

/* One image. All is borrowed until writer_finish(), layers' descriptors too. */
struct write_image {
	const char *config; /* the document, byte for byte */
	size_t config_len;
	const char *manifest; /* likewise; NULL: a new one is made */
	size_t manifest_len;
	const char *manifest_type;	 /* with manifest */
	const struct layer_blob *layers; /* bottom layer first */
	size_t n_layers;
	const struct strlist *names; /* normalised references; NULL or empty: none */
};

struct writer;

struct writer *writer_new(void);
int writer_add(struct writer *w, const struct write_image *image, struct digest *manifest,
	       struct error *err);
int writer_finish(struct writer *w, tar_sink *sink, void *arg, struct error *err);
void writer_free(struct writer *w);

#endif
