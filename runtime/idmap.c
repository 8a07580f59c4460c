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
 *
 * A bundle brings its own maps. The kernel lets a user map no id but their own
 * (user_namespaces(7)): what /etc/subuid grants beside it newuidmap(1) and
 * newgidmap(1) map, which are set-user-ID root and are asked as runc and crun do.
 */
#include "runtime/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/config.h"

#define IDMAP_FIRST	  0x00080000L
#define OWN_MAP_MAX_BYTES 65536 /* 340 lines at most, user_namespaces(7) */
#define HELPER_MISSING	  127
#define IDMAP_SLOTS	  ((0x70000000L - IDMAP_FIRST) / CONFIG_IDMAP_SIZE)

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

/* Nothing said: each id that we have is itself; for others than root, root is who calls. */
static int default_text(const char *which, struct str *text, struct error *err)
{
	autofree char *path = xasprintf("/proc/self/%s", which), *own = NULL;
	size_t len;
	int r;

	if (geteuid()) {
		str_printf(text, "0 %u 1\n", *which == 'u' ? geteuid() : getegid());
		return 0;
	}
	r = file_read_at(AT_FDCWD, path, OWN_MAP_MAX_BYTES, &own, &len, err);
	for (char *p = own; r == 0 && *p; p += strspn(p, "\n")) {
		unsigned long first = strtoul(p, &p, 10), size;

		(void)strtoul(p, &p, 10); /* what it is outside of our namespace */
		size = strtoul(p, &p, 10);
		if (!size)
			break;
		str_printf(text, "%lu %lu %lu\n", first, first, size);
	}
	return r;
}

static int map_text(const struct config_idmap_list *map, const char *which, struct str *text,
		    struct error *err)
{
	for (size_t i = 0; i < map->n; i++)
		str_printf(text, "%u %u %u\n", map->items[i].inside, map->items[i].outside,
			   map->items[i].size);
	return map->n ? 0 : default_text(which, text, err);
}

static int judge_helper(const char *program, int status, struct error *err)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == HELPER_MISSING) {
		error_set(err, EPERM, "map more than the user's own id: '%s' is not in $PATH",
			  program);
		return error_hint(err, "install it (Debian: package uidmap)");
	}
	error_set(err, EPERM, "map more than the user's own id: '%s' refused", program);
	return error_hint(err, "/etc/subuid and /etc/subgid say which ids the user may map");
}

/* newuidmap PID INSIDE OUTSIDE SIZE..., and so newgidmap; its own words go to stderr. */
static int ask_helper(const char *program, pid_t pid, const char *map, struct error *err)
{
	autostrlist struct strlist args = { 0 };
	autofree char *words = xstrdup(map);
	char *save = NULL;
	int status = 0;
	pid_t child;

	strlist_add(&args, program);
	strlist_take(&args, xasprintf("%d", (int)pid));
	for (char *word = strtok_r(words, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
		strlist_add(&args, word);
	child = fork();
	if (child == 0) {
		(void)execvp(program, strlist_items(&args));
		_exit(errno == ENOENT ? HELPER_MISSING : HELPER_MISSING - 1);
	}
	if (child < 0)
		return error_sys(err, errno, "create a process for '%s'", program);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return judge_helper(program, status, err);
}

static int write_uids(pid_t pid, const struct config_idmap_list *uids, struct error *err)
{
	autostr struct str text = { 0 };
	int r = map_text(uids, "uid_map", &text, err);

	if (r == 0)
		r = write_map(pid, "uid_map", text.data, err);
	return r == -EPERM && geteuid() ? ask_helper("newuidmap", pid, text.data, err) : r;
}

static bool is_own_alone(const struct config_idmap_list *gids)
{
	return !gids->n ||
	       (gids->n == 1 && gids->items->size == 1 && gids->items->outside == getegid());
}

static int write_gids(pid_t pid, const struct config_idmap_list *gids, struct error *err)
{
	autostr struct str text = { 0 };
	int r = map_text(gids, "gid_map", &text, err);

	if (r == 0)
		r = write_map(pid, "gid_map", text.data, err);
	if (r != -EPERM)
		return r;
	if (geteuid() && !is_own_alone(gids))
		return ask_helper("newgidmap", pid, text.data, err);
	/* user_namespaces(7): others than root map their own group, and only without setgroups(2). */
	r = write_map(pid, "setgroups", "deny", err);
	return r == 0 ? write_map(pid, "gid_map", text.data, err) : r;
}

static int write_lists(pid_t pid, const struct config_idmap_list *uids,
		       const struct config_idmap_list *gids, struct error *err)
{
	int r = write_uids(pid, uids, err);

	return r == 0 ? write_gids(pid, gids, err) : r;
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
	pid_t parent = getpid(), pid = sys_clone3(&args);
	char path[64];
	int fd = -1, r;

	if (pid == 0) { /* with copies of the locks that we hold */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		while (getppid() == parent)
			(void)pause();
		_exit(0);
	}
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
