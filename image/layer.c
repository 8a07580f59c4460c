// SPDX-License-Identifier: Apache-2.0
/*
 * image/layer.c - Unpacking a layer into overlay form
 *
 * Theory of operation:
 * The entries of a layer's tar stream are made one by one below a directory
 * that nobody else sees yet. Names are data from outside: components ".." are
 * refused before the file system sees them, parents are opened by openat2()
 * beneath the directory without following any link, and the last component is
 * made exclusively. So no entry can act on anything outside, nor through a
 * link that another entry put there.
 *
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
 * Metadata goes on in this order, because chown clears set-id bits and file
 * capabilities, mkdir ignores them, and everything changes times: owner, mode,
 * attributes, times. Directories get their times at the end, deepest first.
 */
#include "image/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "image/archive.h"

#define WHITEOUT_PREFIX	      ".wh."
#define WHITEOUT_META_PREFIX  ".wh..wh."
#define WHITEOUT_OPAQUE	      ".wh..wh..opq"
#define OPAQUE_TRUSTED	      "trusted.overlay.opaque"
#define OPAQUE_USER	      "user.overlay.opaque"
#define LAYER_MAX_DEPTH	      256
#define LAYER_MAX_LATER_BYTES (32U << 20) /* of memory for directory times, per layer */
#define LAYER_ENTRY_COST      4096U	  /* of the budget: an inode and a name */

/* A directory whose times (and mode, if it would shut us out) are set at the end. */
struct later {
	char *path;
	struct timespec mtime;
	mode_t perm;
};

struct apply {
	struct archive_tar *tar;
	int root;
	const struct layer_rights *rights;
	struct layer_budget *budget;
	struct layer_result *out;

	/* The directory of the last entry: entries of one directory come together. */
	char *parent_path;
	int parent;

	struct later *later;
	size_t n_later, cap_later, later_bytes;
	bool root_carried;
};

/* An entry's place: its directory, opened, and its name there. */
struct place {
	int parent; /* borrowed */
	const char *path, *leaf;
};

static int refuse(struct error *err, const char *path, const char *why)
{
	autofree char *safe = str_escape(path);

	return error_set(err, EBADMSG, "entry '%.300s' %s", safe, why);
}

static int failed(struct error *err, int errnum, const char *what, const char *path)
{
	autofree char *safe = str_escape(path);

	return error_sys(err, errnum, "%s '%.300s'", what, safe);
}

/**
 * layer_budget_take() - Account for bytes about to be written
 *
 * Return: 0, or -EFBIG when the limit is passed
 */
