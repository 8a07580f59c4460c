// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/target.c - A container that a command acts on: find it, signal it, see it end
 *
 * A container ends in two steps. Its first process dies, which its pidfd
 * tells; then its supervisor cleans up, writes down how it ended and lets go
 * of its lock. Commands that end a container wait for both, so that the next
 * command finds it exited, or gone.
 */
#include "cmd/target.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/freezer.h"
#include "cgroups/group.h"
#include "cgroups/hierarchy.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "runtime/process.h"

/**
 * target_find() - Find a container and read its record
 * @operand:	Name, id or unique prefix of one
 * @r:		Initialised with record_init(); replaced on success
 *
 * Return: 0, -ENOENT if there is none, or -errno
 */
int target_find(const struct context *ctx, const char *operand, struct record *r, struct error *err)
{
	char id[RECORD_ID_HEX + 1];
	int ret;

	ret = record_find(&ctx->store, operand, id, err);
	return ret < 0 ? ret : record_read(&ctx->store, id, r, err);
}

/**
 * target_for_each() - Do something with every container named on the command line
 *
 * Prints the operand when that went well and the error when not, and goes on.
 *
 * Return: the exit code: 0, or EXIT_TARE if one failed
 */
int target_for_each(const struct context *ctx, int argc, char **argv, target_action action)
{
	int status = 0;

	for (int i = 0; i < argc; i++) {
		autorecord struct record r;
		struct error err = { 0 };
		int ret;

		record_init(&r);
		ret = target_find(ctx, argv[i], &r, &err);
		if (ret == 0)
			ret = action(ctx, &r, argv[i], &err);
		if (ret < 0) {
			message_error(ctx, &err);
			status = EXIT_TARE;
		} else {
			printf("%s\n", argv[i]);
		}
	}
	return status;
}

/**
 * target_list() - The ids of all containers, for --all
 * @ids:	Appended to; these can stand in for operands
 */
int target_list(const struct context *ctx, bool running_only, struct strlist *ids,
		struct error *err)
{
	autostrlist struct strlist all = { 0 };
	int ret;

	ret = record_list(&ctx->store, &all, err);
	for (size_t i = 0; ret == 0 && i < all.n; i++) {
		autorecord struct record r;

		record_init(&r);
		/* One that vanishes meanwhile is none to act on. */
		if (record_read(&ctx->store, all.items[i], &r, &(struct error){ 0 }) < 0)
			continue;
		if (!running_only || target_is_running(&r))
			strlist_add(ids, all.items[i]);
	}
	return ret;
}

/** target_for_each_or_all() - The same; with --all of every container that runs */
int target_for_each_or_all(const struct context *ctx, bool all, int argc, char **argv,
			   target_action action, struct error *err)
{
	autostrlist struct strlist ids = { 0 };
	int ret = command_check_all(ctx, all, argc, err);

	if (ret < 0)
		return ret;
	if (!all)
		return target_for_each(ctx, argc, argv, action);
	ret = target_list(ctx, true, &ids, err);
	return ret < 0 ? ret : target_for_each(ctx, (int)ids.n, ids.items, action);
}

/** target_is_running() - Whether the container has processes (paused ones included) */
bool target_is_running(const struct record *r)
{
	return (r->status == RECORD_RUNNING || r->status == RECORD_PAUSED) && r->pid > 0;
}

/** target_is_up() - Whether it runs, or will run again if nobody ends it */
bool target_is_up(const struct record *r)
{
	return target_is_running(r) || r->status == RECORD_RESTARTING;
}

/**
 * target_open_process() - A pidfd of the container's first process
 *
 * The number on record may belong to another process by now; the start time
 * tells, and after that the pidfd cannot change its meaning.
 *
 * Return: the pidfd, -ESRCH when that process is gone, or another -errno
 */
int target_open_process(const struct record *r, struct error *err)
{
	int pidfd = process_open(r->pid, r->pid_start, err);

	return pidfd < 0 ? error_wrap(err, "container '%s'", r->name) : pidfd;
}

/**
 * target_open_cgroup() - The container's cgroup
 *
 * Return: a directory fd, which the caller closes; -EOPNOTSUPP if it has none; or -errno
 */
int target_open_cgroup(const struct record *r, struct error *err)
{
	struct cgroup_root root;
	int fd;

	if (!*r->cgroup) {
		error_set(err, EOPNOTSUPP, "container '%s' has no cgroup", r->name);
		return error_hint(err, "it was started without permission to make one");
	}
	fd = cgroup_root_open(&root, err);
	if (fd < 0)
		return fd;
	fd = cgroup_open(&root, r->cgroup, err);
	cgroup_root_close(&root);
	return fd;
}

/**
 * target_thaw() - Let a paused container run on; nothing to do for others
 *
 * Frozen processes see signals (other than SIGKILL) only when they thaw.
 */
int target_thaw(const struct record *r, struct error *err)
{
	autoclose int fd = -1;

	if (r->status != RECORD_PAUSED || !*r->cgroup)
		return 0;
	fd = target_open_cgroup(r, err);
	return fd < 0 ? fd : cgroup_freeze(fd, false, err);
}

/**
 * target_signal() - Send a signal to the container's first process
 * @pidfd:	From target_open_process()
 *
 * Return: 0, or -ESRCH when it has ended meanwhile
 */
int target_signal(const struct record *r, int pidfd, int sig, struct error *err)
{
	if (sys_pidfd_send_signal(pidfd, sig, NULL, 0) < 0)
		return error_sys(err, errno, "send signal %d to container '%s'", sig, r->name);
	return 0;
}

/**
 * target_wait_exit() - Wait for the end of a process
 * @timeout_ms:	Negative: for ever
 *
 * Return: 0 when it has ended, -ETIMEDOUT when not, or -errno
 */
int target_wait_exit(int pidfd, int64_t timeout_ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int64_t end = clock_monotonic_ms() + timeout_ms, left = timeout_ms;
	int n;

	for (;;) {
		n = poll(&p, 1, timeout_ms < 0 ? -1 : left > 60000 ? 60000 : (int)left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		left = end - clock_monotonic_ms();
		if (timeout_ms >= 0 && left <= 0)
			return -ETIMEDOUT;
	}
}

/**
 * target_wait_released() - Wait until nobody supervises the container any more
 *
 * Return: 0, or -errno of flock()
 */
int target_wait_released(const struct context *ctx, const char *id)
{
	autoclose int fd = record_open_dir(&ctx->store, id, true);

	if (fd < 0)
		return 0; /* cleaned up already */
	return file_lock(fd, LOCK_SH);
}

/**
 * target_kill() - End a container at once, and wait until that is on record
 *
 * Return: 0, also when it was ending by itself; or -errno
 */
int target_kill(const struct context *ctx, const struct record *r, struct error *err)
{
	autoclose int pidfd = -1;
	int ret;

	record_mark_ending(&ctx->store, r->id);
	if (!target_is_running(r))
		return target_wait_released(ctx, r->id);
	ret = pidfd = target_open_process(r, err);
	if (pidfd >= 0)
		ret = target_signal(r, pidfd, SIGKILL, err);
	if (ret >= 0)
		ret = target_wait_exit(pidfd, -1);
	if (ret < 0 && ret != -ESRCH)
		return ret;
	return target_wait_released(ctx, r->id);
}
