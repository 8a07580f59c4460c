// SPDX-License-Identifier: Apache-2.0
/*
 * base/dir.c - Walk through directories, by fd
 */

#include "base/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/str.h"

/**
 * dir_open() - Open a directory for dir_next()
 * @name:	"." for @dirfd itself, which may be O_PATH and keeps its position
 * @flags:	O_NOFOLLOW, or 0
 *
 * Return: for autodir; NULL with errno set
 */
DIR *dir_open(int dirfd, const char *name, int flags)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		cleanup_close(&fd);
	return dir;
}

/** dir_next() - The next entry, "." and ".." left out; NULL at the end, and if @dir is NULL */
const struct dirent *dir_next(DIR *dir)
{
	const struct dirent *e = NULL;

	while (dir && (e = readdir(dir)))
		if (path_is_name(e->d_name))
			break;
	return e;
}

/**
 * dir_list() - The names of all entries of a directory, sorted
 * @names:	Empty; gets them
 *
 * Return: 0, or -errno if the directory cannot be opened
 */
int dir_list(int dirfd, const char *name, struct strlist *names)
{
	autodir DIR *dir = dir_open(dirfd, name, 0);
	const struct dirent *e;

	if (!dir)
		return -errno;
	while ((e = dir_next(dir)))
		strlist_add(names, e->d_name);
	strlist_sort(names);
	return 0;
}
