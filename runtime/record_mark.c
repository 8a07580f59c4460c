// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/record_mark.c - What one process leaves in a container's state for its supervisor
 *
 * Empty files in RUNROOT/containers/ID. They go with the run. Beside the first one is
 * another that says that there are any, so that one look is enough at most runs' end.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/record.h"

#define STOPPING "stopping"
#define SHUTDOWN "shutdown"
#define UPDATED	 "updated"
#define ANY	 "marked"

static void leave_mark(const struct record_store *s, const char *id, const char *name)
{
	autoclose int dir = record_open_dir(s, id, true);
	const char *const names[] = { name, ANY };

	/* should it fail, the container ends all the same, of a signal */
	for (size_t i = 0; dir >= 0 && i < 2; i++) {
		int fd = openat(dir, names[i], O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd >= 0)
			(void)close(fd);
	}
}

/** record_is_marked() - Whether there are any of these marks; for its supervisor */
bool record_is_marked(int lock_fd)
{
	return faccessat(lock_fd, ANY, F_OK, 0) == 0;
}

/** record_mark_stopping() - Say that a running container is being asked to end */
void record_mark_stopping(const struct record_store *s, const char *id)
{
	leave_mark(s, id, STOPPING);
}

/** record_mark_shutdown() - Say that it is, and that nobody wants it to stay ended */
void record_mark_shutdown(const struct record_store *s, const char *id)
{
	leave_mark(s, id, SHUTDOWN);
}

/** record_is_shutting_down() - Whether it is ended so; for its supervisor */
bool record_is_shutting_down(int lock_fd)
{
	return faccessat(lock_fd, SHUTDOWN, F_OK, 0) == 0;
}

/** record_mark_ending() - Say that a running container is being ended by force */
void record_mark_ending(const struct record_store *s, const char *id)
{
	leave_mark(s, id, RECORD_ENDING);
}

/** record_is_ending() - Whether somebody ends it, by asking or by force; for its supervisor */
bool record_is_ending(int lock_fd)
{
	return record_is_stopping(lock_fd) || faccessat(lock_fd, RECORD_ENDING, F_OK, 0) == 0;
}

/** record_mark_updated() - Say that the settings are not those that it was started with */
void record_mark_updated(const struct record_store *s, const char *id)
{
	leave_mark(s, id, UPDATED);
}

/** record_is_updated() - Whether they were changed; for its supervisor */
bool record_is_updated(int lock_fd)
{
	return faccessat(lock_fd, UPDATED, F_OK, 0) == 0;
}

/** record_forget_updated() - They are read next: what changes after that is a mark again */
void record_forget_updated(int lock_fd)
{
	(void)unlinkat(lock_fd, UPDATED, 0);
}

/** record_is_stopping() - Whether somebody asked the container to end; for its supervisor */
bool record_is_stopping(int lock_fd)
{
	return faccessat(lock_fd, STOPPING, F_OK, 0) == 0;
}
