// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/group.c - One cgroup, from creation to removal
 *
 * Theory of operation:
 * A container's cgroup is made before its first process, which is cloned into
 * it (CLONE_INTO_CGROUP): there is no instant outside the limits. Without
 * limits that is one mkdir and one open. With limits, the new cgroup's own
 * cgroup.controllers tells in one read whether all that is needed reaches it;
 * only the first container after boot finds something missing.
 *
 * A cgroup that a crash left behind is empty, or holds processes that nobody
 * supervises any more: cgroup_kill() and cgroup_remove() work on either.
 */
#include "cgroups/group.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "cgroups/events.h"
#include "cgroups/hierarchy.h"
#include "cgroups/limits.h"
#include "cgroups/path.h"
#include "cgroups/pids.h"
#include "cgroups/setting.h"

/* How deep below itself a container may have made cgroups, for us to remove them: one fd each. */
#define REMOVE_MAX_DEPTH 200
/* Without cgroup.kill, processes fork while they are being killed; this often they are listed. */
#define KILL_ROUNDS 100

static int make_failed(const struct cgroup_root *root, const char *relpath, int errnum,
		       struct error *err)
{
	if (errnum == EEXIST)
		return error_set(err, EEXIST, "make cgroup '%s/%s': it exists and is in use",
				 root->path, relpath);
	error_sys(err, errnum, "make cgroup '%s/%s'", root->path, relpath);
	if (errnum == EROFS)
		error_hint(err, "inside a container: start that one with --privileged, or with "
				"/sys/fs/cgroup mounted writable; in a unit of systemd: without "
				"ProtectControlGroups=");
	else if (errnum == EACCES || errnum == EPERM)
		error_hint(err, "limits need a cgroup that is delegated to this user, or root");
	return -err->code;
}

/* A top that is not as it should be goes again, so that the next who comes finds none either. */
static int greet_top(const struct cgroup_root *root, const char *top, struct error *err)
{
	int r = root->on_new_top ? root->on_new_top(root, err) : 0;

	if (r < 0)
		(void)unlinkat(root->fd, top, AT_REMOVEDIR);
	return r;
}

static int make_parents(const struct cgroup_root *root, const char *relpath, struct error *err)
{
	autofree char *path = xstrdup(relpath);
	bool top = true;

	for (char *p = strchr(path, '/'); p; p = strchr(p + 1, '/'), top = false) {
		*p = '\0';
		if (mkdirat(root->fd, path, 0755) < 0) {
			if (errno != EEXIST)
				return make_failed(root, relpath, errno, err);
		} else if (top && greet_top(root, path, err) < 0) {
			return -err->code;
		}
		*p = '/';
	}
	return 0;
}

static int make_dir(const struct cgroup_root *root, const char *relpath, struct error *err)
{
	int r;

	if (mkdirat(root->fd, relpath, 0755) == 0)
		return 0;
	if (errno == EEXIST && unlinkat(root->fd, relpath, AT_REMOVEDIR) < 0)
		return make_failed(root, relpath, EEXIST, err); /* in use; an empty one is a
								   crash's, and made anew for
								   fresh counters */
	r = make_parents(root, relpath, err);
	if (r < 0)
		return r;
	return mkdirat(root->fd, relpath, 0755) < 0 ? make_failed(root, relpath, errno, err) : 0;
}

/**
 * cgroup_pass_controllers() - Have the controllers that limits need passed down to a cgroup
 * @dirfd:	The cgroup at @relpath
 *
 * One read where they are already.
 *
 * Return: 0; -EOPNOTSUPP naming the flag or field; or -errno
 */
