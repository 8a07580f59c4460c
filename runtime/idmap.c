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
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
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

static char *map_text(const struct config_idmap_list *map)
{
	autostr struct str text = { 0 };

	for (size_t i = 0; i < map->n; i++)
		str_printf(&text, "%u %u %u\n", map->items[i].inside, map->items[i].outside,
			   map->items[i].size);
	return str_take(&text);
}

static int write_lists(pid_t pid, const struct config_idmap_list *uids,
		       const struct config_idmap_list *gids, struct error *err)
{
	autofree char *uid_text = map_text(uids), *gid_text = map_text(gids);
	int r = write_map(pid, "uid_map", uid_text, err);

	if (r < 0)
		return r;
	r = write_map(pid, "gid_map", gid_text, err);
	/* user_namespaces(7): others than root map their own group, and only without setgroups(2). */
	if (r == -EPERM && write_map(pid, "setgroups", "deny", err) == 0)
		r = write_map(pid, "gid_map", gid_text, err);
	return r;
}

/** idmap_write() - Map the ids of a process's new user namespace as the configuration says */
int idmap_write(pid_t pid, const struct config *c, struct error *err)
{
	char map[64];
	int r;

	if (c->idmap_base < 0)
		return write_lists(pid, &c->uid_map, &c->gid_map, err);
	snprintf(map, sizeof(map), "0 %lld %d\n", (long long)c->idmap_base, CONFIG_IDMAP_SIZE);
	r = write_map(pid, "uid_map", map, err);
	return r < 0 ? r : write_map(pid, "gid_map", map, err);
}

/**
 * idmap_make_userns() - A user namespace for nothing but its maps
 *
 * Return: its fd, for idmap_tree(), or -errno
 */
int idmap_make_userns(const struct config_idmap_list *uids, const struct config_idmap_list *gids,
		      struct error *err)
{
	struct sys_clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);
	char path[64];
	int fd = -1, r;

	if (pid == 0)
		for (;;)
			(void)pause();
	if (pid < 0)
		return error_sys(err, errno, "create a user namespace for a mount's ids");
	r = write_lists(pid, uids, gids, err);
	if (r == 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
		fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
		r = fd < 0 ? error_sys(err, errno, "open '%s'", path) : fd;
	}
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

/**
 * idmap_tree() - Show a detached mount with ids as a user namespace maps them
 * @tree_fd:	From open_tree(OPEN_TREE_CLONE), not attached yet
 * @recursive:	With the mounts below it
 * @path:	What it is a clone of, for the message
 *
 * mount_setattr(2), "ID-mapped mounts": Linux 5.12, and support by the file system.
 */
int idmap_tree(int tree_fd, int userns_fd, bool recursive, const char *path, struct error *err)
{
	struct sys_mount_attr attr = {
		.attr_set = SYS_MOUNT_ATTR_IDMAP,
		.userns_fd = (uint64_t)userns_fd,
	};

	if (sys_mount_setattr(tree_fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr) ==
	    0)
		return 0;
	if (errno != EINVAL && errno != EPERM)
		return error_sys(err, errno, "map the owner ids of '%s'", path);
	error_set(err, errno, "map the owner ids of '%s': its file system cannot (idmapped mount)",
		  path);
	return error_hint(err, "use --userns=host, or for a volume the option noidmap "
			       "(-v SRC:DST:noidmap: its files then belong to nobody inside)");
}

/**
 * idmap_become_root() - Be the root of the user namespace that we are in
 *
 * Of a map without a root, the program's user: who made or entered the namespace has
 * every right in there until exec, whatever the id.
 *
 * Return: 0, or -1 with errno set
 */
int idmap_become_root(const struct config_process *p)
{
	if (sys_setresgid(0) < 0 && (errno != EINVAL || sys_setresgid(p->gid) < 0))
		return -1;
	if (sys_setresuid(0) < 0 && (errno != EINVAL || sys_setresuid(p->uid) < 0))
		return -1;
	return 0;
}
