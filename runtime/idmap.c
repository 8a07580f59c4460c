// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/idmap.c - A range of host ids of its own for every container
 *
 * Ranges of 65536 ids come from the part of the id space that systemd's
 * documentation (UIDS-GIDS.md) sets aside for containers, 0x00080000 to
 * 0x6FFFFFFF. A range is leased by an open-file-description lock on one byte
 * of RUNROOT/idmap.lock, which the container's supervisor holds: nothing to
 * clean up after a crash. Ids on disk are never shifted, so a container may
 * get another range at every start.
 */
#include "runtime/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/sys.h"
#include "runtime/config.h"

#define IDMAP_FIRST 0x00080000L
#define IDMAP_SLOTS ((0x70000000L - IDMAP_FIRST) / CONFIG_IDMAP_SIZE)

/**
 * idmap_lease() - Take a range that no running container has
 * @run_fd:	RUNROOT
 * @id:		Container ID; where the search begins follows from it
 * @base:	First id of the range, written on success only
 *
 * Return: the fd that holds the lease until its last copy is closed, or -errno
 */
int idmap_lease(int run_fd, const char *id, int64_t *base, struct error *err)
{
	char prefix[8] = { 0 };
	autoclose int fd = -1;
	long first;

	fd = openat(run_fd, "idmap.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(err, errno, "open 'idmap.lock'");
	snprintf(prefix, sizeof(prefix), "%.7s", id);
	first = strtol(prefix, NULL, 16) % IDMAP_SLOTS;
	for (long i = 0; i < IDMAP_SLOTS; i++) {
		long slot = (first + i) % IDMAP_SLOTS;
		struct flock lock = {
			.l_type = F_WRLCK,
			.l_whence = SEEK_SET,
			.l_start = slot,
			.l_len = 1,
		};

		if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
			*base = IDMAP_FIRST + slot * CONFIG_IDMAP_SIZE;
			return steal_fd(&fd);
		}
		if (errno != EAGAIN && errno != EACCES)
			return error_sys(err, errno, "lock 'idmap.lock'");
	}
	return error_set(err, EUSERS, "all %ld ranges of user ids are in use", IDMAP_SLOTS);
}

static int write_map(pid_t pid, const char *which, const char *map, struct error *err)
{
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, which);
	r = file_write_at(AT_FDCWD, path, map);
	return r < 0 ? error_sys(err, -r, "write '%s'", path) : 0;
}

/** idmap_write() - Map ids 0..65535 of the process's user namespace to @base onwards */
int idmap_write(pid_t pid, int64_t base, struct error *err)
{
	char map[64];
	int r;

	snprintf(map, sizeof(map), "0 %lld %d\n", (long long)base, CONFIG_IDMAP_SIZE);
	r = write_map(pid, "uid_map", map, err);
	return r < 0 ? r : write_map(pid, "gid_map", map, err);
}

/**
 * idmap_tree() - Show a detached mount with ids as a user namespace maps them
 * @tree_fd:	From open_tree(OPEN_TREE_CLONE), not attached yet
 * @path:	What it is a clone of, for the message
 *
 * mount_setattr(2), "ID-mapped mounts": Linux 5.12, and support by the file system.
 */
int idmap_tree(int tree_fd, int userns_fd, const char *path, struct error *err)
{
	struct sys_mount_attr attr = {
		.attr_set = SYS_MOUNT_ATTR_IDMAP,
		.userns_fd = (uint64_t)userns_fd,
	};

	if (sys_mount_setattr(tree_fd, "", AT_EMPTY_PATH, &attr) == 0)
		return 0;
	if (errno != EINVAL && errno != EPERM)
		return error_sys(err, errno, "map the owner ids of '%s'", path);
	error_set(err, errno, "map the owner ids of '%s': its file system cannot (idmapped mount)",
		  path);
	return error_hint(err, "use --userns=host, or for a volume the option noidmap "
			       "(-v SRC:DST:noidmap: its files then belong to nobody inside)");
}
