// SPDX-License-Identifier: Apache-2.0
/*
 * image/pack.c - Directory trees into tar streams
 *
 * The tree may belong to a container that runs, and changes it under our
 * hands: each step opens one name below an open directory and follows no link,
 * so nothing outside is ever read. What is there when a file is opened counts:
 * one that shrinks meanwhile is filled with zeros, one that grows is cut.
 * Entries are in the order of their names.
 */
#include "image/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/path.h"
#include "base/str.h"
#include "image/tree.h"

#define PACK_MAX_DEPTH	256
#define PACK_CHUNK	(256U << 10)
#define PACK_XATTR_LIST 65536 /* XATTR_LIST_MAX, the kernel's own limit */
#define PACK_MAX_XATTRS 64

/* Files with several names: which was first. */
struct pack_link {
	dev_t dev;
	ino_t ino;
	char *path;
};

struct pack_links {
	struct pack_link *slots;
	size_t n, cap; /* cap is a power of two */
};

static size_t slot_of(const struct pack_links *l, dev_t dev, ino_t ino)
{
	size_t at = (size_t)((ino ^ (dev << 7)) * UINT64_C(0x9e3779b97f4a7c15) >> 20) &
		    (l->cap - 1);

	while (l->slots[at].path && (l->slots[at].ino != ino || l->slots[at].dev != dev))
		at = (at + 1) & (l->cap - 1);
	return at;
}

static void grow(struct pack_links *l)
{
	struct pack_links bigger = { .cap = l->cap ? l->cap * 2 : 64, .n = l->n };

	bigger.slots = xcalloc(bigger.cap, sizeof(*bigger.slots));
	for (size_t i = 0; i < l->cap; i++)
		if (l->slots[i].path)
			bigger.slots[slot_of(&bigger, l->slots[i].dev, l->slots[i].ino)] =
				l->slots[i];
	free(l->slots);
	*l = bigger;
}

/* The first name of a file, or NULL if this is it. */
static const char *first_name(struct pack *p, const struct stat *st, const char *path)
{
	struct pack_link *slot;

	if (!p->links)
		p->links = xcalloc(1, sizeof(*p->links));
	if (p->links->n * 2 >= p->links->cap)
		grow(p->links);
	slot = &p->links->slots[slot_of(p->links, st->st_dev, st->st_ino)];
	if (slot->path)
		return slot->path;
	*slot = (struct pack_link){ st->st_dev, st->st_ino, xstrdup(path) };
	p->links->n++;
	return NULL;
}

/** pack_done() - Release; safe twice */
void pack_done(struct pack *p)
{
	if (!p->links)
		return;
	for (size_t i = 0; i < p->links->cap; i++)
		free(p->links->slots[i].path);
	free(p->links->slots);
	free(p->links);
	p->links = NULL;
}

/* Attributes of one entry. */
struct attributes {
	char *names;
	struct tar_xattr items[PACK_MAX_XATTRS];
	size_t n;
};

static void attributes_done(struct attributes *a)
{
	for (size_t i = 0; i < a->n; i++)
		free((void *)(uintptr_t)a->items[i].value);
	a->n = 0;
	free(a->names);
	a->names = NULL;
}

/*
 * Capabilities that a user namespace's root gave name that root. In an archive
 * they are root's, whatever id that had here: capabilities(7), "File
 * capability extended attribute versioning".
 */
static size_t make_portable(const char *name, void *value, size_t size)
{
	struct vfs_ns_cap_data *caps = value;

	if (strcmp(name, "security.capability") || size != XATTR_CAPS_SZ_3)
		return size;
	caps->magic_etc = (caps->magic_etc & ~(uint32_t)VFS_CAP_REVISION_MASK) | VFS_CAP_REVISION_2;
	return XATTR_CAPS_SZ_2;
}

static int by_attribute(const void *a, const void *b)
{
	return strcmp(((const struct tar_xattr *)a)->name, ((const struct tar_xattr *)b)->name);
}

