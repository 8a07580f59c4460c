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
#include "image/metadata.h"

static bool is_opaque(int dirfd)
{
	char value[2];

	return fgetxattr(dirfd, "user.overlay.opaque", value, sizeof(value)) > 0;
}

/* Find a directory in one layer; @opaque: one on the way there hides what is further down. */
static enum implied_found look(int layer, const char *path, bool *opaque, int *out)
{
	autofree char *walked = xstrdup(path);

	*opaque = is_opaque(layer);
	for (char *slash = walked; slash;) {
		autoclose int fd = -1;

		slash = strchr(slash, '/');
		if (slash)
			*slash = '\0';
		fd = path_open_beneath(layer, walked, O_RDONLY | O_DIRECTORY, 0);
		if (slash)
			*slash++ = '/';
		if (fd == -ENOENT)
			return *opaque ? IMPLIED_END : IMPLIED_NOTHING;
		if (fd < 0)
			return IMPLIED_END;
		if (!slash)
			*out = steal_fd(&fd);
		else
			*opaque = *opaque || is_opaque(fd);
	}
	return IMPLIED_DIR;
}

/**
 * implied_look() - Whether a directory is in a layer, and what shows in it from further down
 *
 * The way there decides: a whiteout, a file or an opaque directory ends it.
 */
enum implied_found implied_look(int layer, const char *path)
{
	autoclose int fd = -1;
	bool opaque;
	enum implied_found found = look(layer, path, &opaque, &fd);

	return found == IMPLIED_DIR && (opaque || is_opaque(fd)) ? IMPLIED_END : found;
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
	enum implied_found found;
	bool opaque;
	int r;

	/* Another entry may have taken its place. */
	if (look(layers[0], path, &opaque, &to) != IMPLIED_DIR)
		return 0;
	found = opaque ? IMPLIED_END : IMPLIED_NOTHING;
	for (size_t i = 1; i < n && found == IMPLIED_NOTHING; i++)
		found = look(layers[i], path, &opaque, &from);
	if (found == IMPLIED_DIR)
		r = metadata_copy(from, to);
	else
		r = futimens(to, epoch) < 0 ? -errno : 0;
	if (r < 0)
		return error_sys(err, -r, "set the metadata of '%s'", path);
	return 0;
}
