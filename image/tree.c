// SPDX-License-Identifier: Apache-2.0
/*
 * image/tree.c - A directory tree under construction, from names that others chose
 *
 * Names are data from outside. Parents are opened by openat2() beneath the root
 * without following any link, or made one component at a time; what happens to
 * the last component is up to the caller, who makes it exclusively.
 *
 * The directory of the last entry stays open, since entries of one directory
 * come together. Directories get their times when everything is there, because
 * every entry changes that of its directory.
 */
#include "image/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "image/linkpath.h"

#define OPAQUE_TRUSTED	     "trusted.overlay.opaque"
#define OPAQUE_USER	     "user.overlay.opaque"
#define ORIGIN_TRUSTED	     "trusted.overlay.origin"
#define ORIGIN_USER	     "user.overlay.origin"
#define ALLOW_MORE	     " ('load --max-size' allows more)"
#define TREE_MAX_LATER_BYTES (32U << 20) /* of memory for directory times */

/* A directory whose times (and mode, if it would shut us out) are set at the end. */
struct tree_later {
	char *path;
	struct timespec mtime;
	mode_t perm;
	bool made_anew; /* not carried: counts if no entry carries the directory */
};

/** tree_refuse() - An entry that is not acceptable; -EBADMSG */
int tree_refuse(struct error *err, const char *path, const char *why)
{
	autofree char *safe = str_escape(path);

	return error_set(err, EBADMSG, "entry '%.300s' %s", safe, why);
}

/** tree_failed() - A system call on an entry failed; -@errnum */
int tree_failed(struct error *err, int errnum, const char *what, const char *path)
{
	autofree char *safe = str_escape(path);

	return error_sys(err, errnum, "%s '%.300s'", what, safe);
}

static bool take(uint64_t *from, uint64_t bytes)
{
	uint64_t left = __atomic_load_n(from, __ATOMIC_RELAXED);

	do
		if (bytes > left)
			return false;
	while (!__atomic_compare_exchange_n(from, &left, left - bytes, true, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED));
	return true;
}

/**
 * tree_budget_take() - Account for bytes about to be written
 *
 * Return: 0, or -EFBIG when the limit is passed
 */
int tree_budget_take(struct tree_budget *budget, uint64_t bytes, struct error *err)
{
	if (take(&budget->left, bytes))
		return 0;
	return error_set(err, EFBIG, "unpacks to more than the limit of %llu bytes" ALLOW_MORE,
			 (unsigned long long)budget->limit);
}

/**
 * tree_budget_take_entry() - Account for a name and its inode
 *
 * They take time more than place: a few megabytes, packed, can be a million names.
 *
 * Return: 0, or -EFBIG
 */
int tree_budget_take_entry(struct tree_budget *budget, struct error *err)
{
	if (take(&budget->entries, 1))
		return tree_budget_take(budget, TREE_ENTRY_COST, err);
	return error_set(err, EFBIG, "has too many entries for its size" ALLOW_MORE);
}

/**
 * tree_budget_take_hole() - Account for bytes of a file that take no place
 *
 * Return: 0, or -EFBIG
 */
int tree_budget_take_hole(struct tree_budget *budget, uint64_t bytes, struct error *err)
{
	if (take(&budget->holes, bytes))
		return 0;
	return error_set(err, EFBIG, "has sparse files that are longer than the limit" ALLOW_MORE);
}

/**
 * tree_probe() - Find out what this process may do in a directory
 * @dirfd:	A directory of our own; nothing stays in it
 */
int tree_probe(int dirfd, struct tree_rights *out, struct error *err)
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

/** tree_is_whiteout() - Whether a file is overlayfs's mark of a removal */
bool tree_is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/** tree_has_whiteout() - Whether there is one of this name */
bool tree_has_whiteout(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && tree_is_whiteout(&st);
}

/** tree_set_opaque() - Have a directory hide what layers below have in it */
int tree_set_opaque(const struct tree *t, int fd, const char *path, struct error *err)
{
	if (fsetxattr(fd, OPAQUE_USER, "y", 1, 0) < 0)
		return tree_failed(err, errno, "mark opaque directory", path);
	if (t->rights->trusted && fsetxattr(fd, OPAQUE_TRUSTED, "y", 1, 0) < 0)
		return tree_failed(err, errno, "mark opaque directory", path);
	return 0;
}

/**
 * tree_mark_whiteouts() - Have overlayfs look for whiteouts in a directory that is in one layer
 * alone
 *
 * Without a value the attribute means "copied up, nobody knows where from". File
 * systems without attributes do without: then such names show, leading nowhere.
 */
void tree_mark_whiteouts(const struct tree *t, int fd)
{
	(void)fsetxattr(fd, ORIGIN_USER, "", 0, 0);
	if (t->rights->trusted)
		(void)fsetxattr(fd, ORIGIN_TRUSTED, "", 0, 0);
}

