// SPDX-License-Identifier: Apache-2.0
/*
 * image/codec_rare.c - Inflating xz and bzip2, for codec.c
 *
 * No image tool writes them, but people compress what `docker save` gave them,
 * and old tools their layers. One member at a time: codec.c sees to what
 * follows it. Memory is bounded: bzip2 needs 4 MiB at most, xz as much as its
 * header says, up to CODEC_XZ_MEMORY_BYTES (`xz -9` needs 65 MiB).
 */
#include "image/codec_rare.h"

#include <bzlib.h>
#include <errno.h>
#include <limits.h>
#include <lzma.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/str.h"

#define CODEC_XZ_MEMORY_BYTES (128ULL << 20)

/* liblzma's constructor, where it has one: our Makefile sees to it that nothing else calls it. */
extern void crc64_set_func(void) __attribute__((weak));

struct codec_rare {
	enum codec_rare_kind kind;
	bool begun; /* the decoder is in a member */
	lzma_stream xz;
	bz_stream bzip2;
};

/** codec_rare_new() - A decoder; released with codec_rare_free() */
struct codec_rare *codec_rare_new(enum codec_rare_kind kind)
{
	struct codec_rare *c = xcalloc(1, sizeof(*c));

	c->kind = kind;
	if (kind == CODEC_RARE_XZ && crc64_set_func)
		crc64_set_func();
	return c;
}

static void end_member(struct codec_rare *c)
{
	if (c->begun && c->kind == CODEC_RARE_BZIP2)
		(void)BZ2_bzDecompressEnd(&c->bzip2);
	c->begun = false;
}

static void begin_member(struct codec_rare *c)
{
	bool ok;

	if (c->begun)
		return;
	/* A decoder that was used before gives its memory to the next. */
	if (c->kind == CODEC_RARE_XZ)
		ok = lzma_stream_decoder(&c->xz, CODEC_XZ_MEMORY_BYTES, 0) == LZMA_OK;
	else
		ok = BZ2_bzDecompressInit(&c->bzip2, 0, 0) == BZ_OK;
	if (!ok)
		abort();
	c->begun = true;
}

static const char *explain_xz(lzma_ret r)
{
	switch (r) {
	case LZMA_MEMLIMIT_ERROR:
		return "it takes too much memory to inflate";
	case LZMA_OPTIONS_ERROR:
		return "unknown options";
	case LZMA_FORMAT_ERROR:
		return "unknown format";
	default:
		return "invalid data";
	}
}

static int xz_step(struct codec_rare *c, struct codec_rare_io *io, bool *ended, struct error *err)
{
	lzma_ret r;

	c->xz.next_in = io->in;
	c->xz.avail_in = io->in_len;
	c->xz.next_out = io->out;
	c->xz.avail_out = io->out_len;
	r = lzma_code(&c->xz, LZMA_RUN);
	io->in = c->xz.next_in;
	io->in_len = c->xz.avail_in;
	io->out = c->xz.next_out;
	io->out_len = c->xz.avail_out;
	if (r == LZMA_MEM_ERROR)
		abort();
	*ended = r == LZMA_STREAM_END;
	if (r != LZMA_OK && r != LZMA_STREAM_END && r != LZMA_BUF_ERROR)
		return error_set(err, EBADMSG, "broken xz stream: %s", explain_xz(r));
	return 0;
}

static int bzip2_step(struct codec_rare *c, struct codec_rare_io *io, bool *ended,
		      struct error *err)
{
	unsigned int in_len = io->in_len < UINT_MAX ? (unsigned int)io->in_len : UINT_MAX;
	unsigned int out_len = io->out_len < UINT_MAX ? (unsigned int)io->out_len : UINT_MAX;
	int r;

	c->bzip2.next_in = (char *)(uintptr_t)io->in;
	c->bzip2.avail_in = in_len;
	c->bzip2.next_out = (char *)io->out;
	c->bzip2.avail_out = out_len;
	r = BZ2_bzDecompress(&c->bzip2);
	io->in += in_len - c->bzip2.avail_in;
	io->in_len -= in_len - c->bzip2.avail_in;
	io->out += out_len - c->bzip2.avail_out;
	io->out_len -= out_len - c->bzip2.avail_out;
	if (r == BZ_MEM_ERROR)
		abort();
	*ended = r == BZ_STREAM_END;
	if (r != BZ_OK && r != BZ_STREAM_END)
		return error_set(err, EBADMSG, "broken bzip2 stream: invalid data");
	return 0;
}

/**
 * codec_rare_step() - Inflate as much as input and room allow
 * @io:		With input and room; moved on
 * @ended:	Whether this was the end of a member; the next step begins another
 */
int codec_rare_step(struct codec_rare *c, struct codec_rare_io *io, bool *ended, struct error *err)
{
	int r;

	begin_member(c);
	r = c->kind == CODEC_RARE_XZ ? xz_step(c, io, ended, err) : bzip2_step(c, io, ended, err);
	if (r == 0 && *ended)
		end_member(c);
	return r;
}

/** codec_rare_free() - Release; NULL is fine */
void codec_rare_free(struct codec_rare *c)
{
	if (!c)
		return;
	end_member(c);
	if (c->kind == CODEC_RARE_XZ)
		lzma_end(&c->xz);
	free(c);
}
