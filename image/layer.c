// SPDX-License-Identifier: Apache-2.0
/*
 * image/layer.c - Unpacking a layer into overlay form
 *
 * Theory of operation:
 * The entries of a layer's tar stream are made one by one below a directory
 * that nobody else sees yet. Names are data from outside: components ".." are
 * refused before the file system sees them, parents are opened without following
 * any link (tree.c), and the last component is made exclusively. So no entry can
 * act on anything outside, nor through a link that another entry put there.
 *
 * Metadata goes on in this order, because chown clears set-id bits and file
 * capabilities, mkdir ignores them, and everything changes times: owner, mode,
 * attributes, times. Directories get their times at the end, deepest first.
 */
#include "image/layer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/path.h"
#include "image/archive.h"
#include "image/tree.h"
#include "image/usage.h"
#include "image/whiteout.h"

#define LAYER_MAX_DEPTH 256

struct apply {
	struct archive_tar *tar;
	struct layer_result *out;
	struct tree tree;
};

static int check_ids(const struct archive_member *m, const char *path, struct error *err)
{
	/* (uid_t)-1 means "leave it" to chown(2). */
	if (m->uid < 0 || m->gid < 0 || m->uid >= UINT32_MAX || m->gid >= UINT32_MAX)
		return tree_refuse(err, path, "has an owner that is no user or group id");
	return 0;
}

/* ext4 says so of a full disk and of more than a block for all attributes of a file. */
static int xattr_failed(struct error *err, int errnum, size_t size, const char *path)
{
	int r = tree_failed(err, errnum, "set an attribute of", path);

	if (size > 1024 && (errnum == ENOSPC || errnum == E2BIG || errnum == ERANGE))
		(void)error_hint(err,
				 "ext4 takes 4000 bytes for a file, and this one has %zu; "
				 "'load --view' takes it anywhere",
				 size);
	return r;
}

static int set_xattrs(struct apply *a, int fd, const char *path, struct error *err)
{
	const char *name;
	const void *value;
	size_t size;

	while (archive_tar_next_xattr(a->tar, &name, &value, &size)) {
		if (!name || !tree_keeps_xattr(name)) {
			log_debug("layer: attribute of '%s' dropped", path);
			continue;
		}
		if (fsetxattr(fd, name, value, size, 0) == 0)
			continue;
		/* Without privileges file capabilities cannot be kept; some file systems keep none.
		 */
		if (errno == EOPNOTSUPP || (errno == EPERM && !a->tree.rights->trusted))
			log_debug("layer: attribute '%s' of '%s' lost", name, path);
		else
			return xattr_failed(err, errno, size, path);
	}
	return 0;
}

/* Owner, mode, attributes; times are the caller's. */
static int set_metadata(struct apply *a, int fd, const struct archive_member *m, const char *path,
			struct error *err)
{
	bool give = a->tree.rights->root && (m->uid || m->gid);
	/* open() and mkdir() gave the mode, umask 0; but neither keeps all of these bits. */
	bool change = give || (m->perm & 07000) || !a->tree.rights->root;
	int r;

	/* Without privileges the mode may shut us out, and there is nothing it could clear. */
	if (!a->tree.rights->root && (r = set_xattrs(a, fd, path, err)) < 0)
		return r;
	if (give && fchown(fd, (uid_t)m->uid, (gid_t)m->gid) < 0)
		return tree_failed(err, errno, "set the owner of", path);
	if (change && fchmod(fd, m->perm) < 0)
		return tree_failed(err, errno, "set the mode of", path);
	return a->tree.rights->root ? set_xattrs(a, fd, path, err) : 0;
}

static int copy_content(struct apply *a, int fd, const struct archive_member *m, const char *path,
			struct error *err)
{
	uint64_t offset, end = 0, written = 0;
	const void *data;
	size_t len;
	int r;

