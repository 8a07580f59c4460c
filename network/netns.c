// SPDX-License-Identifier: Apache-2.0
/*
 * network/netns.c - Network namespaces: open by path, reach into one
 */
#include "network/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/nsfs.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "network/netlink.h"

/**
 * netns_open_path() - Open a network namespace, for --network ns:PATH
 * @path:	A path, or a name that `ip netns` knows (/run/netns/NAME)
 *
 * Return: fd, or -EINVAL if it is something else
 */
int netns_open_path(const char *path, struct error *err)
{
	autofree char *full = NULL;
	autoclose int fd = -1;

	full = strchr(path, '/') ? xstrdup(path) : xasprintf("/run/netns/%s", path);
	/* Non-blocking: the path may lead to a FIFO. */
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_sys(err, errno, "open network namespace '%s'", full);
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
		return error_set(err, EINVAL, "open network namespace '%s': it is something else",
				 full);
	return steal_fd(&fd);
}

/**
 * netns_open_netlink() - A netlink socket in another network namespace
 *
 * A socket stays where it was made, so we go there for that one call only.
 * The process must have a single thread.
 *
 * Return: fd, or -errno
 */
int netns_open_netlink(int netns_fd, int protocol, struct error *err)
{
	autoclose int own = -1;
	autoclose int fd = -1;

	own = openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return error_sys(err, errno, "open '/proc/self/ns/net'");
	if (setns(netns_fd, CLONE_NEWNET) < 0)
		return error_sys(err, errno, "enter the container's network namespace");
	fd = netlink_open(protocol);
	if (setns(own, CLONE_NEWNET) < 0)
		return error_sys(err, errno, "return to the host's network namespace");
	if (fd < 0)
		return error_sys(err, -fd, "open a netlink socket");
	return steal_fd(&fd);
}
