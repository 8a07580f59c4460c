// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/streams.c - Pipes between us and a process in a container
 *
 * Never our own descriptors: a container that holds the user's terminal could
 * read what is typed there, and one with a user namespace could not reopen
 * /dev/stdout. So there are pipes, owned by the container's root.
 */
#include "cmd/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/command.h"

/* fds[0] to read, fds[1] to write. */
static int open_pipe(int fds[2], int64_t owner, struct error *err)
{
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, errno, "make a pipe");
	if (owner >= 0 && fchown(fds[0], (uid_t)owner, (gid_t)owner) < 0) {
		error_sys(err, errno, "give a pipe to the container");
		if (err->code == EINVAL) /* chown(2): an id that has no mapping */
			error_hint(err, "the user namespace that tare runs in has too few ids; "
					"--userns=host does without");
		(void)close(fds[0]);
		(void)close(fds[1]);
		return -err->code;
	}
	return 0;
}

static int open_input(struct supervise *ours, int theirs[3], bool interactive, int64_t owner,
		      struct error *err)
{
	int fds[2], r;

	if (!interactive) {
		theirs[0] = openat(AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);
		return theirs[0] < 0 ? error_sys(err, errno, "open '/dev/null'") : 0;
	}
	r = open_pipe(fds, owner, err);
	if (r < 0)
		return r;
	theirs[0] = fds[0];
	ours->stdin_to = fds[1];
	return 0;
}

/**
 * streams_open() - Make the three standard streams of a process
 * @ours:	Gets our ends
 * @theirs:	Gets the process's ends
 * @interactive:	Standard input is a pipe, else /dev/null
 * @owner:	Host id of the container's root; -1: ours
 *
 * Return: 0, or -errno; then streams_close() closes what there is
 */
int streams_open(struct supervise *ours, int theirs[3], bool interactive, int64_t owner,
		 struct error *err)
{
	int *from[] = { &ours->stdout_from, &ours->stderr_from };
	int fds[2], r;

	r = open_input(ours, theirs, interactive, owner, err);
	for (int i = 0; r == 0 && i < 2; i++) {
		r = open_pipe(fds, owner, err);
		if (r < 0)
			return r;
		*from[i] = fds[0];
		theirs[i + 1] = fds[1];
	}
	return r;
}

/** streams_open_null() - Standard streams of a process that nobody listens to */
int streams_open_null(int theirs[3], struct error *err)
{
	for (int i = 0; i < 3; i++) {
		theirs[i] = openat(AT_FDCWD, "/dev/null", (i ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
		if (theirs[i] < 0)
			return error_sys(err, errno, "open '/dev/null'");
	}
	return 0;
}

/** streams_close_theirs() - Once the process has them, our copies must go */
void streams_close_theirs(int theirs[3])
{
	for (int i = 0; i < 3; i++)
		cleanup_close(&theirs[i]);
}

/** streams_close() - Close both sides, whatever is open */
void streams_close(struct supervise *ours, int theirs[3])
{
	streams_close_theirs(theirs);
	if (ours->stdin_to == ours->stdout_from) /* a terminal is one descriptor for both */
		ours->stdin_to = -1;
	cleanup_close(&ours->stdin_to);
	cleanup_close(&ours->stdout_from);
	cleanup_close(&ours->stderr_from);
}

/** streams_take_window_size() - Give a new terminal the size of ours, if we have one */
void streams_take_window_size(struct config_process *p)
{
	struct winsize size;

	if (ioctl(0, TIOCGWINSZ, &size) < 0)
		return;
	p->rows = size.ws_row;
	p->columns = size.ws_col;
}

/**
 * streams_judge() - The exit code, once it is known whether all output has arrived
 * @code:	The program's own; one that is not 0 says more than ours would
 *
 * Return: @code, or EXIT_TARE with @err set
 */
int streams_judge(const struct supervise *ours, int code, struct error *err)
{
	if (!ours->output_lost || code)
		return code;
	(void)error_sys(err, ours->output_lost, "write the output of the container");
	return EXIT_TARE;
}
