// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/outfile.c - A file that a command makes: it appears whole, or not at all
 *
 * While it is written the file has no name, so a crash leaves nothing behind.
 * Only a rename can replace what is there: at the end it gets a name of its own
 * for as long as that takes; and from the beginning where files cannot be made
 * without one. Standard output, and a pipe or device that is there, are written
 * to as they are.
 */
#include "cmd/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"

static int open_stdout(struct outfile *o, struct error *err)
{
	if (isatty(STDOUT_FILENO)) {
		error_set(err, EINVAL, "standard output is a terminal");
		return error_hint(err, "name a file with -o, or pipe it on");
	}
	o->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return o->fd < 0 ? error_sys(err, errno, "write to standard output") : 0;
}

/* A rename would put a file in the place of /dev/null. */
static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static void make_file(struct outfile *o)
{
	char random[17];

	o->fd = openat(o->dir_fd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	file_random_hex(random, 8);
	snprintf(o->temporary, sizeof(o->temporary), ".tare.%s", random);
	/* It is given its name through /proc. */
	if (o->fd >= 0 && faccessat(AT_FDCWD, "/proc/self/fd", F_OK, 0) == 0)
		return;
	cleanup_close(&o->fd);
	o->fd = openat(o->dir_fd, o->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	o->has_name = o->fd >= 0;
}

/**
 * outfile_open() - Begin a file
 * @path:	"-" or NULL is standard output, unless that is a terminal
 * @o:		outfile_close() releases it, also after a failure
 */
int outfile_open(struct outfile *o, const char *path, struct error *err)
{
	const char *name;

	*o = OUTFILE_NONE;
	if (!path || !strcmp(path, "-"))
		return open_stdout(o, err);
	if (is_special(path)) {
		o->fd = openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		return o->fd < 0 ? error_sys(err, errno, "open '%s'", path) : 0;
	}
	o->dir_fd = file_open_parent(path, &name, err);
	if (o->dir_fd < 0)
		return o->dir_fd;
	o->name = xstrdup(name);
	make_file(o);
	return o->fd < 0 ? error_sys(err, errno, "create '%s'", path) : 0;
}

/** outfile_is_stream() - Whether what is written is there at once: standard output, a pipe */
bool outfile_is_stream(const struct outfile *o)
{
	return !o->name;
}

/* Its data are on disk before it has a name, which a power cut would leave to nobody. */
static int give_name(struct outfile *o)
{
	char path[32];

	if (fdatasync(o->fd) < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", o->fd);
	if (!o->has_name && linkat(AT_FDCWD, path, o->dir_fd, o->temporary, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	o->has_name = true;
	return 0;
}

static int put_in_place(struct outfile *o, mode_t mode)
{
	mode_t mask = umask(0);
	int r = give_name(o);

	(void)umask(mask);
	if (r < 0)
		return r;
	/* btrfs does not log files without a name: once more, which is little now. */
	if (fchmod(o->fd, mode & ~mask) < 0 || fsync(o->fd) < 0 ||
	    renameat(o->dir_fd, o->temporary, o->dir_fd, o->name) < 0)
		return -errno;
	o->has_name = false;
	(void)fsync(o->dir_fd); /* we are about to say that it is there */
	return 0;
}

/**
 * outfile_commit() - All is written: the file appears, instead of what was there
 * @mode:	Of the file, less the umask
 */
int outfile_commit(struct outfile *o, mode_t mode, struct error *err)
{
	int r;

	if (outfile_is_stream(o))
		return close(steal_fd(&o->fd)) < 0 ? error_sys(err, errno, "write the output") : 0;
	r = put_in_place(o, mode);
	return r < 0 ? error_sys(err, -r, "create '%s'", o->name) : 0;
}

/** outfile_close() - Release; what was not committed is gone. Safe twice */
void outfile_close(struct outfile *o)
{
	if (o->has_name)
		(void)unlinkat(o->dir_fd, o->temporary, 0);
	cleanup_close(&o->fd);
	cleanup_close(&o->dir_fd);
	free(o->name);
	*o = OUTFILE_NONE;
}
