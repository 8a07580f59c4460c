// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/sync.c - What parent and init say to each other until exec
 *
 * Async-signal-safe: init and exec'd processes use it between clone and exec.
 */
#include "runtime/sync.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/rights.h"

struct message {
	enum sync_step step;
	int number;	  /* SYNC_SECCOMP: a descriptor of the sender's */
	struct error err; /* sent with SYNC_SETUP and SYNC_EXEC only */
};

/** sync_open() - The channel: fds[0] for the parent, fds[1] for init; 0 or -errno */
int sync_open(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0 ? -errno : 0;
}

/**
 * sync_send() - Say that a step is reached
 * @err:	What failed, or NULL
 * @pass_fd:	An fd to hand over, or -1
 *
 * Return: 0 or -errno (-EPIPE: the other side is gone; no SIGPIPE)
 */
int sync_send(int fd, enum sync_step step, const struct error *err, int pass_fd)
{
	struct message m = { .step = step };
	ssize_t n;

	if (err)
		m.err = *err;
	n = rights_send(fd, &m, err ? sizeof(m) : offsetof(struct message, err), &pass_fd,
			pass_fd >= 0);
	if (n >= 0)
		return 0;
	/* Said instead, once, if it has not read all of ours. */
	return n == -ECONNRESET ? -EPIPE : (int)n;
}

/**
 * sync_write() - Say that a step is reached, by write(2) alone
 * @number:	With SYNC_SECCOMP: the listener's
 * @err:	What failed, or NULL
 *
 * For init and those that join: under a seccomp filter whose agent is to be asked for
 * sendmsg(2), and does not have the listener yet, sync_send() would wait for good. SIGPIPE
 * ends who talks to nobody.
 *
 * Return: 0 or -errno
 */
int sync_write(int fd, enum sync_step step, int number, const struct error *err)
{
	struct message m = { .step = step, .number = number };
	ssize_t n;

	if (err)
		m.err = *err;
	do
		n = write(fd, &m, err ? sizeof(m) : offsetof(struct message, err));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static ssize_t read_message(int fd, struct message *m)
{
	ssize_t n = read(fd, m, sizeof(*m));

	return n < 0 ? -errno : n;
}

/**
 * sync_receive() - Wait for the other side's next step
 * @err:	Gets the error that came with SYNC_SETUP or SYNC_EXEC
 * @pass_fd:	Gets the fd that came along (caller closes it), or with SYNC_SECCOMP the number
 *		of one that did not; NULL: none is expected, and read(2) is the one call made
 *
 * Return: 1 with *@step set, 0 at end of file, -errno
 */
int sync_receive(int fd, enum sync_step *step, struct error *err, int *pass_fd)
{
	struct message m;
	int passed = -1;
	ssize_t n;

	/*
	 * ECONNRESET: the other side closed without having read all of ours. Said once, before
	 * its own last message is handed out.
	 */
	do
		n = pass_fd ? rights_receive(fd, &m, sizeof(m), &passed) : read_message(fd, &m);
	while (n == -EINTR || n == -ECONNRESET);
	if (n <= 0)
		return (int)n;
	if ((size_t)n < offsetof(struct message, err))
		return -EBADMSG;
	*step = m.step;
	if ((size_t)n == sizeof(m))
		*err = m.err;
	if (pass_fd && *step == SYNC_SECCOMP)
		*pass_fd = m.number;
	else if (passed >= 0)
		*pass_fd = passed;
	return 1;
}

/** sync_await() - Whether the next thing that the other side says is @want; else as sync_receive() */
bool sync_await(int fd, enum sync_step want, int *pass_fd, struct error *err)
{
	enum sync_step step = SYNC_SETUP; /* which nobody waits for */

	return sync_receive(fd, &step, err, pass_fd) > 0 && step == want;
}
