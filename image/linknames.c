// SPDX-License-Identifier: Apache-2.0
/*
 * image/linknames.c - Which names in a layer are one file
 *
 * A directory tree says how many names a file has, and not which. So whoever
 * wants to know has to look at all of them.
 */
#include "image/linknames.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/path.h"
#include "base/str.h"
#include "image/tree.h"

#define LOOK_COST (TREE_ENTRY_COST / 8) /* of the budget, so that nobody has us look for ever */

static void add_name(struct linknames *names, ino_t ino, char *path)
{
	/* The next power of two, when the number is one. */
	if (!(names->n & (names->n - 1)))
		names->items = xrealloc(names->items,
					(names->n ? names->n * 2 : 1) * sizeof(*names->items));
	names->items[names->n++] = (struct linkname){ .ino = ino, .path = path };
}

static int walk(struct linknames *names, int parent, const char *name, const char *path,
		struct tree_budget *budget, struct error *err)
{
	autodir DIR *dir = dir_open(parent, name, O_NOFOLLOW);
	const struct dirent *e;
	struct stat st;
	int r = 0;

	if (!dir)
		return tree_failed(err, errno, "read directory", *path ? path : "/");
	while (r == 0 && (e = dir_next(dir))) {
		autofree char *inner = NULL;

		if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		r = tree_budget_take(budget, LOOK_COST, err);
		inner = xasprintf("%s%s%s", path, *path ? "/" : "", e->d_name);
		if (r == 0 && S_ISDIR(st.st_mode))
			r = walk(names, dirfd(dir), e->d_name, inner, budget, err);
		else if (r == 0 && st.st_nlink > 1)
			add_name(names, st.st_ino, steal_ptr(&inner));
	}
	return r;
}

static int by_ino(const void *a, const void *b)
{
	const struct linkname *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return strcmp(x->path, y->path);
}

/**
 * linknames_read() - Find all names of files with several; once is enough
 * @names:	Zeroed; released with linknames_done()
 */
int linknames_read(struct linknames *names, int layer, struct tree_budget *budget,
		   struct error *err)
{
	int r = names->is_read ? 0 : walk(names, layer, ".", "", budget, err);

	if (r == 0 && !names->is_read && names->n)
		qsort(names->items, names->n, sizeof(*names->items), by_ino);
	names->is_read = r == 0;
	return r;
}

/**
 * linknames_find() - The names of one file
 * @n:		How many there are, from the returned one on
 */
struct linkname *linknames_find(const struct linknames *names, ino_t ino, size_t *n)
{
	size_t low = 0, high = names->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (names->items[middle].ino < ino)
			low = middle + 1;
		else
			high = middle;
	}
	for (*n = 0; low + *n < names->n && names->items[low + *n].ino == ino;)
		++*n;
	return *n ? &names->items[low] : NULL;
}

/** linknames_done() - Release; safe twice */
void linknames_done(struct linknames *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->items[i].path);
	free(names->items);
	memset(names, 0, sizeof(*names));
}
