// SPDX-License-Identifier: Apache-2.0
/*
 * base/file.c - Whole files and trees: read, replace, remove, lock
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/str.h"
#include "base/sys.h"

/* The start of what is read is in @text already. */
static int read_rest(int fd, size_t max_bytes, struct str *text)
{
	char chunk[4096];
	ssize_t n;

	/* Most files that are read here fit into one chunk: then the buffer fits the file. */
	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || text->len + (size_t)n > max_bytes)
			return n < 0 ? -errno : -EFBIG;
		str_append(text, chunk, (size_t)n);
	} while (n != 0);
	return 0;
}

/**
 * file_read_fd() - Read an open file from its position to its end
 * @max_bytes:	More than this is refused
 * @data:	New buffer, with a NUL after the last byte; the caller frees it
 * @len:	Bytes read, without that NUL
 *
 * Return: 0, -EFBIG if there is more than @max_bytes, or -errno of read()
 */
int file_read_fd(int fd, size_t max_bytes, char **data, size_t *len)
{
	autostr struct str text = { 0 };
	int r = read_rest(fd, max_bytes, &text);

	if (r < 0)
		return r;
	*len = text.len;
	*data = str_take(&text);
	return 0;
}

static int explain_read(int r, const char *path, size_t max_bytes, struct error *err)
{
	if (r == -EFBIG)
		return error_set(err, EFBIG, "read '%s': larger than the limit of %zu bytes", path,
				 max_bytes);
	return r < 0 ? error_sys(err, -r, "read '%s'", path) : 0;
}

/**
 * file_read_at() - Read a whole file
 * @dirfd:	Directory that @path is relative to, or AT_FDCWD
 *
 * Otherwise like file_read_fd().
 */
int file_read_at(int dirfd, const char *path, size_t max_bytes, char **data, size_t *len,
		 struct error *err)
{
	autoclose int fd = -1;
	int r;

	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return error_sys(err, errno, "open '%s'", path);
	r = file_read_fd(fd, max_bytes, data, len);
	return explain_read(r, path, max_bytes, err);
}

/**
 * file_read_small_at() - Read a whole file that is expected to be small
 * @small:	Gets what fits into @size bytes
 * @size:	At most @max_bytes
 * @large:	Else a new buffer with the whole file, which the caller frees; NULL if it fitted
 * @len:	Bytes of the file; no NUL follows them
 *
 * Otherwise like file_read_at().
 */
int file_read_small_at(int dirfd, const char *path, size_t max_bytes, char *small, size_t size,
		       char **large, size_t *len, struct error *err)
{
	autoclose int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	autostr struct str text = { 0 };
	size_t have = 0;
	ssize_t n;
	int r;

	*large = NULL;
	if (fd < 0)
		return error_sys(err, errno, "open '%s'", path);
	while ((n = read(fd, small + have, size - have)) != 0) {
		if (n < 0 && errno != EINTR)
			return error_sys(err, errno, "read '%s'", path);
		have += n > 0 ? (size_t)n : 0;
	}
	*len = have;
	if (have < size)
		return 0;
	str_append(&text, small, have);
	r = read_rest(fd, max_bytes, &text);
	if (r < 0)
		return explain_read(r, path, max_bytes, err);
	*len = text.len;
	*large = str_take(&text);
	return 0;
}

/**
 * file_write_fd() - Write all of @data, however many calls it takes; 0 or -errno
 *
 * Also where whoever shares the descriptor with us has set O_NONBLOCK, as node does.
 */
int file_write_fd(int fd, const void *data, size_t len)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };
	const char *p = data;
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (n < 0 && (errno == EINTR || (errno == EAGAIN && poll(&room, 1, -1) >= 0)))
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/**
 * file_write_at() - Write a kernel control file (procfs, cgroupfs) in one call
 *
 * Return: 0 or -errno of open() or write(); never creates the file
 */
int file_write_at(int dirfd, const char *path, const char *text)
{
	autoclose int fd = -1;

	fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		return -errno;
	return 0;
}

