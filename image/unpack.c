// SPDX-License-Identifier: Apache-2.0
/*
 * image/unpack.c - Tar streams into a tree that is in use
 *
 * Unlike a layer (layer.c), which becomes a tree of its own, these entries meet
 * what is there: a file replaces a file, a directory joins a directory, and
 * neither replaces the other, as docker cp has it. Every entry's directory is
 * opened anew, and its last component never followed, so that whoever changes
 * the tree meanwhile gets nothing done outside of it.
 */
#include "image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "base/str.h"
#include "image/archive.h"
#include "image/tree.h"

/* Directories whose times come last: what is made in them changes those. */
struct later {
	char *name;
	struct timespec mtime;
};

struct work {
	struct unpack *u;
	struct archive_tar *tar;
	struct later *dirs;
	size_t n_dirs;
};

/* An entry's place. */
struct place {
	int parent;
	char *name; /* cleaned, with the new first component */
	const char *leaf;
};

/* The name as it is to be, or NULL if it leads out. "" is the directory itself. */
static char *new_name(const struct unpack *u, const char *path)
{
	autofree char *clean = path_clean(path);
	const char *rest;

	if (!clean || !u->rename)
		return steal_ptr(&clean);
	rest = strchr(clean, '/');
	if (!*u->rename)
		return xstrdup(rest ? rest + 1 : "");
	return xasprintf("%s%s", u->rename, rest ? rest : "");
}

static int open_dir(const struct unpack *u, const char *dir)
{
	autofree char *path = NULL;
	int fd;

	if (u->root < 0)
		return path_open_beneath(u->base, *dir ? dir : ".", O_RDONLY | O_DIRECTORY, 0);
	path = xasprintf("%s/%s", u->path, dir);
	fd = path_open_in_root(u->root, path, O_RDONLY | O_DIRECTORY, 0);
	return fd == -ENOENT ? path_make_dirs_in_root(u->root, path, 0755, u->uid, u->gid) : fd;
}

static void place_done(struct place *p)
{
	cleanup_close(&p->parent);
	free(p->name);
}

/* *out is released by the caller, also after a failure. */
static int find_place(const struct unpack *u, const char *path, struct place *out,
		      struct error *err)
{
	autofree char *dir = NULL;
	char *slash;

	out->parent = -1;
	out->name = new_name(u, path);
	if (!out->name) {
		(void)tree_refuse(err, path, "leads out of the archive");
		return -EBADMSG;
	}
	slash = strrchr(out->name, '/');
	out->leaf = slash ? slash + 1 : out->name;
	dir = slash ? xstrndup(out->name, (size_t)(slash - out->name)) : xstrdup("");
	out->parent = open_dir(u, dir);
	return out->parent < 0 ? tree_failed(err, -out->parent, "open the directory of", out->name)
			       : 0;
}

