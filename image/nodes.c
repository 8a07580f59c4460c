// SPDX-License-Identifier: Apache-2.0
/*
 * image/nodes.c - A tree of names in memory, found by directory and name
 *
 * One table for all directories. Nodes that are replaced stay where they are,
 * marked as gone, and are left out when the table grows. Memory is given back
 * all at once.
 */
#include "image/nodes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"

#define ARENA_BYTES (256U << 10)

struct arena {
	struct arena *before;
	size_t used, size; /* in units */
	uint64_t data[];   /* as large as anything here has to be aligned */
};

/* ---- memory ------------------------------------------------------------- */

/** nodes_take() - Zeroed memory that lives as long as the nodes */
void *nodes_take(struct nodes *t, size_t size)
{
	size_t units = (size + sizeof(uint64_t) - 1) / sizeof(uint64_t);
	struct arena *a = t->arena;

	if (!a || a->size - a->used < units) {
		size_t room = ARENA_BYTES / sizeof(uint64_t);

		room = units > room ? units : room;
		a = xcalloc(1, sizeof(*a) + room * sizeof(uint64_t));
		a->before = t->arena;
		a->size = room;
		t->arena = a;
	}
	a->used += units;
	return &a->data[a->used - units];
}

/** nodes_take_copy() - A copy that does */
void *nodes_take_copy(struct nodes *t, const void *data, size_t size)
{
	void *copy = nodes_take(t, size ? size : 1);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

/** nodes_take_text() - A copy of text, with a NUL behind it */
char *nodes_take_text(struct nodes *t, const char *text, size_t len)
{
	char *copy = nodes_take(t, len + 1);

	memcpy(copy, text, len);
	return copy;
}

/* ---- names -------------------------------------------------------------- */

/* FNV-1a, of the parent's address and the name. */
static size_t hash_of(const struct node *parent, const char *name, size_t len)
{
	uint64_t h = 14695981039346656037ULL ^ (uintptr_t)parent;

	h *= 1099511628211ULL;
	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)name[i]) * 1099511628211ULL;
	return (size_t)(h ^ h >> 32);
}

static void insert(struct nodes *t, struct node *node)
{
	size_t at = hash_of(node->parent, node->erofs.name, strlen(node->erofs.name));

	while (t->table[at & (t->size - 1)])
		at++;
	t->table[at & (t->size - 1)] = node;
	t->n++;
}

static void make_room(struct nodes *t)
{
	struct node **old = t->table;
	size_t size = t->size;

	if (2 * (t->n + 1) < size)
		return;
	t->size = size ? 2 * size : 1024;
	t->table = xcalloc(t->size, sizeof(*t->table));
	t->n = 0;
	for (size_t i = 0; i < size; i++)
		if (old[i] && !old[i]->gone)
			insert(t, old[i]);
	free(old);
}

/** nodes_find() - What a directory has of a name, whiteouts too; NULL: nothing */
struct node *nodes_find(const struct nodes *t, const struct node *parent, const char *name,
			size_t len)
{
	size_t at = hash_of(parent, name, len);
	struct node *n;

	for (; t->size && (n = t->table[at & (t->size - 1)]); at++)
		if (!n->gone && n->parent == parent && !strncmp(n->erofs.name, name, len) &&
		    !n->erofs.name[len])
			return n;
	return NULL;
}

/** nodes_attach() - Put a node into a directory that has none of its name */
void nodes_attach(struct nodes *t, struct node *parent, struct node *node)
{
	node->parent = parent;
	node->erofs.next = parent->erofs.children;
	parent->erofs.children = &node->erofs;
	make_room(t);
	insert(t, node);
}

/** nodes_add_name() - A new node without an inode; @parent: NULL for a root */
struct node *nodes_add_name(struct nodes *t, struct node *parent, const char *name, size_t len)
{
	struct node *node = nodes_take(t, sizeof(*node));

	node->erofs.name = nodes_take_text(t, name, len);
	if (parent)
		nodes_attach(t, parent, node);
	return node;
}

/** nodes_add() - A new node with an inode of its own */
struct node *nodes_add(struct nodes *t, struct node *parent, const char *name, size_t len,
		       mode_t mode)
{
	struct node *node = nodes_add_name(t, parent, name, len);

	node->erofs.inode = nodes_take(t, sizeof(*node->erofs.inode));
	node->erofs.inode->mode = mode;
	return node;
}

/** node_is_dir() - Whether it is a directory, not a whiteout of one */
bool node_is_dir(const struct node *node)
{
	return !node->whiteout && S_ISDIR(node->erofs.inode->mode);
}

/** node_drop() - It is gone: of all links this one only; what is below a directory is not found */
void node_drop(struct node *node)
{
	node->gone = true;
}

/** nodes_done() - Release all of it; safe twice */
void nodes_done(struct nodes *t)
{
	while (t->arena) {
		struct arena *before = t->arena->before;

		free(t->arena);
		t->arena = before;
	}
	free(t->table);
	*t = (struct nodes){ 0 };
}