/* @remains: whether there is still something by the name @tmp */
static int put_in_place(int dirfd, const char *tmp, const char *name, enum file_flags flags,
			bool *remains)
{
	*remains = true;
	if (flags & FILE_EXCL)
		return linkat(dirfd, tmp, dirfd, name, 0) < 0 ? -errno : 0;
	if ((flags & FILE_SWAP) && sys_renameat2(dirfd, tmp, dirfd, name, RENAME_EXCHANGE) == 0)
		return 0;
	*remains = false;
	return renameat(dirfd, tmp, dirfd, name) < 0 ? -errno : 0;
}

/**
 * file_replace_at() - Make a file appear whole, or not at all
 * @dirfd:	Directory it goes to
 * @name:	Name in @dirfd, no slash
 * @mode:	Permissions, not subject to the umask
 * @flags:	enum file_flags
 *
 * Written beside its final name (".NAME.RANDOM") and renamed.
 */
int file_replace_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		    enum file_flags flags, struct error *err)
{
	autofree char *tmp = NULL;
	autoclose int fd = -1;
	bool remains = false;
	char random[17];
	int r;

	file_random_hex(random, 8);
	tmp = xasprintf(".%s.%s", name, random);
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return error_sys(err, errno, "create '%s'", name);
	r = file_write_fd(fd, data, len);
	if (r == 0 && fchmod(fd, mode) < 0)
		r = -errno;
	if (r == 0 && (flags & FILE_SYNC) && fdatasync(fd) < 0)
		r = -errno;
	/* Once blocks are chosen, ext4's journal takes no name before their data. */
	if (r == 0 && (flags & FILE_ORDERED))
		(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); /* else as without */
	if (r == 0)
		r = put_in_place(dirfd, tmp, name, flags, &remains);
	if (r < 0 || remains)
		(void)unlinkat(dirfd, tmp, 0);
	if (r < 0)
		return error_sys(err, -r, "write '%s'", name);
	if ((flags & FILE_SYNC) && fsync(dirfd) < 0)
		return error_sys(err, errno, "sync the directory of '%s'", name);
	return 0;
}

/**
 * file_open_dir() - Open a directory, making it (one level) if it is missing
 *
 * Return: an O_PATH-less, readable directory fd (the caller closes it), or -errno
 */
int file_open_dir(int dirfd, const char *path, mode_t mode, struct error *err)
{
	int fd;

	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(dirfd, path, mode) < 0 && errno != EEXIST)
			return error_sys(err, errno, "make directory '%s'", path);
		fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return error_sys(err, errno, "open directory '%s'", path);
	return fd;
}

/**
 * file_inherit_nothing() - Free a directory just made of what its parent passes on
 * @fd:		Open for reading
 *
 * A set-group-ID bit or a default ACL above a store would else be in every
 * root file system below it; the mode is had whatever the umask.
 *
 * Return: 0 or -errno
 */
int file_inherit_nothing(int fd, mode_t mode)
{
	static const char *const lists[] = { "system.posix_acl_default",
					     "system.posix_acl_access" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (fremovexattr(fd, lists[i]) < 0 && errno != ENODATA && errno != EOPNOTSUPP)
			return -errno;
	return fchown(fd, (uid_t)-1, getegid()) < 0 || fchmod(fd, mode) < 0 ? -errno : 0;
}

/**
 * file_make_dir() - Make a directory that inherits nothing
 *
 * Return: 0 or -errno; -EEXIST if there is something
 */
int file_make_dir(int dirfd, const char *path, mode_t mode)
{
	autoclose int fd = -1;

	if (mkdirat(dirfd, path, mode) < 0)
		return -errno;
	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : file_inherit_nothing(fd, mode);
}

/**
 * file_open_parent() - Open the directory that a file is in, or will be
 * @name:	What the file is called in there, borrowed from @path
 *
 * Return: a directory fd, which the caller closes, or -errno
 */
int file_open_parent(const char *path, const char **name, struct error *err)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
	int fd;

	*name = slash ? slash + 1 : path;
	if (!**name || !strcmp(*name, ".") || !strcmp(*name, ".."))
		return error_set(err, EISDIR, "'%s' is no name for a file", path);
	fd = openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, errno, "open directory '%s'", dir) : fd;
}

/** file_open_tmp() - The directory for large temporary files: $TMPDIR, or /var/tmp */
int file_open_tmp(struct error *err)
{
	const char *tmp = getenv("TMPDIR");
	const char *dir = tmp && *tmp ? tmp : "/var/tmp";
	int fd = openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? error_sys(err, errno, "open directory '%s' for temporary files", dir) : fd;
}