static void read_attributes(int fd, struct attributes *a)
{
	ssize_t len;

	a->n = 0;
	a->names = xmalloc(PACK_XATTR_LIST);
	len = flistxattr(fd, a->names, PACK_XATTR_LIST);
	for (const char *name = a->names;
	     len > 0 && name < a->names + len && a->n < PACK_MAX_XATTRS; name += strlen(name) + 1) {
		ssize_t size = tree_keeps_xattr(name) ? fgetxattr(fd, name, NULL, 0) : -1;
		autofree char *value = NULL;

		if (size < 0)
			continue;
		value = xmalloc((size_t)size + 1);
		/* Without room it would tell how long an attribute is that was empty a moment ago. */
		size = fgetxattr(fd, name, value, (size_t)size + 1);
		if (size < 0)
			continue;
		a->items[a->n].name = name;
		a->items[a->n].size = make_portable(name, value, (size_t)size);
		a->items[a->n++].value = steal_ptr(&value);
	}
	if (a->n)
		qsort(a->items, a->n, sizeof(*a->items), by_attribute);
}

static uint64_t shift_id(const struct pack *p, uint32_t id)
{
	/* What is not of the namespace is nobody's there. */
	if (!p->id_base)
		return id;
	return id >= p->id_base && id - p->id_base < 65536 ? (uint64_t)(id - p->id_base) : 65534;
}

static void describe(struct pack *p, const struct stat *st, const char *path, struct tar_entry *e)
{
	*e = (struct tar_entry){
		.path = path,
		.type = st->st_mode & S_IFMT,
		.perm = st->st_mode & 07777,
		.uid = shift_id(p, st->st_uid),
		.gid = shift_id(p, st->st_gid),
		.mtime_s = st->st_mtim.tv_sec,
	};
	if (p->root_owned)
		e->uid = e->gid = 0;
	if (p->latest_s && e->mtime_s > p->latest_s)
		e->mtime_s = p->latest_s;
	if (e->mtime_s > p->newest_s)
		p->newest_s = e->mtime_s;
	if (e->type == S_IFCHR || e->type == S_IFBLK) {
		e->major = major(st->st_rdev);
		e->minor = minor(st->st_rdev);
	}
}

