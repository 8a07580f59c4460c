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
 *   2. put_all()	written in that order, now that all numbers are known: inodes
 *			and blocks through a window each
 */
#include "image/erofs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "image/erofs_entries.h"
#include "image/erofs_xattr.h"
#include "image/little_endian.h"

#define SUPER_OFFSET	  1024U
#define SUPER_MAGIC	  0xE0F5E1E2U
#define SUPER_BYTES	  128U
#define COMPAT_MTIME	  0x2U /* times are those of modification */
#define INCOMPAT_CHUNKED  0x4U
#define INCOMPAT_DEVICES  0x8U
#define SLOT_BYTES	  128U
#define NID_BYTES	  32U
#define INODE_BYTES	  64U
#define CHUNK_INDEX_BYTES 8U
#define CHUNK_INDEXES	  0x20U
#define NAME_MAX_BYTES	  255U
#define IMAGE_MAX_BYTES	  (1U << 30)
#define WINDOW_BYTES	  (EROFS_XATTRS_MAX_BYTES + (32U << 10)) /* any inode, any block */

enum layout { LAYOUT_PLAIN = 0, LAYOUT_INLINE = 2, LAYOUT_CHUNKS = 4 };

/* What is about to be written, from an offset in the file on. */
struct window {
	uint64_t from;
	size_t used;
	unsigned char *bytes;
};

