// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/events.c - cgroup.events: populated, frozen; read and waited for
 *
 * The kernel announces a change of the file with POLLPRI. A reader opens it,
 * reads, polls and reads again; a change between read and poll is not lost.
 */
#include "cgroups/events.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"

#define EVENTS_MAX_BYTES 512

static int open_events(int dirfd, struct error *err)
{
	int fd;

	fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, errno, "open 'cgroup.events'") : fd;
}

/* The value of one key, 0 or 1; -ENODEV once the cgroup is gone. */
static int read_key(int fd, const char *key, struct error *err)
{
	char text[EVENTS_MAX_BYTES], *line, *save = NULL;
	size_t len = strlen(key);
	ssize_t n;

	n = pread(fd, text, sizeof(text) - 1, 0);
	if (n < 0)
		return error_sys(err, errno, "read 'cgroup.events'");
	text[n] = '\0';
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, key, len) && line[len] == ' ')
			return line[len + 1] == '1';
	return error_set(err, ENOENT, "read 'cgroup.events': no '%s' in it", key);
}

/**
 * cgroup_event_read() - Read one key of cgroup.events
 * @key:	"populated" or "frozen"
 *
 * Return: 0 or 1, or -errno
 */
int cgroup_event_read(int dirfd, const char *key, struct error *err)
{
	autoclose int fd = open_events(dirfd, err);

	return fd < 0 ? fd : read_key(fd, key, err);
}

/**
 * cgroup_event_wait() - Wait until a key of cgroup.events has a value
 * @value:	0 or 1
 * @timeout_ms:	How long at most; -1: for ever
 *
 * Return: 0; -ETIMEDOUT; or -errno
 */
int cgroup_event_wait(int dirfd, const char *key, int value, int timeout_ms, struct error *err)
{
	autoclose int fd = open_events(dirfd, err);
	int64_t end = clock_monotonic_ms() + timeout_ms;
	int r;

	if (fd < 0)
		return fd;
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLPRI };
		int64_t left = timeout_ms < 0 ? -1 : end - clock_monotonic_ms();

		r = read_key(fd, key, err);
		if (r < 0)
			return r;
		if (r == value)
			return 0;
		if (timeout_ms >= 0 && left <= 0)
			return error_set(err, ETIMEDOUT,
					 "wait for '%s %d' in 'cgroup.events': not in %d ms", key,
					 value, timeout_ms);
		if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
			return error_sys(err, errno, "wait for 'cgroup.events'");
	}
}