int cgroup_pass_controllers(const struct cgroup_root *root, const char *relpath, int dirfd,
			    const struct cgroup_limits *limits, struct error *err)
{
	unsigned int here, available, missing;
	int r;

	r = cgroup_read_controllers(dirfd, "cgroup.controllers", &here, err);
	if (r < 0)
		return r;
	if (!(cgroup_limits_controllers(limits, ~0U) & ~here))
		return 0;
	r = cgroup_read_controllers(root->fd, "cgroup.controllers", &available, err);
	if (r == 0)
		r = cgroup_limits_check(limits, available, err);
	if (r < 0)
		return r;
	missing = cgroup_limits_controllers(limits, available) & ~here;
	return missing ? cgroup_enable_controllers(root, relpath, missing, err) : 0;
}

static int set_limits(const struct cgroup_root *root, const char *relpath, int dirfd,
		      const struct cgroup_limits *limits, struct error *err)
{
	int r = cgroup_pass_controllers(root, relpath, dirfd, limits, err);

	return r < 0 ? r : cgroup_limits_apply(dirfd, limits, err);
}

/**
 * cgroup_create() - Make a cgroup, with its limits in force
 * @relpath:	Below the root, as "tare/ID"; what is missing above is made too
 * @limits:	NULL: none
 * @dirfd:	The cgroup, for CLONE_INTO_CGROUP and all the functions here;
 *		written on success, the caller closes it
 *
 * An empty cgroup of that name is replaced. On failure nothing is left, bar
 * the parents.
 *
 * Return: 0; -EEXIST if it is in use; -EOPNOTSUPP, -ERANGE or -EINVAL if a
 * limit cannot be had (see cgroups/limits.h); or -errno
 */
int cgroup_create(const struct cgroup_root *root, const char *relpath,
		  const struct cgroup_limits *limits, int *dirfd, struct error *err)
{
	autoclose int fd = -1;
	int r;

	if (!cgroup_path_is_clean(relpath))
		return error_set(err, EINVAL, "make cgroup '%s': malformed path", relpath);
	r = make_dir(root, relpath, err);
	if (r < 0)
		return r;
	fd = cgroup_open(root, relpath, err);
	r = fd < 0 ? fd : 0;
	if (r == 0 && limits)
		r = set_limits(root, relpath, fd, limits, err);
	if (r < 0) {
		(void)unlinkat(root->fd, relpath, AT_REMOVEDIR); /* empty: nobody knows it yet */
		return r;
	}
	*dirfd = steal_fd(&fd);
	return 0;
}