struct writer {
	const struct erofs_plan *plan;
	size_t block_bytes;
	struct erofs_node **dirs; /* breadth first */
	struct erofs_node **parents;
	size_t n_dirs, cap_dirs;
	uint64_t at;	 /* where the next inode may go */
	uint64_t blocks; /* of entries and targets so far */
	uint64_t base;	 /* their first one */
	uint32_t n_inodes, n_put;
	uint32_t next_nid; /* those before it are put */
	struct window inodes, entries;
	int fd, failed; /* failed: an errno, of the first failure to write */
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

/* ---- places ------------------------------------------------------------- */

static enum layout layout_of(const struct writer *w, const struct erofs_inode *inode)
{
	size_t before = INODE_BYTES + erofs_xattr_bytes(inode);

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

/* An inode's, with what follows it at once. */
static size_t inode_bytes(const struct erofs_inode *inode, enum layout layout)
{
	size_t size = INODE_BYTES + erofs_xattr_bytes(inode);

	if (layout == LAYOUT_CHUNKS)
		return (size_t)align(size, CHUNK_INDEX_BYTES) + CHUNK_INDEX_BYTES;
	return layout == LAYOUT_INLINE ? size + strlen(inode->target) : size;
}

static int place_inode(struct writer *w, const struct erofs_node *node, struct error *err)
{
	struct erofs_inode *inode = node->inode;
	enum layout layout = layout_of(w, inode);
	uint64_t size = inode_bytes(inode, layout);
	const char *fault = erofs_xattr_fault(inode);
	int r = fault ? refuse(err, node->name, fault) : check_file(w, node, err);

	if (r < 0)
		return r;
	if (layout == LAYOUT_INLINE) {
		if (w->at % w->block_bytes + size > w->block_bytes)
			w->at = align(w->at, w->block_bytes);
	} else if (S_ISLNK(inode->mode)) {
		inode->block = (uint32_t)w->blocks;
		w->blocks += align(strlen(inode->target), w->block_bytes) / w->block_bytes;
	}
	inode->nid = (uint32_t)(w->at / NID_BYTES);
	w->n_inodes++;
	w->at = align(w->at + size, NID_BYTES);
	return w->at > IMAGE_MAX_BYTES ? error_set(err, ENOTSUP, "too many files for one view") : 0;
}

/* ---- directories -------------------------------------------------------- */

/* A directory's size is that of its blocks, but for what is empty of the last one. */
static void place_entries(struct writer *w, struct erofs_node *dir, const struct erofs_node *parent)
{
	struct erofs_entries e;
	size_t used = 0, blocks = 0;

	erofs_entries_begin(&e, dir, parent);
	for (size_t n; (n = erofs_entries_fill(&e, w->block_bytes, &used)); blocks++)
		dir->inode->size = blocks * w->block_bytes + used;
	dir->inode->block = (uint32_t)w->blocks;
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
		erofs_entries_sort(w->dirs[i]);
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

static void flush(struct writer *w, struct window *win)
{
	int r = 0;

	if (lseek(w->fd, (off_t)win->from, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = file_write_fd(w->fd, win->bytes, win->used);
	if (r < 0 && !w->failed)
		w->failed = -r;
	memset(win->bytes, 0, win->used);
}

/* Room for what comes next, zeroed; offsets ascend. */
static unsigned char *reach(struct writer *w, struct window *win, uint64_t at, size_t len)
{
	if (at + len > win->from + WINDOW_BYTES) {
		flush(w, win);
		win->from = at;
	}
	win->used = (size_t)(at - win->from) + len;
	return win->bytes + (at - win->from);
}

static void put_super(struct writer *w)
{
	const struct erofs_plan *p = w->plan;
	unsigned char *super = reach(w, &w->inodes, SUPER_OFFSET,
				     SUPER_BYTES + p->n_devices * SLOT_BYTES);

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

/* What is not in the inode: a long link's target. */
static void put_target(struct writer *w, const struct erofs_inode *inode)
{
	size_t len = strlen(inode->target);

	memcpy(reach(w, &w->entries, (w->base + inode->block) * w->block_bytes, len), inode->target,
	       len);
}

static void put_inode(struct writer *w, const struct erofs_inode *inode)
{
	enum layout layout = layout_of(w, inode);
	size_t xattrs = erofs_xattr_bytes(inode), tail = INODE_BYTES + xattrs;
	size_t target = S_ISLNK(inode->mode) ? strlen(inode->target) : 0;
	unsigned char *at;

	if (inode->nid < w->next_nid)
		return;
	w->next_nid = inode->nid + 1;
	at = reach(w, &w->inodes, (uint64_t)inode->nid * NID_BYTES, inode_bytes(inode, layout));
	put16(at, 1U | (unsigned int)layout << 1); /* 1: of 64 bytes */
	put16(at + 2, erofs_xattr_units(xattrs));
	put16(at + 4, inode->mode);
	put64(at + 8, target ? target : inode->size);
	put32(at + 20, ++w->n_put);
	put32(at + 24, inode->uid);
	put32(at + 28, inode->gid);
	put64(at + 32, (uint64_t)inode->mtime.tv_sec);
	put32(at + 40, (uint64_t)inode->mtime.tv_nsec);
	put32(at + 44, inode->links);
	if (xattrs)
		erofs_xattr_put(at + INODE_BYTES, inode);
	if (layout == LAYOUT_CHUNKS)
		put_chunk(w, at, at + align(tail, CHUNK_INDEX_BYTES), inode);
	else if (layout == LAYOUT_INLINE)
		memcpy(at + tail, inode->target, target);
	else if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		put32(at + 16, encode_device(inode));
	else if (S_ISDIR(inode->mode) || target)
		put32(at + 16, w->base + inode->block);
	if (layout == LAYOUT_PLAIN && target)
		put_target(w, inode);
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

static void put_entries(struct writer *w, const struct erofs_node *dir,
			const struct erofs_node *parent)
{
	uint64_t block = (w->base + dir->inode->block) * w->block_bytes;
	struct erofs_entries e, ahead;
	size_t used;

	erofs_entries_begin(&e, dir, parent);
	ahead = e;
	ahead.own[0] = &ahead.self;
	ahead.own[1] = &ahead.parent;
	for (size_t n; (n = erofs_entries_fill(&ahead, w->block_bytes, &used));
	     block += w->block_bytes) {
		unsigned char *to = reach(w, &w->entries, block, used);
		size_t name_at = n * EROFS_DIRENT_BYTES;

		for (size_t i = 0; i < n; i++, erofs_entries_skip(&e)) {
			const struct erofs_node *child = erofs_entries_peek(&e);
			unsigned char *at = to + i * EROFS_DIRENT_BYTES;
			size_t len = strlen(child->name);

			put64(at, child->inode->nid);
			put16(at + 8, name_at);
			at[10] = type_of(child->inode->mode);
			memcpy(to + name_at, child->name, len);
			name_at += len;
		}
	}
}

/* As lay_out() went through them. */
static void put_all(struct writer *w)
{
	put_super(w);
	put_inode(w, w->plan->root->inode);
	for (size_t i = 0; i < w->n_dirs; i++) {
		for (const struct erofs_node *c = w->dirs[i]->children; c; c = c->next)
			put_inode(w, c->inode);
		put_entries(w, w->dirs[i], w->parents[i]);
	}
	flush(w, &w->inodes);
	flush(w, &w->entries);
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
	struct writer w = { .plan = plan, .block_bytes = (size_t)1 << plan->block_bits, .fd = fd };
	int r = lay_out(&w, err);

	if (r == 0) {
		w.inodes.bytes = xcalloc(1, WINDOW_BYTES);
		w.entries.bytes = xcalloc(1, WINDOW_BYTES);
		w.entries.from = w.base * w.block_bytes;
		put_all(&w);
		if (ftruncate(fd, (off_t)((w.base + w.blocks) * w.block_bytes)) < 0 && !w.failed)
			w.failed = errno;
		if (w.failed)
			r = error_sys(err, w.failed, "write the index of a view");
		free(w.inodes.bytes);
		free(w.entries.bytes);
	}
	free(w.dirs);
	free(w.parents);
	return r;
}
