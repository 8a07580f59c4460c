// SPDX-License-Identifier: Apache-2.0
/*
 * image/whiteout.c - What a layer removes from those below it
 *
 * Theory of operation:
 * Whiteouts are written, not carried out (image-spec layer.md):
 *
 *	.wh.NAME	a character device 0:0 called NAME
 *	.wh..wh..opq	an attribute on the directory, once as trusted.overlay.opaque
 *			and once as user.overlay.opaque, for mounts by root in a
 *			user namespace
 *
 * They act on layers below only, wherever in the stream they come: a name that
 * is both added and whited out is there, and a directory of both kinds opaque.
 *
 * Where a directory is in one layer alone, overlayfs lists it as it is, with the
 * names of whiteouts in it, unless an attribute says that there may be some.
 *
 * That the root of a layer is opaque, overlayfs does not care about. So names
 * of the layers below are whited out one by one, when it is known what lies
 * below; such a layer is good on top of these only.
 */
#include "image/whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/path.h"
#include "base/str.h"
#include "image/tree.h"

static int make_whiteout(struct tree *t, const struct tree_place *p, const char *name,
			 struct error *err)
{
	autofree char *path = xasprintf("%.*s%s", (int)(p->leaf - p->path), p->path, name);
	autoclose int fd = -1;

	if (!path_is_name(name))
		return tree_refuse(err, p->path, "is a whiteout of nothing");
	if (mknodat(p->parent, name, S_IFCHR, makedev(0, 0)) == 0) {
		if (p->parent != t->root)
			tree_mark_whiteouts(t, p->parent);
		return 0;
	}
	if (errno != EEXIST)
		return tree_failed(err, errno, "create the whiteout", p->path);
	/* Added by this layer, too: it stays, and hides what a directory below it holds. */
	fd = openat(p->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? 0 : tree_renew_dir(t, fd, path, err);
}

/**
 * whiteout_apply() - Make what stands for an entry whose name begins with ".wh."
 */
int whiteout_apply(struct tree *t, const struct tree_place *p, struct error *err)
{
	if (!strcmp(p->leaf, WHITEOUT_OPAQUE)) {
		t->root_opaque |= p->parent == t->root;
		return tree_set_opaque(t, p->parent, p->path, err);
	}
	/* Book-keeping of aufs, which Docker used to leave in layers. */
	if (str_starts(p->leaf, WHITEOUT_META_PREFIX))
		return 0;
	return make_whiteout(t, p, p->leaf + strlen(WHITEOUT_PREFIX), err);
}

static int hide_name(struct tree *t, const char *name, struct error *err)
{
	autoclose int fd = -1;
	int r = tree_budget_take_entry(t->budget, err);

	if (r < 0)
		return r;
	if (mknodat(t->root, name, S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	if (errno != EEXIST)
		return tree_failed(err, errno, "create the whiteout of", name);
	fd = openat(t->root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? 0 : tree_set_opaque(t, fd, name, err);
}

static int hide_layer(struct tree *t, int layer, struct error *err)
{
	autodir DIR *dir = dir_open(layer, ".", 0);
	const struct dirent *e;
	int r = 0;

	if (!dir)
		return error_sys(err, errno, "read a layer's root");
	while (r == 0 && (e = dir_next(dir)))
		r = hide_name(t, e->d_name, err);
	return r;
}

/**
 * whiteout_hide_below() - Hide everything that the layers below have
 * @layers:	The layer with the opaque root, then those below it, top layer first
 */
int whiteout_hide_below(const int *layers, size_t n, const struct tree_rights *rights,
			struct tree_budget *budget, struct error *err)
{
	struct tree tree = { .root = layers[0], .rights = rights, .budget = budget, .parent = -1 };
	struct timespec times[2];
	struct stat st;
	int r = 0;

	if (fstat(layers[0], &st) < 0)
		return error_sys(err, errno, "stat a layer's root");
	times[0] = times[1] = st.st_mtim;
	for (size_t i = 1; i < n && r == 0; i++)
		r = hide_layer(&tree, layers[i], err);
	if (r == 0 && futimens(layers[0], times) < 0)
		return error_sys(err, errno, "set the times of a layer's root");
	return r;
}
