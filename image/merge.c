// SPDX-License-Identifier: Apache-2.0
/*
 * image/merge.c - The files of an image, in memory, from the layers' tar archives
 *
 * Theory of operation:
 * Each layer becomes a tree of its own, with marks for whiteouts and opaque
 * directories, which is then laid over what the layers below it have become.
 * The result is what an overlay of the unpacked layers (layer.c) shows.
 *
 * Entries that layer.c refuses or treats in an uncommon way are refused here,
 * all with -ENOTSUP: who asks then unpacks instead, and what is wrong with the
 * archive is said by the one who knows best. The same goes for contents that do
 * not lie in one piece, from a block's beginning, with zeros behind the end,
 * which a mapping of the file would show.
 */
#include "image/merge.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "base/str.h"
#include "image/archive.h"
#include "image/erofs.h"
#include "image/nodes.h"
#include "image/tree.h"
#include "image/whiteout.h"

#define MERGE_MAX_DEPTH	 256
#define BLOCK_BYTES	 512U
#define NAME_MAX_BYTES	 255U
#define RELEASE_BYTES	 (1U << 20)
#define TARGET_MAX_BYTES 4095U

struct merge {
	struct tree_budget *budget;
	struct nodes nodes;
	struct node *root; /* of the layers so far; NULL: none */
	uint64_t bytes;	   /* of all files of all layers */

	/* The layer at hand. */
	struct archive_tar *tar;
	const struct merge_source *source;
	struct node *layer, *last_dir;
	char *last_path; /* of last_dir */
};

static int refuse(struct error *err, const char *path, const char *why)
{
	(void)tree_refuse(err, path, why);
	return -(err->code = ENOTSUP);
}

/* ---- the entries of a layer --------------------------------------------- */

/* Step into a directory on the way to an entry; NULL: something else is in the way. */
static struct node *step_into(struct merge *m, struct node *dir, const char *name, size_t len)
{
	struct node *child = nodes_find(&m->nodes, dir, name, len), *made;

	if (child && !child->whiteout)
		return node_is_dir(child) ? child : NULL;
	made = nodes_add(&m->nodes, dir, name, len, S_IFDIR | TREE_DIR_MODE);
	made->opaque = child != NULL;
	made->implied = !child;
	if (child)
		node_drop(child);
	return made;
}

/* The directory of an entry, made if it is missing; *leaf points into @path. */
static int find_place(struct merge *m, const char *path, struct node **dir, const char **leaf,
		      struct error *err)
{
	const char *slash = strrchr(path, '/'), *at = path, *next;
	int r;

	*leaf = slash ? slash + 1 : path;
	*dir = m->layer;
	if (!slash)
		return 0;
	if (m->last_path && !strncmp(m->last_path, path, (size_t)(slash - path)) &&
	    !m->last_path[slash - path]) {
		*dir = m->last_dir;
		return 0;
	}
	for (; (next = strchr(at, '/')); at = next + 1) {
		r = tree_budget_take_entry(m->budget, err);
		if (r < 0)
			return r;
		*dir = step_into(m, *dir, at, (size_t)(next - at));
		if (!*dir)
			return refuse(err, path, "is below something that is no directory");
	}
	free(m->last_path);
	m->last_path = xstrndup(path, (size_t)(slash - path));
	m->last_dir = *dir;
	return 0;
}

static void forget_place(struct merge *m)
{
	free(m->last_path);
	m->last_path = NULL;
}

static int check_path(const char *path, struct error *err)
{
	const char *at = path, *slash;
	int depth = 1;

	if (strlen(path) >= PATH_MAX)
		return refuse(err, path, "has too long a path");
	for (; (slash = strchr(at, '/')); at = slash + 1)
		if (++depth > MERGE_MAX_DEPTH || str_starts(at, WHITEOUT_PREFIX) ||
		    slash - at > NAME_MAX_BYTES)
			return refuse(err, path, "is in no place for an entry");
	return strlen(at) > NAME_MAX_BYTES ? refuse(err, path, "has too long a name") : 0;
}

