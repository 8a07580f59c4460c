// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/oom.c - Be told when a process of a cgroup is killed for want of memory
 *
 * The kernel announces each change of memory.events to inotify. The same
 * descriptor also tells of cgroup.events, so that a watcher learns of the end.
 */
#include "cgroups/oom.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cgroups/events.h"
#include "cgroups/stats.h"

static int add_watch(int fd, int dirfd, const char *file, struct error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, file);
	if (inotify_add_watch(fd, path, IN_MODIFY) >= 0)
		return 0;
	if (errno == ENOENT && !strncmp(file, "memory.", 7))
		return error_set(err, EOPNOTSUPP,
				 "watch '%s': controller 'memory' does not reach the cgroup", file);
	return error_sys(err, errno, "watch '%s'", file);
}

/* oom_kill of memory.events, which counts this cgroup and those below it. */
static int read_kills(int dirfd, uint64_t *kills, struct error *err)
{
	autofree char *text = NULL;
	int r = 0;

	text = cgroup_read_stat(dirfd, "memory.events", &r, err);
	if (text)
		*kills = cgroup_keyed_value(text, "oom_kill");
	return r;
}

/**
 * cgroup_oom_watch_open() - Begin to watch a cgroup
 * @watch:	Filled in on success; cgroup_oom_watch_close() releases it
 * @dirfd:	Must stay open as long as the watch
 *
 * What was killed before is not reported.
 *
 * Return: 0; -EOPNOTSUPP without the memory controller; or -errno
 */
int cgroup_oom_watch_open(struct cgroup_oom_watch *watch, int dirfd, struct error *err)
{
	struct cgroup_oom_watch new = { .dirfd = dirfd };
	autoclose int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int r;

	if (fd < 0)
		return error_sys(err, errno, "watch a cgroup");
	r = add_watch(fd, dirfd, "memory.events", err);
	if (r == 0)
		r = add_watch(fd, dirfd, "cgroup.events", err);
	if (r == 0)
		r = read_kills(dirfd, &new.kills, err);
	if (r < 0)
		return r;
	new.fd = steal_fd(&fd);
	*watch = new;
	return 0;
}

/**
 * cgroup_oom_watch_read() - What has happened since the last time
 *
 * Does not wait; when poll() says that @watch->fd is readable there may be news.
 *
 * Return: the number of processes killed for want of memory, 0 if none;
 * -ENODEV when the cgroup has no process any more or is gone, and nothing is
 * left to be reported; or -errno
 */
int cgroup_oom_watch_read(struct cgroup_oom_watch *watch, struct error *err)
{
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	uint64_t kills = watch->kills;
	int r, populated;

	while (read(watch->fd, events, sizeof(events)) > 0)
		; /* that there was something is all they say */
	/* In this order: the last process may be killed between the two. */
	populated = cgroup_event_read(watch->dirfd, "populated", err);
	r = read_kills(watch->dirfd, &kills, err);
	if (r == 0 && kills > watch->kills) {
		r = (int)(kills - watch->kills);
		watch->kills = kills;
		return r;
	}
	if (r < 0 && r != -ENODEV)
		return r;
	if (populated > 0)
		return 0;
	if (populated < 0 && populated != -ENODEV && populated != -ENOENT)
		return populated;
	return error_set(err, ENODEV, "watch a cgroup: it has no process any more");
}

/** cgroup_oom_watch_close() - Release a watch; NULL and already closed ones are fine */
void cgroup_oom_watch_close(struct cgroup_oom_watch *watch)
{
	if (watch)
		cleanup_close(&watch->fd);
}