	while ((r = archive_tar_read(a->tar, &data, &len, &offset, err)) > 0) {
		if (offset > m->size || len > m->size - offset)
			return tree_refuse(err, path, "has more content than its size says");
		if (offset < end)
			return tree_refuse(err, path, "has pieces that overlap, or in no order");
		end = offset + len;
		written += len;
		r = tree_budget_take(a->tree.budget, len, err);
		if (r < 0)
			return r;
		while (len) {
			ssize_t n = pwrite(fd, data, len, (off_t)offset);

			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return tree_failed(err, errno, "write", path);
			data = (const char *)data + n;
			len -= (size_t)n;
			offset += (uint64_t)n;
		}
	}
	if (r == 0 && written < m->size)
		r = tree_budget_take_hole(a->tree.budget, m->size - written, err);
	if (r < 0)
		return r;
	/* A hole at the end. */
	if (end < m->size && ftruncate(fd, (off_t)m->size) < 0)
		return tree_failed(err, errno, "write", path);
	a->out->size += m->size;
	return 0;
}

/* Make way for an entry whose name has been there before: the last one counts. */
static int clear_place(struct apply *a, const struct tree_place *p, struct error *err)
{
	struct stat st;
	uint64_t size = 0;

	if (fstatat(p->parent, p->leaf, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISREG(st.st_mode) && st.st_nlink == 1)
			size = (uint64_t)st.st_size;
		else if (S_ISDIR(st.st_mode))
			size = usage_of_tree(p->parent, p->leaf);
	}
	a->out->size -= size < a->out->size ? size : a->out->size;
	return tree_clear_place(&a->tree, p, err);
}

static int make_file(struct apply *a, const struct tree_place *p, const struct archive_member *m,
		     struct error *err)
{
	const struct timespec times[2] = { m->mtime, m->mtime };
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	mode_t perm = (m->perm & 0777) | tree_working_bits(&a->tree);
	autoclose int fd = -1;
	int r;

	fd = openat(p->parent, p->leaf, flags, perm);
	if (fd < 0 && errno == EEXIST) {
		r = clear_place(a, p, err);
		if (r < 0)
			return r;
		fd = openat(p->parent, p->leaf, flags, perm);
	}
	if (fd < 0)
		return tree_failed(err, errno, "create", p->path);
	r = copy_content(a, fd, m, p->path, err);
	if (r == 0)
		r = set_metadata(a, fd, m, p->path, err);
	if (r == 0 && futimens(fd, times) < 0)
		r = tree_failed(err, errno, "set the times of", p->path);
	return r;
}

/* Make the directory or take the one that is there. */
static int open_made_dir(struct apply *a, const struct tree_place *p,
			 const struct archive_member *m, struct error *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	mode_t perm = (m->perm & 0777) | tree_working_bits(&a->tree);
	autoclose int fd = -1;
	bool opaque = false;
	int r;

	if (mkdirat(p->parent, p->leaf, perm) < 0) {
		if (errno != EEXIST)
			return tree_failed(err, errno, "make directory", p->path);
		fd = openat(p->parent, p->leaf, flags);
		if (fd >= 0) {
			/* As if it were new: an owner of 0:0 is not set below. */
			if ((a->tree.rights->root && fchown(fd, 0, 0) < 0) || fchmod(fd, perm) < 0)
				return tree_failed(err, errno, "set the mode of", p->path);
			return steal_fd(&fd);
		}
		opaque = tree_has_whiteout(p->parent, p->leaf);
		r = clear_place(a, p, err);
		if (r < 0)
			return r;
		if (mkdirat(p->parent, p->leaf, perm) < 0)
			return tree_failed(err, errno, "make directory", p->path);
	}
	fd = openat(p->parent, p->leaf, flags);
	if (fd < 0)
		return tree_failed(err, errno, "open directory", p->path);
	if (opaque && tree_set_opaque(&a->tree, fd, p->path, err) < 0)
		return -err->code;
	return steal_fd(&fd);
}

/* Files made in a directory with this bit would get its group: tree.c sets it at the end. */
static mode_t files_group_bit(const struct apply *a)
{
	return a->tree.rights->root ? S_ISGID : 0;
}

static int make_dir(struct apply *a, const struct tree_place *p, const struct archive_member *m,
		    struct error *err)
{
	struct archive_member writable = *m;
	autoclose int fd = -1;
	int r;

