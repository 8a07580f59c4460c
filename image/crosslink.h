/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/crosslink.h - Hard links to files that a layer below carries
 */
#ifndef IMAGE_CROSSLINK_H
#define IMAGE_CROSSLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/str.h"

struct error;
struct linknames;
struct tree;
struct tree_budget;
struct tree_place;
struct tree_rights;

struct crosslinks {
	struct crosslink {
		char *path, *target;
		size_t number; /* on its mark, see crosslink.c */
	} * items;
	size_t n, bytes;
};

int crosslink_defer(struct crosslinks *links, const struct tree_place *p, const char *target,
		    struct error *err);
const char *crosslink_target_of(const struct crosslinks *links, const struct stat *st);

/* What settling a layer's links takes, and what it adds to the layer. */
struct crosslink_work {
	const int *layers; /* the layer itself, then those below it, top first */
	size_t n;
	const struct tree_rights *rights;
	struct tree_budget *budget;
	struct strlist *implied;
	uint64_t *size;
	struct linknames *names; /* of files in each layer; crosslink_settle()'s own */
};

int crosslink_settle(struct crosslinks *links, const struct crosslink_work *work,
		     struct error *err);
void crosslink_done(struct crosslinks *links);

#endif