/**
 * tree_keeps_xattr() - Whether an entry's attribute is kept
 *
 * Those that overlayfs, the kernel's trust or a security module would act on are not.
 */
bool tree_keeps_xattr(const char *name)
{
	return !strcmp(name, "security.capability") ||
	       (str_starts(name, "user.") && !str_starts(name, "user.overlay."));
}

static int remember(struct tree *t, const char *path, struct timespec mtime, mode_t perm,
		    bool made_anew, struct error *err)
{
	t->later_bytes += sizeof(*t->later) + strlen(path) + 1;
	if (t->later_bytes > TREE_MAX_LATER_BYTES)
		return error_set(err, EFBIG, "too many directories in one layer");
	if (t->n_later == t->cap_later) {
		t->cap_later = t->cap_later ? 2 * t->cap_later : 256;
		t->later = xrealloc(t->later, t->cap_later * sizeof(*t->later));
	}
	t->has_setgid |= (perm & S_ISGID) != 0;
	t->later[t->n_later++] = (struct tree_later){ xstrdup(path), mtime, perm, made_anew };
	return 0;
}

/** tree_remember_dir() - Have a directory's time, and its mode if need be, set at the end */
int tree_remember_dir(struct tree *t, const char *path, struct timespec mtime, mode_t perm,
		      struct error *err)
{
	return remember(t, path, mtime, perm, false, err);
}

/**
 * tree_renew_dir() - A directory is there, and the one below it is removed
 *
 * If it is implied, nothing below says what it should be like.
 */
int tree_renew_dir(struct tree *t, int fd, const char *path, struct error *err)
{
	int r = tree_set_opaque(t, fd, path, err);

	return r < 0 ? r : remember(t, path, (struct timespec){ 0 }, TREE_DIR_MODE, true, err);
}

/* Step into a directory on the way to an entry, making it if no entry has. */
static int step_into(struct tree *t, int dirfd, const char *walked, const char *name,
		     struct error *err)
{
	autoclose int fd = -1;
	bool whiteout = false;

	if (mkdirat(dirfd, name, TREE_DIR_MODE) < 0) {
		if (errno != EEXIST)
			return tree_failed(err, errno, "make directory", walked);
		whiteout = tree_has_whiteout(dirfd, name);
		if (whiteout &&
		    (unlinkat(dirfd, name, 0) < 0 || mkdirat(dirfd, name, TREE_DIR_MODE) < 0))
			return tree_failed(err, errno, "make directory", walked);
	} else {
		strlist_add(&t->implied, walked);
	}
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return tree_refuse(err, walked,
				   "is a link or a file, but other entries are below it");
	if (fd < 0)
		return tree_failed(err, errno, "open directory", walked);
	if (whiteout && tree_renew_dir(t, fd, walked, err) < 0)
		return -err->code;
	return steal_fd(&fd);
}