/* What setxattr() would take, and all that the kernel looks into when it is shown. */
static bool is_sound_xattr(const char *name, const void *value, size_t size)
{
	if (str_starts(name, "user."))
		return name[strlen("user.")] && strlen(name) <= XATTR_NAME_MAX &&
		       size <= XATTR_SIZE_MAX;
	/* struct vfs_ns_cap_data is left to the kernel: the unpacker asks it. */
	return size == sizeof(struct vfs_cap_data) &&
	       (((const unsigned char *)value)[3]) == VFS_CAP_REVISION_2 >> 24;
}

static int take_xattrs(struct merge *m, struct erofs_inode *inode, const struct archive_member *e,
		       struct error *err)
{
	const char *name;
	const void *value;
	size_t size;

	while (archive_tar_next_xattr(m->tar, &name, &value, &size)) {
		struct erofs_xattr *x;

		if (!name || !tree_keeps_xattr(name))
			continue;
		if (!is_sound_xattr(name, value, size))
			return refuse(err, e->path, "has an attribute that may be none");
		x = nodes_take(&m->nodes, sizeof(*x));
		x->name = nodes_take_text(&m->nodes, name, strlen(name));
		x->value = nodes_take_copy(&m->nodes, value, size);
		x->size = size;
		x->next = inode->xattrs;
		inode->xattrs = x;
	}
	return 0;
}

static int take_metadata(struct merge *m, struct erofs_inode *inode, const struct archive_member *e,
			 struct error *err)
{
	inode->mode = e->type | (e->type == S_IFLNK ? 0777 : e->perm & 07777);
	inode->uid = (uid_t)e->uid;
	inode->gid = (gid_t)e->gid;
	inode->mtime = e->mtime;
	return e->type == S_IFREG || e->type == S_IFDIR ? take_xattrs(m, inode, e, err) : 0;
}

/* The content of a file has to be one piece of the archive. */
static int locate_content(struct merge *m, struct erofs_inode *inode,
			  const struct archive_member *e, struct error *err)
{
	const struct merge_source *s = m->source;
	uint64_t at, offset;
	const void *data;
	size_t len;
	int r;

	r = tree_budget_take(m->budget, e->size, err);
	if (r < 0 || !e->size)
		return r;
	m->bytes += e->size;
	r = archive_tar_read(m->tar, &data, &len, &offset, err);
	if (r < 0)
		return r;
	if (!r || offset || len != e->size || (const unsigned char *)data < s->data ||
	    (const unsigned char *)data > s->data + s->size)
		return refuse(err, e->path, "has content in several pieces");
	at = (uint64_t)((const unsigned char *)data - s->data);
	if ((s->offset + at) % BLOCK_BYTES || s->size - at < len)
		return refuse(err, e->path, "has content that begins within a block");
	for (uint64_t end = at + len; (s->offset + end) % BLOCK_BYTES; end++)
		if (end >= s->size || s->data[end])
			return refuse(err, e->path, "has content behind its end");
	if (archive_tar_read(m->tar, &data, &len, &offset, err))
		return refuse(err, e->path, "has more content than its size says");
	inode->device = s->device;
	inode->offset = s->offset + at;
	inode->size = e->size;
	return 0;
}

/* Make way for an entry whose name has been there before: the last one counts. */
static void clear_place(struct merge *m, struct node *old)
{
	if (!old)
		return;
	if (node_is_dir(old))
		forget_place(m);
	node_drop(old);
}

static int add_dir(struct merge *m, struct node *dir, const char *leaf,
		   const struct archive_member *e, struct error *err)
{
	struct node *old = nodes_find(&m->nodes, dir, leaf, strlen(leaf)), *node = old;

	if (!old || !node_is_dir(old)) {
		node = nodes_add(&m->nodes, dir, leaf, strlen(leaf), S_IFDIR);
		node->opaque = old && old->whiteout;
		clear_place(m, old);
	} else if (old->erofs.inode->xattrs) {
		return refuse(err, e->path, "is there twice, with attributes");
	}
	node->implied = false;
	return take_metadata(m, node->erofs.inode, e, err);
}

