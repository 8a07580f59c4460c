// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/target.c - The container that a command of the OCI dialect is about
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/sys.h"
#include "cgroups/freezer.h"
#include "cmd/oci/cgroup.h"
#include "cmd/oci/oci.h"
#include "runtime/process.h"

#define CHECKPOINT_MARK "checkpoint"

/**
 * oci_target_mark() - A checkpoint of the container begins, or ends
 *
 * CRIU freezes the container meanwhile, and dies with us: whoever finds the mark without the
 * checkpoint, which has the lock, lets the container go on.
 */
int oci_target_mark(const struct oci_target *t, bool begins, struct error *err)
{
	autoclose int fd = -1;

	if (!begins) {
		(void)unlinkat(t->dirfd, CHECKPOINT_MARK, 0);
		return 0;
	}
	fd = openat(t->dirfd, CHECKPOINT_MARK, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? error_sys(err, errno, "mark the container's state") : 0;
}

/* Whether a checkpoint was killed that had the container frozen; the mark is gone then. */
static bool was_left(int dirfd, bool is_locked)
{
	bool found;

	if (!is_locked && file_lock(dirfd, LOCK_EX | LOCK_NB) < 0)
		return false; /* somebody is at work on it, perhaps that very checkpoint */
	found = unlinkat(dirfd, CHECKPOINT_MARK, 0) == 0;
	if (!is_locked)
		(void)flock(dirfd, LOCK_UN);
	return found;
}

static bool is_frozen(const struct oci_target *t, bool is_locked)
{
	autocgroup struct oci_cgroup cg = OCI_CGROUP_NONE;
	struct error ignored;

	if (oci_cgroup_open(&cg, &t->state, &ignored) < 0 || cg.fd < 0 ||
	    cgroup_is_frozen(cg.fd, &ignored) <= 0)
		return false;
	return !was_left(t->dirfd, is_locked) || cgroup_freeze(cg.fd, false, &ignored) < 0;
}

/**
 * oci_target_open() - Look a container up
 * @lock:	Keep other commands from changing it until it is closed
 *
 * Return: 0; -ENOENT if there is none ("does not exist"); or -errno
 */
int oci_target_open(struct oci_target *t, const struct context *ctx, const char *id, bool lock,
		    struct error *err)
{
	int r;

	*t = (struct oci_target){ .dirfd = -1 };
	t->dirfd = state_open(ctx->store.run_fd, id, lock, err);
	if (t->dirfd < 0)
		return t->dirfd;
	r = state_read(t->dirfd, &t->state, err);
	if (r == -ENOENT) /* create was killed before it wrote any, or is about to */
		return error_set(err, ENOENT, "container '%s' does not exist: it was never made",
				 id);
	if (r < 0)
		return r;
	t->status = state_find_status(t->dirfd, &t->state);
	if ((t->status == STATE_RUNNING || t->status == STATE_CREATED) && is_frozen(t, lock))
		t->status = STATE_PAUSED;
	return 0;
}

/** oci_target_close() - Release it; also one that was not found */
void oci_target_close(struct oci_target *t)
{
	cleanup_close(&t->dirfd);
	state_done(&t->state);
}

/** oci_target_signal() - A signal to the first process; -ESRCH: "container not running" */
int oci_target_signal(const struct oci_target *t, int sig, struct error *err)
{
	autoclose int pidfd = process_open(t->state.pid, t->state.pid_start, err);

	if (pidfd < 0)
		return pidfd == -ESRCH ? error_set(err, ESRCH, "container not running") : pidfd;
	if (sys_pidfd_send_signal(pidfd, sig, NULL, 0) < 0)
		return errno == ESRCH ? error_set(err, ESRCH, "container not running")
				      : error_sys(err, errno, "signal container '%s'", t->state.id);
	return 0;
}

/** oci_write_pid_file() - What --pid-file asks for, whole or not at all; NULL: nothing */
int oci_write_pid_file(const char *path, pid_t pid, struct error *err)
{
	autoclose int fd = -1;
	const char *name;
	char text[16];
	int r;

	if (!path || !*path)
		return 0;
	fd = file_open_parent(path, &name, err);
	snprintf(text, sizeof(text), "%d", pid);
	r = fd < 0 ? fd : file_replace_at(fd, name, text, strlen(text), 0644, 0, err);
	return r < 0 ? error_wrap(err, "write pid file '%s'", path) : 0;
}
