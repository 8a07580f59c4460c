// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/record_lock.c - Who supervises a container
 *
 * Theory of operation:
 * The supervisor's lock is on RUNROOT/containers/ID. The directory must exist
 * before it can be locked, and a sweep may not take it for a crash's remains in
 * between. So whoever makes such a directory shares a lock on RUNROOT/containers
 * until it holds the directory's own; the sweep takes that one alone, just long
 * enough to lock what it found abandoned.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "runtime/record.h"

#define LOOK_TRIES    20
#define LOOK_PAUSE_NS 1000000

/**
 * record_lock_births() - Keep new state directories and sweeps apart
 * @operation:	LOCK_EX for a sweep; LOCK_SH for whoever makes a directory
 *
 * Return: the fd that holds the lock, or -errno
 */
int record_lock_births(const struct record_store *s, int operation)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	autoclose int fd = -1;
	int r;

	fd = openat(s->run_fd, "containers", flags);
	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(s->run_fd, "containers", 0700) < 0 && errno != EEXIST)
			return -errno;
		fd = openat(s->run_fd, "containers", flags);
	}
	if (fd < 0)
		return -errno;
	r = file_lock(fd, operation);
	return r < 0 ? r : steal_fd(&fd);
}

/** record_is_supervised() - Whether a live process supervises the container */
bool record_is_supervised(const struct record_store *s, const char *id)
{
	autoclose int fd = record_open_dir(s, id, true);

	return fd >= 0 && file_lock(fd, LOCK_SH | LOCK_NB) == -EWOULDBLOCK;
}

/* Its end is on record already; the supervisor only has to let go. */
static bool is_ending(const struct record_store *s, const char *id)
{
	autorecord struct record now = { 0 }, last = { 0 };
	autoclose int run = record_open_dir(s, id, true), root = record_open_dir(s, id, false);
	struct error ignored;

	record_init(&now);
	record_init(&last);
	return run < 0 || (root >= 0 && record_read_dir(run, &now, &ignored) == 0 &&
			   record_read_dir(root, &last, &ignored) == 0 &&
			   last.status == RECORD_EXITED && last.started_ns == now.started_ns);
}

/*
 * 0, -EBUSY, or -errno. Who only looks whether somebody supervises holds the
 * lock for microseconds, hence more than one try.
 */
static int lock_unless_supervised(const struct record_store *s, const char *id, int fd)
{
	const struct timespec pause = { .tv_nsec = LOOK_PAUSE_NS };

	for (int i = 0; i < LOOK_TRIES; i++) {
		int r = file_lock(fd, LOCK_EX | LOCK_NB);

		if (r != -EWOULDBLOCK)
			return r;
		if (is_ending(s, id))
			return file_lock(fd, LOCK_EX);
		(void)nanosleep(&pause, NULL);
	}
	return -EBUSY;
}

static int open_state_dir(const struct record_store *s, const char *id)
{
	char dir[RECORD_DIR_NAME];

	record_dir_name(dir, id);
	if (mkdirat(s->run_fd, dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	return record_open_dir(s, id, true);
}

/**
 * record_lock() - Become the supervisor of a container
 *
 * Makes RUNROOT/containers/ID when missing.
 *
 * Return: the fd that holds the lock (its end is the end of supervision), or
 * -errno (-EBUSY: somebody else supervises it)
 */
int record_lock(const struct record_store *s, const char *id, struct error *err)
{
	autoclose int births = record_lock_births(s, LOCK_SH);

	if (births < 0)
		return error_sys(err, -births, "lock the list of containers");
	for (;;) {
		autoclose int fd = open_state_dir(s, id);
		struct stat st;
		int r;

		if (fd == -ENOENT)
			continue;
		if (fd < 0)
			return error_sys(err, -fd, "open the state directory of container %.12s",
					 id);
		r = lock_unless_supervised(s, id, fd);
		if (r == -EBUSY)
			return error_set(err, EBUSY, "container %.12s is already running", id);
		if (r < 0 || fstat(fd, &st) < 0)
			return error_sys(err, r < 0 ? -r : errno, "lock container %.12s", id);
		/* What its last supervisor removed while we waited is locked in vain. */
		if (st.st_nlink)
			return steal_fd(&fd);
	}
}

/**
 * record_lock_abandoned() - Take over a container that lost its supervisor, to clear it away
 *
 * Return: the fd that holds the lock, or -errno (-EWOULDBLOCK: it is supervised)
 */
int record_lock_abandoned(const struct record_store *s, const char *id)
{
	autoclose int births = record_lock_births(s, LOCK_EX), fd = -1;
	int r;

	if (births < 0)
		return births;
	fd = record_open_dir(s, id, true);
	if (fd < 0)
		return fd;
	r = file_lock(fd, LOCK_EX | LOCK_NB);
	return r < 0 ? r : steal_fd(&fd);
}
