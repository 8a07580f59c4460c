// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/traffic.c - How much went over a network namespace's interfaces
 *
 * All of them but lo. /proc has a namespace's figures below each process that
 * is in it; when the last one has ended the namespace is entered to read them.
 */
#include "cmd/report/traffic.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"

#define NET_DEV_MAX_BYTES (256U << 10)
#define NET_DEV_BETWEEN	  7 /* columns between the bytes received and those sent, proc(5) */

static bool read_table(const char *path, struct traffic *t)
{
	autofree char *text = NULL;
	struct traffic sum = { 0 };
	char *save = NULL;
	size_t len;

	if (file_read_at(AT_FDCWD, path, NET_DEV_MAX_BYTES, &text, &len, &(struct error){ 0 }) < 0)
		return false;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *figures = strchr(l, ':');

		while (*l == ' ')
			l++;
		if (!figures || str_starts(l, "lo:"))
			continue;
		figures++;
		sum.received_bytes += strtoull(figures, &figures, 10);
		for (int skipped = 0; skipped < NET_DEV_BETWEEN; skipped++)
			(void)strtoull(figures, &figures, 10);
		sum.sent_bytes += strtoull(figures, &figures, 10);
	}
	*t = sum;
	return true;
}

/** traffic_of_process() - Of the network namespace that a process is in; false if that is not known
 */
bool traffic_of_process(pid_t pid, struct traffic *t)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)pid);
	return read_table(path, t);
}

/** traffic_of_namespace() - Of a namespace that no process needs to be in; false if not known */
bool traffic_of_namespace(int netns_fd, struct traffic *t)
{
	autoclose int ours = openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	bool known;

	if (ours < 0 || setns(netns_fd, CLONE_NEWNET) < 0)
		return false;
	known = read_table("/proc/self/net/dev", t);
	if (setns(ours, CLONE_NEWNET) < 0)
		abort(); /* what is done to the host's network next must not be done to another */
	return known;
}