	fd = open_made_dir(a, p, m, err);
	if (fd < 0)
		return fd;
	writable.perm |= tree_working_bits(&a->tree);
	writable.perm &= ~files_group_bit(a);
	r = set_metadata(a, fd, &writable, p->path, err);
	return r < 0 ? r : tree_remember_dir(&a->tree, p->path, m->mtime, m->perm, err);
}

/* The entry "./": metadata of the root, which is there already. */
static int take_root(struct apply *a, const struct archive_member *m, struct error *err)
{
	int r;

	if (m->type != S_IFDIR || m->hardlink)
		return tree_refuse(err, "/", "is the root and not a directory");
	if (a->tree.rights->root && fchown(a->tree.root, (uid_t)m->uid, (gid_t)m->gid) < 0)
		return tree_failed(err, errno, "set the owner of", "/");
	if (fchmod(a->tree.root, (m->perm | tree_working_bits(&a->tree)) & ~files_group_bit(a)) < 0)
		return tree_failed(err, errno, "set the mode of", "/");
	r = set_xattrs(a, a->tree.root, "/", err);
	if (r < 0)
		return r;
	a->tree.root_carried = true;
	return tree_remember_dir(&a->tree, ".", m->mtime, m->perm, err);
}

static int link_or_node(const struct tree_place *p, const struct archive_member *m)
{
	if (m->type == S_IFLNK)
		return symlinkat(m->symlink, p->parent, p->leaf);
	return mknodat(p->parent, p->leaf, m->type | (m->perm & 07777),
		       m->type == S_IFIFO ? 0 : makedev(m->major, m->minor));
}

/* Symbolic links, devices, FIFOs: no open fd to work on, so the name in its directory. */
static int make_special(struct apply *a, const struct tree_place *p, const struct archive_member *m,
			struct error *err)
{
	const struct timespec times[2] = { m->mtime, m->mtime };
	bool is_device = m->type == S_IFCHR || m->type == S_IFBLK;
	int r;

