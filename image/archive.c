// SPDX-License-Identifier: Apache-2.0
/*
 * image/archive.c - Entries of a tar stream
 *
 * libarchive with the tar format and no filter: its other readers are the ones
 * with the vulnerabilities, and some of its filters start programs.
 *
 * Names are bytes. libarchive would convert those of pax headers to the
 * locale; there is none, and iconv_stub.c refuses every conversion, upon which
 * it keeps the bytes as they are and warns. That warning, and no other, is
 * accepted.
 */
#include "image/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

#define TAR_BLOCK 512U

struct archive_tar {
	struct archive *reader;
	struct archive_entry *entry;
	archive_fill *fill;
	void *arg;
	uint64_t read;	      /* bytes of the stream so far */
	struct error failure; /* of fill(): libarchive cannot carry it */
	bool failed;
	bool padded;		 /* see pad_last_block() */
	uint64_t content, given; /* of the entry: what is to come, and what came */
};

/*
 * Some writers (umoci insert) stop where the last file's content ends, without
 * the padding of its block and the two zero blocks. libarchive minds the first.
 */
static size_t pad_last_block(struct archive_tar *t, const void **data)
{
	static const unsigned char zeros[TAR_BLOCK];
	size_t missing = (TAR_BLOCK - t->read % TAR_BLOCK) % TAR_BLOCK;

	t->read += missing;
	t->padded |= missing != 0;
	*data = zeros;
	return missing;
}

static la_ssize_t read_piece(struct archive *reader, void *arg, const void **data)
{
	struct archive_tar *t = arg;
	const unsigned char *piece;
	size_t len;

	if (t->fill(t->arg, &piece, &len, &t->failure) < 0) {
		t->failed = true;
		archive_set_error(reader, EIO, "input failed");
		return ARCHIVE_FATAL;
	}
	if (len == 0)
		return (la_ssize_t)pad_last_block(t, data);
	t->read += len;
	*data = piece;
	return (la_ssize_t)len;
}

static int reader_error(struct archive_tar *t, struct error *err)
{
	const char *text = archive_error_string(t->reader);
	autofree char *safe = NULL;

	if (t->failed) {
		*err = t->failure;
		return -err->code;
	}
	safe = str_escape(text ? text : "unknown reason");
	return error_set(err, EBADMSG, "broken tar stream: %s", safe);
}

/* Whether the last warning only says that a name stays in the bytes it has. */
static bool is_about_charset(struct archive_tar *t)
{
	const char *text = archive_error_string(t->reader);

	return text && strstr(text, "can't be converted from");
}

/** archive_fill_fd() - The next piece of what a descriptor gives; an archive_fill */
int archive_fill_fd(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct archive_fd *in = arg;
	ssize_t n;

	do
		n = read(in->fd, in->data, sizeof(in->data));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_sys(err, errno, "read the archive");
	*data = in->data;
	*len = (size_t)n;
	return 0;
}

/**
 * archive_tar_new() - Begin to read a tar stream
 * @fill:	Asked for input
 * @out:	The reader, released with archive_tar_free()
 *
 * Return: 0, -EBADMSG if this is no tar stream, or what @fill gave
 */
int archive_tar_new(archive_fill *fill, void *arg, struct archive_tar **out, struct error *err)
{
	struct archive_tar *t = xcalloc(1, sizeof(*t));
	int r;

	t->fill = fill;
	t->arg = arg;
	t->reader = archive_read_new();
	if (!t->reader)
		abort();
	if (archive_read_support_format_tar(t->reader) != ARCHIVE_OK)
		abort();
	if (archive_read_open(t->reader, t, NULL, read_piece, NULL) != ARCHIVE_OK) {
		r = reader_error(t, err);
		archive_tar_free(t);
		return r;
	}
	*out = t;
	return 0;
}

