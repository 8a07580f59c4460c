// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/container.c - From a configuration to a running process
 *
 * Theory of operation:
 * One clone3() makes the process in all its namespaces and in its cgroup. What
 * it needs of the host is opened before, as detached mounts that the clone
 * inherits; their owner ids are mapped after the clone, when the user
 * namespace exists, and before the child is told to go on. Then the child
 * mounts while the caller sets up the network, and waits for the start.
 *
 * Should the caller die, the child reads end of file or gets SIGKILL: nothing
 * stays but what the store records.
 */
#include "runtime/container.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/idmap.h"
#include "runtime/init.h"
#include "runtime/mount.h"
#include "runtime/plan.h"

#define MOUNTINFO_MAX_BYTES (4U << 20)

static void close_trees(struct init_plan *plan)
{
	if (plan->store_tree >= 0)
		(void)close(plan->store_tree);
	if (plan->root_tree >= 0)
		(void)close(plan->root_tree);
	for (size_t i = 0; i < plan->config->n_mounts; i++)
		if (plan->mount_trees[i] >= 0)
			(void)close(plan->mount_trees[i]);
	free(plan->mount_trees);
}

static int open_bind(const struct config_mount *m, struct error *err)
{
	autoclose int fd = mount_clone(AT_FDCWD, m->source, m->recursive, err);
	int r;

	if (fd < 0)
		return fd;
	r = mount_set(fd, m->attributes, m->recursive, m->source, err);
	return r < 0 ? r : steal_fd(&fd);
}

/* Everything of the host that the child will attach, opened while we may see it. */
static int open_trees(struct init_plan *plan, const struct container_place *place,
		      struct error *err)
{
	const struct config *c = plan->config;

	plan->mount_trees = xmalloc((c->n_mounts + 1) * sizeof(int));
	for (size_t i = 0; i < c->n_mounts; i++)
		plan->mount_trees[i] = -1;
	if (config_has_userns(c)) {
		plan->store_tree = mount_clone(place->root_fd, "", false, err);
		if (plan->store_tree < 0)
			return plan->store_tree;
	}
	if (c->root == CONFIG_ROOT_DIRECTORY) {
		plan->root_tree = mount_clone(AT_FDCWD, c->root_path, true, err);
		if (plan->root_tree < 0)
			return plan->root_tree;
		if (mount_set(plan->root_tree, SYS_MOUNT_ATTR_NODEV, true, c->root_path, err) < 0)
			return -err->code;
	}
	for (size_t i = 0; i < c->n_mounts; i++) {
		if (c->mounts[i].kind != CONFIG_MOUNT_BIND)
			continue;
		plan->mount_trees[i] = open_bind(&c->mounts[i], err);
		if (plan->mount_trees[i] < 0)
			return plan->mount_trees[i];
	}
	return 0;
}

static int map_trees(const struct init_plan *plan, pid_t pid, struct error *err)
{
	const struct config *c = plan->config;
	autoclose int userns = -1;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	userns = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (userns < 0)
		return error_sys(err, errno, "open '%s'", path);
	r = idmap_tree(plan->store_tree, userns, plan->store_path, err);
	if (r == 0 && plan->root_tree >= 0)
		r = idmap_tree(plan->root_tree, userns, c->root_path, err);
	for (size_t i = 0; r == 0 && i < c->n_mounts; i++)
		if (plan->mount_trees[i] >= 0 && c->mounts[i].idmap)
			r = idmap_tree(plan->mount_trees[i], userns, c->mounts[i].source, err);
	return r;
}

/* No line of mountinfo is then for "/"; proc(5), fifth field. */
static bool is_in_chroot(void)
{
	autofree char *text = NULL;
	size_t len;

	return file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX_BYTES, &text, &len,
			    &(struct error){ 0 }) == 0 &&
	       !strstr(text, " / / ");
}

static int explain_clone(const struct config *c, int errnum, struct error *err)
{
	error_sys(err, errnum, "create the container's namespaces");
	if (errnum == EPERM && is_in_chroot())
		error_hint(err,
			   "this is a chroot, where containers cannot be made: run tare outside");
	else if (config_has_userns(c) && (errnum == EPERM || errnum == ENOSPC))
		error_hint(err, "user namespaces may be switched off or used up here "
				"(user.max_user_namespaces); --userns=host does without");
	return -errnum;
}

/* The one clone; the child never comes back from it. */
static int clone_init(struct container *ct, const struct init_plan *plan,
		      const struct container_place *place, struct error *err)
{
	const struct config *c = plan->config;
	struct sys_clone_args args = {
		.flags = (c->namespaces & ~(uint64_t)CLONE_NEWCGROUP) | CLONE_PIDFD,
		.pidfd = (uintptr_t)&ct->pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid;

	if (place->cgroup_fd >= 0) {
		args.flags |= SYS_CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)place->cgroup_fd;
	}
	pid = sys_clone3(&args);
	if (pid == 0) {
		/* Held by itself, the caller's end would never tell of the caller's death. */
		(void)close(ct->sync_fd);
		init_main(plan);
	}
	if (pid < 0)
		return explain_clone(c, errno, err);
	ct->pid = pid;
	return 0;
}

/*
 * A namespace to share belongs to another user namespace, so only we may enter
 * it: the child is born there, and we come back.
 */
