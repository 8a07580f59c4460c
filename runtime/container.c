// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/container.c - From a configuration to a running process
 *
 * Theory of operation:
 * One clone3() makes the process in its namespaces and in its cgroup. What it
 * needs of the host is opened before, as detached mounts that the clone
 * inherits; their owner ids are mapped after the clone, when the user
 * namespace exists, and before the child is told to go on. Then the child
 * mounts while the caller sets up the network, and waits for the start.
 *
 * The network namespace alone comes later, when the child is busy: see
 * runtime/netns. The child does not need it until it mounts sysfs.
 *
 * Should the caller die, the child reads end of file or gets SIGKILL: nothing
 * stays but what the store records.
 */
#include "runtime/container.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/idmap.h"
#include "runtime/init.h"
#include "runtime/namespace.h"
#include "runtime/netns.h"
#include "runtime/plan.h"
#include "runtime/seccomp_notify.h"
#include "runtime/trees.h"

#define MOUNTINFO_MAX_BYTES (4U << 20)

/* Not by clone: see init_join(), runtime/namespace and runtime/netns for the reasons. */
#define MADE_APART (CLONE_NEWCGROUP | CLONE_NEWTIME | CLONE_NEWNET)

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
		error_hint(err,
			   "user namespaces may be switched off or used up here "
			   "(user.max_user_namespaces), or this is a chroot; --userns=host does "
			   "without");
	return -errnum;
}