/* A parent that is not there yet, one component at a time. */
static int make_parent(struct tree *t, const char *path, struct error *err)
{
	autofree char *walked = xstrdup(path);
	autoclose int fd = -1;
	char *name = walked;

	fd = fcntl(t->root, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return tree_failed(err, errno, "open directory", path);
	while (name) {
		char *slash = strchr(name, '/');
		int next;

		if (slash)
			*slash = '\0';
		next = tree_budget_take_entry(t->budget, err);
		if (next == 0)
			next = step_into(t, fd, walked, name, err);
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

static int open_parent(struct tree *t, const char *path, struct error *err)
{
	int fd = path_open_beneath(t->root, path, O_RDONLY | O_DIRECTORY, 0);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return make_parent(t, path, err);
	if (fd == -ELOOP || fd == -EXDEV)
		return -ELOOP;
	if (fd < 0)
		return tree_failed(err, -fd, "open directory", path);
	return fd;
}

static void forget_parent(struct tree *t)
{
	free(t->parent_path);
	t->parent_path = NULL;
	cleanup_close(&t->parent);
}

/* -ELOOP: there is a link on the way. */
static int find_place(struct tree *t, const char *path, struct tree_place *out, struct error *err)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = NULL;
	int fd;

	out->path = path;
	out->leaf = slash ? slash + 1 : path;
	out->parent = t->root;
	if (!slash)
		return 0;
	dir = xstrndup(path, (size_t)(slash - path));
	if (!t->parent_path || strcmp(t->parent_path, dir)) {
		fd = open_parent(t, dir, err);
		if (fd < 0)
			return fd;
		forget_parent(t);
		t->parent_path = steal_ptr(&dir);
		t->parent = fd;
	}
	out->parent = t->parent;
	return 0;
}

/**
 * tree_find_place() - Find the directory an entry goes to, making what is missing on the way
 * @path:	Cleaned, and not the root
 * @out:	Good until the next call
 *
 * Return: 0, -EBADMSG if a link or file is in the way, or another -errno
 */
int tree_find_place(struct tree *t, const char *path, struct tree_place *out, struct error *err)
{
	int r = find_place(t, path, out, err);

	if (r == -ELOOP && t->follow) {
		free(t->followed);
		t->followed = linkpath_follow(t->root, path);
		r = t->followed ? find_place(t, t->followed, out, err) : -ELOOP;
	}
	return r == -ELOOP ? tree_refuse(err, path, "goes through a symbolic link") : r;
}

/** tree_working_bits() - Permissions we need ourselves while unpacking; nothing stops root */
mode_t tree_working_bits(const struct tree *t)
{
	return t->rights->root ? 0 : 0700;
}

/* Whether a directory is gone, because a later entry took its place. */
static bool is_replaced(int errnum)
{
	return errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP;
}

static int finish_time(const struct tree *t, const struct tree_later *d, struct error *err)
{
	const struct timespec times[2] = { d->mtime, d->mtime };
	autoclose int fd = path_open_beneath(t->root, d->path, O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0 && is_replaced(-fd))
		return 0;
	if (fd < 0)
		return tree_failed(err, -fd, "open directory", d->path);
	/* One for the directory may follow that takes the bit away again. */
	if (t->has_setgid && t->rights->root && fchmod(fd, d->perm) < 0)
		return tree_failed(err, errno, "set the mode of", d->path);
	if (futimens(fd, times) < 0)
		return tree_failed(err, errno, "set the times of", d->path);
	return 0;
}

/* In the order of the entries, so that the last of several for one directory counts. */
static int finish_times(const struct tree *t, struct error *err)
{
	const struct timespec epoch[2] = { { 0 }, { 0 } };
	int r = 0;

	for (int carried = 0; carried < 2; carried++)
		for (size_t i = 0; r == 0 && i < t->n_later; i++)
			if (t->later[i].made_anew == !carried)
				r = finish_time(t, &t->later[i], err);
	if (r == 0 && !t->root_carried && futimens(t->root, epoch) < 0)
		return tree_failed(err, errno, "set the times of", "/");
	return r;
}

/* Modes that shut us out, which only matters without privileges: deepest first. */
static int finish_modes(const struct tree *t, struct error *err)
{
	for (size_t i = t->n_later; i-- > 0 && tree_working_bits(t);) {
		const struct tree_later *d = &t->later[i];
		autoclose int fd = -1;

		if ((d->perm & tree_working_bits(t)) == tree_working_bits(t))
			continue;
		fd = path_open_beneath(t->root, d->path, O_RDONLY | O_DIRECTORY, 0);
		if (fd >= 0 && fchmod(fd, d->perm) < 0)
			return tree_failed(err, errno, "set the mode of", d->path);
	}
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct tree_later *)a)->path, ((const struct tree_later *)b)->path);
}

/* Directories made on the way to an entry, less those that turned out to be carried. */
static void reduce_implied(struct tree *t)
{
	struct strlist *l = &t->implied;
	size_t kept = 0;

	if (!l->n)
		return;
	if (t->n_later)
		qsort(t->later, t->n_later, sizeof(*t->later), by_path);
	for (size_t i = 0; i < l->n; i++) {
		struct tree_later key = { .path = l->items[i] };

		if (t->n_later && bsearch(&key, t->later, t->n_later, sizeof(*t->later), by_path))
			free(l->items[i]);
		else
			l->items[kept++] = l->items[i];
	}
	l->n = kept;
	l->items[kept] = NULL;
}

/**
 * tree_clear_place() - Remove what is where an entry wants to be: the later one counts
 */
int tree_clear_place(struct tree *t, const struct tree_place *p, struct error *err)
{
	size_t n = strlen(p->path);
	int r;

	if (t->parent_path && !strncmp(t->parent_path, p->path, n) &&
	    (!t->parent_path[n] || t->parent_path[n] == '/'))
		forget_parent(t);
	r = file_remove_tree_at(p->parent, p->leaf);
	return r < 0 ? tree_failed(err, -r, "replace", p->path) : 0;
}

/**
 * tree_finish() - Set what is left for the end; then implied is right, too
 */
int tree_finish(struct tree *t, struct error *err)
{
	int r = finish_times(t, err);

	if (r == 0)
		r = finish_modes(t, err);
	if (r == 0)
		reduce_implied(t);
	return r;
}

/** tree_done() - Release; implied stays the caller's */
void tree_done(struct tree *t)
{
	forget_parent(t);
	free(t->followed);
	t->followed = NULL;
	for (size_t i = 0; i < t->n_later; i++)
		free(t->later[i].path);
	free(t->later);
	t->later = NULL;
	t->n_later = 0;
}

/** tree_is_default_root() - Whether a layer's root directory is ours: the layer carried none */
bool tree_is_default_root(const struct stat *st)
{
	return (st->st_mode & 07777) == TREE_DIR_MODE && !st->st_uid && !st->st_gid &&
	       !st->st_mtim.tv_sec;
}
