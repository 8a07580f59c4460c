// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/lower.c - Layers that are not in the store: attached to it for one container
 *
 * They are in another store, of which a copy of the mount is taken, or in an
 * archive. Then a file is given that holds an EROFS file system with all names,
 * and those with the contents as its devices (Linux 6.12). Each container mounts
 * them for itself: nobody else would be there to let go of the mount.
 */
#include "runtime/lower.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/config.h"
#include "runtime/mount.h"

#define ATTRIBUTES (SYS_MOUNT_ATTR_NODEV | SYS_MOUNT_ATTR_RDONLY)

/** lower_is_elsewhere() - Whether there is anything to attach for the layers */
bool lower_is_elsewhere(const struct config *c)
{
	return c->root == CONFIG_ROOT_OVERLAY && (c->lower_store || c->n_view_fds);
}

/** lower_name() - What to call it in messages */
const char *lower_name(const struct config *c)
{
	return c->lower_store ? c->lower_store : "the view of the archive";
}

/**
 * lower_mount_view() - Mount an archive's files, detached
 * @fds:	The index, then its devices
 *
 * As root of the first user namespace. The kernel opens the files by names, but
 * by such that mean the ones we hold.
 *
 * Return: an fd, or -errno (-ENODEV, -EINVAL or -ENOTBLK: not on this kernel)
 */
int lower_mount_view(const int *fds, size_t n, struct error *err)
{
	autostrlist struct strlist options = { 0 };
	char source[40];

	snprintf(source, sizeof(source), "/proc/self/fd/%d", fds[0]);
	for (size_t i = 1; i < n; i++)
		strlist_take(&options, xasprintf("device=/proc/self/fd/%d", fds[i]));
	return mount_make_from("erofs", source, (const char *const *)options.items, ATTRIBUTES,
			       err);
}

/**
 * lower_open() - What is to be attached, as a detached mount
 *
 * Return: an fd, or -errno
 */
int lower_open(const struct config *c, struct error *err)
{
	autoclose int fd = -1;
	int r;

	if (c->n_view_fds) {
		r = lower_mount_view(c->view_fds, c->n_view_fds, err);
		return r >= 0 || *err->hint
			       ? r
			       : error_hint(err, "this takes Linux 6.12; once it is loaded without "
						 "--view, the image runs everywhere");
	}
	fd = mount_clone(AT_FDCWD, c->lower_store, false, err);
	if (fd < 0)
		return fd;
	r = mount_set(fd, ATTRIBUTES, false, c->lower_store, err);
	return r < 0 ? r : steal_fd(&fd);
}
