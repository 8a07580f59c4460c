// SPDX-License-Identifier: Apache-2.0
/*
 * image/erofs_entries.c - The entries of a directory in EROFS, block by block
 */
#include "image/erofs_entries.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct erofs_node *const *)a)->name,
		      (*(struct erofs_node *const *)b)->name);
}

/** erofs_entries_sort() - Put a directory's children in the order of their names */
void erofs_entries_sort(struct erofs_node *dir)
{
	struct erofs_node **all;
	size_t n = 0;

	for (struct erofs_node *c = dir->children; c; c = c->next)
		n++;
	if (n < 2)
		return;
	all = xmalloc(n * sizeof(struct erofs_node *));
	n = 0;
	for (struct erofs_node *c = dir->children; c; c = c->next)
		all[n++] = c;
	qsort(all, n, sizeof(*all), by_name);
	for (size_t i = 0; i < n; i++)
		all[i]->next = i + 1 < n ? all[i + 1] : NULL;
	dir->children = all[0];
	free(all);
}

/** erofs_entries_begin() - Begin with the first; @dir sorted */
void erofs_entries_begin(struct erofs_entries *e, const struct erofs_node *dir,
			 const struct erofs_node *parent)
{
	e->self = (struct erofs_node){ .name = ".", .inode = dir->inode };
	e->parent = (struct erofs_node){ .name = "..", .inode = parent->inode };
	e->own[0] = &e->self;
	e->own[1] = &e->parent;
	e->next = dir->children;
}

/** erofs_entries_peek() - The next one, or NULL */
struct erofs_node *erofs_entries_peek(const struct erofs_entries *e)
{
	struct erofs_node *own = e->own[0] ? e->own[0] : e->own[1];

	if (own && (!e->next || strcmp(own->name, e->next->name) < 0))
		return own;
	return e->next;
}

/** erofs_entries_skip() - Step over it */
void erofs_entries_skip(struct erofs_entries *e)
{
	struct erofs_node *next = erofs_entries_peek(e);

	if (next == e->own[0])
		e->own[0] = NULL;
	else if (next == e->own[1])
		e->own[1] = NULL;
	else
		e->next = next->next;
}

/**
 * erofs_entries_fill() - Step over those that fit into a block
 * @used:	Their bytes, with their names
 *
 * Return: their number; 0 at the end
 */
size_t erofs_entries_fill(struct erofs_entries *e, size_t block_bytes, size_t *used)
{
	struct erofs_node *n;
	size_t count = 0;

	*used = 0;
	while ((n = erofs_entries_peek(e))) {
		size_t need = EROFS_DIRENT_BYTES + strlen(n->name);

		if (*used + need > block_bytes)
			break;
		*used += need;
		count++;
		erofs_entries_skip(e);
	}
	return count;
}