/* The one clone; the child never comes back from it. */
static int clone_init(struct container *ct, struct init_plan *plan,
		      const struct container_place *place, uint64_t flags, struct error *err)
{
	const struct config *c = plan->config;
	struct sys_clone_args args = {
		.flags = (c->namespaces & ~(uint64_t)MADE_APART) | CLONE_PIDFD | flags,
		.pidfd = (uintptr_t)&ct->pidfd,
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
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

struct helper {
	struct container *ct;
	struct init_plan *plan;
	const struct container_place *place;
	struct namespace_set *set;
	bool enters; /* all that are to be shared, not just the user namespace */
	int r;
	struct error *err;
};

static int help(void *arg)
{
	struct helper *h = arg;
	int userns = h->set->there[CONFIG_NS_USER];

	h->r = h->enters ? namespace_enter(h->set, h->plan->config, h->err) : 0;
	if (h->r == 0 && userns >= 0 && setns(userns, CLONE_NEWUSER) < 0)
		h->r = error_sys(h->err, errno, "enter the user namespace to share");
	if (h->r == 0)
		h->r = clone_init(h->ct, h->plan, h->place, CLONE_PARENT, h->err);
	return 0;
}

/* What clone3() told the helper is of its pid namespace, which may be the one to share. */
static pid_t pid_behind(int pidfd)
{
	autofree char *text = NULL;
	char path[64];
	const char *pid;
	size_t len;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	if (file_read_at(AT_FDCWD, path, 4096, &text, &len, &(struct error){ 0 }) < 0)
		return -1;
	pid = strstr(text, "\nPid:");
	return pid ? (pid_t)strtol(pid + strlen("\nPid:"), NULL, 10) : -1;
}

/*
 * There is no way back from another user namespace, and maybe from none, so a helper
 * goes there and makes our child from there. It shares our memory and descriptors: what it finds
 * out, and the pidfd, are where we look for them.
 */
static int clone_by_helper(struct container *ct, struct init_plan *plan,
			   const struct container_place *place, struct namespace_set *set,
			   bool enters, struct error *err)
{
	struct helper h = { ct, plan, place, set, enters, 0, err };
	const size_t size = 256 << 10; /* of its stack; init builds the container on a copy of it */
	autofree char *stack = xmalloc(size);
	int r = namespace_run_apart(help, &h, stack, size, err);

	if (r == 0)
		r = h.r;
	if (r < 0)
		return r;
	ct->pid = pid_behind(ct->pidfd);
	return ct->pid > 0 ? 0
			   : error_set(err, ESRCH, "find the container's first process in /proc");
}

static int make_netns(struct container *ct, const struct config *c, struct netns_maker *maker,
		      struct error *err)
{
	int r;

	if (!(c->namespaces & CLONE_NEWNET))
		return 0;
	ct->netns = netns_finish(maker, c, ct->pid, err);
	if (ct->netns < 0)
		return ct->netns;
	r = sync_send(ct->sync_fd, SYNC_NETWORK, NULL, ct->netns);
	/* An init that has failed is gone: container_await_exec() knows why. */
	return r < 0 && r != -EPIPE ? error_sys(err, -r, "hand over the network namespace") : 0;
}

static int go_and_clone(struct container *ct, struct init_plan *plan,
			const struct container_place *place, struct namespace_set *set,
			struct error *err)
{
	struct error leaving;
	int r = namespace_enter(set, plan->config, err);

	if (r == 0)
		r = set->there[CONFIG_NS_USER] < 0
			    ? clone_init(ct, plan, place, 0, err)
			    : clone_by_helper(ct, plan, place, set, false, err);
	if (namespace_leave(set, &leaving) < 0 && r == 0) {
		*err = leaving;
		r = -leaving.code;
	}
	return r;
}

static int clone_in_place(struct container *ct, struct init_plan *plan,
			  const struct container_place *place, struct error *err)
{
	struct namespace_set set;
	int r = namespace_open(&set, plan->config, err);

	plan->mount_ns = set.there[CONFIG_NS_MOUNT];
	if (r == 0)
		r = namespace_has_way_back(&set, plan->config)
			    ? go_and_clone(ct, plan, place, &set, err)
			    : clone_by_helper(ct, plan, place, &set, true, err);
	namespace_close(&set);
	return r;
}

static int wake(const struct container *ct, enum sync_step step, struct error *err)
{
	int r = sync_send(ct->sync_fd, step, NULL, -1);

	return r < 0 ? error_sys(err, -r, "wake the container's first process") : 0;
}

static int map_and_go(struct container *ct, const struct init_plan *plan,
		      const struct container_place *place, struct error *err)
{
	int r = 0;

	if (place->cloned)
		r = place->cloned(place->cloned_arg, ct->pid, err);
	if (r == 0 && (plan->config->namespaces & CLONE_NEWUSER))
		r = idmap_write(ct->pid, plan->config, err);
	if (r == 0 && trees_are_mapped(plan->config))
		r = trees_map(plan, ct->pid, err);
	if (r < 0)
		return r;
	return wake(ct, SYNC_MAPPED, err);
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
		.reports_ready = place->reports_ready,
		.start_fd = place->start_fd,
		.hook_state_fd = place->hook_state_fd,
		.mount_ns = -1,
		.begun_ns = place->begun_ns,
	};
	int fds[2] = { -1, -1 };
	int r;

	*ct = CONTAINER_NONE;
	r = trees_open(&plan, place, err);
	if (r == 0) {
		r = sync_open(fds);
		if (r < 0)
			error_sys(err, -r, "open the channel to the container's first process");
	}
	if (r == 0) {
		ct->sync_fd = fds[0];
		plan.sync_fd = fds[1];
		r = clone_in_place(ct, &plan, place, err);
		(void)close(fds[1]);
	}
	if (r == 0)
		r = map_and_go(ct, &plan, place, err);
	if (r == 0)
		r = make_netns(ct, config, place->netns, err);
	trees_close(&plan);
	if (r < 0) {
		container_kill(ct);
		container_done(ct);
	}
	return r;
}

/** container_netns() - Its network namespace, made or joined: an fd of @ct's, or -errno */
int container_netns(struct container *ct, struct error *err)
{
	if (ct->netns < 0)
		ct->netns = namespace_open_of(ct->pid, "net", err);
	return ct->netns < 0 ? -err->code : ct->netns;
}

/* 1: a message, 0: end of file; failures of the channel become errors. */
static int receive(struct container *ct, enum sync_step *step, int *fd, struct error *err)
{
	int r = sync_receive(ct->sync_fd, step, err, fd);

	return r < 0 ? error_sys(err, -r, "hear from the container's first process") : r;
}

/**
 * container_await() - Wait until init says that it has come to a step
 * @want:	SYNC_MOUNTED, SYNC_CONSOLE, SYNC_SECCOMP or SYNC_READY
 * @fd:		Gets what comes with SYNC_CONSOLE (caller closes it), or the number that
 *		SYNC_SECCOMP says; or NULL
 *
 * Return: 0, or -errno with init's error
 */
int container_await(struct container *ct, enum sync_step want, int *fd, struct error *err)
{
	enum sync_step step;
	int passed = -1;
	int r = receive(ct, &step, &passed, err);

	if (r < 0)
		return r;
	if (r == 0)
		return error_set(err, ECHILD, "the container's first process died during set-up");
	if (step != want) {
		if (passed >= 0 && step != SYNC_SECCOMP)
			(void)close(passed);
		return step == SYNC_SETUP || step == SYNC_EXEC
			       ? -err->code
			       : error_set(err, EPROTO,
					   "the container's first process is at step %d, "
					   "not %d",
					   (int)step, (int)want);
	}
	if (fd)
		*fd = passed;
	return 0;
}

/** container_hooked() - Tell init that the hooks it asked for with SYNC_MOUNTED have run */
int container_hooked(struct container *ct, struct error *err)
{
	return wake(ct, SYNC_HOOKED, err);
}

/**
 * container_console() - Wait for the terminal that init makes
 *
 * Return: its master end, which the caller closes, or -errno with init's error
 */
int container_console(struct container *ct, struct error *err)
{
	int fd = -1;
	int r = container_await(ct, SYNC_CONSOLE, &fd, err);

	if (r < 0)
		return r;
	return fd >= 0 ? fd : error_set(err, EPROTO, "the container's terminal did not arrive");
}

/**
 * container_listener() - Wait for the filter's listener, and fetch it
 * @fd:		Gets it; the caller closes it
 *
 * The process then waits for container_listener_taken().
 *
 * Return: 0 or -errno
 */
int container_listener(struct container *ct, int *fd, struct error *err)
{
	int number = -1;
	int r = container_await(ct, SYNC_SECCOMP, &number, err);

	if (r == 0)
		r = seccomp_notify_fetch(ct->pidfd, number, err);
	if (r < 0)
		return r;
	*fd = r;
	return 0;
}

/** container_listener_taken() - The agent has the listener: calls that it must allow may follow */
int container_listener_taken(struct container *ct, struct error *err)
{
	return wake(ct, SYNC_TAKEN, err);
}

/**
 * container_start() - Let init exec
 * @limits:	Set from here, where CAP_SYS_RESOURCE may raise a hard limit: in a user
 *		namespace of its own init cannot; NULL: they are set
 *
 * An init that is gone is not reported: container_await_exec() knows why.
 */
int container_start(struct container *ct, const struct rlimit_set *limits, struct error *err)
{
	int r = limits ? rlimit_apply(limits, ct->pid, err) : 0;

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
	if (ct->netns >= 0)
		(void)close(ct->netns);
	*ct = CONTAINER_NONE;
}
