// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/pids.c - The processes of a cgroup and those below it
 *
 * A list is old when it has been read: processes fork and end. Whoever must
 * have all of them freezes the cgroup first (cgroups/freezer.h), or kills it.
 */
#include "cgroups/pids.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"

#define MAX_DEPTH	200	    /* one fd each */
#define PROCS_MAX_BYTES (32U << 20) /* the kernel's limit of 4 million pids */

struct list {
	pid_t *pids;
	size_t n, cap;
};

static void add_pids(struct list *list, const char *text)
{
	while (*text) {
		char *end;
		long pid = strtol(text, &end, 10); /* written by the kernel */

		if (end == text)
			return;
		text = *end ? end + 1 : end;
		if (pid <= 0)
			continue; /* of a pid namespace that is not below ours */
		if (list->n == list->cap) {
			list->cap = list->cap ? 2 * list->cap : 16;
			list->pids = xrealloc(list->pids, list->cap * sizeof(*list->pids));
		}
		list->pids[list->n++] = (pid_t)pid;
	}
}

/* A cgroup that is removed meanwhile has none. */
static int read_procs(int dirfd, struct list *list, struct error *err)
{
	autofree char *text = NULL;
	size_t len;
	int r;

	r = file_read_at(dirfd, "cgroup.procs", PROCS_MAX_BYTES, &text, &len, err);
	if (r == -EOPNOTSUPP) /* threaded: the processes are listed further up */
		return 0;
	if (r == -ENODEV || r == -ENOENT)
		return 0;
	if (r == 0)
		add_pids(list, text);
	return r;
}

static int collect(int dirfd, int depth, struct list *list, struct error *err)
{
	autodir DIR *dir = NULL;
	const struct dirent *e;
	int r;

	if (depth > MAX_DEPTH)
		return error_set(err, ELOOP, "list the processes of a cgroup: nested too deeply");
	r = read_procs(dirfd, list, err);
	if (r < 0)
		return r;
	dir = dir_open(dirfd, ".", 0);
	if (!dir)
		return errno == ENOENT || errno == ENODEV ? 0
							  : error_sys(err, errno, "open a cgroup");
	while (r == 0 && (e = dir_next(dir))) {
		autoclose int child = -1;

		if (e->d_type != DT_DIR)
			continue;
		child = openat(dirfd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0 && (errno == ENOENT || errno == ENODEV))
			continue;
		r = child < 0 ? error_sys(err, errno, "open cgroup '%s'", e->d_name)
			      : collect(child, depth + 1, list, err);
	}
	return r;
}

/**
 * cgroup_pids() - List the processes in a cgroup and in those below it
 * @pids:	As seen from our pid namespace; written on success, the caller
 *		frees it; NULL if there are none
 * @n:		Their number
 *
 * The cgroup's own come first, in the kernel's order.
 *
 * Return: 0, also for a cgroup that is gone, or -errno
 */
int cgroup_pids(int dirfd, pid_t **pids, size_t *n, struct error *err)
{
	struct list list = { 0 };
	int r = collect(dirfd, 0, &list, err);

	if (r < 0) {
		free(list.pids);
		return r;
	}
	*pids = list.pids;
	*n = list.n;
	return 0;
}

/**
 * cgroup_signal() - Send a signal to every process in a cgroup and below
 *
 * To those there are now. Frozen, they get it when they go on; so freezing
 * first and thawing afterwards leaves none out. For SIGKILL there is cgroup_kill().
 *
 * Return: the number of processes, or -errno
 */
int cgroup_signal(int dirfd, int signal, struct error *err)
{
	autofree pid_t *pids = NULL;
	int sent = 0;
	size_t n = 0;
	int r;

	r = cgroup_pids(dirfd, &pids, &n, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (kill(pids[i], signal) == 0)
			sent++;
		else if (errno != ESRCH)
			r = error_sys(err, errno, "signal process %d", (int)pids[i]);
	}
	return r < 0 ? r : sent;
}
