// SPDX-License-Identifier: Apache-2.0
/*
 * image/crosslink.c - Hard links to files that a layer below carries
 *
 * Theory of operation:
 * A layer may hold a hard link and not the file that it links to; what unpacks
 * layers one over the other finds that below. An overlay cannot have links from
 * layer to layer. What it does when a process makes such a link is what is done
 * here: the file is copied up, and all its names are links to the copy.
 *
 * Layers are unpacked before it is known what lies below, so the link is noted,
 * and a socket, which no tar entry can be, marks its name. The rest of the layer
 * may replace the mark like anything else. When all layers are there,
 * crosslink_settle() puts links where marks are left. A layer like this is good
 * on top of those below it only, as one that implies directories.
 */
#include "image/crosslink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "image/implied.h"
#include "image/linknames.h"
#include "image/metadata.h"
#include "image/tree.h"

#define CROSSLINK_MAX_BYTES (32U << 20) /* of memory for one layer's */
#define COPY_BYTES	    (256U << 10)
#define SYMLINK_MAX_BYTES   4096

/* A name and its directory, opened. */
struct spot {
	int parent; /* -1: there is no such directory */
	const char *leaf;
	char *dir;
};

static void spot_done(struct spot *s)
{
	cleanup_close(&s->parent);
	free(s->dir);
}

/* The directory of a clean path in a layer. 0, also when it is not there, or -errno. */
static int find_spot(int layer, const char *path, struct spot *out)
{
	const char *slash = strrchr(path, '/');

	out->leaf = slash ? slash + 1 : path;
	out->dir = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
	out->parent = path_open_beneath(layer, out->dir, O_RDONLY | O_DIRECTORY, 0);
	if (out->parent == -ENOENT || out->parent == -ENOTDIR || out->parent == -ELOOP)
		out->parent = -1;
	return out->parent < -1 ? out->parent : 0;
}

/**
 * crosslink_defer() - Note a link whose target is not in its layer, and mark its place
 * @p:		Cleared
 * @target:	Clean path
 */
int crosslink_defer(struct crosslinks *links, const struct tree_place *p, const char *target,
		    struct error *err)
{
	const struct timespec times[2] = { { .tv_sec = (time_t)links->n },
					   { .tv_sec = (time_t)links->n } };

	links->bytes += sizeof(*links->items) + strlen(p->path) + strlen(target) + 2;
	if (links->bytes > CROSSLINK_MAX_BYTES)
		return error_set(err, EFBIG, "too many hard links to other layers in one layer");
	if (mknodat(p->parent, p->leaf, S_IFSOCK | 0600, 0) < 0 ||
	    utimensat(p->parent, p->leaf, times, AT_SYMLINK_NOFOLLOW) < 0)
		return tree_failed(err, errno, "link", p->path);
	/* The next power of two, when the number is one. */
	if (!(links->n & (links->n - 1)))
		links->items = xrealloc(links->items,
					(links->n ? links->n * 2 : 1) * sizeof(*links->items));
	links->items[links->n] = (struct crosslink){ xstrdup(p->path), xstrdup(target), links->n };
	links->n++;
	return 0;
}

/** crosslink_target_of() - What a mark stands for; NULL: the file is no mark */
const char *crosslink_target_of(const struct crosslinks *links, const struct stat *st)
{
	if (!S_ISSOCK(st->st_mode) || (size_t)st->st_mtim.tv_sec >= links->n)
		return NULL;
	return links->items[st->st_mtim.tv_sec].target;
}

/* Directories get their times from entries or from below; what is put in later leaves them. */
static int hold_times(int dir, struct timespec out[2])
{
	struct stat st;

	if (fstat(dir, &st) < 0)
		return -errno;
	out[0] = st.st_mtim;
	out[1] = st.st_mtim;
	return 0;
}

/* Find a file in the layers below, as it shows on top of them. Returns the number of the layer. */
static int find_below(const struct crosslink_work *w, const char *target, struct spot *out,
		      struct stat *st)
{
	for (size_t i = 1; i < w->n; i++) {
		enum implied_found dir;
		int r = find_spot(w->layers[i], target, out);

		if (r < 0)
			return r;
		if (out->parent >= 0 &&
		    fstatat(out->parent, out->leaf, st, AT_SYMLINK_NOFOLLOW) == 0)
			return S_ISDIR(st->st_mode) || tree_is_whiteout(st) ? -ENOENT : (int)i;
		dir = implied_look(w->layers[i], out->dir);
		spot_done(out);
		*out = (struct spot){ .parent = -1 };
		if (dir == IMPLIED_END)
			break;
	}
	return -ENOENT;
}

