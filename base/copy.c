// SPDX-License-Identifier: Apache-2.0
/*
 * base/copy.c - Copies of directory trees
 *
 * By fd, one level at a time, never following a link: either side may belong
 * to a container.
 */
#include "base/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"

#define COPY_MAX_DEPTH 128
#define COPY_MAX_LINK  4096

static int copy_level(int from, int to, int depth);

/* Owner first: chown(2) clears set-id bits. */
static int copy_metadata(int fd, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchown(fd, st->st_uid, st->st_gid) < 0 || fchmod(fd, st->st_mode & 07777) < 0 ||
	    futimens(fd, times) < 0)
		return -errno;
	return 0;
}

/** copy_data() - @size bytes of one file to the end of another, or what there is; 0 or -errno */
int copy_data(int from, int to, off_t size)
{
	while (size > 0) {
		ssize_t n = sendfile(to, from, NULL, (size_t)size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break; /* it became shorter meanwhile */
		size -= n;
	}
	return 0;
}

static int copy_file(int from, int to, const char *name)
{
	autoclose int in = -1, out = -1;
	struct stat st;
	int r;

	in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (in < 0 || fstat(in, &st) < 0)
		return -errno;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	r = copy_data(in, out, st.st_size);
	return r < 0 ? r : copy_metadata(out, &st);
}

static int copy_link(int from, int to, const char *name, const struct stat *st)
{
	char target[COPY_MAX_LINK + 1];
	ssize_t n = readlinkat(from, name, target, COPY_MAX_LINK);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0 ||
	    fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_dir(int from, int to, const char *name, int depth)
{
	autoclose int in = -1, out = -1;
	struct stat st;
	int r;

	in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0 || fstat(in, &st) < 0 || mkdirat(to, name, 0700) < 0)
		return -errno;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return -errno;
	r = copy_level(in, out, depth + 1);
	return r < 0 ? r : copy_metadata(out, &st);
}

static int copy_entry(int from, int to, const char *name, int depth)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		return copy_dir(from, to, name, depth);
	case S_IFREG:
		return copy_file(from, to, name);
	case S_IFLNK:
		return copy_link(from, to, name, &st);
	default:
		return 0; /* devices, sockets, pipes: nothing that data volumes hold */
	}
}

static int copy_level(int from, int to, int depth)
{
	autodir DIR *dir = dir_open(from, ".", 0);
	const struct dirent *e;
	int r = 0;

	if (!dir)
		return -errno;
	if (depth > COPY_MAX_DEPTH)
		return -ELOOP;
	while (r == 0 && (e = dir_next(dir)))
		r = copy_entry(from, to, e->d_name, depth);
	return r;
}

/**
 * copy_tree() - Copy what is in one directory into another, empty one
 * @from_dir:	Readable directory fd, or O_PATH
 * @to_dir:	Gets owner, mode and times of the first as well
 *
 * Files, directories and links, with owner, mode and times; other kinds of
 * files are left out, hard links become files of their own.
 *
 * Return: 0 or -errno (-EEXIST: something was there already)
 */
int copy_tree(int from_dir, int to_dir)
{
	autoclose int out = openat(to_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r;

	if (out < 0 || fstat(from_dir, &st) < 0)
		return -errno;
	r = copy_level(from_dir, out, 0);
	return r < 0 ? r : copy_metadata(out, &st);
}
