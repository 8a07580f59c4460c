/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/nodes.h - A tree of names in memory, found by directory and name
 */
#ifndef IMAGE_NODES_H
#define IMAGE_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "image/erofs_tree.h"

struct arena;

struct node {
	struct erofs_node erofs; /* first: children are nodes, too */
	struct node *parent;
	bool gone, whiteout, opaque;
	bool implied; /* a directory on the way to an entry: metadata from below, if any */
};

/* { 0 } is empty. */
struct nodes {
	struct arena *arena;
	struct node **table; /* by parent and name */
	size_t n, size;	     /* of the table, the size a power of two */
};

void *nodes_take(struct nodes *t, size_t size);
void *nodes_take_copy(struct nodes *t, const void *data, size_t size);
char *nodes_take_text(struct nodes *t, const char *text, size_t len);

struct node *nodes_find(const struct nodes *t, const struct node *parent, const char *name,
			size_t len);
void nodes_attach(struct nodes *t, struct node *parent, struct node *node);
struct node *nodes_add_name(struct nodes *t, struct node *parent, const char *name, size_t len);
struct node *nodes_add(struct nodes *t, struct node *parent, const char *name, size_t len,
		       mode_t mode);
bool node_is_dir(const struct node *node);
void node_drop(struct node *node);
void nodes_done(struct nodes *t);

#endif