	if (m->type == S_IFCHR && !m->major && !m->minor)
		return tree_refuse(err, p->path,
				   "is a device 0:0, which overlayfs takes for a whiteout");
	if (m->type == S_IFLNK && (!m->symlink || !*m->symlink))
		return tree_refuse(err, p->path, "is a symbolic link to nothing");
	if (is_device && !a->tree.rights->devices) {
		log_debug("layer: device '%s' left out, it takes privileges", p->path);
		return 0;
	}
	if (link_or_node(p, m) < 0) {
		if (errno != EEXIST)
			return tree_failed(err, errno, "create", p->path);
		r = clear_place(a, p, err);
		if (r < 0)
			return r;
		if (link_or_node(p, m) < 0)
			return tree_failed(err, errno, "create", p->path);
	}
	if (a->tree.rights->root && (m->uid || m->gid) &&
	    fchownat(p->parent, p->leaf, (uid_t)m->uid, (gid_t)m->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return tree_failed(err, errno, "set the owner of", p->path);
	if (utimensat(p->parent, p->leaf, times, AT_SYMLINK_NOFOLLOW) < 0)
		return tree_failed(err, errno, "set the times of", p->path);
	return 0;
}

/* Open the directory of a hard link's target; *leaf points into @target. */
static int open_target_dir(const struct apply *a, char *target, const char **leaf)
{
	char *slash = strrchr(target, '/');
	int fd;

	*leaf = slash ? slash + 1 : target;
	if (!slash)
		return path_open_beneath(a->tree.root, ".", O_PATH | O_DIRECTORY, 0);
	*slash = '\0';
	fd = path_open_beneath(a->tree.root, target, O_PATH | O_DIRECTORY, 0);
	return fd;
}

/* Nothing of that name so far: the file is one of a layer below, if it is any. */
static int defer_link(struct apply *a, const struct tree_place *p, const char *target,
		      struct error *err)
{
	struct stat st;
	int r;

	if (fstatat(p->parent, p->leaf, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		r = clear_place(a, p, err);
		if (r < 0)
			return r;
	}
	return crosslink_defer(&a->out->links, p, target, err);
}

static int make_hardlink(struct apply *a, const struct tree_place *p,
			 const struct archive_member *m, struct error *err)
{
	autofree char *target = path_clean(m->hardlink), *dir_of = NULL;
	autoclose int dir = -1;
	const char *leaf, *below;
	struct stat st;
	int r;

	if (!target || !*target)
		return tree_refuse(err, p->path,
				   "is a hard link to a name that leads out of the layer");
	if (m->size)
		return tree_refuse(err, p->path, "is a hard link with content of its own");
	dir_of = xstrdup(target);
	dir = open_target_dir(a, dir_of, &leaf);
	if (dir == -ENOENT || (dir >= 0 && fstatat(dir, leaf, &st, AT_SYMLINK_NOFOLLOW) < 0))
		return defer_link(a, p, target, err);
	if (dir < 0)
		return tree_refuse(err, p->path, "is a hard link to a name that cannot be there");
	below = crosslink_target_of(&a->out->links, &st);
	if (below)
		return defer_link(a, p, below, err);
	if (S_ISDIR(st.st_mode) || tree_is_whiteout(&st))
		return tree_refuse(err, p->path, "is a hard link to something that is no file");
	if (!strcmp(target, p->path))
		return 0;
	if (linkat(dir, leaf, p->parent, p->leaf, 0) == 0)
		return 0;
	if (errno != EEXIST)
		return tree_failed(err, errno, "link", p->path);
	r = clear_place(a, p, err);
	if (r < 0)
		return r;
	if (linkat(dir, leaf, p->parent, p->leaf, 0) < 0)
		return tree_failed(err, errno, "link", p->path);
	return 0;
}

static int check_path(const char *path, struct error *err)
{
	const char *slash;
	int depth = 1;

	for (; (slash = strchr(path, '/')); path = slash + 1) {
		if (++depth > LAYER_MAX_DEPTH)
			return tree_refuse(err, path, "is nested too deeply");
		if (str_starts(path, WHITEOUT_PREFIX))
			return tree_refuse(err, path, "is below a whiteout");
	}
	return 0;
}

static int make_entry(struct apply *a, const struct tree_place *p, const struct archive_member *m,
		      struct error *err)
{
	if (str_starts(p->leaf, WHITEOUT_PREFIX))
		return whiteout_apply(&a->tree, p, err);
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
		return tree_refuse(err, p->path, "is of a kind that no file system has");
	}
}

static int apply_member(struct apply *a, const struct archive_member *m, struct error *err)
{
	autofree char *path = path_clean(m->path);
	struct tree_place place;
	int r;

	if (!path)
		return tree_refuse(err, m->path, "leads out of the layer");
	r = check_ids(m, path, err);
	if (r < 0)
		return r;
	if (!*path)
		return take_root(a, m, err);
	/* What aufs kept there for itself. */
	if (str_starts(path, WHITEOUT_META_PREFIX) && strchr(path, '/'))
		return 0;
	if ((r = check_path(path, err)) < 0 ||
	    (r = tree_budget_take_entry(a->tree.budget, err)) < 0 ||
	    (r = tree_find_place(&a->tree, path, &place, err)) < 0)
		return r;
	return make_entry(a, &place, m, err);
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
	return r < 0 ? r : tree_finish(&a->tree, err);
}

/**
 * layer_apply() - Unpack a layer
 * @tar:	Its entries
 * @dirfd:	An empty directory of mode TREE_DIR_MODE that nobody else uses
 * @budget:	Charged for every byte and entry
 * @out:	Released with layer_result_done(), also after a failure
 *
 * The process's umask must be 0.
 *
 * Return: 0, -EBADMSG for entries that are refused, -EFBIG, or another -errno
 */
int layer_apply(struct archive_tar *tar, int dirfd, const struct tree_rights *rights,
		struct tree_budget *budget, struct layer_result *out, struct error *err)
{
	struct apply a = { .tar = tar, .out = out };
	int r;

	a.tree = (struct tree){
		.root = dirfd, .rights = rights, .budget = budget, .parent = -1, .follow = true
	};
	memset(out, 0, sizeof(*out));
	r = unpack(&a, err);
	tree_done(&a.tree);
	out->implied = a.tree.implied;
	out->opaque_root = a.tree.root_opaque;
	return r;
}

/** layer_result_done() - Release; safe twice */
void layer_result_done(struct layer_result *r)
{
	strlist_done(&r->implied);
	crosslink_done(&r->links);
}
