// SPDX-License-Identifier: Apache-2.0
/*
 * image/erofs.c - Writing an EROFS file system whose file contents lie elsewhere
 *
 * Theory of operation:
 * What is written holds names, inodes, link targets and attributes only. Each
 * regular file is one chunk of an extra device, which may be a tar archive:
 * there, files begin at multiples of 512 bytes. The format is described in
 * Linux, fs/erofs/erofs_fs.h and Documentation/filesystems/erofs.rst:
 *
 *	1024		superblock, 128 bytes
 *	1152		a slot of 128 bytes for each extra device
 *	then		inodes, 64 bytes and what belongs to them (attributes; a short
 *			link's target; the chunk's address), at multiples of 32: an
 *			inode's number is its offset in these units
 *	then, in blocks	entries of directories, in order of names; long links' targets
 *
 *   1. lay_out()	directories breadth first: what is in one is together. Inodes
 *			get their places, blocks are counted
 *   2. put_all()	into memory, now that all numbers are known
 *   3. written to the file at once
 */
#include "image/erofs.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"

#define SUPER_OFFSET	   1024U
#define SUPER_MAGIC	   0xE0F5E1E2U
#define SUPER_BYTES	   128U
#define COMPAT_MTIME	   0x2U /* times are those of modification */
#define INCOMPAT_CHUNKED   0x4U
#define INCOMPAT_DEVICES   0x8U
#define SLOT_BYTES	   128U
#define NID_BYTES	   32U
#define INODE_BYTES	   64U
#define XATTR_HEADER_BYTES 12U
#define XATTR_ENTRY_BYTES  4U
#define CHUNK_INDEX_BYTES  8U
#define CHUNK_INDEXES	   0x20U
#define DIRENT_BYTES	   12U
#define NAME_MAX_BYTES	   255U
#define XATTRS_MAX_BYTES   (256U << 10) /* an inode counts them in units of 4, in 16 bits */
#define IMAGE_MAX_BYTES	   (1U << 30)

enum layout { LAYOUT_PLAIN = 0, LAYOUT_INLINE = 2, LAYOUT_CHUNKS = 4 };

struct writer {
	const struct erofs_plan *plan;
	size_t block_bytes;
	struct erofs_node **dirs; /* breadth first */
	struct erofs_node **parents;
	size_t n_dirs, cap_dirs;
	uint64_t at;	 /* where the next inode may go */
	uint64_t blocks; /* of entries and targets so far */
	uint64_t base;	 /* their first one */
	uint32_t n_inodes;
	unsigned char *image;
};

