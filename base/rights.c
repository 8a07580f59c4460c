// SPDX-License-Identifier: Apache-2.0
/*
 * base/rights.c - Descriptors that go along with a message (SCM_RIGHTS, unix(7))
 */

#include "base/rights.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

union control {
	char space[CMSG_SPACE(RIGHTS_MAX * sizeof(int))];
	struct cmsghdr align;
};

/**
 * rights_send() - Send a message, or on a stream a piece of one
 * @fds:	Descriptors that the other side gets copies of
 * @n:		Their number, at most RIGHTS_MAX; 0: none
 *
 * Return: the bytes sent, or -errno (-EPIPE: nobody is there; no SIGPIPE)
 */
ssize_t rights_send(int socket, const void *data, size_t len, const int *fds, size_t n)
{
	union control control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)data, len };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	ssize_t sent;

	if (n) {
		h.msg_control = control.space;
		h.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	do
		sent = sendmsg(socket, &h, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : sent;
}

/**
 * rights_receive() - Receive a message
 * @fd:		Gets the descriptor that came along, close-on-exec; else left as it is
 *
 * Of more than one the kernel keeps the others.
 *
 * Return: the bytes received, 0 at end of file, or -errno
 */
ssize_t rights_receive(int socket, void *data, size_t len, int *fd)
{
	union control control;
	struct iovec iov = { data, len };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	const struct cmsghdr *c;
	ssize_t n;

	h.msg_control = control.space;
	h.msg_controllen = CMSG_SPACE(sizeof(int));
	do
		n = recvmsg(socket, &h, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	c = CMSG_FIRSTHDR(&h);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(int));
	return n;
}
