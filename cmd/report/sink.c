// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/sink.c - Where a report goes: FILE, fd:N or - for standard output
 *
 * Opened before anything starts, so that a report that cannot be written is
 * refused then. A file appears whole, by rename; what is there already and is no
 * regular file (a pipe, /dev/stderr) is written to.
 */
#include "cmd/report/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"

/** report_sink_is_stream() - A descriptor of the caller's, of no use to a later command */
bool report_sink_is_stream(const char *spec)
{
	return !strcmp(spec, "-") || str_starts(spec, "fd:");
}

/** report_sink_absolute() - The same from any directory; the caller frees it */
char *report_sink_absolute(const char *spec)
{
	char *path = report_sink_is_stream(spec) ? NULL : path_absolute(spec);

	return path ? path : xstrdup(spec);
}

static int open_stream(struct report_sink *sink, const char *spec, const char *option,
		       struct error *err)
{
	uint64_t fd = STDOUT_FILENO;

	if (strcmp(spec, "-") != 0 && str_parse_u64(spec + strlen("fd:"), INT_MAX, &fd) < 0)
		return error_set(err, EINVAL, "%s: '%s' is not fd:N", option, spec);
	/* A copy: the monitor lets go of the caller's descriptors. */
	sink->fd = fcntl((int)fd, F_DUPFD_CLOEXEC, 3);
	if (sink->fd >= 0 && (fcntl(sink->fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return error_set(err, EBADF, "%s: '%s' is open for reading only", option, spec);
	return sink->fd < 0 ? error_sys(err, errno, "%s: write to '%s'", option, spec) : 0;
}

static int open_file(struct report_sink *sink, const char *path, const char *option,
		     struct error *err)
{
	const char *name;

	sink->dir_fd = file_open_parent(path, &name, err);
	if (sink->dir_fd < 0)
		return error_wrap(err, "%s", option);
	if (faccessat(sink->dir_fd, ".", W_OK, AT_EACCESS) < 0)
		return error_sys(err, errno, "%s: write in the directory of '%s'", option, path);
	sink->name = xstrdup(name);
	return 0;
}

/**
 * report_sink_open() - See that a report can be written
 * @spec:	FILE, "fd:N" or "-"
 * @option:	Who asks, for messages: "--report"
 * @sink:	REPORT_SINK_NONE before; report_sink_close() releases it, also after a failure
 */
int report_sink_open(struct report_sink *sink, const char *spec, const char *option,
		     struct error *err)
{
	autofree char *target = NULL;
	struct stat st;

	if (report_sink_is_stream(spec))
		return open_stream(sink, spec, option, err);
	if (fstatat(AT_FDCWD, spec, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISREG(st.st_mode))
		return open_file(sink, spec, option, err);
	/* A link stays: a rename would put a file in place of /dev/stderr. */
	if (S_ISLNK(st.st_mode) && !str_starts(spec, "/dev/") && !str_starts(spec, "/proc/")) {
		target = realpath(spec, NULL);
		if (!target)
			return error_sys(err, errno, "%s: open '%s'", option, spec);
		if (fstatat(AT_FDCWD, target, &st, 0) < 0 || S_ISREG(st.st_mode))
			return open_file(sink, target, option, err);
	}
	sink->fd = openat(AT_FDCWD, spec, O_WRONLY | O_APPEND | O_CLOEXEC);
	return sink->fd < 0 ? error_sys(err, errno, "%s: open '%s'", option, spec) : 0;
}

/** report_sink_is_open() - Whether there is anything to write to */
bool report_sink_is_open(const struct report_sink *sink)
{
	return sink->fd >= 0 || sink->name;
}

/** report_sink_write() - Write a whole document; nothing to do if the sink is not open */
int report_sink_write(const struct report_sink *sink, const char *text, size_t len,
		      struct error *err)
{
	mode_t mask = umask(0);
	int r = 0;

	(void)umask(mask);
	if (sink->name)
		return file_replace_at(sink->dir_fd, sink->name, text, len, 0666 & ~mask, 0, err);
	if (sink->fd >= 0)
		r = file_write_fd(sink->fd, text, len);
	return r < 0 ? error_sys(err, -r, "write the report") : 0;
}

/** report_sink_close() - Release; safe twice */
void report_sink_close(struct report_sink *sink)
{
	cleanup_close(&sink->fd);
	cleanup_close(&sink->dir_fd);
	free(sink->name);
	*sink = REPORT_SINK_NONE;
}
