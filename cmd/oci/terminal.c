// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/terminal.c - Where a container's terminal and streams go
 *
 * Without a terminal the container simply has our streams. With one, its master
 * goes to the engine by the console socket; or, in the foreground, we carry what
 * is typed and shown.
 */
#include "cmd/oci/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/rights.h"
#include "base/str.h"
#include "cmd/command.h"
#include "runtime/console.h"
#include "runtime/container.h"
#include "runtime/supervise.h"

#define MAX_PRESERVED 65536

/** oci_terminal_check() - Whether there is somebody to take a terminal, and one to take */
int oci_terminal_check(bool terminal, bool detached, const char *console_socket, struct error *err)
{
	bool has_socket = console_socket && *console_socket;

	if (terminal && detached && !has_socket)
		return error_set(err, EINVAL,
				 "cannot allocate tty if tare-oci will detach without setting "
				 "console socket");
	if (has_socket && (!terminal || !detached))
		return error_set(err, EINVAL,
				 "cannot use console socket if tare-oci will not detach or "
				 "allocate tty");
	return 0;
}

static int connect_to(const char *path, struct error *err)
{
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, ENAMETOOLONG, "console socket '%s': the path is too long",
				 path);
	memcpy(address.sun_path, path, strlen(path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_sys(err, errno, "connect to console socket '%s'", path);
	return steal_fd(&fd);
}

/** oci_terminal_send() - Hand the master end over; it is closed */
int oci_terminal_send(int master, const char *console_socket, struct error *err)
{
	autoclose int owned = master, fd = connect_to(console_socket, err);
	static const char name[] = "/dev/ptmx";
	ssize_t n;

	if (fd < 0)
		return fd;
	n = rights_send(fd, name, strlen(name), &owned, 1);
	return n < 0 ? error_sys(err, (int)-n, "send the terminal to '%s'", console_socket) : 0;
}

/*
 * Those that systemd's socket activation has passed come first. Ours have
 * close-on-exec set: a number that is asked for and is one of ours was not open.
 */
static unsigned int count_listening(void)
{
	const char *text = getenv("LISTEN_FDS");
	uint64_t n = 0;

	if (!text || str_parse_u64(text, MAX_PRESERVED, &n) < 0)
		return 0;
	return (unsigned int)n;
}

/**
 * oci_preserve_fds() - What of our descriptors the program gets
 * @asked:	--preserve-fds; those of LISTEN_FDS are added
 */
int oci_preserve_fds(struct config_process *p, uint64_t asked, struct error *err)
{
	unsigned int listening = count_listening();

	if (asked > MAX_PRESERVED)
		return error_set(err, ERANGE, "--preserve-fds: more than %d", MAX_PRESERVED);
	p->preserve_fds = (unsigned int)asked + listening;
	for (unsigned int i = listening; i < p->preserve_fds; i++) {
		int flags = fcntl((int)(3 + i), F_GETFD);

		if (flags < 0 || (flags & FD_CLOEXEC))
			return error_set(err, EBADF, "preserved-fd %u, descriptor %u, is not open",
					 i, 3 + i);
	}
	if (listening) {
		strlist_take(&p->env, xasprintf("LISTEN_FDS=%u", listening));
		strlist_add(&p->env, "LISTEN_PID=1");
	}
	return 0;
}

/**
 * oci_attend() - In the foreground: carry terminal and signals until the process ends
 * @master:	The terminal's, closed on return; or -1
 * @signal_fd:	From supervise_block_signals()
 *
 * Return: its exit code, 128+n for a signal; or -errno
 */
int oci_attend(const struct container *ct, int master, int signal_fd, struct error *err)
{
	struct console_mode terminal = { .saved = false };
	struct supervise s = {
		.pidfd = ct->pidfd,
		.signal_fd = signal_fd,
		.stdin_to = master,
		.stdout_from = master,
		.stderr_from = -1,
		.read_stdin = master >= 0,
		.write_streams = true,
		.pass_signals = true,
		.terminal = master >= 0,
	};
	int status, r;

	if (master >= 0 && isatty(0))
		(void)console_make_raw(0, &terminal);
	r = supervise_run(&s, &status, err);
	console_restore(&terminal);
	if (r < 0)
		return r;
	return command_exit_code(status);
}