/* All bytes, where there are any: holes stay holes. */
static int copy_content(int from, int to, off_t size)
{
	autofree char *buffer = xmalloc(COPY_BYTES);
	off_t at = 0, end = 0;

	while ((at = lseek(from, end, SEEK_DATA)) >= 0) {
		end = lseek(from, at, SEEK_HOLE);
		if (end < 0)
			return -errno;
		while (at < end) {
			size_t want = end - at < (off_t)COPY_BYTES ? (size_t)(end - at)
								   : COPY_BYTES;
			ssize_t n = pread(from, buffer, want, at);

			if (n > 0)
				n = pwrite(to, buffer, (size_t)n, at); /* the rest is read again */
			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0)
				return n == 0 ? -EIO : -errno;
			at += n;
		}
	}
	if (errno != ENXIO)
		return -errno;
	return ftruncate(to, size) < 0 ? -errno : 0;
}

static int copy_file(const struct spot *from, const struct stat *st, const struct spot *to)
{
	autoclose int in = -1, out = -1;
	int r;

	in = openat(from->parent, from->leaf, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0)
		return -errno;
	out = openat(to->parent, to->leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		     0600);
	if (out < 0)
		return -errno;
	r = copy_content(in, out, st->st_size);
	return r < 0 ? r : metadata_copy(in, out);
}

