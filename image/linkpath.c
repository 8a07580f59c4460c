// SPDX-License-Identifier: Apache-2.0
/*
 * image/linkpath.c - Where an entry is that lies beyond links
 *
 * In a layer that was put together from packages, lib may be a link to usr/lib,
 * and lib/x come after it. All engines write to usr/lib/x then. Only links count
 * that stay below the root without its help: what leads out, or would if there
 * were no root, is refused as in any other archive.
 */
#include "image/linkpath.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/str.h"

#define LINK_MAX_BYTES 4096U
#define LINKS_MAX      40  /* for one entry, as in Linux */
#define MAX_DEPTH      256 /* as for any entry */

/* The target of a link in the tree; NULL: it is none, or one that nobody may follow. */
static char *read_link(int rootfd, const char *path, bool *is_link)
{
	autofree char *target = xmalloc(LINK_MAX_BYTES + 1);
	autoclose int fd = path_open_beneath(rootfd, path, O_PATH | O_NOFOLLOW, 0);
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, LINK_MAX_BYTES);

	*is_link = n >= 0;
	if (n <= 0 || n == LINK_MAX_BYTES || *target == '/')
		return NULL;
	target[n] = '\0';
	return steal_ptr(&target);
}

static void drop_last(struct strlist *l)
{
	free(l->items[--l->n]);
	l->items[l->n] = NULL;
}

/**
 * linkpath_follow() - The path of an entry, with the links followed that its directories are
 * @rootfd:	Of the tree
 * @path:	Cleaned
 *
 * The result is text: what opens it has to stay below the root all the same.
 *
 * Return: what the caller frees, or NULL if there is a link that nobody may follow
 */
char *linkpath_follow(int rootfd, const char *path)
{
	autostrlist struct strlist done = { 0 }; /* without links */
	autofree char *rest = xstrdup(path);
	int links = 0;

	for (char *at = rest; *at;) {
		size_t len = strcspn(at, "/");
		autofree char *name = xstrndup(at, len), *where = NULL, *target = NULL;
		bool is_link;

		at += len + (at[len] == '/');
		if (!strcmp(name, "..")) {
			if (!done.n)
				return NULL;
			drop_last(&done);
			continue;
		}
		if (!*name || !strcmp(name, "."))
			continue;
		strlist_add(&done, name);
		if (!*at) /* the entry itself */
			break;
		if (str_starts(name, ".wh.") || done.n >= MAX_DEPTH)
			return NULL;
		where = strlist_join(&done, "/");
		target = read_link(rootfd, where, &is_link);
		if (!is_link)
			continue;
		if (!target || ++links > LINKS_MAX)
			return NULL;
		drop_last(&done);
		at = xasprintf("%s/%s", target, at);
		free(rest);
		rest = at;
	}
	return strlist_join(&done, "/");
}
