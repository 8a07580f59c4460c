// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/reclaim.c - Putting right what a crash left
 *
 * There is no daemon to notice that a supervisor was killed. So whoever lists
 * containers, starts one or removes one sweeps first: a container with state in
 * RUNROOT whose lock is free has no supervisor. Its processes are killed (they
 * got SIGKILL with their parent, unless they unset that), its cgroup, address
 * and ports go back, and its record says "lost". The sweep holds the container's
 * lock meanwhile, so of many sweepers one does it and the others pass by.
 *
 * What takes long to delete is first renamed into ROOT/trash and then deleted
 * by a child that nobody waits for; any later sweep goes on where it was killed.
 */
#include "cmd/reclaim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sys.h"
#include "cgroups/group.h"
#include "cgroups/hierarchy.h"
#include "cgroups/protection.h"
#include "cmd/command.h"
#include "cmd/limits.h"
#include "cmd/settings.h"
#include "cmd/slice/store.h"
#include "cmd/target.h"
#include "cmd/units.h"
#include "cmd/volume.h"
#include "image/store.h"
#include "network/network.h"
#include "runtime/process.h"

#define SETTLE_LOOK_NS 2000000
#define SETTLE_LOOKS   5000

/* Known from the settings: the crash may have come before the record said it. */
static void end_cgroup(const struct record_store *s, const char *id)
{
	autosettings struct settings settings = { 0 };
	autofree char *path = NULL;
	struct cgroup_root root = { .fd = -1 };
	struct error ignored;
	int fd;

	if (cgroup_root_open(&root, &ignored) < 0)
		return;
	(void)settings_load(&settings, s, id, &ignored); /* without --cgroup-parent it is at home */
	path = limits_cgroup_path(&settings, id);
	fd = cgroup_open(&root, path, &ignored);
	if (fd >= 0) {
		(void)cgroup_kill(fd, &ignored);
		(void)close(fd);
		(void)cgroup_remove(&root, path, CGROUP_END_TIMEOUT_MS, &ignored);
		(void)cgroup_protection_sum(&root, &ignored);
	}
	cgroup_root_close(&root);
}

/* Where there are no cgroups, the first process is all there is to kill. */
static void end_process(const struct record *r)
{
	struct error gone;
	autoclose int pidfd = process_open(r->pid, r->pid_start, &gone);

	if (pidfd >= 0)
		(void)sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
}

static void remove_volumes(const struct record_store *s, const char *id)
{
	autosettings struct settings settings = { 0 };
	struct error ignored;

	if (settings_load(&settings, s, id, &ignored) == 0)
		volume_remove_anonymous(&settings, s->root_fd);
}

static void put_right(const struct context *ctx, struct record *r)
{
	const struct record_store *s = &ctx->store;
	struct error ignored;

	log_debug("container %.12s lost its supervisor: clearing up", r->id);
	end_process(r);
	end_cgroup(s, r->id);
	if (*r->ip && !strcmp(r->network, "bridge"))
		(void)network_release(s->run_fd, r->ip, r->id, &ignored);
	if (r->auto_remove) {
		remove_volumes(s, r->id);
		reclaim_scratch(s, r->id);
		(void)record_remove(s, r, &ignored);
		return;
	}
	if (target_is_up(r)) {
		r->status = RECORD_EXITED;
		r->pid = 0;
		r->exit_code = 255;
		r->finished_ns = units_now_ns();
		str_replace(&r->reason, RECORD_LOST);
		(void)record_write_stopped(s, r, &ignored);
	}
	(void)record_clear_running(s, r->id);
}

/* What has no record may be the mark of an ephemeral run, see cmd/ephemeral.c. */
static void sweep_images(const struct record_store *s)
{
	struct image_store images;
	struct error ignored;

	if (image_store_open(s->root_fd, &images, &ignored) < 0)
		return;
	image_store_sweep(&images);
	image_store_close(&images);
}

static void look_at(const struct context *ctx, const char *id)
{
	autoclose int fd = record_lock_abandoned(&ctx->store, id);
	autorecord struct record r = { 0 };
	struct error why;

	if (fd < 0)
		return; /* supervised, or somebody else is at it */
	record_init(&r);
	if (record_read_raw(&ctx->store, id, &r, &why) == 0) {
		put_right(ctx, &r);
	} else {
		end_cgroup(&ctx->store, id);
		sweep_images(&ctx->store);
		(void)record_clear_running(&ctx->store, id);
	}
}

static bool is_supervised(void *arg, const char *id)
{
	const struct context *ctx = arg;

	return record_is_supervised(&ctx->store, id);
}

static void release_addresses(const struct context *ctx)
{
	struct error ignored;

	(void)network_release_stale(ctx->store.run_fd, is_supervised, (void *)(uintptr_t)ctx,
				    &ignored);
}

/**
 * reclaim_sweep() - Find containers without supervisor, and clear up after them
 *
 * Costs three system calls for each container that runs.
 */
void reclaim_sweep(const struct context *ctx)
{
	autodir DIR *dir = dir_open(ctx->store.run_fd, "containers", 0);
	const struct dirent *e;
	bool found = false;

	if (!dir)
		return;
	while ((e = dir_next(dir))) {
		if (strlen(e->d_name) != RECORD_ID_HEX || !str_is_hex(e->d_name, RECORD_ID_HEX))
			continue;
		if (!record_is_supervised(&ctx->store, e->d_name)) {
			look_at(ctx, e->d_name);
			found = true;
		}
	}
	/* An address may be leased before there is a record to say so. */
	if (found)
		release_addresses(ctx);
	reclaim_empty_trash(&ctx->store);
}

