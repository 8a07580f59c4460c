/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/view_make.h - The index of a view: an image's files, where they lie
 *
 * Part of the loader, in its confined process. Leaves in the staging directory:
 *
 *	index	an EROFS file system, its devices the files that contents are in
 *	0, 1, …	layers that do not lie in the archive as they are, inflated
 *
 * For an image of the store, see view_store.h, layers lie elsewhere.
 */
#ifndef IMAGE_VIEW_MAKE_H
#define IMAGE_VIEW_MAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

struct error;
struct plan_image;
struct source;
struct tree_budget;

#define VIEW_INDEX	"index"
#define VIEW_ARCHIVE	"archive" /* a device: the archive itself */
#define VIEW_BLOCK_BITS 9

struct view_blobs {
	int new_fd, old_fd;
	struct strlist *made; /* those of new_fd */
};

struct view_make {
	const struct source *source;
	const struct plan_image *image;
	int archive_fd; /* the file that the source is made from */
	int staging_fd;
	bool inflate; /* else an image of which a layer is packed has no view */
	/*
	 * For the store: layers become files here that their diffIDs name, unless they
	 * are here already, or there. NULL: as above.
	 */
	const struct view_blobs *blobs;
	struct tree_budget *files, *bytes; /* charged as by unpacking */
	void (*progress)(void *arg, size_t bytes);
	void *arg;

	/* Results. */
	struct strlist devices; /* names in the staging directory, or VIEW_ARCHIVE */
	uint64_t size;		/* of all files in all layers */
	mode_t root_mode;
	uid_t root_uid;
	gid_t root_gid;
};

int view_make(struct view_make *v, struct error *err);
void view_make_done(struct view_make *v);

#endif
