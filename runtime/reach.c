// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/reach.c - A container's files, reached from outside
 *
 * Theory of operation:
 * reach_open() answers with a copy of the root's mount, detached and without
 * anything that is mounted in it: what the container itself wrote, and the
 * image. Owners are as the host sees them.
 *
 * reach_start() does something where the container's mounts are in place, too.
 * In a container that runs, the child has entered its user namespace: it is the
 * container's root and can do what that can, so that a container which changes
 * its tree under our hands gains nothing by it. Nobody in there sees the child,
 * which stays in the host's pid namespace.
 *
 * The tree of a container that is stopped is put together like the container's
 * own, in a mount namespace that ends with the child.
 */
#include "runtime/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/config.h"
#include "runtime/lower.h"
#include "runtime/mount.h"
#include "runtime/overlay.h"
#include "runtime/plan.h"
#include "runtime/process.h"
#include "runtime/rootfs.h"
#include "runtime/sync.h"

/* ---- a container that runs ------------------------------------------------ */

static int become_root_there(struct error *err)
{
	if (sys_setgroups(0, NULL) < 0 || sys_setresgid(0) < 0 || sys_setresuid(0) < 0)
		return error_sys(err, errno, "become the container's root");
	return 0;
}

static int enter(const struct reach *where, bool as_its_root, struct error *err)
{
	int namespaces = CLONE_NEWNS | (as_its_root && where->has_userns ? CLONE_NEWUSER : 0);
	autoclose int pidfd = process_open(where->pid, where->pid_start, err);
	int r;

	if (pidfd < 0)
		return pidfd;
	if (setns(pidfd, namespaces) < 0)
		return error_sys(err, errno, "enter the container's namespaces");
	r = as_its_root && where->has_userns ? become_root_there(err) : 0;
	if (r < 0)
		return r;
	r = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r < 0 ? error_sys(err, errno, "open the container's root") : r;
}

/* ---- a container that does not -------------------------------------------- */

static int open_store(const struct reach *where, struct rootfs *fs, struct error *err)
{
	int r;

	if (unshare(CLONE_NEWNS) < 0)
		return error_sys(err, errno, "make a mount namespace");
	r = mount_make_private(err);
	if (r < 0)
		return r;
	fs->store = openat(AT_FDCWD, where->store_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fs->store < 0 ? error_sys(err, errno, "open '%s'", where->store_path) : 0;
}

/* Clones of what is bound into the container, before the store is covered. -1: gone. */
static int *clone_binds(const struct config *c)
{
	int *trees = xcalloc(c->n_mounts, sizeof(*trees));
	struct error gone;

	for (size_t i = 0; i < c->n_mounts; i++)
		trees[i] = c->mounts[i].kind == CONFIG_MOUNT_BIND
				   ? mount_clone_source(&c->mounts[i], &gone)
				   : -1;
	return trees;
}

static int attach_binds(const struct config *c, const int *trees, int root, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < c->n_mounts && r >= 0; i++) {
		const struct config_mount *m = &c->mounts[i];
		autoclose int target = -1;
		struct stat st;

		if (trees[i] < 0 || fstat(trees[i], &st) < 0)
			continue;
		target = S_ISDIR(st.st_mode) ? mount_open_dir(root, m->target, err)
					     : mount_open_file(root, m->target, err);
		r = target < 0 ? target : mount_attach(trees[i], target, m->target, err);
		if (r == 0)
			r = mount_set(trees[i], m->attributes, m->recursive, m->target, err);
	}
	return r;
}

/* Without a user namespace, attributes of the overlay are trusted ones, and tmpfs has those. */
static void leave_out_container(struct config *c)
{
	c->scratch = CONFIG_SCRATCH_MEMORY;
	c->scratch_bytes = 1U << 20;
	c->namespaces &= ~(uint64_t)CLONE_NEWUSER;
	c->volatile_upper = false;
}

static int attach_lowers(struct rootfs *fs, const struct config *c, struct error *err)
{
	autoclose int tree = lower_open(c, err);

	return tree < 0 ? tree : rootfs_attach_lowers(fs, tree, err);
}

