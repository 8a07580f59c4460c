// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/infile.c - An archive that a command reads: a file, or standard input
 */
#include "cmd/infile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

static int open_stdin(struct error *err)
{
	int fd;

	if (isatty(STDIN_FILENO)) {
		error_set(err, EINVAL, "no archive: standard input is a terminal");
		return error_hint(err, "name a file, or pipe an archive in");
	}
	fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? error_sys(err, errno, "open standard input") : fd;
}

/**
 * infile_open() - Open what is to be read
 * @path:	"-" or NULL is standard input, unless that is a terminal
 *
 * Return: an fd that the caller closes, or -errno
 */
int infile_open(const char *path, struct error *err)
{
	int fd;

	if (!path || !strcmp(path, "-"))
		return open_stdin(err);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0)
		return fd;
	if (!strstr(path, "://"))
		return error_sys(err, errno, "open '%s'", path);
	error_set(err, EINVAL, "'%s' is a URL, and tare has no network client", path);
	return error_hint(err, "pipe it in: curl -L URL | tare …");
}
