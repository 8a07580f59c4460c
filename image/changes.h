/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/changes.h - What a container changed of its image
 */
#ifndef IMAGE_CHANGES_H
#define IMAGE_CHANGES_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct error;

struct change {
	char kind;  /* 'A', 'C' or 'D', as docker prints them */
	char *path; /* without a leading slash */
};

/* Parents before children, names in order. { 0 } is empty. */
struct change_list {
	struct change *items;
	size_t n;
};

/* Both trees as single mounts; all borrowed. */
struct changes_plan {
	int before, after;
	int64_t id_base;		    /* subtracted from the owners of @after */
	const struct strlist *mount_points; /* not changes while they are empty; no leading slash */
};

int changes_find(const struct changes_plan *plan, struct change_list *out, struct error *err);
void changes_done(struct change_list *list);
#define autochanges __attribute__((cleanup(changes_done)))

#endif
