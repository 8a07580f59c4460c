// SPDX-License-Identifier: Apache-2.0
/*
 * base/path.c - Paths inside a root that somebody else controls
 */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/sys.h"

#define PATH_LINK_MAX  4096
#define PATH_MAX_HOPS  8
#define PATH_MAX_TRIES 1000

static int open_resolved(int fd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = mode,
		.resolve = resolve,
	};
	int r, tries = 0;

	/*
	 * EAGAIN: a rename raced with a ".." of the walk; openat2(2) says to try again. With
	 * O_NONBLOCK also a lease (fcntl(2)), which a container may hold for as long as it likes.
	 */
	do
		r = sys_openat2(fd, path, &how);
	while (r < 0 && (errno == EAGAIN || errno == EINTR) && ++tries < PATH_MAX_TRIES);
	return r < 0 ? -errno : r;
}

/**
 * path_open_in_root() - Open a path as a process chrooted to @rootfd would
 * @path:	Absolute or relative; symbolic links and ".." stay below @rootfd
 * @flags:	As of open(2); O_CLOEXEC is added
 *
 * Magic links of procfs are not followed.
 *
 * Return: the fd, or -errno
 */
int path_open_in_root(int rootfd, const char *path, int flags, mode_t mode)
{
	return open_resolved(rootfd, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/**
 * path_open_beneath() - Open a relative path without following any link
 *
 * Return: the fd, or -errno (-ELOOP: a link was met, -EXDEV: it left @dirfd)
 */
int path_open_beneath(int dirfd, const char *path, int flags, mode_t mode)
{
	return open_resolved(dirfd, path, flags, mode,
			     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

/*
 * Make one component in @dirfd if it is missing and step into it, the way a
 * process chrooted to @rootfd would. A link is resolved from the root, with
 * the part of the path walked so far in front.
 */
static int step_into(int rootfd, int dirfd, const char *walked, const char *name, mode_t mode,
		     uid_t uid, gid_t gid)
{
	int fd;

	if (mkdirat(dirfd, name, mode) == 0) {
		fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		if ((uid || gid) && fchown(fd, uid, gid) < 0) {
			int r = -errno;

			(void)close(fd);
			return r;
		}
		return fd;
	}
	if (errno != EEXIST)
		return -errno;
	return path_open_in_root(rootfd, walked, O_RDONLY | O_DIRECTORY, 0);
}

/* Drop a path's last component, if it has one. */
static void pop_component(struct str *path)
{
	while (path->len && path->data[path->len - 1] != '/')
		path->len--;
	if (path->len)
		path->len--;
}

/*
 * @path as seen from @dir_path, without "..": of what is not there yet, nothing
 * but the text can be asked. What opens the result stays inside the root in any case.
 */
static char *without_dotdot(const char *dir_path, const char *path)
{
	struct str out = { 0 };

	if (path[0] != '/')
		str_puts(&out, dir_path);
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && !strncmp(p, "..", 2)) {
			pop_component(&out);
		} else if (len && !(len == 1 && *p == '.')) {
			str_putc(&out, '/');
			str_append(&out, p, len);
		}
		p += len + (p[len] == '/');
	}
	return str_take(&out);
}

/* Where a link in @dir_path leads. */
static char *link_destination(int dir, const char *name, const char *dir_path)
{
	autofree char *link = xmalloc(PATH_LINK_MAX + 1);
	ssize_t n = readlinkat(dir, name, link, PATH_LINK_MAX);

	if (n <= 0 || n == PATH_LINK_MAX)
		return NULL;
	link[n] = '\0';
	return without_dotdot(dir_path, link);
}

/* What to begin with in place of @path; NULL: that itself */
static char *first_hop(const char *path)
{
	return strstr(path, "..") ? without_dotdot("", path) : NULL;
}

/* Where @rest is below a link @name at the end of @walked; NULL: it is none. */
static char *behind_link(int dir, const char *walked, const char *name, const char *rest)
{
	autofree char *parent = xstrndup(walked, (size_t)(name - walked));
	autofree char *to = link_destination(dir, name, parent);

	return to ? xasprintf("%s/%s", to, rest) : NULL;
}

/* A directory fd, -errno, or -ENOENT with *@dangling where the path goes on behind such a link. */
static int make_dirs(int rootfd, const char *path, mode_t mode, uid_t uid, gid_t gid,
		     char **dangling)
{
	autofree char *clean = path_clean(path);
	autoclose int fd = -1;
	char *name = clean, *slash;

	if (!clean)
		return -EINVAL;
	fd = path_open_in_root(rootfd, "/", O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	while (*name) {
		int next;

		slash = strchr(name, '/');
		if (slash)
			*slash = '\0';
		next = step_into(rootfd, fd, clean, name, mode, uid, gid);
		if (next == -ENOENT)
			*dangling = behind_link(fd, clean, name, slash ? slash + 1 : "");
		if (slash)
			*slash = '/';
		if (next < 0)
			return next;
		(void)close(fd);
		fd = next;
		name = slash ? slash + 1 : name + strlen(name);
	}
	return steal_fd(&fd);
}

/**
 * path_make_dirs_in_root() - Make a directory and its missing parents in a root
 * @path:	Absolute or relative to the root; ".." components are refused
 * @mode:	Of directories that are made
 * @uid: @gid:	Owner of directories that are made
 *
 * mkdirat() one component at a time on fds, so that nothing is ever made
 * outside the root, whatever links somebody puts in the way meanwhile.
 *
 * Return: a directory fd, or -errno (-ENOTDIR: a file is in the way; -ENOENT: a
 * link to nothing)
 */
int path_make_dirs_in_root(int rootfd, const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	autofree char *dangling = NULL;

	return make_dirs(rootfd, path, mode, uid, gid, &dangling);
}

/** path_make_dirs_following() - The same, made where ".." or a link to nothing leads, in the root */
int path_make_dirs_following(int rootfd, const char *path, mode_t mode)
{
	autofree char *at = first_hop(path);
	int fd = -ELOOP;

	for (int hop = 0; hop < PATH_MAX_HOPS; hop++) {
		char *next = NULL;

		fd = make_dirs(rootfd, at ? at : path, mode, 0, 0, &next);
		free(at);
		at = next;
		if (!next)
			break;
		fd = -ELOOP;
	}
	return fd;
}

/* An fd, -errno, or -EEXIST with *@dangling where a link without a target leads. */
static int make_file(int rootfd, const char *path, mode_t mode, char **dangling)
{
	autofree char *clean = path_clean(path);
	autoclose int dir = -1;
	const char *parent, *name;
	char *slash;
	int fd;

	if (!clean || !*clean)
		return -EINVAL;
	fd = path_open_in_root(rootfd, clean, O_PATH, 0);
	if (fd != -ENOENT)
		return fd;
	slash = strrchr(clean, '/');
	if (slash)
		*slash = '\0';
	parent = slash ? clean : "";
	name = slash ? slash + 1 : clean;
	dir = path_open_in_root(rootfd, slash ? clean : "/", O_PATH | O_DIRECTORY, 0);
	if (dir == -ENOENT)
		dir = path_make_dirs_following(rootfd, slash ? clean : "/", 0755);
	if (dir < 0)
		return dir;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0) {
		int errnum = errno;

		if (errnum == EEXIST)
			*dangling = link_destination(dir, name, parent);
		return -errnum;
	}
	return fd;
}

/**
 * path_make_file_in_root() - Open a mount target for a file, making it if missing
 *
 * A link to nothing (resolv.conf of many images leads into /run) makes the
 * file where it leads.
 *
 * Return: an fd of a file that is no directory, to mount on; or -errno
 */
int path_make_file_in_root(int rootfd, const char *path, mode_t mode)
{
	autofree char *at = first_hop(path);
	struct stat st;
	int fd = -ELOOP;

	for (int hop = 0; hop < PATH_MAX_HOPS; hop++) {
		char *next = NULL;

		fd = make_file(rootfd, at ? at : path, mode, &next);
		free(at);
		at = next;
		if (fd != -EEXIST || !next)
			break;
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)) {
		(void)close(fd);
		return -EISDIR;
	}
	return fd;
}

/**
 * path_clean() - A path without leading, double or trailing slashes and "." components
 *
 * Return: a new string, "" for the root; NULL if a component is ".."
 */
char *path_clean(const char *path)
{
	struct str out = { 0 };

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			str_done(&out);
			return NULL;
		}
		if (n && !(n == 1 && *path == '.')) {
			if (out.len)
				str_putc(&out, '/');
			str_append(&out, path, n);
		}
		path += n;
		while (*path == '/')
			path++;
	}
	return str_take(&out);
}

/**
 * path_absolute() - The same path of the host from any directory; the caller frees it
 *
 * Return: NULL with errno set if the working directory is gone
 */
char *path_absolute(const char *path)
{
	autofree char *cwd = *path == '/' ? NULL : getcwd(NULL, 0);

	if (*path == '/')
		return xstrdup(path);
	return cwd ? xasprintf("%s/%s", cwd, path) : NULL;
}

/** path_is_name() - Whether @name is one component: not empty, ".", "..", and without a slash */
bool path_is_name(const char *name)
{
	return *name && strcmp(name, ".") && strcmp(name, "..") && !strchr(name, '/');
}