/* What somebody else made, or a crash left: ours only if it is empty and would let us run. */
static int check_unused(int dirfd, struct error *err)
{
	autofree pid_t *pids = NULL;
	autofree char *frozen = NULL;
	size_t n = 0, len;
	int r;

	r = cgroup_pids(dirfd, &pids, &n, err);
	if (r < 0)
		return r;
	if (n)
		return error_set(err, EEXIST,
				 "container's cgroup is not empty: %zu process(es) found", n);
	r = file_read_at(dirfd, "cgroup.freeze", 16, &frozen, &len, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r; /* before Linux 5.2 */
	return frozen[0] == '1' ? error_set(err, EBUSY, "container's cgroup unexpectedly frozen")
				: 0;
}

static int claim_dir(const struct cgroup_root *root, const char *relpath, bool *made,
		     struct error *err)
{
	int r;

	*made = mkdirat(root->fd, relpath, 0755) == 0;
	if (*made || errno == EEXIST)
		return 0;
	r = errno == ENOENT ? make_parents(root, relpath, err)
			    : make_failed(root, relpath, errno, err);
	if (r < 0)
		return r;
	*made = mkdirat(root->fd, relpath, 0755) == 0;
	return *made || errno == EEXIST ? 0 : make_failed(root, relpath, errno, err);
}

/**
 * cgroup_claim() - Make the cgroup that an OCI config asks for, with its limits in force
 * @relpath:	From cgroup_path_resolve(); what is missing above is made too
 * @limits:	NULL: none
 * @dirfd:	For CLONE_INTO_CGROUP; written on success, the caller closes it
 *
 * Unlike with cgroup_create() the cgroup may have been made by the engine: if
 * it is empty it is used as it is. All controllers that can be had are passed down to it,
 * for the figures. On failure nothing is left, bar the parents.
 *
 * Return: as cgroup_create(); -EEXIST and -EBUSY for one that has processes or
 * is frozen; -EACCES, -EPERM or -EROFS where we may not make cgroups, which a
 * rootless caller without limits and cgroupsPath does without
 */
int cgroup_claim(const struct cgroup_root *root, const char *relpath,
		 const struct cgroup_limits *limits, int *dirfd, struct error *err)
{
	autoclose int fd = -1;
	bool made = false;
	int r;

	if (!cgroup_path_is_clean(relpath))
		return error_set(err, EINVAL, "make cgroup '%s': malformed path", relpath);
	r = claim_dir(root, relpath, &made, err);
	if (r < 0)
		return r;
	fd = cgroup_open(root, relpath, err);
	r = fd < 0 ? fd : 0;
	if (r == 0 && !made)
		r = check_unused(fd, err);
	if (r == 0)
		cgroup_offer_controllers(root, relpath);
	if (r == 0 && limits)
		r = set_limits(root, relpath, fd, limits, err);
	if (r < 0) {
		if (made)
			(void)unlinkat(root->fd, relpath, AT_REMOVEDIR); /* empty */
		return r;
	}
	*dirfd = steal_fd(&fd);
	return 0;
}

/** cgroup_open() - Open an existing cgroup; an fd that the caller closes, or -ENOENT, or -errno */
int cgroup_open(const struct cgroup_root *root, const char *relpath, struct error *err)
{
	int fd;

	fd = openat(root->fd, relpath, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, errno, "open cgroup '%s/%s'", root->path, relpath) : fd;
}

/**
 * cgroup_open_of_process() - Open the cgroup at or below @relpath that a process is in
 *
 * A container that runs systemd, or containers, has moved its first process below its own
 * cgroup and passed controllers on: there can then be no process in its own (-EBUSY).
 *
 * Return: an fd that the caller closes, -EXDEV if the process is elsewhere, or -errno
 */
int cgroup_open_of_process(const struct cgroup_root *root, const char *relpath, pid_t pid,
			   struct error *err)
{
	size_t len = strlen(relpath);
	autofree char *path = NULL;
	int r = cgroup_path_of_process(pid, &path, err);

	if (r < 0)
		return r;
	if (strncmp(path + 1, relpath, len) != 0 || (path[1 + len] && path[1 + len] != '/'))
		return error_set(err, EXDEV, "process %d has left cgroup '%s'", (int)pid, relpath);
	return cgroup_open(root, path + 1, err);
}

/**
 * cgroup_allowed_cpus() - The processors that a cgroup at @relpath could have
 *
 * Those of the nearest one above it that knows; it need not exist itself.
 *
 * Return: as "0-3", which the caller frees; NULL: all
 */
char *cgroup_allowed_cpus(const struct cgroup_root *root, const char *relpath)
{
	autofree char *dir = xstrdup(relpath);
	char *slash, *list;

	do {
		autofree char *path = NULL;

		slash = strrchr(dir, '/');
		if (slash)
			*slash = '\0';
		path = xasprintf("%s/cpuset.cpus.effective", slash ? dir : ".");
		list = cgroup_read_control(root->fd, path);
	} while (!list && slash);
	return list;
}

/**
 * cgroup_open_monitors() - Open the leaf for processes that no container's limits count, making it
 *
 * It is shared and stays.
 *
 * Return: an fd that the caller closes, or -errno
 */
int cgroup_open_monitors(const struct cgroup_root *root, struct error *err)
{
	int r;

	if (mkdirat(root->fd, CGROUP_MONITORS, 0755) < 0 && errno != EEXIST) {
		r = make_parents(root, CGROUP_MONITORS, err);
		if (r < 0)
			return r;
		if (mkdirat(root->fd, CGROUP_MONITORS, 0755) < 0 && errno != EEXIST)
			return make_failed(root, CGROUP_MONITORS, errno, err);
	}
	return cgroup_open(root, CGROUP_MONITORS, err);
}

/**
 * cgroup_add_process() - Move a process into a cgroup
 * @pid:	0: ourselves
 *
 * On a rested machine the kernel waits up to 20 ms in this (an RCU grace
 * period); cloning into the cgroup does not.
 */
int cgroup_add_process(int dirfd, pid_t pid, struct error *err)
{
	char text[16];
	int r;

	snprintf(text, sizeof(text), "%d", (int)pid);
	r = file_write_at(dirfd, "cgroup.procs", text);
	return r < 0 ? error_sys(err, -r, "move process %d to its cgroup", (int)pid) : 0;
}

static int kill_one_by_one(int dirfd, struct error *err)
{
	int r = 1;

	for (int round = 0; r > 0 && round < KILL_ROUNDS; round++)
		r = cgroup_signal(dirfd, SIGKILL, err);
	return r < 0 ? r : 0;
}

/**
 * cgroup_kill() - SIGKILL to every process in a cgroup and below, frozen ones too, at once
 *
 * Before Linux 5.14: one by one.
 */
int cgroup_kill(int dirfd, struct error *err)
{
	int r;

	r = file_write_at(dirfd, "cgroup.kill", "1");
	if (r == -ENOENT)
		return kill_one_by_one(dirfd, err);
	return r < 0 ? error_sys(err, -r, "write 'cgroup.kill'") : 0;
}

/** cgroup_is_populated() - 1 if a process lives in a cgroup or below, 0 if none, or -errno */
int cgroup_is_populated(int dirfd, struct error *err)
{
	return cgroup_event_read(dirfd, "populated", err);
}

/* Who manages cgroups above us, or another command, has been quicker. */
static bool is_gone(int r)
{
	return r == -ENOENT || r == -ENODEV;
}

static int remove_below(int dirfd, int depth)
{
	autodir DIR *dir = dir_open(dirfd, ".", 0);
	const struct dirent *e;
	int r = 0;

	if (!dir)
		return -errno;
	if (depth > REMOVE_MAX_DEPTH)
		return -ELOOP;
	while (r == 0 && (e = dir_next(dir))) {
		autoclose int child = -1;

		if (e->d_type != DT_DIR)
			continue;
		child = openat(dirfd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = child < 0 ? -errno : remove_below(child, depth + 1);
		if (r == 0 && unlinkat(dirfd, e->d_name, AT_REMOVEDIR) < 0)
			r = -errno;
		if (is_gone(r))
			r = 0;
	}
	return r;
}

/** cgroup_remove_if_empty() - Not if anything is in it, or below it; whether it is gone */
bool cgroup_remove_if_empty(const struct cgroup_root *root, const char *relpath)
{
	return cgroup_path_is_clean(relpath) && unlinkat(root->fd, relpath, AT_REMOVEDIR) == 0;
}

/**
 * cgroup_remove() - Remove a cgroup and those that its processes made below it
 * @timeout_ms:	How long to wait for its last process to be gone; -1: for ever
 *
 * Kills nothing: see cgroup_kill().
 *
 * Return: 0, also if there is none; -ETIMEDOUT if processes remain; or -errno
 */
int cgroup_remove(const struct cgroup_root *root, const char *relpath, int timeout_ms,
		  struct error *err)
{
	autoclose int fd = -1;
	int r;

	if (unlinkat(root->fd, relpath, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY)
		return error_sys(err, errno, "remove cgroup '%s/%s'", root->path, relpath);
	fd = cgroup_open(root, relpath, err);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = cgroup_event_wait(fd, "populated", 0, timeout_ms, err);
	if (r < 0 && !is_gone(r))
		return error_wrap(err, "remove cgroup '%s/%s'", root->path, relpath);
	r = remove_below(fd, 0);
	if (r == 0 && unlinkat(root->fd, relpath, AT_REMOVEDIR) < 0)
		r = -errno;
	return r < 0 && !is_gone(r)
		       ? error_sys(err, -r, "remove cgroup '%s/%s'", root->path, relpath)
		       : 0;
}
