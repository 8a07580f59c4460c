/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/layer.h - Unpacking a layer into overlay form
 */
#ifndef IMAGE_LAYER_H
#define IMAGE_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "image/crosslink.h"

struct archive_tar;
struct error;
struct tree_budget;
struct tree_rights;

struct layer_result {
	uint64_t size;		 /* bytes of all files, holes included */
	struct strlist implied;	 /* directories made, but not carried; parents first */
	bool opaque_root;	 /* hides all that is below it; still to be settled, too */
	struct crosslinks links; /* to files of layers below, still to be settled */
};

int layer_apply(struct archive_tar *tar, int dirfd, const struct tree_rights *rights,
		struct tree_budget *budget, struct layer_result *out, struct error *err);
void layer_result_done(struct layer_result *r);

#endif