static int add_file(struct merge *m, struct node *dir, const char *leaf,
		    const struct archive_member *e, struct error *err)
{
	struct node *old = nodes_find(&m->nodes, dir, leaf, strlen(leaf));
	struct erofs_inode *inode =
		nodes_add(&m->nodes, dir, leaf, strlen(leaf), e->type)->erofs.inode;
	int r;

	clear_place(m, old);
	r = take_metadata(m, inode, e, err);
	if (r < 0)
		return r;
	switch (e->type) {
	case S_IFREG:
		return locate_content(m, inode, e, err);
	case S_IFLNK:
		if (!e->symlink || !*e->symlink || strlen(e->symlink) > TARGET_MAX_BYTES)
			return refuse(err, e->path, "is a symbolic link to nothing");
		inode->target = nodes_take_text(&m->nodes, e->symlink, strlen(e->symlink));
		return 0;
	case S_IFCHR:
	case S_IFBLK:
		if (e->type == S_IFCHR && !e->major && !e->minor)
			return refuse(err, e->path, "is a device 0:0");
		inode->major = e->major;
		inode->minor = e->minor;
		return 0;
	case S_IFIFO:
		return 0;
	default:
		return refuse(err, e->path, "is of a kind that no file system has");
	}
}

static struct node *find_path(const struct merge *m, const char *path)
{
	struct node *at = m->layer;
	const char *next;

	while (at && (next = strchr(path, '/'))) {
		at = nodes_find(&m->nodes, at, path, (size_t)(next - path));
		path = next + 1;
	}
	return at ? nodes_find(&m->nodes, at, path, strlen(path)) : NULL;
}

static int add_hardlink(struct merge *m, struct node *dir, const char *leaf, const char *path,
			const struct archive_member *e, struct error *err)
{
	autofree char *target = path_clean(e->hardlink);
	struct node *to, *old;

	if (!target || !*target || e->size)
		return refuse(err, path, "is no hard link to be taken as it is");
	to = find_path(m, target);
	if (!to || to->whiteout || node_is_dir(to))
		return refuse(err, path, "is a hard link to what is no file of this layer");
	old = nodes_find(&m->nodes, dir, leaf, strlen(leaf));
	if (old == to)
		return 0;
	clear_place(m, old);
	nodes_add_name(&m->nodes, dir, leaf, strlen(leaf))->erofs.inode = to->erofs.inode;
	return 0;
}

/* As in layer.c: acts on layers below, and an entry of that name stays. */
static int add_whiteout(struct merge *m, struct node *dir, const char *leaf, const char *path,
			struct error *err)
{
	const char *name = leaf + strlen(WHITEOUT_PREFIX);
	struct node *old;

	if (!strcmp(leaf, WHITEOUT_OPAQUE)) {
		dir->opaque = true;
		return 0;
	}
	if (str_starts(leaf, WHITEOUT_META_PREFIX))
		return 0;
	if (!path_is_name(name))
		return refuse(err, path, "is a whiteout of nothing");
	old = nodes_find(&m->nodes, dir, name, strlen(name));
	if (!old) {
		nodes_add_name(&m->nodes, dir, name, strlen(name))->whiteout = true;
	} else if (node_is_dir(old)) {
		old->opaque = true;
		old->implied = false; /* nothing below says what it should be like */
	}
	return 0;
}

static int add_root(struct merge *m, const struct archive_member *e, struct error *err)
{
	if (e->type != S_IFDIR || e->hardlink || m->layer->erofs.inode->xattrs)
		return refuse(err, "/", "is no plain directory");
	m->layer->implied = false;
	return take_metadata(m, m->layer->erofs.inode, e, err);
}

static int add_entry(struct merge *m, const struct archive_member *e, struct error *err)
{
	autofree char *path = path_clean(e->path);
	const char *leaf;
	struct node *dir;
	int r;

	if (!path)
		return refuse(err, e->path, "leads out of the layer");
	if (e->uid < 0 || e->gid < 0 || e->uid >= UINT32_MAX || e->gid >= UINT32_MAX)
		return refuse(err, path, "has an owner that is no user or group id");
	if (!*path)
		return add_root(m, e, err);
	if (str_starts(path, WHITEOUT_META_PREFIX) && strchr(path, '/'))
		return 0;
	if ((r = check_path(path, err)) < 0 || (r = tree_budget_take_entry(m->budget, err)) < 0 ||
	    (r = find_place(m, path, &dir, &leaf, err)) < 0)
		return r;
	if (str_starts(leaf, WHITEOUT_PREFIX))
		return add_whiteout(m, dir, leaf, path, err);
	if (e->hardlink)
		return add_hardlink(m, dir, leaf, path, e, err);
	return e->type == S_IFDIR ? add_dir(m, dir, leaf, e, err) : add_file(m, dir, leaf, e, err);
}