/** file_make_dirs() - Make @path and its missing parents, all with @mode */
int file_make_dirs(const char *path, mode_t mode, struct error *err)
{
	autofree char *copy = xstrdup(path);

	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) < 0 && errno != EEXIST)
			return error_sys(err, errno, "make directory '%s'", copy);
		*p = '/';
	}
	if (mkdir(copy, mode) < 0 && errno != EEXIST)
		return error_sys(err, errno, "make directory '%s'", copy);
	return 0;
}

/* Whoever wrote the tree chose its depth: recursion, and the fds it holds, end here. */
#define REMOVE_MAX_DEPTH 16

struct removal {
	int top_fd; /* the tree's own directory */
	int depth;  /* below top_fd */
	bool moved; /* something went up to top_fd, to be removed in another pass */
};

static int remove_entry(int dirfd, const char *name, struct removal *tree);

static int remove_entries(DIR *dir, struct removal *tree)
{
	const struct dirent *e;
	int r = 0, one;

	tree->depth++;
	while ((e = dir_next(dir))) {
		one = remove_entry(dirfd(dir), e->d_name, tree);
		if (one < 0)
			r = one;
	}
	tree->depth--;
	return r;
}

static DIR *open_to_remove(int parent, const char *name)
{
	DIR *dir = dir_open(parent, name, O_NOFOLLOW);

	if (dir || errno != EACCES)
		return dir;
	(void)fchmodat(parent, name, 0700, 0);
	return dir_open(parent, name, O_NOFOLLOW);
}

/* Return: 1 if @name is a directory with entries, 0 if it is gone, or -errno */
static int remove_simple(int dirfd, const char *name)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return -errno;
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0)
		return 0;
	return errno == ENOTEMPTY || errno == EEXIST ? 1 : -errno;
}

static int remove_entry(int dirfd, const char *name, struct removal *tree)
{
	autodir DIR *dir = NULL;
	char unique[33];
	int r;

	r = remove_simple(dirfd, name);
	if (r <= 0)
		return r;
	if (tree->depth >= REMOVE_MAX_DEPTH) {
		file_random_hex(unique, 16);
		if (renameat(dirfd, name, tree->top_fd, unique) < 0)
			return -errno;
		tree->moved = true;
		return 0;
	}
	dir = open_to_remove(dirfd, name);
	if (!dir)
		return -errno;
	r = remove_entries(dir, tree);
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && r == 0)
		r = -errno;
	return r;
}

/**
 * file_remove_tree_at() - Remove a file, or a directory with all below it
 * @name:	Entry of @parent; links are removed, never followed
 *
 * However deep the tree, a few fds are enough: what lies too deep is moved up
 * to its top first. A directory whose mode shuts us out is opened up, for those
 * who run without CAP_DAC_OVERRIDE.
 *
 * Return: 0 (also when there was nothing), or -errno of what could not go
 */
int file_remove_tree_at(int parent, const char *name)
{
	autodir DIR *top = NULL;
	struct removal tree = { 0 };
	int r;

	r = remove_simple(parent, name);
	if (r <= 0)
		return r;
	top = open_to_remove(parent, name);
	if (!top)
		return -errno;
	tree.top_fd = dirfd(top);
	do {
		tree.moved = false;
		rewinddir(top);
		r = remove_entries(top, &tree);
	} while (r == 0 && tree.moved);
	if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && r == 0)
		r = -errno;
	return r;
}

/**
 * file_lock() - flock() an open file
 * @operation:	As flock(2) has it: LOCK_SH or LOCK_EX, with LOCK_NB not to wait for others
 *
 * The lock goes with the last descriptor of this open file.
 *
 * Return: 0; with LOCK_NB -EWOULDBLOCK if others hold it; or -errno
 */
int file_lock(int fd, int operation)
{
	while (flock(fd, operation) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/** file_random_hex() - @bytes random bytes as hex; @out has room for 2 * @bytes + 1, @bytes <= 32 */
void file_random_hex(char *out, size_t bytes)
{
	unsigned char raw[32];

	if (bytes > sizeof(raw) || getrandom(raw, bytes, 0) != (ssize_t)bytes)
		abort();
	for (size_t i = 0; i < bytes; i++)
		snprintf(out + 2 * i, 3, "%02x", raw[i]);
}