static uint64_t align(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

static int refuse(struct error *err, const char *name, const char *why)
{
	autofree char *safe = str_escape(name);

	return error_set(err, ENOTSUP, "'%.300s' %s", safe, why);
}

/* ---- attributes --------------------------------------------------------- */

/* The index of a name's prefix, and what follows it; 0: there is none for this. */
static unsigned int xattr_index(const char *name, const char **rest)
{
	static const struct {
		const char *prefix;
		unsigned int index;
	} known[] = { { "user.", 1 }, { "trusted.", 4 }, { "security.", 6 } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_starts(name, known[i].prefix)) {
			*rest = name + strlen(known[i].prefix);
			return known[i].index;
		}
	return 0;
}

static size_t xattr_bytes(const struct erofs_xattr *x, size_t name_len)
{
	return (size_t)align(XATTR_ENTRY_BYTES + name_len + x->size, 4);
}

static size_t xattrs_bytes(const struct erofs_inode *inode)
{
	size_t sum = 0;

	for (const struct erofs_xattr *x = inode->xattrs; x; x = x->next) {
		const char *rest = "";

		(void)xattr_index(x->name, &rest);
		sum += xattr_bytes(x, strlen(rest));
	}
	return sum ? XATTR_HEADER_BYTES + sum : 0;
}

static int check_xattrs(const struct erofs_node *node, struct error *err)
{
	size_t sum = 0;

	for (const struct erofs_xattr *x = node->inode->xattrs; x; x = x->next) {
		const char *rest = "";

		if (!xattr_index(x->name, &rest) || !*rest || strlen(rest) > NAME_MAX_BYTES ||
		    x->size > UINT16_MAX)
			return refuse(err, node->name,
				      "has an attribute that EROFS has no room for");
		sum += xattr_bytes(x, strlen(rest));
		if (sum > XATTRS_MAX_BYTES - XATTR_HEADER_BYTES)
			return refuse(err, node->name, "has too many attributes");
	}
	return 0;
}

/* ---- places ------------------------------------------------------------- */

static enum layout layout_of(const struct writer *w, const struct erofs_inode *inode)
{
	size_t before = INODE_BYTES + xattrs_bytes(inode);

	if (S_ISREG(inode->mode) && inode->size)
		return LAYOUT_CHUNKS;
	/* Within one block, all of it; it can always be moved to the beginning of one. */
	if (S_ISLNK(inode->mode) && before + strlen(inode->target) <= w->block_bytes)
		return LAYOUT_INLINE;
	return LAYOUT_PLAIN;
}

static int check_file(const struct writer *w, const struct erofs_node *node, struct error *err)
{
	const struct erofs_inode *inode = node->inode;
	uint64_t end;

	if (!S_ISREG(inode->mode) || !inode->size)
		return 0;
	if (!inode->device || inode->device > w->plan->n_devices ||
	    inode->offset % w->block_bytes ||
	    __builtin_add_overflow(inode->offset, inode->size, &end) ||
	    end > w->plan->device_bytes[inode->device - 1])
		return refuse(err, node->name, "does not lie in whole blocks");
	if (end / w->block_bytes > UINT32_MAX)
		return refuse(err, node->name, "lies too far behind");
	return 0;
}

static int place_inode(struct writer *w, const struct erofs_node *node, struct error *err)
{
	struct erofs_inode *inode = node->inode;
	enum layout layout = layout_of(w, inode);
	uint64_t size = INODE_BYTES + xattrs_bytes(inode);
	int r = check_xattrs(node, err);

	if (r == 0)
		r = check_file(w, node, err);
	if (r < 0)
		return r;
	if (layout == LAYOUT_CHUNKS) {
		size = align(size, CHUNK_INDEX_BYTES) + CHUNK_INDEX_BYTES;
	} else if (layout == LAYOUT_INLINE) {
		size += strlen(inode->target);
		if (w->at % w->block_bytes + size > w->block_bytes)
			w->at = align(w->at, w->block_bytes);
	} else if (S_ISLNK(inode->mode)) {
		inode->block = w->blocks;
		w->blocks += align(strlen(inode->target), w->block_bytes) / w->block_bytes;
	}
	inode->nid = w->at / NID_BYTES;
	inode->number = ++w->n_inodes;
	w->at = align(w->at + size, NID_BYTES);
	return w->at > IMAGE_MAX_BYTES ? error_set(err, ENOTSUP, "too many files for one view") : 0;
}

/* ---- directories -------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct erofs_node *const *)a)->name,
		      (*(struct erofs_node *const *)b)->name);
}

static void sort_children(struct erofs_node *dir)
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

/*
 * Entries in their order, those of the directory itself and of its parent among
 * them: there are names that come before a dot.
 */
struct entries {
	struct erofs_node self, parent;
	struct erofs_node *own[2]; /* still to come */
	struct erofs_node *next;
};

static void entries_begin(struct entries *e, const struct erofs_node *dir,
			  const struct erofs_node *parent)
{
	e->self = (struct erofs_node){ .name = ".", .inode = dir->inode };
	e->parent = (struct erofs_node){ .name = "..", .inode = parent->inode };
	e->own[0] = &e->self;
	e->own[1] = &e->parent;
	e->next = dir->children;
}

static struct erofs_node *entries_peek(const struct entries *e)
{
	struct erofs_node *own = e->own[0] ? e->own[0] : e->own[1];

	if (own && (!e->next || strcmp(own->name, e->next->name) < 0))
		return own;
	return e->next;
}

static void entries_skip(struct entries *e)
{
	struct erofs_node *next = entries_peek(e);

	if (next == e->own[0])
		e->own[0] = NULL;
	else if (next == e->own[1])
		e->own[1] = NULL;
	else
		e->next = next->next;
}

/* Step over the entries that fit into a block; their number, and bytes with their names. */
static size_t entries_fill(struct entries *e, size_t block_bytes, size_t *used)
{
	struct erofs_node *n;
	size_t count = 0;

	*used = 0;
	while ((n = entries_peek(e))) {
		size_t need = DIRENT_BYTES + strlen(n->name);

		if (*used + need > block_bytes)
			break;
		*used += need;
		count++;
		entries_skip(e);
	}
	return count;
}

/* A directory's size is that of its blocks, but for what is empty of the last one. */
static void place_entries(struct writer *w, struct erofs_node *dir, const struct erofs_node *parent)
{
	struct entries e;
	size_t used = 0, blocks = 0;

	entries_begin(&e, dir, parent);
	for (size_t n; (n = entries_fill(&e, w->block_bytes, &used)); blocks++)
		dir->inode->size = blocks * w->block_bytes + used;
	dir->inode->block = w->blocks;
	w->blocks += blocks;
}

static void add_dir(struct writer *w, struct erofs_node *dir, struct erofs_node *parent)
{
	if (w->n_dirs == w->cap_dirs) {
		w->cap_dirs = w->cap_dirs ? 2 * w->cap_dirs : 64;
		w->dirs = xrealloc(w->dirs, w->cap_dirs * sizeof(struct erofs_node *));
		w->parents = xrealloc(w->parents, w->cap_dirs * sizeof(struct erofs_node *));
	}
	w->dirs[w->n_dirs] = dir;
	w->parents[w->n_dirs++] = parent;
	dir->inode->links = 2; /* its name and its "." */
}

static int place_child(struct writer *w, struct erofs_node *dir, struct erofs_node *child,
		       struct error *err)
{
	size_t len = strlen(child->name);

	if (!len || len > NAME_MAX_BYTES)
		return refuse(err, child->name, "is no name");
	if (S_ISDIR(child->inode->mode)) {
		dir->inode->links++;
		add_dir(w, child, dir);
	} else {
		child->inode->links++;
	}
	return child->inode->nid ? 0 : place_inode(w, child, err);
}

static int lay_out(struct writer *w, struct error *err)
{
	struct erofs_node *root = w->plan->root;
	int r;

	w->at = SUPER_OFFSET + SUPER_BYTES + w->plan->n_devices * SLOT_BYTES;
	add_dir(w, root, root);
	r = place_inode(w, root, err);
	for (size_t i = 0; r == 0 && i < w->n_dirs; i++) {
		sort_children(w->dirs[i]);
		for (struct erofs_node *c = w->dirs[i]->children; r == 0 && c; c = c->next)
			r = place_child(w, w->dirs[i], c, err);
		if (r == 0)
			place_entries(w, w->dirs[i], w->parents[i]);
	}
	w->base = align(w->at, w->block_bytes) / w->block_bytes;
	if (r == 0 && (w->base + w->blocks) * w->block_bytes > IMAGE_MAX_BYTES)
		return error_set(err, ENOTSUP, "too many files for one view");
	return r;
}

/* ---- bytes -------------------------------------------------------------- */

static void put16(unsigned char *at, uint64_t value)
{
	uint16_t le = htole16((uint16_t)value);

	memcpy(at, &le, sizeof(le));
}

static void put32(unsigned char *at, uint64_t value)
{
	uint32_t le = htole32((uint32_t)value);

	memcpy(at, &le, sizeof(le));
}

static void put64(unsigned char *at, uint64_t value)
{
	uint64_t le = htole64(value);

	memcpy(at, &le, sizeof(le));
}

static void put_bytes(unsigned char *at, const void *data, size_t len)
{
	if (len)
		memcpy(at, data, len);
}

static void put_super(const struct writer *w)
{
	const struct erofs_plan *p = w->plan;
	unsigned char *super = w->image + SUPER_OFFSET;

	put32(super, SUPER_MAGIC);
	put32(super + 8, COMPAT_MTIME);
	super[12] = (unsigned char)p->block_bits;
	put16(super + 14, p->root->inode->nid);
	put64(super + 16, w->n_inodes);
	put32(super + 36, w->base + w->blocks);
	put32(super + 80, INCOMPAT_CHUNKED | (p->n_devices ? INCOMPAT_DEVICES : 0));
	put16(super + 86, p->n_devices);
	put16(super + 88, p->n_devices ? (SUPER_OFFSET + SUPER_BYTES) / SLOT_BYTES : 0);
	for (size_t i = 0; i < p->n_devices; i++)
		put32(super + SUPER_BYTES + i * SLOT_BYTES + 64,
		      align(p->device_bytes[i], w->block_bytes) / w->block_bytes);
}

static void put_xattrs(unsigned char *at, const struct erofs_inode *inode)
{
	at += XATTR_HEADER_BYTES; /* no filter, none shared */
	for (const struct erofs_xattr *x = inode->xattrs; x; x = x->next) {
		const char *rest = "";
		unsigned int index = xattr_index(x->name, &rest);
		size_t len = strlen(rest);

		at[0] = (unsigned char)len;
		at[1] = (unsigned char)index;
		put16(at + 2, x->size);
		put_bytes(at + XATTR_ENTRY_BYTES, rest, len);
		put_bytes(at + XATTR_ENTRY_BYTES + len, x->value, x->size);
		at += xattr_bytes(x, len);
	}
}

/* kdev_t.h, new_encode_dev() */
static uint32_t encode_device(const struct erofs_inode *inode)
{
	return (inode->minor & 0xffU) | (inode->major << 8) | ((inode->minor & ~0xffU) << 12);
}

static void put_chunk(const struct writer *w, unsigned char *inode_at, unsigned char *index,
		      const struct erofs_inode *inode)
{
	unsigned int bits = 0;

	/* The whole file is one chunk. */
	while (((uint64_t)w->block_bytes << bits) < inode->size)
		bits++;
	put16(inode_at + 16, CHUNK_INDEXES | bits);
	put16(index + 2, inode->device);
	put32(index + 4, inode->offset / w->block_bytes);
}

static void put_inode(const struct writer *w, struct erofs_inode *inode)
{
	unsigned char *at = w->image + inode->nid * NID_BYTES;
	enum layout layout = layout_of(w, inode);
	size_t xattrs = xattrs_bytes(inode);
	unsigned char *tail = at + INODE_BYTES + xattrs;

	if (inode->is_written)
		return;
	inode->is_written = true;
	put16(at, 1U | (unsigned int)layout << 1); /* 1: of 64 bytes */
	put16(at + 2, xattrs ? (xattrs - XATTR_HEADER_BYTES) / 4 + 1 : 0);
	put16(at + 4, inode->mode);
	put64(at + 8, S_ISLNK(inode->mode) ? strlen(inode->target) : inode->size);
	put32(at + 20, inode->number);
	put32(at + 24, inode->uid);
	put32(at + 28, inode->gid);
	put64(at + 32, (uint64_t)inode->mtime.tv_sec);
	put32(at + 40, (uint64_t)inode->mtime.tv_nsec);
	put32(at + 44, inode->links);
	if (xattrs)
		put_xattrs(at + INODE_BYTES, inode);
	if (layout == LAYOUT_CHUNKS)
		put_chunk(w, at, w->image + align((uint64_t)(tail - w->image), CHUNK_INDEX_BYTES),
			  inode);
	else if (layout == LAYOUT_INLINE)
		memcpy(tail, inode->target, strlen(inode->target));
	else if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		put32(at + 16, encode_device(inode));
	else if (S_ISDIR(inode->mode) || S_ISLNK(inode->mode))
		put32(at + 16, w->base + inode->block);
	if (layout == LAYOUT_PLAIN && S_ISLNK(inode->mode))
		memcpy(w->image + (w->base + inode->block) * w->block_bytes, inode->target,
		       strlen(inode->target));
}

static unsigned char type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return 1;
	case S_IFDIR:
		return 2;
	case S_IFCHR:
		return 3;
	case S_IFBLK:
		return 4;
	case S_IFIFO:
		return 5;
	default:
		return 7; /* a symbolic link */
	}
}

