// SPDX-License-Identifier: Apache-2.0
/*
 * image/metadata.c - Owner, mode, attributes and times, from one file of a layer to another
 *
 * Of attributes only those that layers may have: what overlayfs wrote on a
 * directory is about that one. The order is layer.c's: chown clears set-id bits
 * and file capabilities, and everything changes times.
 */
#include "image/metadata.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "image/tree.h"

#define XATTR_NAMES_MAX 65536 /* XATTR_LIST_MAX, linux/limits.h */

/* Capabilities of files are root's to give. */
static bool is_wanted(const char *name)
{
	return tree_keeps_xattr(name) && (geteuid() == 0 || str_starts(name, "user."));
}

static int copy_xattrs(int from, int to)
{
	autofree char *names = xmalloc(XATTR_NAMES_MAX);
	autofree char *value = xmalloc(XATTR_NAMES_MAX);
	ssize_t len = flistxattr(from, names, XATTR_NAMES_MAX);

	for (char *name = names; len > 0 && name < names + len; name += strlen(name) + 1) {
		ssize_t size;

		if (!is_wanted(name))
			continue;
		size = fgetxattr(from, name, value, XATTR_NAMES_MAX);
		if (size < 0 || fsetxattr(to, name, value, (size_t)size, 0) < 0)
			return -errno;
	}
	return 0;
}

/**
 * metadata_copy() - Give a file or directory what another one has
 *
 * Return: 0 or -errno
 */
int metadata_copy(int from, int to)
{
	struct timespec times[2];
	struct stat st;
	int r;

	if (fstat(from, &st) < 0)
		return -errno;
	if ((st.st_uid || st.st_gid) && geteuid() == 0 && fchown(to, st.st_uid, st.st_gid) < 0)
		return -errno;
	r = copy_xattrs(from, to);
	if (r < 0)
		return r;
	times[0] = times[1] = st.st_mtim;
	if (fchmod(to, st.st_mode & 07777) < 0 || futimens(to, times) < 0)
		return -errno;
	return 0;
}
