// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/log_reader.c - The log files of a container, oldest line first
 *
 * Theory of operation:
 * container.log is the newest file; rotation renames it to container.log.1,
 * that to .2 and so on, and begins a new one. A reader holds one file open. At
 * its end it looks under which name that file is now: if it is the newest, that
 * is the end for the time being; else the next newer one follows. Inode numbers
 * tell, so rotation at any moment neither loses nor repeats lines, unless the
 * reader is so slow that its file was deleted: then it goes on with the oldest.
 */
#include "cmd/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/log_entry.h"
#include "runtime/logfile.h"

#define LOG_FILES_MAX 1000
#define LOG_CHUNK     65536
#define LOG_LINE_MAX  (1U << 20) /* far above what logfile.c writes: longer ones are damage */

static const char *file_name(char out[32], int number)
{
	if (number)
		snprintf(out, 32, LOGFILE_NAME ".%d", number);
	else
		snprintf(out, 32, LOGFILE_NAME);
	return out;
}

/* The number of the oldest file; -1 if there is none at all. */
static int find_oldest(int dirfd)
{
	char name[32];
	struct stat st;
	int number = 0;

	if (fstatat(dirfd, file_name(name, 0), &st, AT_SYMLINK_NOFOLLOW) < 0)
		number = 1; /* in the middle of a rotation */
	while (number < LOG_FILES_MAX &&
	       fstatat(dirfd, file_name(name, number), &st, AT_SYMLINK_NOFOLLOW) == 0)
		number++;
	return number == 1 && fstatat(dirfd, file_name(name, 0), &st, 0) < 0 ? -1 : number - 1;
}

static int open_number(struct log_reader *l, int number, struct error *err)
{
	char name[32];
	int fd;

	fd = openat(l->dirfd, file_name(name, number), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, errno, "open log file '%s'", name);
	cleanup_close(&l->fd);
	l->fd = fd;
	return 0;
}

/**
 * log_reader_open() - Begin with the oldest line
 * @l:		Uninitialised; released by log_reader_close()
 * @container_dirfd: The container's directory, borrowed
 *
 * Return: 0, -ENOENT if there is no log, or -errno
 */
int log_reader_open(struct log_reader *l, int container_dirfd, struct error *err)
{
	int oldest;

	*l = (struct log_reader){ .dirfd = -1, .fd = -1 };
	l->dirfd = openat(container_dirfd, "log", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (l->dirfd < 0)
		return error_sys(err, errno, "open the container's log");
	oldest = find_oldest(l->dirfd);
	if (oldest < 0)
		return error_set(err, ENOENT, "the container has no log");
	return open_number(l, oldest, err);
}

/* The number of the file that is open; -1 if it was deleted. */
static int find_current(const struct log_reader *l)
{
	struct stat mine, st;
	char name[32];

	if (fstat(l->fd, &mine) < 0)
		return -1;
	for (int i = 0; i < LOG_FILES_MAX; i++) {
		/* Without number 0 we look into the middle of a rotation. */
		if (fstatat(l->dirfd, file_name(name, i), &st, AT_SYMLINK_NOFOLLOW) < 0) {
			if (i > 0)
				return -1;
			continue;
		}
		if (st.st_ino == mine.st_ino && st.st_dev == mine.st_dev)
			return i;
	}
	return -1;
}

/* More bytes of the open file into the buffer: their number, 0 at its end. */
static ssize_t fill(struct log_reader *l)
{
	autofree char *chunk = xmalloc(LOG_CHUNK); /* "ulimit -s" may leave 64 KiB of stack */
	ssize_t n = read(l->fd, chunk, LOG_CHUNK);

	if (n < 0)
		return -errno;
	if (n == 0)
		return 0;
	/* Only the beginning of a line is ever left over: this moves little. */
	if (l->used) {
		memmove(l->buffer.data, l->buffer.data + l->used, l->buffer.len - l->used);
		l->buffer.len -= l->used;
		l->used = 0;
	}
	str_append(&l->buffer, chunk, (size_t)n);
	if (l->buffer.len > LOG_LINE_MAX + LOG_CHUNK)
		l->buffer.len = 0;
	return n;
}

/* At the end of a file: 1 if a newer one is open now, 0 if there is none. */
static int advance(struct log_reader *l, struct error *err)
{
	int number = find_current(l), r;

	if (number == 0)
		return 0;
	if (number < 0)
		number = find_oldest(l->dirfd) + 1;
	if (number <= 0)
		return 0;
	r = open_number(l, number - 1, err);
	if (r == -ENOENT)
		return 0; /* rotating just now: the next call will find it */
	return r < 0 ? r : 1;
}

static bool take_line(struct log_reader *l, const char **line, size_t *len)
{
	const char *start = l->buffer.data + l->used, *newline;

	if (l->used == l->buffer.len)
		return false;
	newline = memchr(start, '\n', l->buffer.len - l->used);
	if (!newline)
		return false;
	*line = start;
	*len = (size_t)(newline - start);
	l->used += *len + 1;
	return true;
}

/**
 * log_reader_next() - The next line of the files
 * @line:	Borrowed until the next call; without its newline
 *
 * Return: 1, 0 if there is none at the moment, or -errno
 */
int log_reader_next(struct log_reader *l, const char **line, size_t *len, struct error *err)
{
	bool rotated = false;
	ssize_t n;
	int r;

	for (;;) {
		if (take_line(l, line, len))
			return 1;
		n = fill(l);
		if (n < 0)
			return error_sys(err, (int)-n, "read the container's log");
		if (n > 0)
			continue;
		/* What came between the end we saw and the rotation is read first. */
		if (!rotated) {
			r = find_current(l);
			if (r == 0)
				return 0;
			rotated = true;
			continue;
		}
		rotated = false;
		r = advance(l, err);
		if (r <= 0)
			return r;
	}
}

/**
 * log_reader_skip_to_tail() - Go where only the last lines follow
 * @lines:	How many lines are to be left
 *
 * Reads everything twice: once to count, once to get there.
 */
int log_reader_skip_to_tail(struct log_reader *l, uint64_t lines, struct error *err)
{
	bool complete = true;
	uint64_t total = 0;
	const char *line;
	size_t len;
	int r;

	while ((r = log_reader_next(l, &line, &len, err)) > 0) {
		complete = log_entry_ends_line(line, len);
		total += complete;
	}
	total += !complete; /* a last line without its newline is a line, too */
	if (r == 0)
		r = open_number(l, find_oldest(l->dirfd), err);
	l->buffer.len = l->used = 0;
	while (r >= 0 && total > lines) {
		r = log_reader_next(l, &line, &len, err);
		if (r <= 0)
			break;
		total -= log_entry_ends_line(line, len);
	}
	return r < 0 ? r : 0;
}

/** log_reader_close() - Release a reader, also one that failed to open */
void log_reader_close(struct log_reader *l)
{
	cleanup_close(&l->fd);
	cleanup_close(&l->dirfd);
	str_done(&l->buffer);
}
