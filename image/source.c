// SPDX-License-Identifier: Apache-2.0
/*
 * image/source.c - Where an image comes from: an archive or a layout directory, by name
 *
 * Theory of operation:
 * An archive is never extracted. Its headers are read once, by offset, into an
 * index of names; content is read later where it lies. Names resolve inside
 * that index only, the symbolic links of `docker save` among them, so a link
 * that points out of the archive points to nothing.
 *
 * What cannot be read by offset (a pipe), or not where it lies (a compressed
 * archive), is first copied to an unlinked file.
 *
 * The headers are parsed here and not by libarchive, because that one hides
 * where an entry's content begins. If two readers of one archive disagree about
 * its entries nothing is lost: content is known by digest.
 */
#include "image/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "image/codec.h"
#include "image/outer.h"
#include "image/self.h"

#define SOURCE_MAX_LINKS  8
#define SOURCE_READ_BYTES (256U << 10)

struct source {
	int fd;
	uint64_t size;
	bool is_dir;
	struct source_limits limits;
	struct outer_index index;
};

/* Input of the codec that a compressed archive goes through. */
struct spool_input {
	int fd;
	unsigned char *buffer;
	size_t head; /* bytes already in buffer, read to look at the format */
	uint64_t total;
};

static int fill_from_fd(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct spool_input *in = arg;
	ssize_t n = (ssize_t)in->head;

	if (!n)
		do
			n = read(in->fd, in->buffer, SOURCE_READ_BYTES);
		while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_sys(err, errno, "read the archive");
	in->head = 0;
	in->total += (uint64_t)n;
	*data = in->buffer;
	*len = (size_t)n;
	return 0;
}

