/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/whiteout.h - What a layer removes from those below it
 */
#ifndef IMAGE_WHITEOUT_H
#define IMAGE_WHITEOUT_H

#include <stddef.h>

struct error;
struct tree;
struct tree_budget;
struct tree_place;
struct tree_rights;

#define WHITEOUT_PREFIX	     ".wh."
#define WHITEOUT_META_PREFIX ".wh..wh."
#define WHITEOUT_OPAQUE	     ".wh..wh..opq"

int whiteout_apply(struct tree *t, const struct tree_place *p, struct error *err);

/* layers[0] is the layer with the opaque root, then those below it, top layer first. */
int whiteout_hide_below(const int *layers, size_t n, const struct tree_rights *rights,
			struct tree_budget *budget, struct error *err);

#endif
