// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/notify.c - sd_notify(3) of a container's program, passed on
 *
 * As with runc: with NOTIFY_SOCKET in our environment the container gets a
 * socket of its own, DIR/ID/notify/notify.sock, shown as /run/notify. Whoever
 * starts the program listens there, and tells NOTIFY_SOCKET once it says that it
 * is ready, with its pid as we see it: the program itself cannot reach the
 * host's socket, and its own pid would be that of its namespace.
 *
 * What comes from the container is a datagram of its choice: of it the line
 * READY=1 is looked for, and nothing else of it is passed on.
 */
#include "cmd/oci/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/rights.h"
#include "base/str.h"
#include "runtime/config.h"

#define DIRECTORY	   "notify"
#define SOCKET_NAME	   "notify.sock"
#define INSIDE		   "/run/notify"
#define MESSAGE_MAX_BYTES  4096
#define BARRIER_TIMEOUT_MS 5000

static const char *wanted(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && *path ? path : NULL;
}

/**
 * oci_notify_prepare() - Give the container's program a socket to talk to, if we have one
 * @dirfd:	The container's state, which is at @state_root/@id
 * @c:		Gets the mount and the variable
 */
int oci_notify_prepare(int dirfd, const char *state_root, const char *id, struct config *c,
		       struct error *err)
{
	struct config_mount m = { .kind = CONFIG_MOUNT_BIND };

	if (!wanted())
		return 0;
	if (mkdirat(dirfd, DIRECTORY, 0755) < 0)
		return error_sys(err, errno, "make the directory for NOTIFY_SOCKET");
	m.source = xasprintf("%s/%s/" DIRECTORY, state_root, id);
	m.target = xstrdup(INSIDE);
	c->mounts = xrealloc(c->mounts, (c->n_mounts + 1) * sizeof(*c->mounts));
	c->mounts[c->n_mounts++] = m;
	strlist_add(&c->process.env, "NOTIFY_SOCKET=" INSIDE "/" SOCKET_NAME);
	return 0;
}

/**
 * oci_notify_listen() - Listen to the program, which is about to start
 *
 * Return: an fd that the caller closes; -ENOENT: nobody asked for it; or -errno
 */
int oci_notify_listen(int dirfd, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	autoclose int dir = -1, fd = -1;

	if (!wanted())
		return -ENOENT;
	dir = openat(dirfd, DIRECTORY, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? -ENOENT : error_sys(err, errno, "open '" DIRECTORY "'");
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" SOCKET_NAME, dir);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* Whoever it runs as, also in a user namespace. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    fchmodat(dir, SOCKET_NAME, 0777, 0) < 0) {
		error_sys(err, errno, "listen to the container's NOTIFY_SOCKET");
		return err->code == ENOENT ? -EIO : -err->code;
	}
	return steal_fd(&fd);
}

/* A line of its own, as sd_notify(3) has it. */
static bool is_ready(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (str_starts(line, "READY=1") && strchr("\n", line[strlen("READY=1")]))
			return true;
	}
	return false;
}

static int host_address(struct sockaddr_un *address, socklen_t *len, struct error *err)
{
	const char *path = wanted();

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!path || strlen(path) >= sizeof(address->sun_path))
		return error_set(err, ENAMETOOLONG, "NOTIFY_SOCKET: the path is too long");
	memcpy(address->sun_path, path, strlen(path));
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (*path == '@')
		address->sun_path[0] = '\0'; /* an abstract one; unix(7) */
	return 0;
}

static int send_text(int fd, const char *text, int pass_fd, struct error *err)
{
	ssize_t n = rights_send(fd, text, strlen(text), &pass_fd, pass_fd >= 0);

	return n < 0 ? error_sys(err, (int)-n, "tell NOTIFY_SOCKET '%s'", wanted()) : 0;
}

/*
 * sd_notify_barrier(3): systemd finds out whose message it is from our pid, and so
 * must have read it before we end. Who does not know barriers has closed it, too.
 */
static int await_barrier(int fd, struct error *err)
{
	struct pollfd p = { .events = POLLHUP };
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_sys(err, errno, "make a pipe");
	r = send_text(fd, "BARRIER=1\n", ends[1], err);
	(void)close(ends[1]);
	p.fd = ends[0];
	if (r == 0)
		(void)poll(&p, 1, BARRIER_TIMEOUT_MS);
	(void)close(ends[0]);
	return r;
}

static int tell_host(pid_t pid, struct error *err)
{
	autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	socklen_t len = 0;
	char text[64];
	int r;

	if (host_address(&address, &len, err) < 0)
		return -err->code;
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, len) < 0)
		return error_sys(err, errno, "tell NOTIFY_SOCKET '%s'", wanted());
	snprintf(text, sizeof(text), "MAINPID=%d\nREADY=1\n", pid);
	r = send_text(fd, text, -1, err);
	return r == 0 ? await_barrier(fd, err) : r;
}

/**
 * oci_notify_await() - Wait until the program is ready, and tell the host; or until it has ended
 * @fd:		From oci_notify_listen()
 * @pidfd:	Of the program's process @pid
 */
int oci_notify_await(int fd, pid_t pid, int pidfd, struct error *err)
{
	struct pollfd p[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};
	char text[MESSAGE_MAX_BYTES];

	for (;;) {
		ssize_t n;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return error_sys(err, errno, "wait for the container's READY=1");
		if (!(p[0].revents & POLLIN)) {
			if (p[1].revents)
				return 0; /* it will never be; its exit code tells why */
			continue;
		}
		n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
		if (n <= 0)
			continue;
		text[n] = '\0';
		if (is_ready(text))
			return tell_host(pid, err);
	}
}

/** oci_notify_attend() - The same beside the caller, who has other things to attend to */
int oci_notify_attend(int fd, pid_t pid, int pidfd, struct error *err)
{
	struct error lost;
	pid_t child = fork();

	if (child < 0)
		return error_sys(err, errno, "create a process for NOTIFY_SOCKET");
	if (child > 0)
		return 0;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	_exit(oci_notify_await(fd, pid, pidfd, &lost) < 0);
}
