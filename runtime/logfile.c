// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/logfile.c - A container's output as docker's json-file lines
 *
 *	{"log":"text\n","stream":"stdout","time":"2026-01-02T03:04:05.678901234Z"}
 *
 * A line longer than LOGFILE_MAX_LINE is split into entries without "\n" but
 * for the last, as docker does. Files are rotated between entries that end a
 * line, so that no message is torn over two files, unless it would make a file
 * twice as large as allowed: container.log is the newest, then container.log.1
 * and so on.
 */
#include "runtime/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

#define LOGFILE_MAX_LINE 16384
#define WRITE_BYTES \
	65536 /* what is collected of one piece of output, at most, before it is written */

/* Whoever wrote it was killed on the way: what comes now is not to be part of that line. */
static void end_torn_entry(struct logfile *l)
{
	char last;

	if (pread(l->fd, &last, 1, (off_t)l->size - 1) == 1 && last != '\n' &&
	    file_write_fd(l->fd, "\n", 1) == 0)
		l->size++;
}

/**
 * logfile_open() - Append to the log of a container
 * @container_dirfd:	Its directory; the log is in "log" below it
 * @max_size:		Bytes at which a file is rotated; 0: never
 * @max_files:		How many are kept, the newest included
 */
int logfile_open(struct logfile *l, int container_dirfd, uint64_t max_size, unsigned int max_files,
		 struct error *err)
{
	struct stat st;

	*l = (struct logfile){ .dirfd = -1, .fd = -1, .max_size = max_size, .max_files = max_files };
	l->dirfd = file_open_dir(container_dirfd, "log", 0700, err);
	if (l->dirfd < 0)
		return l->dirfd;
	l->fd = openat(l->dirfd, LOGFILE_NAME, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
		       0600);
	if (l->fd < 0 || fstat(l->fd, &st) < 0) {
		error_sys(err, errno, "open the container's log");
		logfile_close(l);
		return -err->code;
	}
	l->size = (uint64_t)st.st_size;
	if (l->size)
		end_torn_entry(l);
	return 0;
}