static int clone_in_netns(struct container *ct, const struct init_plan *plan,
			  const struct container_place *place, struct error *err)
{
	autoclose int own = -1;
	int r;

	if (plan->config->join_net < 0)
		return clone_init(ct, plan, place, err);
	own = openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return error_sys(err, errno, "open our network namespace");
	if (setns(plan->config->join_net, CLONE_NEWNET) < 0)
		return error_sys(err, errno, "enter the network namespace to share");
	r = clone_init(ct, plan, place, err);
	if (setns(own, CLONE_NEWNET) < 0 && r == 0)
		r = error_sys(err, errno, "return to our network namespace");
	return r;
}

static int map_and_go(struct container *ct, const struct init_plan *plan, struct error *err)
{
	int r = 0;

	if (config_has_userns(plan->config)) {
		r = idmap_write(ct->pid, plan->config->idmap_base, err);
		if (r == 0)
			r = map_trees(plan, ct->pid, err);
	}
	if (r < 0)
		return r;
	r = sync_send(ct->sync_fd, SYNC_MAPPED, NULL, -1);
	return r < 0 ? error_sys(err, -r, "wake the container's first process") : 0;
}

/**
 * container_spawn() - Create the container's first process
 * @ct:		Filled in on success; on failure nothing is left
 * @config:	Complete; borrowed until the call returns
 *
 * The process builds its root and then waits for container_start().
 */
int container_spawn(struct container *ct, const struct config *config,
		    const struct container_place *place, struct error *err)
{
	struct init_plan plan = {
		.config = config,
		.store_path = place->root_path,
		.store_tree = -1,
		.root_tree = -1,
		.stdio = { place->stdio[0], place->stdio[1], place->stdio[2] },
	};
	int fds[2] = { -1, -1 };
	int r;

	*ct = (struct container){ .pidfd = -1, .sync_fd = -1 };
	r = open_trees(&plan, place, err);
	if (r == 0) {
		r = sync_open(fds);
		if (r < 0)
			error_sys(err, -r, "open the channel to the container's first process");
	}
	if (r == 0) {
		ct->sync_fd = fds[0];
		plan.sync_fd = fds[1];
		r = clone_in_netns(ct, &plan, place, err);
		(void)close(fds[1]);
	}
	if (r == 0)
		r = map_and_go(ct, &plan, err);
	close_trees(&plan);
	if (r < 0) {
		container_kill(ct);
		container_done(ct);
	}
	return r;
}

/** container_netns() - The container's network namespace: an fd that the caller closes, or -errno */
int container_netns(const struct container *ct, struct error *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", ct->pid);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, errno, "open '%s'", path) : fd;
}

/* 1: a message, 0: end of file; failures of the channel become errors. */
static int receive(struct container *ct, enum sync_step *step, int *fd, struct error *err)
{
	int r = sync_receive(ct->sync_fd, step, err, fd);

	return r < 0 ? error_sys(err, -r, "hear from the container's first process") : r;
}

/**
 * container_console() - Wait for the terminal that init makes
 *
 * Return: its master end, which the caller closes, or -errno with init's error
 */
int container_console(struct container *ct, struct error *err)
{
	enum sync_step step;
	int fd = -1;
	int r = receive(ct, &step, &fd, err);

	if (r < 0)
		return r;
	if (r == 0)
		return error_set(err, ECHILD, "the container's first process died during set-up");
	return step == SYNC_CONSOLE && fd >= 0 ? fd : -err->code;
}

/**
 * container_start() - Let init exec
 * @limits:	Set from here, where CAP_SYS_RESOURCE may raise a hard limit: in a user
 *		namespace of its own init cannot
 *
 * An init that is gone is not reported: container_await_exec() knows why.
 */
int container_start(struct container *ct, const struct rlimit_set *limits, struct error *err)
{
	int r = rlimit_apply(limits, ct->pid, err);

	if (r < 0 && r != -ESRCH)
		return r;
	r = sync_send(ct->sync_fd, SYNC_START, NULL, -1);
	return r < 0 && r != -EPIPE ? error_sys(err, -r, "start the container") : 0;
}

/**
 * container_await_exec() - Wait until init has become the container's program
 * @failed:	On failure: SYNC_SETUP, or SYNC_EXEC if it was the exec
 *
 * Return: 0: it runs (or has ended already: the pidfd tells), or -errno
 */
int container_await_exec(struct container *ct, enum sync_step *failed, struct error *err)
{
	int r = receive(ct, failed, NULL, err);

	(void)close(ct->sync_fd);
	ct->sync_fd = -1;
	if (r == 0)
		return 0;
	if (r < 0)
		*failed = SYNC_SETUP;
	return r < 0 ? r : -err->code;
}

/** container_kill() - End the process, if there is one, and reap it */
void container_kill(struct container *ct)
{
	siginfo_t info;

	if (ct->pidfd < 0)
		return;
	(void)sys_pidfd_send_signal(ct->pidfd, SIGKILL, NULL, 0);
	while (waitid(P_PIDFD, (id_t)ct->pidfd, &info, WEXITED) < 0 && errno == EINTR)
		;
}

/** container_done() - Close what the struct holds */
void container_done(struct container *ct)
{
	if (ct->pidfd >= 0)
		(void)close(ct->pidfd);
	if (ct->sync_fd >= 0)
		(void)close(ct->sync_fd);
	*ct = (struct container){ .pidfd = -1, .sync_fd = -1 };
}