/* An unlinked file beside the store; in memory where the file system has none. */
static int open_spool(int dirfd, struct error *err)
{
	int fd = openat(dirfd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		fd = memfd_create("archive", MFD_CLOEXEC);
	if (fd < 0)
		return error_sys(err, errno, "make a temporary file for the archive");
	return fd;
}

static int copy_inflated(struct codec *codec, struct spool_input *in, int to, bool inflates,
			 const struct source_limits *limits, struct error *err)
{
	const unsigned char *data;
	uint64_t written = 0;
	size_t len;
	int r;

	for (;;) {
		r = codec_read(codec, &data, &len, err);
		if (r < 0 && inflates)
			return error_wrap(err,
					  "compressed archive, behind byte %llu of its content",
					  (unsigned long long)written);
		if (r < 0 || len == 0)
			return r;
		written += len;
		if (inflates && written > limits->min_bytes && written / limits->ratio > in->total)
			return error_set(err, EFBIG,
					 "the archive inflates to more than %llu times its size",
					 (unsigned long long)limits->ratio);
		r = file_write_fd(to, data, len);
		if (r < 0)
			return error_sys(err, -r, "write a temporary copy of the archive");
	}
}

static int spool(int fd, int dirfd, const struct source_limits *limits, struct error *err)
{
	autofree unsigned char *buffer = xmalloc(SOURCE_READ_BYTES);
	struct spool_input in = { .fd = fd, .buffer = buffer };
	autoclose int to = -1;
	struct codec *codec;
	enum codec_kind kind;
	int r;

	/* A pipe may give a few bytes only; the format shows in more of them. */
	while (in.head < CODEC_MAGIC_BYTES) {
		ssize_t n = read(fd, buffer + in.head, SOURCE_READ_BYTES - in.head);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_sys(err, errno, "read the archive");
		if (n == 0)
			break;
		in.head += (size_t)n;
	}
	kind = codec_detect(buffer, in.head);
	to = open_spool(dirfd, err);
	if (to < 0)
		return to;
	codec = codec_new(kind, fill_from_fd, &in);
	r = copy_inflated(codec, &in, to, kind != CODEC_NONE, limits, err);
	codec_free(codec);
	return r < 0 ? r : steal_fd(&to);
}

/* Whether the archive can be read where it lies. */
static bool is_plain_file(int fd, const struct stat *st)
{
	unsigned char head[CODEC_MAGIC_BYTES] = { 0 };

	return S_ISREG(st->st_mode) && lseek(fd, 0, SEEK_CUR) == 0 &&
	       pread(fd, head, sizeof(head), 0) >= 0 &&
	       codec_detect(head, sizeof(head)) == CODEC_NONE;
}

static int open_archive(struct source *s, int fd, const struct stat *st, int spool_dirfd,
			const struct source_limits *limits, struct error *err)
{
	uint64_t start = 0, end;
	struct stat size;

	if (is_plain_file(fd, st))
		s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	else
		s->fd = spool(fd, spool_dirfd, limits, err);
	if (s->fd < 0)
		return s->fd < -1 ? s->fd : error_sys(err, errno, "open the archive");
	if (fstat(s->fd, &size) < 0)
		return error_sys(err, errno, "stat the archive");
	s->size = (uint64_t)size.st_size;
	end = s->size;
	if (self_find_archive(s->fd, s->size, &start, &end))
		s->size = end - start;
	return outer_index_read(s->fd, start, end, &s->index, err);
}

/**
 * source_open() - Open an archive or a layout directory
 * @fd:		A directory, a file, a pipe; stays the caller's
 * @spool_dirfd: Where temporary copies go
 * @out:	The source, released with source_close()
 *
 * Return: 0, -EBADMSG if this is no tar archive, or another -errno
 */
int source_open(int fd, int spool_dirfd, const struct source_limits *limits, struct source **out,
		struct error *err)
{
	struct source *s;
	struct stat st;
	int r = 0;

	if (fstat(fd, &st) < 0)
		return error_sys(err, errno, "stat the archive");
	s = xcalloc(1, sizeof(*s));
	s->fd = -1;
	s->limits = *limits;
	if (S_ISDIR(st.st_mode)) {
		s->is_dir = true;
		s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (s->fd < 0)
			r = error_sys(err, errno, "open the layout directory");
	} else {
		r = open_archive(s, fd, &st, spool_dirfd, limits, err);
	}
	if (r < 0) {
		source_close(s);
		return r;
	}
	*out = s;
	return 0;
}

/** source_size() - Bytes of the archive; 0 for a directory */
uint64_t source_size(const struct source *s)
{
	return s->size;
}

/** source_max_inflated() - How much a file of this size may inflate to */
uint64_t source_max_inflated(const struct source *s, uint64_t packed)
{
	uint64_t most = packed < UINT64_MAX / s->limits.ratio ? packed * s->limits.ratio
							      : UINT64_MAX;

	return most > s->limits.min_bytes ? most : s->limits.min_bytes;
}

/* The path a link in @from leads to, relative to the archive's root; NULL if it leads out. */
static char *resolve_link(const char *from, const char *target)
{
	autostrlist struct strlist parts = { 0 }, steps = { 0 };
	autofree char *joined = NULL;
	const char *slash = strrchr(from, '/');

	joined = slash ? xasprintf("%.*s/%s", (int)(slash - from), from, target) : xstrdup(target);
	strlist_split(&parts, joined, '/');
	for (size_t i = 0; i < parts.n; i++) {
		const char *part = parts.items[i];

		if (!*part || !strcmp(part, "."))
			continue;
		if (strcmp(part, "..")) {
			strlist_add(&steps, part);
			continue;
		}
		if (!steps.n)
			return NULL;
		free(steps.items[--steps.n]);
		steps.items[steps.n] = NULL;
	}
	return strlist_join(&steps, "/");
}

static const struct outer_entry *find_entry(const struct source *s, const char *name)
{
	autofree char *path = path_clean(name);
	const struct outer_entry *e;

	for (int i = 0; path && i < SOURCE_MAX_LINKS; i++) {
		char *next;

		e = outer_index_find(&s->index, path);
		if (!e || e->kind == OUTER_FILE)
			return e;
		if (e->kind == OUTER_HARDLINK)
			next = path_clean(e->target);
		else
			next = e->target[0] == '/' ? NULL : resolve_link(path, e->target);
		free(path);
		path = next;
	}
	return NULL;
}

/** source_has() - Whether there is a file of this name */
bool source_has(const struct source *s, const char *name)
{
	autoclose int fd = -1;

	if (!s->is_dir)
		return find_entry(s, name) != NULL;
	fd = path_open_in_root(s->fd, name, O_PATH, 0);
	return fd >= 0;
}

/** source_list() - The names of an archive's files that begin with a prefix; none of a directory */
void source_list(const struct source *s, const char *prefix, struct strlist *names)
{
	for (size_t i = 0; i < s->index.n; i++)
		if (s->index.entries[i].kind == OUTER_FILE &&
		    str_starts(s->index.entries[i].name, prefix))
			strlist_add(names, s->index.entries[i].name);
}

static int find_in_dir(const struct source *s, const char *name, struct source_file *out,
		       struct error *err)
{
	autoclose int fd = -1;
	struct stat st;

	/* O_NONBLOCK: a FIFO must not hang us before it is refused. */
	fd = path_open_in_root(s->fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return error_sys(err, -fd, "open '%s'", name);
	if (fstat(fd, &st) < 0)
		return error_sys(err, errno, "stat '%s'", name);
	if (!S_ISREG(st.st_mode))
		return error_set(err, EBADMSG, "'%s' is no regular file", name);
	out->fd = steal_fd(&fd);
	out->owned = true;
	out->offset = 0;
	out->size = (uint64_t)st.st_size;
	return 0;
}

/**
 * source_find() - Find a file by name
 * @name:	Path in the archive or directory, from its documents
 * @out:	Released with source_file_close()
 *
 * Return: 0, -ENOENT, or another -errno
 */
int source_find(const struct source *s, const char *name, struct source_file *out,
		struct error *err)
{
	const struct outer_entry *e;

	if (s->is_dir)
		return find_in_dir(s, name, out, err);
	e = find_entry(s, name);
	if (!e) {
		autofree char *safe = str_escape(name);

		return error_set(err, ENOENT, "'%.300s' is not in the archive", safe);
	}
	out->fd = s->fd;
	out->owned = false;
	out->offset = e->offset;
	out->size = e->size;
	return 0;
}

/**
 * source_file_read() - Up to @size bytes of a file, from @at on
 *
 * Return: their number, 0 at the end; -EBADMSG if the archive has shrunk meanwhile,
 * or another -errno
 */
ssize_t source_file_read(const struct source_file *f, uint64_t at, void *to, size_t size,
			 struct error *err)
{
	size_t want = f->size - at < size ? (size_t)(f->size - at) : size;
	ssize_t n = 0;

	if (!want)
		return 0;
	do
		n = pread(f->fd, to, want, (off_t)(f->offset + at));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_sys(err, errno, "read the archive");
	return n ? n : error_set(err, EBADMSG, "the archive changed while it was read");
}

/** source_file_close() - Release what source_find() opened; safe twice */
void source_file_close(struct source_file *f)
{
	if (f->owned && f->fd >= 0)
		(void)close(f->fd);
	f->fd = -1;
	f->owned = false;
}

/**
 * source_read() - Read a whole file, a document
 * @max_bytes:	Larger ones are refused with -EFBIG
 * @data:	New buffer with a NUL behind it; the caller frees it
 */
int source_read(const struct source *s, const char *name, size_t max_bytes, char **data,
		size_t *len, struct error *err)
{
	autofree char *buffer = NULL;
	struct source_file f;
	size_t done = 0;
	ssize_t n;
	int r;

	r = source_find(s, name, &f, err);
	if (r < 0)
		return r;
	if (f.size > max_bytes) {
		source_file_close(&f);
		return error_set(err, EFBIG, "'%s' is larger than the limit of %zu bytes", name,
				 max_bytes);
	}
	buffer = xmalloc(f.size + 1);
	while ((n = source_file_read(&f, done, buffer + done, f.size - done, err)) > 0)
		done += (size_t)n;
	source_file_close(&f);
	if (n < 0)
		return error_wrap(err, "'%s'", name);
	buffer[done] = '\0';
	*data = steal_ptr(&buffer);
	*len = done;
	return 0;
}

/** source_close() - Release; NULL is fine */
void source_close(struct source *s)
{
	if (!s)
		return;
	cleanup_close(&s->fd);
	outer_index_done(&s->index);
	free(s);
}