static int put_together(const struct reach *where, bool with_mounts, struct error *err)
{
	struct rootfs fs = { .store = -1, .scratch = -1, .root = -1, .proc = -1, .dev = -1 };
	struct config *c = where->config;
	autofree int *trees = with_mounts ? clone_binds(c) : NULL;
	int r = open_store(where, &fs, err);

	if (r < 0)
		return r;
	if (where->image_only)
		leave_out_container(c);
	if (c->root == CONFIG_ROOT_DIRECTORY) {
		fs.root = mount_clone(AT_FDCWD, c->root_path, true, err);
		r = fs.root < 0 ? fs.root : mount_attach(fs.root, fs.store, "the root", err);
	} else {
		r = rootfs_open_scratch(&fs, c, err);
		if (r == 0 && lower_is_elsewhere(c))
			r = attach_lowers(&fs, c, err);
		fs.root = r < 0 ? r : overlay_mount(&fs, c, err);
		r = fs.root < 0 ? fs.root : 0;
	}
	if (r == 0 && with_mounts)
		r = attach_binds(c, trees, fs.root, err);
	return r < 0 ? r : fs.root;
}

/* ---- children ------------------------------------------------------------- */

static _Noreturn void answer(int channel, int r, int fd, const struct error *err)
{
	if (r < 0)
		(void)sync_send(channel, SYNC_SETUP, err, -1);
	else
		(void)sync_send(channel, SYNC_READY, NULL, fd);
	_exit(r < 0);
}

static _Noreturn void child_open(const struct reach *where, int channel)
{
	struct error err = { 0 };
	int root = where->pid ? enter(where, false, &err) : put_together(where, false, &err);
	int copy = root < 0 ? root : mount_clone(root, "", false, &err);

	answer(channel, copy, copy, &err);
}

/* 0 in the child with *channel, the pid in the parent, or -errno. */
static pid_t start_child(int *channel, struct error *err)
{
	int pair[2], r = sync_open(pair);
	pid_t pid;

	if (r < 0)
		return error_sys(err, -r, "make a channel");
	pid = fork();
	if (pid < 0)
		error_sys(err, errno, "start a process");
	if (pid == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(1);
	*channel = pair[pid == 0];
	(void)close(pair[pid != 0]);
	if (pid < 0) {
		(void)close(*channel);
		return -err->code;
	}
	return pid;
}

static int hear(pid_t pid, int channel, int *fd, struct error *err)
{
	enum sync_step step = SYNC_SETUP;
	int r;

	(void)error_set(err, ECHILD, "the process in the container ended without a word");
	r = sync_receive(channel, &step, err, fd);
	(void)close(channel);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (r == 1 && step == SYNC_READY)
		return 0;
	return err->code > 0 ? -err->code : -(err->code = EIO);
}

/**
 * reach_open() - A copy of the mount of the container's root, without what is mounted in it
 *
 * For a container that runs, owners are the host's.
 *
 * Return: an fd, or -errno
 */
int reach_open(const struct reach *where, struct error *err)
{
	int channel, fd = -1, r;
	pid_t pid = start_child(&channel, err);

	if (pid == 0)
		child_open(where, channel);
	r = pid < 0 ? pid : hear(pid, channel, &fd, err);
	return r < 0 ? r : fd;
}

/**
 * reach_start() - Begin to work in the container's tree, mounts and all, in a child
 * @channel:	For reach_finish()
 *
 * Owners are what the container sees. The child has copies of all our
 * descriptors and must close those whose end somebody waits for.
 *
 * Return: the child's pid, or -errno
 */
int reach_start(const struct reach *where, reach_work *work, void *arg, int *channel,
		struct error *err)
{
	pid_t pid = start_child(channel, err);
	struct error why = { 0 };
	int root, r;

	if (pid != 0)
		return pid;
	(void)signal(SIGPIPE, SIG_IGN); /* writing then fails, and that is said */
	root = where->pid ? enter(where, true, &why) : put_together(where, true, &why);
	r = root < 0 ? root : work(arg, root, &why);
	answer(*channel, r, -1, &why);
}

/** reach_finish() - Wait for the child; its result: 0, or -errno with its error in @err */
int reach_finish(pid_t pid, int channel, struct error *err)
{
	return hear(pid, channel, NULL, err);
}
