// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/slice/member.c - A container in a slice, as its supervisor sees it
 *
 * The supervisor ends its container when the lease has run out, as at the end
 * of a --timeout. It hears of renewals by inotify: a slice's document is
 * replaced by another of the same name.
 */
#include "cmd/slice/member.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "cgroups/hierarchy.h"
#include "cmd/command.h"
#include "cmd/slice/store.h"
#include "cmd/units.h"

static int open_slices(const struct context *ctx, const char *name, struct error *err)
{
	int fd = openat(ctx->store.root_fd, "slices", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return error_sys(err, errno, "open 'slices' in the store");
	error_set(err, ENOENT, "no such slice: '%s'", name);
	return error_hint(err, "tare slice create %s --memory … --cpus …", name);
}

/**
 * slice_find() - Where the cgroup of a slice is
 * @cgroup:	Written on success
 *
 * Return: 0, or -ENOENT if there is no such slice
 */
int slice_find(const struct context *ctx, const char *name, char cgroup[SLICE_CGROUP_MAX],
	       struct error *err)
{
	autoslice struct slice s = { 0 };
	autoclose int fd = open_slices(ctx, name, err);
	int r = fd < 0 ? fd : slice_store_read(fd, name, &s, err);

	if (r == 0)
		memcpy(cgroup, s.cgroup, SLICE_CGROUP_MAX);
	return r;
}

static int check_lease(const struct slice *s, struct error *err)
{
	if (!slice_is_over(s, units_now_ns()))
		return 0;
	error_set(err, ETIME, "the lease of slice '%s' has run out", s->name);
	return error_hint(err, "tare slice renew %s", s->name);
}

static bool group_exists(const struct cgroup_root *root, const char *path)
{
	return faccessat(root->fd, path, F_OK, 0) == 0;
}

/* Renamed documents are new ones. */
static int watch(int dir_fd)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir_fd);
	if (fd >= 0)
		(void)inotify_add_watch(fd, path, IN_MOVED_TO | IN_ONLYDIR);
	return fd;
}

static int lock(const struct slice_member *m, int operation, struct error *err)
{
	int r = file_lock(m->dir_fd, operation);

	return r < 0 ? error_sys(err, -r, "lock the slices") : 0;
}

/* Under the lock that is needed: who finds no cgroup, after a restart of the machine, makes it. */
static int lock_and_read(struct slice_member *m, const struct cgroup_root *root, struct slice *s,
			 struct error *err)
{
	int r = lock(m, LOCK_SH, err);

	if (r == 0)
		r = slice_store_read(m->dir_fd, m->name, s, err);
	if (r < 0 || group_exists(root, s->cgroup))
		return r;
	slice_done(s);
	*s = (struct slice){ 0 };
	r = lock(m, LOCK_EX, err);
	return r == 0 ? slice_store_read(m->dir_fd, m->name, s, err) : r;
}

/**
 * slice_enter() - Have a slice hold, before a container's cgroup is made in it
 * @m:		slice_leave() releases it, also after a failure
 *
 * Return: 0; -ENOENT if there is none; -ETIME if its lease has run out; or -errno
 */
int slice_enter(struct slice_member *m, const struct context *ctx, const char *name,
		const struct cgroup_root *root, struct error *err)
{
	autoslice struct slice s = { 0 };
	int r = slice_check_name(name, err);

	if (r < 0)
		return r;
	snprintf(m->name, sizeof(m->name), "%s", name);
	m->dir_fd = open_slices(ctx, name, err);
	if (m->dir_fd < 0)
		return m->dir_fd;
	m->watch_fd = watch(m->dir_fd); /* before it is read */
	r = lock_and_read(m, root, &s, err);
	if (r == 0)
		r = check_lease(&s, err);
	return r == 0 ? slice_group_enforce(root, &s, NULL, err) : r;
}

/** slice_is_entered() - The start is over: the slice may be changed by others again */
void slice_is_entered(struct slice_member *m)
{
	if (m->dir_fd >= 0)
		(void)flock(m->dir_fd, LOCK_UN);
}

/**
 * slice_lease_left() - Milliseconds until the lease of a member's slice ends
 *
 * For struct supervise. Of a slice that is gone nobody knows: whoever removed
 * it ends its containers.
 */
int64_t slice_lease_left(void *member)
{
	const struct slice_member *m = member;
	autoslice struct slice s = { 0 };
	struct error ignored;
	int64_t now = units_now_ns();

	if (m->dir_fd < 0 || slice_store_read(m->dir_fd, m->name, &s, &ignored) < 0)
		return INT64_MAX;
	if (slice_is_over(&s, now))
		return 0;
	return s.expires_ns ? (s.expires_ns - now + UNITS_NS_PER_MS - 1) / UNITS_NS_PER_MS
			    : INT64_MAX;
}

/**
 * slice_leave() - The container is gone; the last one after the end of the lease clears up
 *
 * Safe twice.
 */
void slice_leave(struct slice_member *m, const struct context *ctx, bool lease_ended)
{
	bool was_in = m->dir_fd >= 0;

	cleanup_close(&m->watch_fd);
	cleanup_close(&m->dir_fd);
	if (was_in && lease_ended) {
		autoslicestore struct slice_store st = SLICE_STORE_NONE;
		autoslice struct slice s = { 0 };
		struct error ignored;

		if (slice_store_open(&st, ctx, &ignored) == 0 &&
		    slice_store_read(st.dir_fd, m->name, &s, &ignored) == 0)
			slice_store_settle(&st, &s);
	}
}
