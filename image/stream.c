// SPDX-License-Identifier: Apache-2.0
/*
 * image/stream.c - A layer's bytes: read, verified, inflated, verified
 *
 * Both digests are computed while the bytes go by: that of the file as it lies
 * in the archive, which the manifest knows, and that of the inflated layer,
 * which the config knows. They are complete when the last byte has gone by, so
 * stream_finish() reads on to the end, behind the end of the tar stream too.
 */
#include "image/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "image/tree.h"

#define STREAM_READ_BYTES (256U << 10)

struct stream {
	struct stream_plan plan;
	uint64_t at;
	struct digest_hash *outer, *inner;
	struct codec *codec;
	unsigned char *buffer;
};

static int fill(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct stream *s = arg;
	ssize_t n;

	if (s->plan.stop && __atomic_load_n(s->plan.stop, __ATOMIC_RELAXED))
		return error_set(err, ECANCELED, "another layer failed");
	n = source_file_read(&s->plan.file, s->at, s->buffer, STREAM_READ_BYTES, err);
	if (n < 0)
		return (int)n;
	s->at += (uint64_t)n;
	if (s->outer)
		digest_hash_update(s->outer, s->buffer, (size_t)n);
	if (s->plan.progress)
		s->plan.progress(s->plan.arg, (size_t)n);
	*data = s->buffer;
	*len = (size_t)n;
	return 0;
}

/*
 * The format is what the content says. Tools that copy layers have left media types behind that
 * were another copy's; both digests hold all the same.
 */
static int choose_codec(const struct stream_plan *plan, enum codec_kind *out, struct error *err)
{
	unsigned char head[CODEC_MAGIC_BYTES] = { 0 };
	size_t len = plan->file.size < sizeof(head) ? (size_t)plan->file.size : sizeof(head);
	ssize_t n;

	n = pread(plan->file.fd, head, len, (off_t)plan->file.offset);
	if (n < 0)
		return error_sys(err, errno, "read the archive");
	*out = codec_detect(head, (size_t)n);
	return 0;
}

/**
 * stream_open() - Begin to read a layer
 * @plan:	Copied; what it points to must outlive the stream
 * @out:	Released with stream_close()
 */
int stream_open(const struct stream_plan *plan, struct stream **out, struct error *err)
{
	enum codec_kind kind = CODEC_NONE;
	struct stream *s;
	int r;

	r = choose_codec(plan, &kind, err);
	if (r < 0)
		return r;
	s = xcalloc(1, sizeof(*s));
	s->plan = *plan;
	s->buffer = xmalloc(STREAM_READ_BYTES);
	/* An uncompressed layer is its own blob: hash it once. */
	if (plan->blob && (kind != CODEC_NONE || !digest_equal(plan->blob, plan->diff_id)))
		s->outer = digest_hash_new(plan->blob->algorithm);
	s->inner = digest_hash_new(plan->diff_id->algorithm);
	s->codec = codec_new(kind, fill, s);
	*out = s;
	return 0;
}

/** stream_read() - The next inflated bytes, *len 0 at the end; an archive_fill for a stream */
int stream_read(void *stream, const unsigned char **data, size_t *len, struct error *err)
{
	struct stream *s = stream;
	int r;

	r = codec_read(s->codec, data, len, err);
	if (r < 0)
		return r;
	r = tree_budget_take(s->plan.budget, *len, err);
	if (r < 0)
		return r;
	digest_hash_update(s->inner, *data, *len);
	return 0;
}

static int compare(struct digest_hash *hash, const struct digest *want, const char *who,
		   const char *what, struct error *err)
{
	char text[DIGEST_TEXT_MAX];
	struct digest have;

	digest_hash_finish(hash, &have);
	if (digest_equal(&have, want))
		return 0;
	digest_format(want, text);
	return error_set(err, EBADMSG, "%.6s mismatch (%s says %s, %s has %s)", text, who,
			 want->hex, what, have.hex);
}

/**
 * stream_finish() - Read to the end and compare the digests
 *
 * Return: 0, -EBADMSG if they differ, or another -errno
 */
int stream_finish(struct stream *s, struct error *err)
{
	const unsigned char *data;
	size_t len = 1;
	int r = 0;

	while (r == 0 && len)
		r = stream_read(s, &data, &len, err);
	if (r < 0)
		return r;
	if (s->outer) {
		r = compare(s->outer, s->plan.blob, "manifest", "file", err);
		if (r < 0)
			return r;
	}
	return compare(s->inner, s->plan.diff_id, s->outer ? "config" : "manifest",
		       s->outer ? "content" : "file", err);
}

/**
 * stream_explain() - See whether damage is why a layer could not be read
 * @err:	Why it could not; replaced if a digest tells more
 *
 * A flipped bit shows as a broken tar header, or gzip stream, long before the
 * end of the file where the digest could tell.
 *
 * Return: -@err->code
 */
int stream_explain(struct stream *s, struct error *err)
{
	const unsigned char *data;
	struct error ignored, better;
	size_t len = 0;
	int r;

	if (err->code != EBADMSG)
		return -err->code;
	do
		r = s->outer ? fill(s, &data, &len, &ignored)
			     : stream_read(s, &data, &len, &ignored);
	while (r == 0 && len);
	if (r < 0)
		return -err->code;
	r = s->outer ? compare(s->outer, s->plan.blob, "manifest", "file", &better)
		     : compare(s->inner, s->plan.diff_id, "manifest", "file", &better);
	if (r < 0)
		*err = better;
	return -err->code;
}

/** stream_close() - Release; NULL is fine. The file stays the caller's */
void stream_close(struct stream *s)
{
	if (!s)
		return;
	codec_free(s->codec);
	digest_hash_free(s->outer);
	digest_hash_free(s->inner);
	free(s->buffer);
	free(s);
}