/**
 * reclaim_failed() - Clear up after a start that failed
 * @lock_fd:	The supervisor's lock, ours or shared with a monitor that ended; closed
 *
 * A monitor that was killed has given nothing back, and init, which holds the
 * lock with it, may take a moment to notice.
 */
void reclaim_failed(const struct context *ctx, const char *id, int *lock_fd)
{
	if (*lock_fd >= 0)
		(void)close(*lock_fd);
	*lock_fd = -1;
	(void)target_wait_released(ctx, id);
	reclaim_sweep(ctx);
}

/* Its first process is gone, which is not on record yet. */
static bool is_ending(const struct record *r)
{
	autoclose int pidfd = -1;

	if (!target_is_running(r))
		return false;
	pidfd = target_open_process(r, &(struct error){ 0 });
	return pidfd == -ESRCH || (pidfd >= 0 && target_wait_exit(pidfd, 0) == 0);
}

/**
 * reclaim_await_settled() - Let a start or an end come to its end
 *
 * Somebody supervises the container, but it does not run yet, or any more: it is
 * being started, its files are being copied, or what is left of it is put on
 * record. How that ends is soon known.
 */
int reclaim_await_settled(const struct context *ctx, struct record *r, struct error *err)
{
	const struct timespec pause = { .tv_nsec = SETTLE_LOOK_NS };
	bool waited = false;
	int ret = 0;

	for (int i = 0; i < SETTLE_LOOKS && ret == 0 && (!target_is_up(r) || is_ending(r)) &&
			record_is_supervised(&ctx->store, r->id);
	     i++) {
		waited = true;
		(void)nanosleep(&pause, NULL);
		ret = record_read(&ctx->store, r->id, r, err);
	}
	if (ret < 0 || !waited)
		return ret;
	/* Its supervisor may just have died: without a record nobody finds what that left. */
	reclaim_sweep(ctx);
	return record_read(&ctx->store, r->id, r, err);
}

/** reclaim_thoroughly() - A sweep that also finds what never got a record, and ended leases */
void reclaim_thoroughly(const struct context *ctx)
{
	reclaim_sweep(ctx);
	/* Whoever died between taking an address and saying whose it is has left nothing else. */
	release_addresses(ctx);
	(void)record_remove_orphans(&ctx->store); /* the next one tries again */
	slice_store_settle_all(ctx);
}

/** reclaim_scratch() - Throw away what a --rm container had written to disk */
void reclaim_scratch(const struct record_store *s, const char *id)
{
	char from[96], to[96];

	snprintf(from, sizeof(from), "containers/%s", id);
	snprintf(to, sizeof(to), "trash/%s", id);
	if (mkdirat(s->root_fd, "trash", 0700) < 0 && errno != EEXIST)
		return;
	(void)renameat(s->root_fd, from, s->root_fd, to);
	reclaim_empty_trash(s);
}

static void delete_all(int trash)
{
	autodir DIR *dir = dir_open(trash, ".", 0);
	const struct dirent *e;

	while ((e = dir_next(dir)))
		(void)file_remove_tree_at(trash, e->d_name);
}

static bool is_empty(int trash)
{
	autodir DIR *dir = NULL;
	struct stat st;

	/* All that is thrown away are directories, which count as links where links are counted:
	 * reading a directory that once was large takes milliseconds on ext4. */
	if (fstat(trash, &st) == 0 && st.st_nlink == 2)
		return true;
	dir = dir_open(trash, ".", 0);
	return !dir_next(dir);
}

enum caller { CALLER_STAYS, CALLER_ENDS };

/*
 * Do something with a descriptor in a process that nobody has to wait for. It
 * holds nothing else of ours: no streams, locks or leases. Its parent is init,
 * now, or as soon as the caller ends.
 */
static void in_background(int fd, void (*work)(int fd), enum caller caller)
{
	pid_t pid = fork();

	if (pid != 0) {
		while (caller == CALLER_STAYS && pid > 0 && waitpid(pid, NULL, 0) < 0 &&
		       errno == EINTR)
			;
		return;
	}
	if (caller == CALLER_STAYS && fork() != 0)
		_exit(0);
	if (fd != 3)
		(void)dup2(fd, 3);
	(void)sys_close_range(4, ~0U, 0);
	for (int i = 0; i < 3; i++)
		(void)close(i);
	(void)setsid();
	work(3);
	_exit(0);
}

static void just_close(int fd)
{
	(void)close(fd);
}

/** reclaim_close_slowly() - As the last thing: close what takes long to close; -1 is none */
void reclaim_close_slowly(int fd)
{
	if (fd < 0)
		return;
	in_background(fd, just_close, CALLER_ENDS);
	(void)close(fd); /* not the last one any more */
}

/** reclaim_empty_trash() - Delete what was thrown away, without keeping the caller */
void reclaim_empty_trash(const struct record_store *s)
{
	autoclose int trash = openat(s->root_fd, "trash", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (trash >= 0 && !is_empty(trash) && file_lock(trash, LOCK_EX | LOCK_NB) == 0)
		in_background(trash, delete_all, CALLER_STAYS);
}