int layer_budget_take(struct layer_budget *budget, uint64_t bytes, struct error *err)
{
	uint64_t left = __atomic_load_n(&budget->left, __ATOMIC_RELAXED);

	do {
		if (bytes > left)
			return error_set(err, EFBIG, "unpacks to more than the limit of %llu bytes",
					 (unsigned long long)budget->limit);
	} while (!__atomic_compare_exchange_n(&budget->left, &left, left - bytes, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return 0;
}

/**
 * layer_probe() - Find out what this process may do in a directory
 * @dirfd:	A directory of our own; nothing stays in it
 */
int layer_probe(int dirfd, struct layer_rights *out, struct error *err)
{
	static const char name[] = "probe";

	out->root = geteuid() == 0;
	out->devices = mknodat(dirfd, name, S_IFCHR | 0600, makedev(1, 3)) == 0;
	if (out->devices && unlinkat(dirfd, name, 0) < 0)
		return error_sys(err, errno, "remove '%s'", name);
	out->trusted = fsetxattr(dirfd, "trusted.tare.probe", "y", 1, 0) == 0;
	if (out->trusted && fremovexattr(dirfd, "trusted.tare.probe") < 0)
		return error_sys(err, errno, "remove an attribute");
	return 0;
}

static bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static bool exists_as_whiteout(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && is_whiteout(&st);
}

static int set_opaque(const struct apply *a, int fd, const char *path, struct error *err)
{
	if (fsetxattr(fd, OPAQUE_USER, "y", 1, 0) < 0)
		return failed(err, errno, "mark opaque directory", path);
	if (a->rights->trusted && fsetxattr(fd, OPAQUE_TRUSTED, "y", 1, 0) < 0)
		return failed(err, errno, "mark opaque directory", path);
	return 0;
}

/* Step into a directory on the way to an entry, making it if no entry has. */
static int step_into(struct apply *a, int dirfd, const char *walked, const char *name,
		     struct error *err)
{
	autoclose int fd = -1;
	bool whiteout = false;

	if (mkdirat(dirfd, name, LAYER_ROOT_MODE) < 0) {
		if (errno != EEXIST)
			return failed(err, errno, "make directory", walked);
		whiteout = exists_as_whiteout(dirfd, name);
		if (whiteout &&
		    (unlinkat(dirfd, name, 0) < 0 || mkdirat(dirfd, name, LAYER_ROOT_MODE) < 0))
			return failed(err, errno, "make directory", walked);
	} else {
		strlist_add(&a->out->implied, walked);
	}
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return refuse(err, walked, "is a link or a file, but other entries are below it");
	if (fd < 0)
		return failed(err, errno, "open directory", walked);
	if (whiteout && set_opaque(a, fd, walked, err) < 0)
		return -err->code;
	return steal_fd(&fd);
}

/* A parent that is not there yet, one component at a time. */
static int make_parent(struct apply *a, const char *path, struct error *err)
{
	autofree char *walked = xstrdup(path);
	autoclose int fd = -1;
	char *name = walked;

	fd = fcntl(a->root, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return failed(err, errno, "open directory", path);
	while (name) {
		char *slash = strchr(name, '/');
		int next;

		if (slash)
			*slash = '\0';
		next = layer_budget_take(a->budget, LAYER_ENTRY_COST, err);
		if (next == 0)
			next = step_into(a, fd, walked, name, err);
		if (next < 0)
			return next;
		if (slash)
			*slash++ = '/';
		(void)close(fd);
		fd = next;
		name = slash;
	}
	return steal_fd(&fd);
}

static int open_parent(struct apply *a, const char *path, struct error *err)
{
	int fd = path_open_beneath(a->root, path, O_RDONLY | O_DIRECTORY, 0);

	if (fd == -ELOOP || fd == -EXDEV)
		return refuse(err, path, "goes through a symbolic link");
	if (fd == -ENOENT || fd == -ENOTDIR)
		return make_parent(a, path, err);
	if (fd < 0)
		return failed(err, -fd, "open directory", path);
	return fd;
}

static void forget_parent(struct apply *a)
{
	free(a->parent_path);
	a->parent_path = NULL;
	cleanup_close(&a->parent);
	a->parent = -1;
}

/* @path is cleaned and not the root; the place is good until the next call. */
static int find_place(struct apply *a, const char *path, struct place *out, struct error *err)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = NULL;
	int fd;

	out->path = path;
	out->leaf = slash ? slash + 1 : path;
	out->parent = a->root;
	if (!slash)
		return 0;
	dir = xstrndup(path, (size_t)(slash - path));
	if (!a->parent_path || strcmp(a->parent_path, dir)) {
		fd = open_parent(a, dir, err);
		if (fd < 0)
			return fd;
		forget_parent(a);
		a->parent_path = steal_ptr(&dir);
		a->parent = fd;
	}
	out->parent = a->parent;
	return 0;
}

/* Something is where an entry wants to be: the later one counts. */
static int clear_place(const struct place *p, struct error *err)
{
	int r = file_remove_tree_at(p->parent, p->leaf);

	return r < 0 ? failed(err, -r, "replace", p->path) : 0;
}

static int check_ids(const struct archive_member *m, const char *path, struct error *err)
{
	/* (uid_t)-1 means "leave it" to chown(2). */
	if (m->uid < 0 || m->gid < 0 || m->uid >= UINT32_MAX || m->gid >= UINT32_MAX)
		return refuse(err, path, "has an owner that is no user or group id");
	return 0;
}

static bool is_allowed_xattr(const char *name)
{
	if (!strcmp(name, "security.capability"))
		return true;
	return str_starts(name, "user.") && !str_starts(name, "user.overlay.");
}

/* Attributes that overlayfs, the kernel's trust or a security module would act on are dropped. */
static int set_xattrs(struct apply *a, int fd, const char *path, struct error *err)
{
	const char *name;
	const void *value;
	size_t size;

	while (archive_tar_next_xattr(a->tar, &name, &value, &size)) {
		if (!name || !is_allowed_xattr(name)) {
			log_debug("layer: attribute of '%s' dropped", path);
			continue;
		}
		if (fsetxattr(fd, name, value, size, 0) == 0)
			continue;
		/* Without privileges file capabilities cannot be kept; some file systems keep none.
		 */
		if (errno == EOPNOTSUPP || (errno == EPERM && !a->rights->trusted))
			log_debug("layer: attribute '%s' of '%s' lost", name, path);
		else
			return failed(err, errno, "set an attribute of", path);
	}
	return 0;
}

/* Owner, mode, attributes; times are the caller's. */
static int set_metadata(struct apply *a, int fd, const struct archive_member *m, const char *path,
			struct error *err)
{
	bool give = a->rights->root && (m->uid || m->gid);
	/* open() and mkdir() gave the mode, umask 0; but neither keeps all of these bits. */
	bool change = give || (m->perm & 07000) || !a->rights->root;
	int r;

	/* Without privileges the mode may shut us out, and there is nothing it could clear. */
	if (!a->rights->root && (r = set_xattrs(a, fd, path, err)) < 0)
		return r;
	if (give && fchown(fd, (uid_t)m->uid, (gid_t)m->gid) < 0)
		return failed(err, errno, "set the owner of", path);
	if (change && fchmod(fd, m->perm) < 0)
		return failed(err, errno, "set the mode of", path);
	return a->rights->root ? set_xattrs(a, fd, path, err) : 0;
}

static int copy_content(struct apply *a, int fd, const struct archive_member *m, const char *path,
			struct error *err)
{
	uint64_t offset, end = 0;
	const void *data;
	size_t len;
	int r;

	r = layer_budget_take(a->budget, m->size, err);
	if (r < 0)
		return r;
	while ((r = archive_tar_read(a->tar, &data, &len, &offset, err)) > 0) {
		if (offset > m->size || len > m->size - offset)
			return refuse(err, path, "has more content than its size says");
		end = offset + len;
		while (len) {
			ssize_t n = pwrite(fd, data, len, (off_t)offset);

			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return failed(err, errno, "write", path);
			data = (const char *)data + n;
			len -= (size_t)n;
			offset += (uint64_t)n;
		}
	}
	if (r < 0)
		return r;
	/* A hole at the end. */
	if (end < m->size && ftruncate(fd, (off_t)m->size) < 0)
		return failed(err, errno, "write", path);
	a->out->size += m->size;
	return 0;
}

/* Permissions we need ourselves while unpacking; nothing stops root. */
static mode_t working_bits(const struct apply *a)
{
	return a->rights->root ? 0 : 0700;
}

static int make_file(struct apply *a, const struct place *p, const struct archive_member *m,
		     struct error *err)
{
	const struct timespec times[2] = { m->mtime, m->mtime };
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	mode_t perm = (m->perm & 0777) | working_bits(a);
	autoclose int fd = -1;
	int r;

	fd = openat(p->parent, p->leaf, flags, perm);
	if (fd < 0 && errno == EEXIST) {
		r = clear_place(p, err);
		if (r < 0)
			return r;
		fd = openat(p->parent, p->leaf, flags, perm);
	}
	if (fd < 0)
		return failed(err, errno, "create", p->path);
	r = copy_content(a, fd, m, p->path, err);
	if (r == 0)
		r = set_metadata(a, fd, m, p->path, err);
	if (r == 0 && futimens(fd, times) < 0)
		r = failed(err, errno, "set the times of", p->path);
	return r;
}

static int remember_dir(struct apply *a, const char *path, const struct archive_member *m,
			struct error *err)
{
	a->later_bytes += sizeof(*a->later) + strlen(path) + 1;
	if (a->later_bytes > LAYER_MAX_LATER_BYTES)
		return error_set(err, EFBIG, "too many directories in one layer");
	if (a->n_later == a->cap_later) {
		a->cap_later = a->cap_later ? 2 * a->cap_later : 256;
		a->later = xrealloc(a->later, a->cap_later * sizeof(*a->later));
	}
	a->later[a->n_later++] = (struct later){ xstrdup(path), m->mtime, m->perm };
	return 0;
}

/* Make the directory or take the one that is there. */
static int open_made_dir(struct apply *a, const struct place *p, const struct archive_member *m,
			 struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	mode_t perm = (m->perm & 0777) | working_bits(a);
	autoclose int fd = -1;
	bool opaque = false;
	int r;

	if (mkdirat(p->parent, p->leaf, perm) < 0) {
		if (errno != EEXIST)
			return failed(err, errno, "make directory", p->path);
		fd = openat(p->parent, p->leaf, flags);
		if (fd >= 0) {
			if (fchmod(fd, perm) < 0)
				return failed(err, errno, "set the mode of", p->path);
			return steal_fd(&fd);
		}
		opaque = exists_as_whiteout(p->parent, p->leaf);
		r = clear_place(p, err);
		if (r < 0)
			return r;
		if (mkdirat(p->parent, p->leaf, perm) < 0)
			return failed(err, errno, "make directory", p->path);
	}
	fd = openat(p->parent, p->leaf, flags);
	if (fd < 0)
		return failed(err, errno, "open directory", p->path);
	if (opaque && set_opaque(a, fd, p->path, err) < 0)
		return -err->code;
	return steal_fd(&fd);
}

static int make_dir(struct apply *a, const struct place *p, const struct archive_member *m,
		    struct error *err)
{
	struct archive_member writable = *m;
	autoclose int fd = -1;
	int r;

	fd = open_made_dir(a, p, m, err);
	if (fd < 0)
		return fd;
	writable.perm |= working_bits(a);
	r = set_metadata(a, fd, &writable, p->path, err);
	return r < 0 ? r : remember_dir(a, p->path, m, err);
}

/* The entry "./": metadata of the root, which is there already. */
static int take_root(struct apply *a, const struct archive_member *m, struct error *err)
{
	int r;

	if (m->type != S_IFDIR || m->hardlink)
		return refuse(err, "/", "is the root and not a directory");
	if (a->rights->root && fchown(a->root, (uid_t)m->uid, (gid_t)m->gid) < 0)
		return failed(err, errno, "set the owner of", "/");
	if (fchmod(a->root, m->perm | working_bits(a)) < 0)
		return failed(err, errno, "set the mode of", "/");
	r = set_xattrs(a, a->root, "/", err);
	if (r < 0)
		return r;
	a->root_carried = true;
	return remember_dir(a, ".", m, err);
}

static int link_or_node(const struct place *p, const struct archive_member *m)
{
	if (m->type == S_IFLNK)
		return symlinkat(m->symlink, p->parent, p->leaf);
	return mknodat(p->parent, p->leaf, m->type | (m->perm & 07777),
		       m->type == S_IFIFO ? 0 : makedev(m->major, m->minor));
}

/* Symbolic links, devices, FIFOs: no open fd to work on, so the name in its directory. */
static int make_special(struct apply *a, const struct place *p, const struct archive_member *m,
			struct error *err)
{
	const struct timespec times[2] = { m->mtime, m->mtime };
	bool is_device = m->type == S_IFCHR || m->type == S_IFBLK;
	int r;

	if (m->type == S_IFCHR && !m->major && !m->minor)
		return refuse(err, p->path,
			      "is a device 0:0, which overlayfs takes for a whiteout");
	if (m->type == S_IFLNK && (!m->symlink || !*m->symlink))
		return refuse(err, p->path, "is a symbolic link to nothing");
	if (is_device && !a->rights->devices) {
		log_debug("layer: device '%s' left out, it takes privileges", p->path);
		return 0;
	}
	if (link_or_node(p, m) < 0) {
		if (errno != EEXIST)
			return failed(err, errno, "create", p->path);
		r = clear_place(p, err);
		if (r < 0)
			return r;
		if (link_or_node(p, m) < 0)
			return failed(err, errno, "create", p->path);
	}
	if (a->rights->root && (m->uid || m->gid) &&
	    fchownat(p->parent, p->leaf, (uid_t)m->uid, (gid_t)m->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(err, errno, "set the owner of", p->path);
	if (utimensat(p->parent, p->leaf, times, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(err, errno, "set the times of", p->path);
	return 0;
}

/* Open the directory of a hard link's target; *leaf points into @target. */
static int open_target_dir(const struct apply *a, char *target, const char **leaf)
{
	char *slash = strrchr(target, '/');
	int fd;

	*leaf = slash ? slash + 1 : target;
	if (!slash)
		return path_open_beneath(a->root, ".", O_PATH | O_DIRECTORY, 0);
	*slash = '\0';
	fd = path_open_beneath(a->root, target, O_PATH | O_DIRECTORY, 0);
	return fd;
}

static int make_hardlink(struct apply *a, const struct place *p, const struct archive_member *m,
			 struct error *err)
{
	autofree char *target = path_clean(m->hardlink);
	autoclose int dir = -1;
	const char *leaf;
	struct stat st;
	int r;

	if (!target || !*target)
		return refuse(err, p->path, "is a hard link to a name that leads out of the layer");
	if (m->size)
		return refuse(err, p->path, "is a hard link with content of its own");
	if (!strcmp(target, p->path))
		return 0;
	dir = open_target_dir(a, target, &leaf);
	if (dir < 0 || fstatat(dir, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return refuse(err, p->path, "is a hard link to a name that is not in this layer");
	if (S_ISDIR(st.st_mode) || is_whiteout(&st))
		return refuse(err, p->path, "is a hard link to something that is no file");
	if (linkat(dir, leaf, p->parent, p->leaf, 0) == 0)
		return 0;
	if (errno != EEXIST)
		return failed(err, errno, "link", p->path);
	r = clear_place(p, err);
	if (r < 0)
		return r;
	if (linkat(dir, leaf, p->parent, p->leaf, 0) < 0)
		return failed(err, errno, "link", p->path);
	return 0;
}

static int make_whiteout(struct apply *a, const struct place *p, const char *name,
			 struct error *err)
{
	autoclose int fd = -1;

	if (!path_is_name(name))
		return refuse(err, p->path, "is a whiteout of nothing");
	if (mknodat(p->parent, name, S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	if (errno != EEXIST)
		return failed(err, errno, "create the whiteout", p->path);
	/* Added by this layer, too: it stays, and hides what a directory below it holds. */
	fd = openat(p->parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? 0 : set_opaque(a, fd, p->path, err);
}

/* The leaf begins with ".wh.". */
static int apply_whiteout(struct apply *a, const struct place *p, struct error *err)
{
	if (!strcmp(p->leaf, WHITEOUT_OPAQUE))
		return set_opaque(a, p->parent, p->path, err);
	/* Book-keeping of aufs, which Docker used to leave in layers. */
	if (str_starts(p->leaf, WHITEOUT_META_PREFIX))
		return 0;
	return make_whiteout(a, p, p->leaf + strlen(WHITEOUT_PREFIX), err);
}

static int check_path(const char *path, struct error *err)
{
	const char *slash;
	int depth = 1;

	for (; (slash = strchr(path, '/')); path = slash + 1) {
		if (++depth > LAYER_MAX_DEPTH)
			return refuse(err, path, "is nested too deeply");
		if (str_starts(path, WHITEOUT_PREFIX))
			return refuse(err, path, "is below a whiteout");
	}
	return 0;
}

static int make_entry(struct apply *a, const struct place *p, const struct archive_member *m,
		      struct error *err)
{
	if (str_starts(p->leaf, WHITEOUT_PREFIX))
		return apply_whiteout(a, p, err);
	if (m->hardlink)
		return make_hardlink(a, p, m, err);
	switch (m->type) {
	case S_IFREG:
		return make_file(a, p, m, err);
	case S_IFDIR:
		return make_dir(a, p, m, err);
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
		return make_special(a, p, m, err);
	default:
		return refuse(err, p->path, "is of a kind that no file system has");
	}
}

static int apply_member(struct apply *a, const struct archive_member *m, struct error *err)
{
	autofree char *path = path_clean(m->path);
	struct place place;
	int r;

	if (!path)
		return refuse(err, m->path, "leads out of the layer");
	r = check_ids(m, path, err);
	if (r < 0)
		return r;
	if (!*path)
		return take_root(a, m, err);
	/* What aufs kept there for itself. */
	if (str_starts(path, WHITEOUT_META_PREFIX) && strchr(path, '/'))
		return 0;
	if ((r = check_path(path, err)) < 0 ||
	    (r = layer_budget_take(a->budget, LAYER_ENTRY_COST, err)) < 0 ||
	    (r = find_place(a, path, &place, err)) < 0)
		return r;
	return make_entry(a, &place, m, err);
}

/* Whether a directory is gone, because a later entry took its place. */
static bool is_replaced(int errnum)
{
	return errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP;
}

/* In the order of the entries, so that the last of several for one directory counts. */
static int finish_times(const struct apply *a, struct error *err)
{
	const struct timespec epoch[2] = { { 0 }, { 0 } };

	for (size_t i = 0; i < a->n_later; i++) {
		const struct later *d = &a->later[i];
		const struct timespec times[2] = { d->mtime, d->mtime };
		autoclose int fd = path_open_beneath(a->root, d->path, O_RDONLY | O_DIRECTORY, 0);

		if (fd < 0 && is_replaced(-fd))
			continue;
		if (fd < 0)
			return failed(err, -fd, "open directory", d->path);
		if (futimens(fd, times) < 0)
			return failed(err, errno, "set the times of", d->path);
	}
	if (!a->root_carried && futimens(a->root, epoch) < 0)
		return failed(err, errno, "set the times of", "/");
	return 0;
}

/* Modes that shut us out, which only matters without privileges: deepest first. */
static int finish_modes(const struct apply *a, struct error *err)
{
	for (size_t i = a->n_later; i-- > 0 && working_bits(a);) {
		const struct later *d = &a->later[i];
		autoclose int fd = -1;

		if ((d->perm & working_bits(a)) == working_bits(a))
			continue;
		fd = path_open_beneath(a->root, d->path, O_RDONLY | O_DIRECTORY, 0);
		if (fd >= 0 && fchmod(fd, d->perm) < 0)
			return failed(err, errno, "set the mode of", d->path);
	}
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct later *)a)->path, ((const struct later *)b)->path);
}

/* Directories made on the way to an entry, less those that turned out to be carried. */
static void reduce_implied(struct apply *a)
{
	struct strlist *l = &a->out->implied;
	size_t kept = 0;

	if (!l->n)
		return;
	if (a->n_later)
		qsort(a->later, a->n_later, sizeof(*a->later), by_path);
	for (size_t i = 0; i < l->n; i++) {
		struct later key = { .path = l->items[i] };

		if (a->n_later && bsearch(&key, a->later, a->n_later, sizeof(*a->later), by_path))
			free(l->items[i]);
		else
			l->items[kept++] = l->items[i];
	}
	l->n = kept;
	l->items[kept] = NULL;
}

static int unpack(struct apply *a, struct error *err)
{
	struct archive_member m;
	int r;

	while ((r = archive_tar_next(a->tar, &m, err)) > 0) {
		r = apply_member(a, &m, err);
		if (r < 0)
			return r;
	}
	if (r < 0 || (r = finish_times(a, err)) < 0 || (r = finish_modes(a, err)) < 0)
		return r;
	reduce_implied(a);
	return 0;
}

/**
 * layer_apply() - Unpack a layer
 * @tar:	Its entries
 * @dirfd:	An empty directory of mode LAYER_ROOT_MODE that nobody else uses
 * @budget:	Charged for every byte and entry
 * @out:	Released with layer_result_done(), also after a failure
 *
 * The process's umask must be 0.
 *
 * Return: 0, -EBADMSG for entries that are refused, -EFBIG, or another -errno
 */
int layer_apply(struct archive_tar *tar, int dirfd, const struct layer_rights *rights,
		struct layer_budget *budget, struct layer_result *out, struct error *err)
{
	struct apply a = { .tar = tar,
			   .root = dirfd,
			   .rights = rights,
			   .budget = budget,
			   .out = out,
			   .parent = -1 };
	int r;

	memset(out, 0, sizeof(*out));
	r = unpack(&a, err);
	forget_parent(&a);
	for (size_t i = 0; i < a.n_later; i++)
		free(a.later[i].path);
	free(a.later);
	return r;
}

/** layer_result_done() - Release; safe twice */
void layer_result_done(struct layer_result *r)
{
	strlist_done(&r->implied);
}
