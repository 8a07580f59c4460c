// SPDX-License-Identifier: Apache-2.0
/*
 * image/implied.c - Directories that a layer implies but does not carry
 *
 * A layer may have an entry usr/bin/tool and none for usr or usr/bin. The
 * directories have to be made, and overlayfs will show their metadata, not that
 * of the layers below. So they get what the layers below would have shown.
 */
#include "image/implied.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "base/str.h"

#define XATTR_NAMES_MAX 65536 /* XATTR_LIST_MAX, linux/limits.h */

enum found {
	FOUND_DIR,     /* here it is */
	FOUND_NOTHING, /* look further down */
	FOUND_END,     /* nothing from further down shows here */
};

static bool is_opaque(int dirfd)
{
	char value[2];

	return fgetxattr(dirfd, "user.overlay.opaque", value, sizeof(value)) > 0;
}

/*
 * Look for a directory in one layer. Whether anything further down can show is
 * decided by the way there: a whiteout, a file or an opaque directory ends it.
 * With @own the layer is the one that implies the directory, which is there.
 */
static enum found look(int layer, const char *path, bool own, int *out)
{
	autofree char *walked = xstrdup(path);
	bool opaque = false;

	for (char *slash = walked; slash;) {
		autoclose int fd = -1;

		slash = strchr(slash, '/');
		if (slash)
			*slash = '\0';
		fd = path_open_beneath(layer, walked, O_RDONLY | O_DIRECTORY, 0);
		if (slash)
			*slash++ = '/';
		if (fd == -ENOENT)
			return opaque ? FOUND_END : FOUND_NOTHING;
		if (fd < 0)
			return FOUND_END;
		if (!slash && !own)
			*out = steal_fd(&fd);
		else if (slash)
			opaque = opaque || is_opaque(fd);
	}
	if (own)
		return opaque ? FOUND_END : FOUND_NOTHING;
	return FOUND_DIR;
}

static int copy_xattrs(int from, int to)
{
	autofree char *names = xmalloc(XATTR_NAMES_MAX);
	autofree char *value = xmalloc(XATTR_NAMES_MAX);
	ssize_t len = flistxattr(from, names, XATTR_NAMES_MAX);

	for (char *name = names; len > 0 && name < names + len; name += strlen(name) + 1) {
		ssize_t size;

		if (!str_starts(name, "user.") || str_starts(name, "user.overlay."))
			continue;
		size = fgetxattr(from, name, value, XATTR_NAMES_MAX);
		if (size < 0 || fsetxattr(to, name, value, (size_t)size, 0) < 0)
			return -errno;
	}
	return 0;
}

static int copy_metadata(int from, int to)
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

/**
 * implied_borrow() - Give an implied directory the metadata it should show
 * @layers:	Directory fds: the layer that implies it, then those below, top first
 * @n:		Number of @layers, at least 1
 * @path:	The directory; gone is fine, another entry may have replaced it
 *
 * Where nothing below has it, it stays as it was made, with time 0: the same
 * layer must not be different at every load.
 */
int implied_borrow(const int *layers, size_t n, const char *path, struct error *err)
{
	const struct timespec epoch[2] = { { 0 }, { 0 } };
	autoclose int to = -1, from = -1;
	enum found found;
	int r;

	to = path_open_beneath(layers[0], path, O_RDONLY | O_DIRECTORY, 0);
	if (to == -ENOENT || to == -ENOTDIR || to == -ELOOP)
		return 0;
	if (to < 0)
		return error_sys(err, -to, "open directory '%s'", path);
	found = look(layers[0], path, true, NULL);
	for (size_t i = 1; i < n && found == FOUND_NOTHING; i++)
		found = look(layers[i], path, false, &from);
	if (found == FOUND_DIR)
		r = copy_metadata(from, to);
	else
		r = futimens(to, epoch) < 0 ? -errno : 0;
	if (r < 0)
		return error_sys(err, -r, "set the metadata of '%s'", path);
	return 0;
}