static void describe(struct archive_entry *e, struct archive_member *m)
{
	memset(m, 0, sizeof(*m));
	m->path = archive_entry_pathname(e);
	m->hardlink = archive_entry_hardlink(e);
	m->symlink = archive_entry_symlink(e);
	m->type = archive_entry_filetype(e);
	m->perm = archive_entry_perm(e);
	m->uid = archive_entry_uid(e);
	m->gid = archive_entry_gid(e);
	m->size = archive_entry_size_is_set(e) ? (uint64_t)archive_entry_size(e) : 0;
	m->mtime.tv_sec = archive_entry_mtime(e);
	m->mtime.tv_nsec = archive_entry_mtime_nsec(e);
	/* Of "-1.5" libarchive makes -1 s and half a second more, instead of less. */
	if (m->mtime.tv_sec < 0 && m->mtime.tv_nsec) {
		m->mtime.tv_sec--;
		m->mtime.tv_nsec = 1000000000 - m->mtime.tv_nsec;
	}
	m->major = (unsigned int)archive_entry_rdevmajor(e);
	m->minor = (unsigned int)archive_entry_rdevminor(e);
}

/* libarchive takes a sparse file's missing pieces for holes. */
static uint64_t content_bytes(struct archive_entry *e, uint64_t size)
{
	la_int64_t at, len;
	uint64_t sum = 0;

	if (!archive_entry_sparse_reset(e))
		return size;
	while (archive_entry_sparse_next(e, &at, &len) == ARCHIVE_OK)
		sum += (uint64_t)len;
	return sum;
}

/**
 * archive_tar_next() - Step to the next entry
 *
 * Return: 1, 0 at the end of the archive, or -errno
 */
int archive_tar_next(struct archive_tar *t, struct archive_member *out, struct error *err)
{
	int r = archive_read_next_header(t->reader, &t->entry);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK && !(r == ARCHIVE_WARN && is_about_charset(t)))
		return reader_error(t, err);
	describe(t->entry, out);
	if (!out->path)
		return error_set(err, EBADMSG, "broken tar stream: entry without a name");
	if (archive_entry_size_is_set(t->entry) && archive_entry_size(t->entry) < 0)
		return error_set(err, EBADMSG, "broken tar stream: entry with a negative size");
	archive_entry_xattr_reset(t->entry);
	t->content = content_bytes(t->entry, out->size);
	t->given = 0;
	return 1;
}

/** archive_tar_at() - Where in the stream the entry begins */
uint64_t archive_tar_at(const struct archive_tar *t)
{
	return (uint64_t)archive_read_header_position(t->reader);
}

/** archive_tar_next_xattr() - The entry's next extended attribute: 1, or 0 when there is none */
int archive_tar_next_xattr(struct archive_tar *t, const char **name, const void **value,
			   size_t *size)
{
	return archive_entry_xattr_next(t->entry, name, value, size) == ARCHIVE_OK;
}

/**
 * archive_tar_read() - The next piece of the entry's content
 * @data:	Borrowed until the next call
 * @offset:	Where it goes; what pieces leave out are holes
 *
 * Return: 1, 0 at the end of the entry, or -errno
 */
int archive_tar_read(struct archive_tar *t, const void **data, size_t *len, uint64_t *offset,
		     struct error *err)
{
	bool padded = t->padded;
	la_int64_t at;
	int r = archive_read_data_block(t->reader, data, len, &at);

	if (r == ARCHIVE_EOF && t->given < t->content)
		return error_set(err, EBADMSG,
				 "broken tar stream: %llu bytes of a sparse file are missing",
				 (unsigned long long)(t->content - t->given));
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK)
		return reader_error(t, err);
	t->given += *len;
	if (t->padded != padded)
		return error_set(err, EBADMSG, "broken tar stream: it is cut off in a file");
	if (at < 0)
		return error_set(err, EBADMSG, "broken tar stream: negative offset");
	*offset = (uint64_t)at;
	return 1;
}

/** archive_tar_free() - Release; NULL is fine */
void archive_tar_free(struct archive_tar *t)
{
	if (!t)
		return;
	(void)archive_read_free(t->reader);
	free(t);
}