static int copy_content(struct pack *p, int fd, uint64_t size, const char *path, struct error *err)
{
	autofree char *buffer = xmalloc(PACK_CHUNK);
	int r = 0;

	while (size && r == 0) {
		size_t want = size < PACK_CHUNK ? (size_t)size : PACK_CHUNK;
		ssize_t n = read(fd, buffer, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tree_failed(err, errno, "read", path);
		if (n == 0) { /* it has shrunk, but the header says what it was */
			memset(buffer, 0, want);
			n = (ssize_t)want;
		}
		r = tar_write_data(p->out, buffer, (size_t)n, err);
		size -= (uint64_t)n;
	}
	return r;
}

static int pack_file(struct pack *p, int parent, const char *name, const char *path,
		     struct error *err)
{
	struct attributes attributes;
	const char *first = NULL;
	struct tar_entry e;
	autoclose int fd = -1;
	struct stat st;
	int r;

	attributes.n = 0;
	attributes.names = NULL;
	/* Should it have become something else, opening that must neither wait nor act. */
	fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return tree_failed(err, errno, "open", path);
	if (!S_ISREG(st.st_mode))
		return 0;
	describe(p, &st, path, &e);
	if (st.st_nlink > 1)
		first = first_name(p, &st, path);
	e.hardlink = first;
	e.link = first;
	e.size = first ? 0 : (uint64_t)st.st_size;
	if (!first)
		read_attributes(fd, &attributes);
	e.xattrs = attributes.items;
	e.n_xattrs = attributes.n;
	r = tar_write_entry(p->out, &e, err);
	attributes_done(&attributes);
	return r == 0 ? copy_content(p, fd, e.size, path, err) : r;
}

static int pack_special(struct pack *p, int parent, const char *name, const struct stat *st,
			const char *path, struct error *err)
{
	char target[PATH_MAX];
	struct tar_entry e;
	ssize_t n;

	if (S_ISSOCK(st->st_mode))
		return 0; /* nothing that could be unpacked */
	if (p->overlay && tree_is_whiteout(st))
		return pack_whiteout(p, path, err);
	describe(p, st, path, &e);
	if (S_ISLNK(st->st_mode)) {
		n = readlinkat(parent, name, target, sizeof(target) - 1);
		if (n < 0)
			return errno == ENOENT || errno == EINVAL
				       ? 0
				       : tree_failed(err, errno, "read link", path);
		target[n] = '\0';
		e.link = target;
	}
	return tar_write_entry(p->out, &e, err);
}

/* An empty file of root's, without a time. */
static int write_marker(struct pack *p, const char *path, struct error *err)
{
	const struct tar_entry e = { .path = path, .type = S_IFREG };

	return tar_write_entry(p->out, &e, err);
}

/** pack_whiteout() - Say that a name of the layers below is gone: image-spec layer.md */
int pack_whiteout(struct pack *p, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	size_t dir = slash ? (size_t)(slash + 1 - path) : 0;
	autofree char *marker = xasprintf("%.*s.wh.%s", (int)dir, path, path + dir);

	return write_marker(p, marker, err);
}

static bool is_opaque(int fd)
{
	char value = 0;

	return (fgetxattr(fd, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y') ||
	       (fgetxattr(fd, "user.overlay.opaque", &value, 1) == 1 && value == 'y');
}

static int pack_opaque(struct pack *p, int fd, const char *path, struct error *err)
{
	autofree char *marker = xasprintf("%s%s.wh..wh..opq", path,
					  *path && !str_ends(path, "/") ? "/" : "");

	return p->overlay && is_opaque(fd) ? write_marker(p, marker, err) : 0;
}

static int pack_any(struct pack *p, int parent, const char *name, const char *path, bool deep,
		    int depth, struct error *err);

static int pack_children(struct pack *p, int fd, const char *path, int depth, struct error *err)
{
	autostrlist struct strlist names = { 0 };
	int r = dir_list(fd, ".", &names);

	if (r < 0)
		return tree_failed(err, -r, "read directory", path);
	if (depth > PACK_MAX_DEPTH)
		return error_set(err, ELOOP, "'%.500s' is nested too deeply", path);
	for (size_t i = 0; i < names.n && r == 0; i++) {
		autofree char *below = xasprintf(
			"%s%s%s", path, *path && !str_ends(path, "/") ? "/" : "", names.items[i]);

		r = pack_any(p, fd, names.items[i], below, true, depth + 1, err);
	}
	return r;
}

static int pack_dir_entry(struct pack *p, int fd, const struct stat *st, const char *path,
			  struct error *err)
{
	struct attributes attributes;
	struct tar_entry e;
	int r;

	describe(p, st, path, &e);
	read_attributes(fd, &attributes);
	e.xattrs = attributes.items;
	e.n_xattrs = attributes.n;
	r = tar_write_entry(p->out, &e, err);
	attributes_done(&attributes);
	return r;
}

static int pack_dir(struct pack *p, int parent, const char *name, const char *path, bool deep,
		    int depth, struct error *err)
{
	autoclose int fd = -1;
	struct stat st, above;
	int r;

	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0 || fstat(parent, &above) < 0)
		return tree_failed(err, errno, "open directory", path);
	r = pack_dir_entry(p, fd, &st, path, err);
	if (r < 0 || !deep || (p->one_fs && st.st_dev != above.st_dev))
		return r;
	r = pack_opaque(p, fd, path, err);
	return r == 0 ? pack_children(p, fd, path, depth, err) : r;
}

static int pack_any(struct pack *p, int parent, const char *name, const char *path, bool deep,
		    int depth, struct error *err)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : tree_failed(err, errno, "look at", path);
	if (S_ISDIR(st.st_mode))
		return pack_dir(p, parent, name, path, deep, depth, err);
	if (S_ISREG(st.st_mode))
		return pack_file(p, parent, name, path, err);
	return pack_special(p, parent, name, &st, path, err);
}

/**
 * pack_path() - One name below a directory, and what is below it
 * @path:	What the archive calls it
 * @deep:	Whether a directory's content goes, too
 *
 * What is gone is left out.
 */
int pack_path(struct pack *p, int parent, const char *name, const char *path, bool deep,
	      struct error *err)
{
	return pack_any(p, parent, name, path, deep, 0, err);
}

/**
 * pack_tree() - What is in a directory, without the directory itself
 * @prefix:	Put before all names: "" or "dir/"
 */
int pack_tree(struct pack *p, int dirfd, const char *prefix, struct error *err)
{
	return pack_children(p, dirfd, prefix, 0, err);
}

/**
 * pack_layer() - A layer of the store
 *
 * Its root directory goes only if the layer carried one, see image.c.
 */
int pack_layer(struct pack *p, int dirfd, struct error *err)
{
	struct stat st;
	int r;

	p->overlay = true;
	if (fstat(dirfd, &st) < 0)
		return error_sys(err, errno, "look at the layer");
	if (!tree_is_default_root(&st))
		return pack_path(p, dirfd, ".", "./", true, err);
	r = pack_opaque(p, dirfd, "", err);
	return r == 0 ? pack_tree(p, dirfd, "", err) : r;
}
