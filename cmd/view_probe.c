// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/view_probe.c - Whether archives can be used where they lie
 *
 * Found out by doing it, with a file system of one file: EROFS from a file
 * (Linux 6.12) with blocks of 512 bytes (6.4), with a device that is a file,
 * and with attributes, which are configured away on some kernels.
 */
#include "cmd/view_probe.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "image/erofs.h"
#include "image/store.h"
#include "image/view_make.h"
#include "runtime/lower.h"

#define CONTENT "content"

static int make_index(int index, int device)
{
	static const unsigned char capability[20] = { 1, 0, 0, 2 }; /* effective, revision 2 */
	struct erofs_xattr user = { "user.tare", "y", 1, NULL };
	struct erofs_xattr security = { "security.capability", capability, 20, &user };
	struct erofs_inode in_root = { .mode = S_IFDIR | 0755 };
	struct erofs_inode in_file = {
		.mode = S_IFREG | 0644, .device = 1, .size = strlen(CONTENT), .xattrs = &security
	};
	struct erofs_node file = { .name = "f", .inode = &in_file };
	struct erofs_node root = { .inode = &in_root, .children = &file };
	const uint64_t size = 512;
	const struct erofs_plan plan = { &root, VIEW_BLOCK_BITS, &size, 1 };
	struct error ignored;

	if (file_write_fd(device, CONTENT, strlen(CONTENT)) < 0 || ftruncate(device, 512) < 0)
		return -1;
	return erofs_write(&plan, index, &ignored);
}

static bool is_as_written(int mount)
{
	autoclose int fd = openat(mount, "f", O_RDONLY | O_CLOEXEC);
	char content[sizeof(CONTENT)] = "", value[32];

	return fd >= 0 && read(fd, content, sizeof(content)) == (ssize_t)strlen(CONTENT) &&
	       !strcmp(content, CONTENT) && fgetxattr(fd, "user.tare", value, 32) == 1 &&
	       fgetxattr(fd, "security.capability", value, 32) == 20;
}

/** view_is_possible() - Whether this process may use archives where they lie, on this kernel */
bool view_is_possible(const struct image_store *store)
{
	autoclose int dir = -1, index = -1, device = -1, mount = -1;
	struct error why = { 0 };

	if (geteuid() != 0)
		return false;
	dir = openat(store->fd, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	index = openat(dir, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	device = openat(dir, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (index < 0 || device < 0 || make_index(index, device) < 0)
		return false;
	mount = lower_mount_view((const int[]){ index, device }, 2, &why);
	if (mount < 0)
		log_debug("no views here: %s", why.msg);
	return mount >= 0 && is_as_written(mount);
}

/**
 * view_is_safe() - Whether nobody but root can change an archive once it was verified
 *
 * For signed ones. For others it is of no matter: who can change the archive
 * chooses what is run from it.
 */
bool view_is_safe(int archive_fd)
{
	struct stat st;

	return fstat(archive_fd, &st) == 0 && st.st_uid == 0 && !(st.st_mode & 022);
}