/* ---- one layer over the others ------------------------------------------ */

static struct node *child_of(const struct node *dir)
{
	return (struct node *)dir->erofs.children;
}

static struct node *after(const struct node *node)
{
	return (struct node *)node->erofs.next;
}

/* Recursion is bounded by MERGE_MAX_DEPTH. */
static void lay_over(struct merge *m, struct node *lower, struct node *upper)
{
	struct node *next;

	if (!upper->implied) {
		lower->erofs.inode = upper->erofs.inode;
		lower->implied = false;
	}
	for (struct node *c = child_of(lower); upper->opaque && c; c = after(c))
		node_drop(c);
	for (struct node *c = child_of(upper); c; c = next) {
		struct node *old = nodes_find(&m->nodes, lower, c->erofs.name,
					      strlen(c->erofs.name));

		next = after(c);
		if (c->gone)
			continue;
		if (old && node_is_dir(old) && !c->whiteout && node_is_dir(c)) {
			lay_over(m, old, c);
			continue;
		}
		if (old)
			node_drop(old);
		if (!c->whiteout)
			nodes_attach(&m->nodes, lower, c);
	}
}

/* The root of a layer that carries none, or none that says anything: see tree_is_default_root(). */
static bool says_nothing(const struct node *root)
{
	const struct erofs_inode *i = root->erofs.inode;

	return root->implied || ((i->mode & 07777) == TREE_DIR_MODE && !i->uid && !i->gid &&
				 !i->mtime.tv_sec && !i->xattrs);
}

/**
 * merge_new() - Begin with an image without layers
 * @budget:	Charged as by layer_apply()
 */
struct merge *merge_new(struct tree_budget *budget)
{
	struct merge *m = xcalloc(1, sizeof(*m));

	m->budget = budget;
	return m;
}

/**
 * merge_layer() - Add the next layer, on top
 * @tar:	Its entries; fed from @source in one piece
 * @source:	Its content, which the result points into
 *
 * Return: 0; -ENOTSUP for what cannot be shown like this, or is not valid;
 * another -errno
 */
int merge_layer(struct merge *m, struct archive_tar *tar, const struct merge_source *source,
		struct error *err)
{
	struct archive_member e;
	uint64_t released = 0;
	int r;

	m->tar = tar;
	m->source = source;
	m->layer = nodes_add(&m->nodes, NULL, "", 0, S_IFDIR | TREE_DIR_MODE);
	m->layer->implied = true;
	while ((r = archive_tar_next(tar, &e, err)) > 0) {
		r = add_entry(m, &e, err);
		if (r < 0)
			break;
		if (source->release && archive_tar_at(tar) - released >= RELEASE_BYTES) {
			source->release(source, released, archive_tar_at(tar));
			released = archive_tar_at(tar);
		}
	}
	forget_place(m);
	if (r < 0)
		return r;
	m->layer->implied = says_nothing(m->layer);
	if (m->root)
		lay_over(m, m->root, m->layer);
	else
		m->root = m->layer;
	return 0;
}

/* Take out what is gone, and whiteouts of what never was. */
static void prune(struct node *dir)
{
	struct erofs_node **link = &dir->erofs.children;

	while (*link) {
		struct node *c = (struct node *)*link;

		if (c->gone || c->whiteout) {
			*link = c->erofs.next;
			continue;
		}
		if (node_is_dir(c))
			prune(c);
		link = &c->erofs.next;
	}
}

/**
 * merge_finish() - The root directory of the image
 *
 * Return: a tree that lives as long as @m, for erofs_write()
 */
struct erofs_node *merge_finish(struct merge *m)
{
	if (!m->root)
		m->root = nodes_add(&m->nodes, NULL, "", 0, S_IFDIR | TREE_DIR_MODE);
	prune(m->root);
	return &m->root->erofs;
}

/** merge_bytes() - The size of all files in all layers, as images have it */
uint64_t merge_bytes(const struct merge *m)
{
	return m->bytes;
}

/** merge_free() - Release; NULL is fine */
void merge_free(struct merge *m)
{
	if (!m)
		return;
	nodes_done(&m->nodes);
	forget_place(m);
	free(m);
}