static void rotate(struct logfile *l)
{
	char from[32], to[32];
	int fd;

	for (unsigned int i = l->max_files - 1; i > 0; i--) {
		snprintf(to, sizeof(to), LOGFILE_NAME ".%u", i);
		if (i > 1)
			snprintf(from, sizeof(from), LOGFILE_NAME ".%u", i - 1);
		else
			snprintf(from, sizeof(from), LOGFILE_NAME);
		/* Not there yet: nothing to move. */
		if (renameat(l->dirfd, from, l->dirfd, to) < 0 && errno != ENOENT)
			return; /* the old file goes on growing: better than losing output */
	}
	fd = openat(l->dirfd, LOGFILE_NAME,
		    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return; /* likewise */
	(void)close(l->fd);
	l->fd = fd;
	l->size = 0;
}

/* Length of the valid UTF-8 sequence at @p, or 0. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
	size_t n = *p < 0x80		     ? 1
		   : *p >= 0xc2 && *p < 0xe0 ? 2
		   : (*p & 0xf0) == 0xe0     ? 3
		   : *p >= 0xf0 && *p < 0xf5 ? 4
					     : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] >= 0xa0) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] >= 0x90))
		return 0;
	return n;
}

/* How much at the beginning needs no thought: nearly all of it. */
static size_t plain_length(const unsigned char *p, const unsigned char *end)
{
	const unsigned char *start = p;

	while (p < end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
		p++;
	return (size_t)(p - start);
}

static void put_escaped(struct str *out, const char *data, size_t len)
{
	const unsigned char *p = (const unsigned char *)data, *end = p + len;

	while (p < end) {
		size_t n = plain_length(p, end);

		str_append(out, p, n);
		p += n;
		if (p == end)
			break;
		n = utf8_length(p, (size_t)(end - p));
		if (n == 0) {
			str_puts(out, "\\ufffd");
			n = 1;
		} else if (*p == '"' || *p == '\\') {
			str_putc(out, '\\');
			str_putc(out, (char)*p);
		} else if (*p == '\n') {
			str_puts(out, "\\n");
		} else if (*p == '\r') {
			str_puts(out, "\\r");
		} else if (*p == '\t') {
			str_puts(out, "\\t");
		} else if (*p < 0x20 || *p == 0x7f) {
			str_printf(out, "\\u%04x", *p);
		} else {
			str_append(out, p, n);
		}
		p += n;
	}
}

/* Many lines come within a second: what they share is made once. */
static void put_time(struct logfile *l, struct str *out)
{
	struct timespec now;
	struct tm tm;
	char nsec[] = "000000000Z";

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != l->second || !l->second_text[0]) {
		(void)gmtime_r(&now.tv_sec, &tm);
		(void)strftime(l->second_text, sizeof(l->second_text), "%Y-%m-%dT%H:%M:%S.", &tm);
		l->second = now.tv_sec;
	}
	for (int i = 8; i >= 0; i--, now.tv_nsec /= 10)
		nsec[i] = (char)('0' + now.tv_nsec % 10);
	str_puts(out, l->second_text);
	str_puts(out, nsec);
}

static int write_out(struct logfile *l, struct str *out)
{
	int r = file_write_fd(l->fd, out->data, out->len);

	if (r == 0)
		l->size += out->len;
	else
		(void)ftruncate(l->fd, (off_t)l->size); /* no half of an entry on a full disk */
	out->len = 0;
	return r;
}

static int put_entry(struct logfile *l, struct str *out, enum logfile_stream stream,
		     const char *data, size_t len)
{
	bool full;
	int r = 0;

	str_puts(out, "{\"log\":\"");
	put_escaped(out, data, len);
	str_puts(out, stream == LOGFILE_STDOUT ? "\",\"stream\":\"stdout\",\"time\":\""
					       : "\",\"stream\":\"stderr\",\"time\":\"");
	put_time(l, out);
	str_puts(out, "\"}\n");
	full = l->max_size && l->size + out->len >= l->max_size &&
	       (data[len - 1] == '\n' || (l->size + out->len) / 2 >= l->max_size);
	if (full || out->len >= WRITE_BYTES)
		r = write_out(l, out);
	if (r == 0 && full)
		rotate(l);
	return r;
}

/* All but a UTF-8 sequence at the end whose rest is still to come. */
static size_t whole_length(const char *data, size_t len)
{
	for (size_t back = 1; back < 4 && back < len; back++) {
		unsigned char c = (unsigned char)data[len - back];
		size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

		if ((c & 0xc0) != 0x80)
			return n > back ? len - back : len;
	}
	return len;
}

static int put_partial(struct logfile *l, struct str *out, enum logfile_stream stream)
{
	struct str *partial = &l->partial[stream], rest = { 0 };
	size_t n = whole_length(partial->data, partial->len);
	int r = put_entry(l, out, stream, partial->data, n);

	if (n < partial->len)
		str_append(&rest, partial->data + n, partial->len - n);
	str_done(partial);
	*partial = rest;
	return r;
}

/**
 * logfile_write() - Add output of the container
 * @data:	As it came, in pieces of any size; a line is written once it is complete
 *
 * Return: 0 or -errno of write()
 */
int logfile_write(struct logfile *l, enum logfile_stream stream, const char *data, size_t len)
{
	struct str *partial = &l->partial[stream];
	autostr struct str out = { 0 };
	int r = 0;

	while (len && r == 0) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) + 1 : len;

		if (n > LOGFILE_MAX_LINE - partial->len)
			n = LOGFILE_MAX_LINE - partial->len;
		if (!partial->len && data[n - 1] == '\n') {
			r = put_entry(l, &out, stream, data, n);
		} else {
			str_append(partial, data, n);
			if (data[n - 1] == '\n' || partial->len == LOGFILE_MAX_LINE)
				r = put_partial(l, &out, stream);
		}
		data += n;
		len -= n;
	}
	return r == 0 && out.len ? write_out(l, &out) : r;
}

/** logfile_close() - Write what is left of unfinished lines, and close */
void logfile_close(struct logfile *l)
{
	autostr struct str out = { 0 };

	for (int i = 0; i < 2; i++) {
		if (l->partial[i].len && l->fd >= 0)
			(void)put_entry(l, &out, (enum logfile_stream)i, l->partial[i].data,
					l->partial[i].len);
		str_done(&l->partial[i]);
	}
	if (out.len)
		(void)write_out(l, &out);
	cleanup_close(&l->fd);
	cleanup_close(&l->dirfd);
}
