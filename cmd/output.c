// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/output.c - An archive that a command writes: to a file, or to standard output
 */
#include "cmd/output.h"

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

static int open_stdout(struct output *out, struct error *err)
{
	if (isatty(STDOUT_FILENO)) {
		(void)error_set(err, EINVAL, "standard output is a terminal");
		return error_hint(err, "name a file with -o, or pipe it on");
	}
	out->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	return out->fd < 0 ? error_sys(err, errno, "open standard output") : 0;
}

/* A pipe or device that is there stays what it is. */
static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/**
 * output_open() - Where to write
 * @path:	NULL or "-": standard output, unless it is a terminal
 * @out:	output_close() ends it
 */
int output_open(struct output *out, const char *path, struct error *err)
{
	char random[17];

	*out = (struct output){ .fd = -1 };
	if (!path || !strcmp(path, "-"))
		return open_stdout(out, err);
	if (is_special(path)) {
		out->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		return out->fd < 0 ? error_sys(err, errno, "open '%s'", path) : 0;
	}
	file_random_hex(random, 8);
	out->path = xstrdup(path);
	out->temporary = xasprintf("%s.%s", path, random);
	out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (out->fd >= 0)
		return 0;
	(void)error_sys(err, errno, "create '%s'", path);
	(void)output_close(out, -err->code, err);
	return -err->code;
}

/* After a power cut, too, what is there is whole; and it is there once we said so. */
static int put_in_place(struct output *out, struct error *err)
{
	if (fdatasync(out->fd) < 0 || rename(out->temporary, out->path) < 0)
		return error_sys(err, errno, "write '%s'", out->path);
	(void)fsync(out->fd); /* with the inode goes its new name */
	return 0;
}

/**
 * output_close() - Let the file appear, or take it away after a failure
 * @result:	How writing went
 *
 * Return: @result, or -errno
 */
int output_close(struct output *out, int result, struct error *err)
{
	if (result == 0 && out->temporary)
		result = put_in_place(out, err);
	if (out->fd >= 0 && close(out->fd) < 0 && result == 0)
		result = error_sys(err, errno, "write '%s'",
				   out->path ? out->path : "standard output");
	if (result < 0 && out->temporary)
		(void)unlink(out->temporary);
	free(out->temporary);
	free(out->path);
	*out = (struct output){ .fd = -1 };
	return result;
}
