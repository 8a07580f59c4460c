// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/outfile.c - A file that a command makes: it appears whole, or not at all
 *
 * While it is written the file has no name, so a crash leaves nothing behind.
 * Only a rename can replace what is there: at the end it gets a name of its own
 * for as long as that takes.
 */
#include "cmd/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"

#define COPY_BYTES (256U << 10)

static int open_dir(const char *path, char **name, struct error *err)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
	const char *base = slash ? slash + 1 : path;
	int fd;

	if (!*base || !strcmp(base, ".") || !strcmp(base, ".."))
		return error_set(err, EISDIR, "'%s' is no name for a file", path);
	fd = openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, errno, "open directory '%s'", dir);
	*name = xstrdup(base);
	return fd;
}

static int open_stdout(struct outfile *o, struct error *err)
{
	const char *tmp = getenv("TMPDIR");

	if (isatty(STDOUT_FILENO)) {
		error_set(err, EINVAL, "standard output is a terminal");
		return error_hint(err, "name a file: -o FILE");
	}
	o->dir_fd = openat(AT_FDCWD, tmp && *tmp ? tmp : "/var/tmp",
			   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->dir_fd < 0)
		return error_sys(err, errno, "open directory '%s' for temporary files",
				 tmp && *tmp ? tmp : "/var/tmp");
	o->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return o->fd < 0 ? error_sys(err, errno, "write to standard output") : 0;
}

/**
 * outfile_open() - Begin a file
 * @path:	"-" or NULL is standard output
 * @o:		outfile_close() releases it, also after a failure
 */
int outfile_open(struct outfile *o, const char *path, struct error *err)
{
	*o = OUTFILE_NONE;
	if (!path || !strcmp(path, "-"))
		return open_stdout(o, err);
	o->dir_fd = open_dir(path, &o->name, err);
	if (o->dir_fd < 0)
		return o->dir_fd;
	o->fd = openat(o->dir_fd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (o->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		o->fd = memfd_create("out", MFD_CLOEXEC);
	return o->fd < 0 ? error_sys(err, errno, "create '%s'", path) : 0;
}

/** outfile_is_stdout() - Whether the answer goes where messages for scripts would go */
bool outfile_is_stdout(const struct outfile *o)
{
	return !o->name;
}

/* Where files cannot be made without a name it was in memory. */
static int copy_to_disk(const struct outfile *o, const char *name, struct error *err)
{
	autofree char *buffer = xmalloc(COPY_BYTES);
	autoclose int to = -1;
	off_t at = 0;
	ssize_t n;
	int r;

	to = openat(o->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return error_sys(err, errno, "create '%s'", o->name);
	while ((n = pread(o->fd, buffer, COPY_BYTES, at)) > 0) {
		r = file_write_fd(to, buffer, (size_t)n);
		if (r < 0)
			return error_sys(err, -r, "write '%s'", o->name);
		at += n;
	}
	return n < 0 || fdatasync(to) < 0 ? error_sys(err, errno, "write '%s'", o->name) : 0;
}

/* Its data are on disk before it has a name, which a power cut would leave to nobody. */
static int give_name(const struct outfile *o, const char *name, struct error *err)
{
	char path[32];

	if (fdatasync(o->fd) < 0)
		return error_sys(err, errno, "write '%s'", o->name);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", o->fd);
	if (linkat(AT_FDCWD, path, o->dir_fd, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	return copy_to_disk(o, name, err);
}

/** outfile_commit() - All is written: it appears, instead of what was there */
int outfile_commit(struct outfile *o, mode_t mode, struct error *err)
{
	char name[32] = ".tare.", random[17];
	mode_t mask = umask(0);
	int r;

	(void)umask(mask);
	if (!o->name)
		return 0;
	file_random_hex(random, 8);
	strncat(name, random, sizeof(name) - strlen(name) - 1);
	r = give_name(o, name, err);
	if (r < 0)
		return r;
	/* btrfs does not log files without a name: once more, which is little now. */
	if (fchmodat(o->dir_fd, name, mode & ~mask, 0) < 0 || fsync(o->fd) < 0 ||
	    renameat(o->dir_fd, name, o->dir_fd, o->name) < 0) {
		r = error_sys(err, errno, "create '%s'", o->name);
		(void)unlinkat(o->dir_fd, name, 0);
	} else {
		(void)fsync(o->dir_fd); /* we are about to say that it is there */
	}
	return r;
}

/** outfile_close() - Release; what was not committed is gone. Safe twice */
void outfile_close(struct outfile *o)
{
	cleanup_close(&o->fd);
	cleanup_close(&o->dir_fd);
	free(o->name);
	*o = OUTFILE_NONE;
}
