// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/handover.c - What of a new process goes to others: terminal, listener, pidfd
 *
 * For the first process of a container and for those of exec.
 */
#include "cmd/oci/handover.h"

#include <fcntl.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/oci/oci.h"
#include "cmd/oci/terminal.h"
#include "runtime/container.h"
#include "runtime/seccomp_notify.h"

/**
 * oci_hand_over_terminal() - Wait for the terminal's master end, and pass it on
 * @console_socket:	To whom; NULL: we attend to it
 * @master:		Gets it then; the caller closes it
 */
int oci_hand_over_terminal(struct container *ct, const char *console_socket, int *master,
			   struct error *err)
{
	int fd = container_console(ct, err);

	if (fd < 0)
		return fd;
	if (console_socket)
		return oci_terminal_send(fd, console_socket, err);
	*master = fd;
	return 0;
}

/** oci_hand_over_listener() - Wait for the seccomp listener, and give it to its agent, if any */
int oci_hand_over_listener(struct container *ct, const struct seccomp_notify *n,
			   const struct state *s, enum state_status status, struct error *err)
{
	autojson struct json *state = NULL;
	autoclose int fd = -1;
	int r;

	if (!n->path)
		return 0;
	r = container_listener(ct, &fd, err);
	if (r < 0)
		return r;
	state = state_document(s, status);
	r = seccomp_notify_send(n, fd, ct->pid, state, err);
	return r == 0 ? container_listener_taken(ct, err) : r;
}

/** oci_hand_over_process() - Tell of the process as --pid-file and --pidfd-socket ask */
int oci_hand_over_process(const struct container *ct, const char *pid_file,
			  const char *pidfd_socket, struct error *err)
{
	int r = oci_write_pid_file(pid_file, ct->pid, err);

	if (r == 0 && pidfd_socket)
		r = oci_terminal_send(fcntl(ct->pidfd, F_DUPFD_CLOEXEC, 3), pidfd_socket, err);
	return r;
}
