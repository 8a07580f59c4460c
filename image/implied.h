/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/implied.h - Directories that a layer implies but does not carry
 */
#ifndef IMAGE_IMPLIED_H
#define IMAGE_IMPLIED_H

#include <stddef.h>

struct error;

enum implied_found {
	IMPLIED_DIR,	 /* here it is, and what is further down shows in it */
	IMPLIED_NOTHING, /* not here; look further down */
	IMPLIED_END,	 /* here or not, nothing from further down shows in it */
};

enum implied_found implied_look(int layer, const char *path);

/* layers[0] is the layer with the directory, then those below it, top layer first. */
int implied_borrow(const int *layers, size_t n, const char *path, struct error *err);

#endif