/* Take away what a new file replaces. */
static int clear_place(const struct place *p, struct error *err)
{
	struct stat st;

	if (fstatat(p->parent, p->leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : tree_failed(err, errno, "look at", p->name);
	if (S_ISDIR(st.st_mode))
		return tree_failed(err, EISDIR, "replace directory by a file:", p->name);
	if (unlinkat(p->parent, p->leaf, 0) < 0 && errno != ENOENT)
		return tree_failed(err, errno, "replace", p->name);
	return 0;
}

static mode_t mode_of(const struct unpack *u, const struct archive_member *m)
{
	return m->perm & (u->keep_owner ? 07777 : 01777);
}

static void set_xattrs(const struct work *w, int fd)
{
	const char *name;
	const void *value;
	size_t size;

	/* What a file system or our rights cannot keep is lost, as with cp(1). */
	while (archive_tar_next_xattr(w->tar, &name, &value, &size))
		if (name && tree_keeps_xattr(name) &&
		    (w->u->keep_owner || str_starts(name, "user.")))
			(void)fsetxattr(fd, name, value, size, 0);
}

/* Owner, mode, attributes, in this order: each clears some of the next. */
static int set_metadata(const struct work *w, int fd, const struct archive_member *m,
			const char *name, struct error *err)
{
	const struct unpack *u = w->u;
	uid_t uid = u->keep_owner ? (uid_t)m->uid : u->uid;
	gid_t gid = u->keep_owner ? (gid_t)m->gid : u->gid;

	if (fchown(fd, uid, gid) < 0)
		return tree_failed(err, errno, "set the owner of", name);
	if (fchmod(fd, mode_of(u, m)) < 0)
		return tree_failed(err, errno, "set the mode of", name);
	set_xattrs(w, fd);
	return 0;
}

static int write_content(const struct work *w, int fd, const struct archive_member *m,
			 const char *name, struct error *err)
{
	const void *data;
	uint64_t offset;
	size_t len;
	int r;

	while ((r = archive_tar_read(w->tar, &data, &len, &offset, err)) > 0)
		while (len) {
			ssize_t n = pwrite(fd, data, len, (off_t)offset);

			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return tree_failed(err, errno, "write", name);
			data = (const char *)data + n;
			len -= (size_t)n;
			offset += (uint64_t)n;
		}
	if (r == 0 && ftruncate(fd, (off_t)m->size) < 0)
		return tree_failed(err, errno, "write", name);
	w->u->bytes += m->size;
	return r;
}

static int make_file(const struct work *w, const struct place *p, const struct archive_member *m,
		     struct error *err)
{
	const struct timespec times[2] = { m->mtime, m->mtime };
	autoclose int fd = -1;
	int r = clear_place(p, err);

	if (r < 0)
		return r;
	fd = openat(p->parent, p->leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return tree_failed(err, errno, "create", p->name);
	r = write_content(w, fd, m, p->name, err);
	if (r == 0)
		r = set_metadata(w, fd, m, p->name, err);
	if (r == 0)
		(void)futimens(fd, times); /* some file systems refuse some times */
	return r;
}

static int make_dir(struct work *w, const struct place *p, const struct archive_member *m,
		    struct error *err)
{
	const char *leaf = *p->leaf ? p->leaf : ".";
	autoclose int fd = -1;

	if (mkdirat(p->parent, leaf, 0700) < 0 && errno != EEXIST)
		return tree_failed(err, errno, "make directory", p->name);
	fd = openat(p->parent, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return tree_failed(err, ENOTDIR, "replace a file by a directory:", p->name);
	if (fd < 0)
		return tree_failed(err, errno, "open directory", p->name);
	if (!*p->name)
		return 0; /* the destination itself keeps what it has */
	w->dirs = xrealloc(w->dirs, (w->n_dirs + 1) * sizeof(*w->dirs));
	w->dirs[w->n_dirs++] = (struct later){ xstrdup(p->name), m->mtime };
	return set_metadata(w, fd, m, p->name, err);
}

static int make_special(const struct work *w, const struct place *p, const struct archive_member *m,
			struct error *err)
{
	const struct timespec times[2] = { m->mtime, m->mtime };
	const struct unpack *u = w->u;
	int r = clear_place(p, err);

	if (r < 0)
		return r;
	if (m->type == S_IFLNK)
		r = symlinkat(m->symlink ? m->symlink : "", p->parent, p->leaf);
	else if (m->type == S_IFIFO || u->keep_devices)
		r = mknodat(p->parent, p->leaf, m->type | mode_of(u, m),
			    makedev(m->major, m->minor));
	else
		return 0;
	if (r < 0)
		return tree_failed(err, errno, "create", p->name);
	if (fchownat(p->parent, p->leaf, u->keep_owner ? (uid_t)m->uid : u->uid,
		     u->keep_owner ? (gid_t)m->gid : u->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return tree_failed(err, errno, "set the owner of", p->name);
	(void)utimensat(p->parent, p->leaf, times, AT_SYMLINK_NOFOLLOW);
	return 0;
}

static int make_link(const struct work *w, const struct place *p, const struct archive_member *m,
		     struct error *err)
{
	struct place target = { .parent = -1 };
	struct stat st;
	int r = find_place(w->u, m->hardlink, &target, err);

	if (r == 0 && fstatat(target.parent, target.leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
		r = tree_failed(err, errno, "link to", target.name);
	if (r == 0 && S_ISDIR(st.st_mode))
		r = tree_failed(err, EISDIR, "link to", target.name);
	if (r == 0 && strcmp(target.name, p->name)) {
		r = clear_place(p, err);
		if (r == 0 && linkat(target.parent, target.leaf, p->parent, p->leaf, 0) < 0)
			r = tree_failed(err, errno, "link", p->name);
	}
	place_done(&target);
	return r;
}

static int make_entry(struct work *w, const struct archive_member *m, struct error *err)
{
	struct place p;
	int r = find_place(w->u, m->path, &p, err);

	if (r == 0 && (m->uid < 0 || m->gid < 0 || m->uid >= UINT32_MAX || m->gid >= UINT32_MAX))
		r = tree_refuse(err, p.name, "has an owner that is no user or group id");
	if (r == 0) {
		if (!*p.leaf && m->type != S_IFDIR)
			r = tree_refuse(err, m->path, "has no name");
		else if (m->hardlink)
			r = make_link(w, &p, m, err);
		else if (m->type == S_IFDIR)
			r = make_dir(w, &p, m, err);
		else if (m->type == S_IFREG)
			r = make_file(w, &p, m, err);
		else
			r = make_special(w, &p, m, err);
	}
	place_done(&p);
	return r;
}

static void set_dir_times(const struct work *w)
{
	for (size_t i = w->n_dirs; i-- > 0;) {
		const struct timespec times[2] = { w->dirs[i].mtime, w->dirs[i].mtime };
		autoclose int fd = open_dir(w->u, w->dirs[i].name);

		if (fd >= 0)
			(void)futimens(fd, times);
	}
}

/**
 * unpack_run() - Make the entries of an archive where they belong
 * @first:	An entry that has been read already, or NULL
 *
 * Stops at the first that cannot be made; those before it stay.
 *
 * Return: 0, -EBADMSG for a malformed archive, or another -errno
 */
int unpack_run(struct unpack *u, struct archive_tar *tar, const struct archive_member *first,
	       struct error *err)
{
	struct work w = { .u = u, .tar = tar };
	struct archive_member m;
	int r = first ? make_entry(&w, first, err) : 0;

	while (r >= 0 && (r = archive_tar_next(tar, &m, err)) > 0)
		r = make_entry(&w, &m, err);
	set_dir_times(&w);
	for (size_t i = 0; i < w.n_dirs; i++)
		free(w.dirs[i].name);
	free(w.dirs);
	return r < 0 ? r : 0;
}
