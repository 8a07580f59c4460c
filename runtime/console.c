// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/console.c - The terminal of a container, and the user's own
 *
 * The pair is made in the container's devpts, so that its programs find their
 * terminal under /dev/pts. The peer end comes from TIOCGPTPEER, never from a
 * path in the image (runc CVE-2025-52565).
 */
#include "runtime/console.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41) /* Linux 4.13 */
#endif

/**
 * console_setup() - Open a new pty in a container's /dev/pts
 * @devpts_dir:	fd of that directory
 * @rows:	Window size; 0: not known
 * @peer:	Gets the end for the container's process
 *
 * Return: the master, for the supervisor; both are close-on-exec; or -errno
 */
int console_setup(int devpts_dir, uint16_t rows, uint16_t columns, int *peer, struct error *err)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };
	autoclose int master = -1;
	int unlock = 0;

	master = openat(devpts_dir, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
	if (master < 0)
		return error_sys(err, errno, "open '/dev/pts/ptmx'");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return error_sys(err, errno, "unlock the terminal");
	if (rows && columns)
		(void)ioctl(master, TIOCSWINSZ, &size); /* 80x24 programs still work */
	*peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*peer < 0)
		return error_sys(err, errno, "open the terminal's other end");
	return steal_fd(&master);
}

/**
 * console_open_peer() - The other end of a terminal, for whoever keeps it from being hung up
 *
 * While nobody has it open, reading from the master says that all is over (EIO).
 *
 * Return: an fd that the caller closes; or -errno
 */
int console_open_peer(int master, struct error *err)
{
	int fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? error_sys(err, errno, "open the terminal's other end") : fd;
}

/** console_take_over() - Make a pty the controlling terminal and the standard streams */
int console_take_over(int peer, struct error *err)
{
	if (ioctl(peer, TIOCSCTTY, 0) < 0)
		return error_sys(err, errno, "take over the terminal");
	for (int i = 0; i < 3; i++)
		if (dup2(peer, i) < 0)
			return error_sys(err, errno, "connect the terminal");
	return 0;
}

/**
 * console_make_raw() - Hand every key to the container
 * @mode:	Remembers how to undo it
 *
 * Return: 0 or -errno
 */
int console_make_raw(int fd, struct console_mode *mode)
{
	struct termios raw;

	if (tcgetattr(fd, &mode->termios) < 0)
		return -errno;
	raw = mode->termios;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return -errno;
	mode->fd = fd;
	mode->saved = true;
	return 0;
}

/** console_restore() - Undo console_make_raw(), once */
void console_restore(struct console_mode *mode)
{
	if (mode->saved)
		(void)tcsetattr(mode->fd, TCSANOW, &mode->termios);
	mode->saved = false;
}

/** console_copy_size() - Give one terminal the window size of another */
void console_copy_size(int from_fd, int to_fd)
{
	struct winsize size;

	if (ioctl(from_fd, TIOCGWINSZ, &size) == 0)
		(void)ioctl(to_fd, TIOCSWINSZ, &size);
}
