/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/package.h - What a new archive is made of: a directory, or an image that is there
 */
#ifndef IMAGE_PACKAGE_H
#define IMAGE_PACKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "image/layer_write.h"
#include "image/plan.h"
#include "image/tar_write.h"

struct error;
struct image;
struct image_store;
struct json;
struct source;

/* Set the first members, then call one of package_take_…(). */
struct package {
	int spool_dirfd; /* where files without a name go; borrowed */
	enum layer_compression compression;
	int64_t epoch_s;	       /* SOURCE_DATE_EPOCH; negative: not given */
	bool root_owned;	       /* of a directory: all is root's */
	struct plan_platform platform; /* to choose, or of a directory */

	struct json *config; /* the document, to be changed; owned */
	struct strlist names;
	struct layer_blob *layers;
	size_t n_layers;

	struct source *source;
	struct plan plan;
	int fd;
};

int package_take_tree(struct package *p, int dirfd, struct error *err);
int package_take_archive(struct package *p, int fd, struct error *err);
int package_take_stored(struct package *p, const struct image_store *store,
			const struct image *image, struct error *err);
int package_write(struct package *p, tar_sink *sink, void *arg, struct digest *manifest,
		  struct error *err);
void package_done(struct package *p);

#endif