static int copy_special(const struct crosslink_work *w, const struct spot *from,
			const struct stat *st, const struct spot *to)
{
	const struct timespec times[2] = { st->st_mtim, st->st_mtim };
	autofree char *text = xcalloc(1, SYMLINK_MAX_BYTES);
	int r;

	if (S_ISLNK(st->st_mode)) {
		ssize_t n = readlinkat(from->parent, from->leaf, text, SYMLINK_MAX_BYTES - 1);

		r = n < 0 ? -1 : symlinkat(text, to->parent, to->leaf);
	} else {
		r = mknodat(to->parent, to->leaf, st->st_mode, st->st_rdev);
	}
	if (r < 0 ||
	    (w->rights->root &&
	     fchownat(to->parent, to->leaf, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0) ||
	    utimensat(to->parent, to->leaf, times, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_from(const struct crosslink_work *w, const struct crosslink *link,
		     const struct spot *from, const struct stat *st, const struct spot *to,
		     struct error *err)
{
	uint64_t bytes = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	uint64_t there = (uint64_t)st->st_blocks * 512 < bytes ? (uint64_t)st->st_blocks * 512
							       : bytes;
	int r = tree_budget_take(w->budget, there, err);

	if (r == 0)
		r = tree_budget_take_hole(w->budget, bytes - there, err);
	if (r < 0)
		return r;
	r = S_ISREG(st->st_mode) ? copy_file(from, st, to) : copy_special(w, from, st, to);
	if (r < 0)
		return tree_failed(err, -r, "copy the target of hard link", link->path);
	*w->size += bytes;
	return 0;
}

/* A link in a directory whose times are right already; a name that is taken stays. */
static int link_quietly(const struct spot *made, const struct tree_place *to)
{
	struct timespec times[2];
	int r = hold_times(to->parent, times);

	if (r < 0)
		return r;
	if (linkat(made->parent, made->leaf, to->parent, to->leaf, 0) < 0)
		return errno == EEXIST ? 0 : -errno;
	return futimens(to->parent, times) < 0 ? -errno : 0;
}

/* Whether the layer itself hides what layers below have in a file's directory. */
static bool is_hidden(const struct crosslink_work *w, const char *path)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = slash ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");

	return implied_look(w->layers[0], dir) == IMPLIED_END;
}

/* The target's name gets a link to the copy, unless this layer says something else of it. */
static int link_target(const struct crosslink_work *w, const char *target, const struct spot *made,
		       struct error *err)
{
	struct tree tree = {
		.root = w->layers[0], .rights = w->rights, .budget = w->budget, .parent = -1
	};
	struct tree_place place;
	int r;

	if (is_hidden(w, target))
		return 0;
	r = tree_find_place(&tree, target, &place, err);
	if (r == 0 && (r = link_quietly(made, &place)) < 0)
		(void)tree_failed(err, -r, "link", target);
	for (size_t i = 0; i < tree.implied.n; i++)
		strlist_add(w->implied, tree.implied.items[i]);
	strlist_done(&tree.implied);
	tree_done(&tree);
	return r;
}

/* All names of a file below become links to its copy, as far as they show. */
static int link_others(const struct crosslink_work *w, const struct linkname *names, size_t n,
		       int layer, const struct spot *made, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++) {
		struct spot at = { .parent = -1 };
		struct stat st;

		if (find_below(w, names[i].path, &at, &st) == layer && st.st_ino == names[i].ino)
			r = link_target(w, names[i].path, made, err);
		spot_done(&at);
	}
	return r;
}

static int link_to(const struct crosslink_work *w, const char *path, const struct spot *at,
		   const struct crosslink *link, struct error *err)
{
	struct spot other = { .parent = -1 };
	int r = find_spot(w->layers[0], path, &other);

	if (r == 0 && linkat(other.parent, other.leaf, at->parent, at->leaf, 0) < 0)
		r = -errno;
	spot_done(&other);
	return r < 0 ? tree_failed(err, -r, "link", link->path) : 0;
}

/* The file has been found in a layer; a copy of it may be there already, for another name of it. */
static int copy_or_link(const struct crosslink_work *w, const struct crosslink *link, int layer,
			const struct spot *from, const struct stat *st, const struct spot *to,
			struct error *err)
{
	struct linkname *names = NULL;
	size_t n = 0;
	int r = 0;

	if (st->st_nlink > 1) {
		r = linknames_read(&w->names[layer], w->layers[layer], w->budget, err);
		if (r < 0)
			return r;
		names = linknames_find(&w->names[layer], st->st_ino, &n);
	}
	if (names && names->made)
		return link_to(w, names->made, to, link, err);
	r = copy_from(w, link, from, st, to, err);
	if (r == 0)
		r = link_target(w, link->target, to, err);
	if (r < 0 || !names)
		return r;
	names->made = link->path;
	return link_others(w, names, n, layer, to, err);
}

static int copy_up(const struct crosslink_work *w, const struct crosslink *link,
		   const struct spot *to, struct error *err)
{
	struct spot from = { .parent = -1 };
	struct stat st;
	int r = find_below(w, link->target, &from, &st);

	if (r >= 0)
		r = copy_or_link(w, link, r, &from, &st, to, err);
	else if (r == -ENOENT)
		r = tree_refuse(err, link->path,
				"is a hard link to no file before it in this layer, nor to one in "
				"a layer below");
	else
		r = tree_failed(err, -r, "link", link->path);
	spot_done(&from);
	return r;
}

/* Whether the link's mark is still there: no later entry has taken its place. */
static bool is_marked(const struct spot *s, const struct crosslink *link)
{
	struct stat st;

	return s->parent >= 0 && fstatat(s->parent, s->leaf, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISSOCK(st.st_mode) && (size_t)st.st_mtim.tv_sec == link->number;
}

/* @like: a link to the same target that has been settled, or NULL */
static int settle_at(const struct crosslink_work *w, const struct crosslink *link,
		     const struct crosslink *like, const struct spot *at, struct error *err)
{
	struct timespec times[2];
	int r = hold_times(at->parent, times);

	if (r == 0 && unlinkat(at->parent, at->leaf, 0) < 0)
		r = -errno;
	if (r < 0)
		return tree_failed(err, -r, "link", link->path);
	r = like ? link_to(w, like->path, at, link, err) : copy_up(w, link, at, err);
	if (r == 0 && futimens(at->parent, times) < 0)
		return tree_failed(err, errno, "set the times of", at->dir);
	return r;
}

static int by_target(const void *a, const void *b)
{
	const struct crosslink *x = a, *y = b;
	int r = strcmp(x->target, y->target);

	return r ? r : x->number < y->number ? -1 : x->number > y->number;
}

static int settle_all(struct crosslinks *links, const struct crosslink_work *work,
		      struct error *err)
{
	const struct crosslink *settled = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < links->n; i++) {
		const struct crosslink *link = &links->items[i];
		bool same = settled && !strcmp(settled->target, link->target);
		struct spot at;

		r = find_spot(work->layers[0], link->path, &at);
		if (r < 0) {
			r = tree_failed(err, -r, "link", link->path);
		} else if (is_marked(&at, link)) {
			r = settle_at(work, link, same ? settled : NULL, &at, err);
			settled = link;
		}
		spot_done(&at);
	}
	return r;
}

/**
 * crosslink_settle() - Put links where a layer's marks are, now that the layers below are there
 * @work:	Without names
 *
 * Return: 0, -EBADMSG if a target is nowhere, or another -errno
 */
int crosslink_settle(struct crosslinks *links, const struct crosslink_work *work, struct error *err)
{
	struct crosslink_work w = *work;
	int r;

	w.names = xcalloc(w.n, sizeof(*w.names));
	if (links->n)
		qsort(links->items, links->n, sizeof(*links->items), by_target);
	r = settle_all(links, &w, err);
	for (size_t i = 0; i < w.n; i++)
		linknames_done(&w.names[i]);
	free(w.names);
	return r;
}

/** crosslink_done() - Release; safe twice */
void crosslink_done(struct crosslinks *links)
{
	for (size_t i = 0; i < links->n; i++) {
		free(links->items[i].path);
		free(links->items[i].target);
	}
	free(links->items);
	memset(links, 0, sizeof(*links));
}
