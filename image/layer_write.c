// SPDX-License-Identifier: Apache-2.0
/*
 * image/layer_write.c - New layers: a tar stream hashed, perhaps compressed, kept in a file
 *
 * A blob's name and size stand before it in an archive, so it is made in a file
 * first. The same stream gives the same blob: compressors get a fixed level and
 * one thread, and gzip's header has neither time nor name.
 */
#include "image/layer_write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "image/descriptor.h"

#define CHUNK_BYTES (128U << 10)
#define COPY_BYTES  (256U << 10)
#define GZIP_WINDOW (15 + 16) /* zlib.h: 16 is for gzip's header */
#define GZIP_MEMORY 8

struct layer_writer {
	enum layer_compression compression;
	int fd;
	uint64_t offset, size;
	struct digest_hash *raw, *packed;
	z_stream gzip;
	unsigned char *buffer;
};

static const struct {
	const char *name, *media_type;
} kinds[] = {
	[LAYER_PLAIN] = { "none", MEDIA_TYPE_LAYER },
	[LAYER_GZIP] = { "gzip", MEDIA_TYPE_LAYER "+gzip" },
};

/**
 * layer_compression_parse() - "none" or "gzip"; -EINVAL for anything else
 *
 * Zstandard's compressor is half a megabyte, a quarter of the whole program.
 */
int layer_compression_parse(const char *text, enum layer_compression *out)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(text, kinds[i].name)) {
			*out = (enum layer_compression)i;
			return 0;
		}
	return -EINVAL;
}

/**
 * layer_writer_new() - Begin a layer
 * @fd:		Where the blob goes, at its present offset; stays the caller's
 * @out:	Released with layer_writer_free()
 */
int layer_writer_new(int fd, enum layer_compression compression, struct layer_writer **out,
		     struct error *err)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	struct layer_writer *w;

	if (at < 0)
		return error_sys(err, errno, "make a temporary file for a layer");
	w = xcalloc(1, sizeof(*w));
	w->fd = fd;
	w->offset = (uint64_t)at;
	w->compression = compression;
	w->raw = digest_hash_new(DIGEST_SHA256);
	w->packed = digest_hash_new(DIGEST_SHA256);
	w->buffer = xmalloc(CHUNK_BYTES);
	if (compression == LAYER_GZIP &&
	    deflateInit2(&w->gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	*out = w;
	return 0;
}

static int store(struct layer_writer *w, const void *data, size_t len, struct error *err)
{
	int r = file_write_fd(w->fd, data, len);

	if (r < 0)
		return error_sys(err, -r, "write a layer to a temporary file");
	if (w->compression != LAYER_PLAIN)
		digest_hash_update(w->packed, data, len);
	w->size += len;
	return 0;
}

static int deflate_some(struct layer_writer *w, const void *data, size_t len, int flush,
			struct error *err)
{
	int r = 0;

	w->gzip.next_in = (unsigned char *)(uintptr_t)data;
	w->gzip.avail_in = (unsigned int)len;
	do {
		w->gzip.next_out = w->buffer;
		w->gzip.avail_out = CHUNK_BYTES;
		(void)deflate(&w->gzip, flush);
		r = store(w, w->buffer, CHUNK_BYTES - w->gzip.avail_out, err);
	} while (r == 0 && !w->gzip.avail_out);
	return r;
}

/** layer_writer_sink() - The next piece of the tar stream; a tar_sink */
int layer_writer_sink(void *writer, const void *data, size_t len, struct error *err)
{
	struct layer_writer *w = writer;

	digest_hash_update(w->raw, data, len);
	if (w->compression == LAYER_PLAIN)
		return store(w, data, len, err);
	return deflate_some(w, data, len, Z_NO_FLUSH, err);
}

/** layer_writer_copy() - All of the tar stream, which is in a file */
int layer_writer_copy(struct layer_writer *w, int fd, struct error *err)
{
	autofree char *buffer = xmalloc(COPY_BYTES);
	int r = 0;
	ssize_t n;

	while (r == 0 && (n = read(fd, buffer, COPY_BYTES)) != 0)
		if (n > 0)
			r = layer_writer_sink(w, buffer, (size_t)n, err);
		else if (errno != EINTR)
			r = error_sys(err, errno, "read a layer");
	return r;
}

/**
 * layer_writer_finish() - The end of the stream
 * @out:	Borrows the fd that layer_writer_new() was given
 */
int layer_writer_finish(struct layer_writer *w, struct layer_blob *out, struct error *err)
{
	int r = 0;

	if (w->compression == LAYER_GZIP)
		r = deflate_some(w, NULL, 0, Z_FINISH, err);
	if (r < 0)
		return r;
	*out = (struct layer_blob){
		.size = w->size,
		.media_type = kinds[w->compression].media_type,
		.fd = w->fd,
		.offset = w->offset,
	};
	digest_hash_finish(w->raw, &out->diff_id);
	out->blob = out->diff_id;
	if (w->compression != LAYER_PLAIN)
		digest_hash_finish(w->packed, &out->blob);
	return 0;
}

/** layer_writer_free() - Release; NULL is fine */
void layer_writer_free(struct layer_writer *w)
{
	if (!w)
		return;
	if (w->compression == LAYER_GZIP)
		(void)deflateEnd(&w->gzip);
	digest_hash_free(w->raw);
	digest_hash_free(w->packed);
	free(w->buffer);
	free(w);
}