static void put_entries(const struct writer *w, const struct erofs_node *dir,
			const struct erofs_node *parent)
{
	unsigned char *block = w->image + (w->base + dir->inode->block) * w->block_bytes;
	struct entries e, ahead;
	size_t used;

	entries_begin(&e, dir, parent);
	ahead = e;
	ahead.own[0] = &ahead.self;
	ahead.own[1] = &ahead.parent;
	for (size_t n; (n = entries_fill(&ahead, w->block_bytes, &used)); block += w->block_bytes) {
		size_t name_at = n * DIRENT_BYTES;

		for (size_t i = 0; i < n; i++, entries_skip(&e)) {
			const struct erofs_node *child = entries_peek(&e);
			unsigned char *at = block + i * DIRENT_BYTES;
			size_t len = strlen(child->name);

			put64(at, child->inode->nid);
			put16(at + 8, name_at);
			at[10] = type_of(child->inode->mode);
			memcpy(block + name_at, child->name, len);
			name_at += len;
		}
	}
}

static void put_all(const struct writer *w)
{
	put_super(w);
	put_inode(w, w->plan->root->inode);
	for (size_t i = 0; i < w->n_dirs; i++) {
		for (const struct erofs_node *c = w->dirs[i]->children; c; c = c->next)
			put_inode(w, c->inode);
		put_entries(w, w->dirs[i], w->parents[i]);
	}
}

/**
 * erofs_write() - Write a file system's names, inodes and attributes
 * @plan:	Its tree's nodes and inodes are changed, and good for one time
 * @fd:		An empty file
 *
 * Each directory has one name, and no name occurs twice in it.
 *
 * Return: 0, -ENOTSUP for what the format has no room for, or another -errno
 */
int erofs_write(const struct erofs_plan *plan, int fd, struct error *err)
{
	struct writer w = { .plan = plan, .block_bytes = (size_t)1 << plan->block_bits };
	int r = lay_out(&w, err);

	if (r == 0) {
		size_t size = (size_t)((w.base + w.blocks) * w.block_bytes);

		w.image = xcalloc(1, size);
		put_all(&w);
		r = file_write_fd(fd, w.image, size);
		if (r < 0)
			r = error_sys(err, -r, "write the index of a view");
		free(w.image);
	}
	free(w.dirs);
	free(w.parents);
	return r;
}
