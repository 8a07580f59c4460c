// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/teardown.c - Taking down the mounts of a container, without anybody waiting
 *
 * Theory of operation:
 * The last process of a mount namespace takes all of its mounts down as it
 * exits, and is not seen to have ended before two or three grace periods of
 * RCU have passed: a fifth of the time of a short run. Whoever holds the
 * namespace spares it that, but would then have to wait itself when it lets go.
 *
 * Unless it is the kernel that lets go. The namespace's descriptor waits in the
 * queue of a socket, together with one for that very socket. Once ours is
 * closed, by teardown_begin() or because we are dead, nobody can reach either
 * any more, and the garbage collector of unix sockets takes both: since Linux
 * 6.8 on a thread of its own. It looks when a socket is released: the other end,
 * which is therefore the last to be closed, and has the greater number.
 */
#include "runtime/teardown.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/rights.h"

/**
 * teardown_defer() - Let the mounts of a process outlive it, until shortly after teardown_begin()
 * @pid:	A child that has not been waited for
 *
 * For mounts that nobody misses: a file system or a directory of the host's that
 * is mounted there stays busy for some milliseconds after the end. Should it
 * fail, the child takes its time to exit.
 */
void teardown_defer(struct teardown *t, pid_t pid)
{
	autoclose int mounts = -1;
	char path[64];
	int fds[2];

	*t = TEARDOWN_NONE;
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	mounts = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (mounts < 0 || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds) < 0)
		return;
	*t = (struct teardown){ .held = fds[0], .other = fds[1] };
	if (rights_send(t->other, "", 1, (const int[]){ mounts, t->held }, 2) < 0)
		teardown_begin(t);
}

/** teardown_begin() - Leave what is held to the kernel; does not wait */
void teardown_begin(struct teardown *t)
{
	cleanup_close(&t->held);
	cleanup_close(&t->other);
}
