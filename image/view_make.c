// SPDX-License-Identifier: Apache-2.0
/*
 * image/view_make.c - The index of a view: an image's files, where they lie
 *
 * Theory of operation:
 *   1. layers that are compressed, or that nobody can mount where they are (in
 *	what was spooled), are inflated to files of their own, and verified
 *   2. all layers' headers are read and merged (merge.c); contents are not
 *   3. the layers that lie in the archive as they are get verified
 *   4. the index is written (erofs.c)
 *
 * So what cannot be shown as a view is known before the larger part of the work
 * is done. Layers are mapped, not read, for libarchive then gives pointers into
 * the mapping, which tell where contents lie. Should the file shrink meanwhile,
 * this process ends by a signal, and nothing has happened.
 */
#include "image/view_make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "image/archive.h"
#include "image/codec.h"
#include "image/erofs.h"
#include "image/merge.h"
#include "image/plan.h"
#include "image/source.h"
#include "image/stream.h"
#include "image/tree.h"
#include "image/workers.h"

#define NAME_BYTES 24 /* a number */

struct view_layer {
	const struct plan_layer *plan;
	struct source_file file; /* as it comes */
	bool in_place;
	int fd; /* of the tar archive: borrowed if it is in place */
	uint64_t offset, size;
	unsigned int device;
};

struct making {
	struct view_make *view;
	struct view_layer *layers;
	size_t n;
	uint64_t device_bytes[EROFS_MAX_DEVICES];
	bool stop;
};

static int refuse(struct error *err, const char *why)
{
	return error_set(err, ENOTSUP, "no view: %s", why);
}

/* ---- what there is ------------------------------------------------------ */

static bool is_archive_itself(const struct view_make *v, int fd)
{
	struct stat st, archive;

	return fstat(fd, &st) == 0 && fstat(v->archive_fd, &archive) == 0 &&
	       S_ISREG(archive.st_mode) && st.st_dev == archive.st_dev &&
	       st.st_ino == archive.st_ino;
}

static int open_blob(const struct view_blobs *blobs, struct view_layer *layer)
{
	const char *hex = layer->plan->diff_id.hex;
	struct stat st;

	layer->fd = openat(blobs->new_fd, hex, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (layer->fd < 0)
		layer->fd = openat(blobs->old_fd, hex, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (layer->fd < 0 || fstat(layer->fd, &st) < 0)
		return -ENOENT;
	layer->size = (uint64_t)st.st_size;
	return 0;
}

static int look_at_layer(const struct view_make *v, const struct plan_layer *plan,
			 struct view_layer *layer, struct error *err)
{
	unsigned char head[CODEC_MAGIC_BYTES] = { 0 };
	int r;

	layer->plan = plan;
	layer->fd = -1;
	if (v->blobs && open_blob(v->blobs, layer) == 0)
		return 0;
	r = source_find(v->source, plan->file, &layer->file, err);
	if (r < 0)
		return r;
	if (plan->has_blob && plan->blob_size != layer->file.size)
		return refuse(err, "a layer's size is not as the manifest says");
	if (pread(layer->file.fd, head, sizeof(head), (off_t)layer->file.offset) < 0)
		return error_sys(err, errno, "read the archive");
	if (v->blobs)
		return 0;
	layer->in_place = is_archive_itself(v, layer->file.fd) &&
			  codec_detect(head, sizeof(head)) == CODEC_NONE;
	if (!layer->in_place && !v->inflate)
		return refuse(err, "a layer is packed");
	if (layer->in_place) {
		layer->fd = layer->file.fd;
		layer->offset = layer->file.offset;
		layer->size = layer->file.size;
	}
	return 0;
}

static int look_at_layers(struct making *m, struct error *err)
{
	const struct plan_image *image = m->view->image;
	int r = 0;

	if (!image->n_layers || image->n_layers >= EROFS_MAX_DEVICES)
		return refuse(err, "no layers, or too many");
	m->layers = xcalloc(image->n_layers, sizeof(*m->layers));
	for (size_t i = 0; r == 0 && i < image->n_layers; i++) {
		r = look_at_layer(m->view, &image->layers[i], &m->layers[i], err);
		m->n = i + 1;
	}
	return r;
}

/* ---- bytes, verified ---------------------------------------------------- */

static int write_out(struct stream *stream, int to, struct error *err)
{
	const unsigned char *data;
	size_t len;
	int r;

	while ((r = stream_read(stream, &data, &len, err)) == 0 && len) {
		r = file_write_fd(to, data, len);
		if (r < 0)
			return error_sys(err, -r, "write a layer");
	}
	return r;
}

/* @to: where the inflated layer goes, or -1 to verify it only */
static int read_layer(struct making *m, const struct view_layer *layer, int to, struct error *err)
{
	const struct stream_plan plan = {
		.file = layer->file,
		.blob = layer->plan->has_blob ? &layer->plan->blob : NULL,
		.diff_id = &layer->plan->diff_id,
		.budget = m->view->bytes,
		.progress = m->view->progress,
		.arg = m->view->arg,
		.stop = &m->stop,
	};
	struct stream *stream = NULL;
	int r = stream_open(&plan, &stream, err);

	if (r < 0)
		return r;
	r = to < 0 ? 0 : write_out(stream, to, err);
	r = r < 0 ? stream_explain(stream, err) : stream_finish(stream, err);
	stream_close(stream);
	return r;
}

/* Two layers of an image may be the same. */
static bool is_made_before(const struct making *m, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (digest_equal(&m->layers[j].plan->diff_id, &m->layers[i].plan->diff_id))
			return true;
	return false;
}

static int make_blob(struct making *m, size_t i, struct error *err)
{
	const struct view_layer *layer = &m->layers[i];
	autoclose int fd = -1;

	if (layer->fd >= 0 || is_made_before(m, i))
		return 0;
	fd = openat(m->view->blobs->new_fd, layer->plan->diff_id.hex,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_sys(err, errno, "make a file for a layer");
	return read_layer(m, layer, fd, err) < 0 ? error_wrap(err, "layer %zu of %zu", i + 1, m->n)
						 : 0;
}

static int open_blobs(const struct making *m, struct error *err)
{
	const struct view_blobs *blobs = m->view->blobs;

	for (size_t i = 0; blobs && i < m->n; i++) {
		if (m->layers[i].fd >= 0)
			continue;
		if (open_blob(blobs, &m->layers[i]) < 0)
			return error_set(err, ENOENT, "layer %zu of %zu vanished", i + 1, m->n);
		if (!strlist_has(blobs->made, m->layers[i].plan->diff_id.hex))
			strlist_add(blobs->made, m->layers[i].plan->diff_id.hex);
	}
	return 0;
}

static int inflate_job(void *arg, size_t i, struct error *err)
{
	struct making *m = arg;
	struct view_layer *layer = &m->layers[i];
	struct stat st = { 0 };
	char name[NAME_BYTES];
	int r;

	if (layer->in_place)
		return 0;
	if (m->view->blobs)
		return make_blob(m, i, err);
	snprintf(name, sizeof(name), "%zu", i);
	layer->fd = openat(m->view->staging_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (layer->fd < 0)
		return error_sys(err, errno, "make a file for a layer");
	r = read_layer(m, layer, layer->fd, err);
	if (r == 0 && fstat(layer->fd, &st) < 0)
		r = error_sys(err, errno, "stat a layer");
	if (r < 0)
		return error_wrap(err, "layer %zu of %zu", i + 1, m->n);
	layer->size = (uint64_t)st.st_size;
	return 0;
}

static int verify_job(void *arg, size_t i, struct error *err)
{
	struct making *m = arg;

	if (!m->layers[i].in_place || read_layer(m, &m->layers[i], -1, err) == 0)
		return 0;
	return error_wrap(err, "layer %zu of %zu", i + 1, m->n);
}

/* ---- names, and where contents are -------------------------------------- */

static void add_device(struct making *m, struct view_layer *layer, size_t number)
{
	struct strlist *devices = &m->view->devices;
	struct stat st = { 0 };
	char name[NAME_BYTES];

	if (layer->in_place && strlist_has(devices, VIEW_ARCHIVE)) {
		for (size_t i = 0; i < devices->n; i++)
			if (!strcmp(devices->items[i], VIEW_ARCHIVE))
				layer->device = (unsigned int)i + 1;
		return;
	}
	snprintf(name, sizeof(name), "%zu", number);
	strlist_add(devices, layer->in_place ? VIEW_ARCHIVE : name);
	layer->device = (unsigned int)devices->n;
	(void)fstat(layer->fd, &st);
	m->device_bytes[devices->n - 1] = (uint64_t)st.st_size;
}

struct piece {
	const unsigned char *data;
	size_t size;
};

static int give_piece(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct piece *p = arg;

	(void)err;
	*data = p->data;
	*len = p->size;
	p->size = 0;
	return 0;
}

static int merge_mapped(struct merge *merge, const struct merge_source *source, struct error *err)
{
	struct piece piece = { source->data, source->size };
	struct archive_tar *tar = NULL;
	int r = archive_tar_new(give_piece, &piece, &tar, err);

	if (r == 0)
		r = merge_layer(merge, tar, source, err);
	archive_tar_free(tar);
	return r;
}

/* What was read stays in the page cache; it need not be in our memory, too. */
static void release(const struct merge_source *source, uint64_t from_byte, uint64_t upto)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)source->data + from_byte) / page * page;
	uintptr_t to = ((uintptr_t)source->data + upto) / page * page;

	(void)madvise((void *)from, to - from, MADV_DONTNEED);
}

static int merge_one(struct merge *merge, const struct view_layer *layer, struct error *err)
{
	uint64_t before = layer->offset % (uint64_t)sysconf(_SC_PAGESIZE);
	size_t size = (size_t)(before + layer->size);
	unsigned char *map;
	int r;

	if (!layer->size)
		return refuse(err, "an empty layer");
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, layer->fd, (off_t)(layer->offset - before));
	if (map == MAP_FAILED)
		return refuse(err, "a layer too large to be mapped");
	r = merge_mapped(merge,
			 &(struct merge_source){ .data = map + before,
						 .size = (size_t)layer->size,
						 .device = layer->device,
						 .offset = layer->offset,
						 .release = release },
			 err);
	(void)munmap(map, size);
	return r;
}

static int merge_layers(struct making *m, struct merge *merge, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->n; i++) {
		add_device(m, &m->layers[i], i);
		r = merge_one(merge, &m->layers[i], err);
	}
	/* A broken archive, say: who unpacks it finds the right words. */
	if (r < 0)
		err->code = ENOTSUP;
	return r < 0 ? -ENOTSUP : 0;
}

static void take_root(struct view_make *v, const struct erofs_inode *root)
{
	v->root_mode = root->mode & 07777;
	v->root_uid = root->uid;
	v->root_gid = root->gid;
}

static int write_index(struct making *m, struct merge *merge, struct error *err)
{
	const struct erofs_plan plan = {
		.root = merge_finish(merge),
		.block_bits = VIEW_BLOCK_BITS,
		.device_bytes = m->device_bytes,
		.n_devices = m->view->devices.n,
	};
	autoclose int fd = openat(m->view->staging_fd, VIEW_INDEX,
				  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_sys(err, errno, "make the index of a view");
	take_root(m->view, plan.root->inode);
	return erofs_write(&plan, fd, err);
}

static int make_index(struct making *m, struct error *err)
{
	struct merge *merge = merge_new(m->view->files);
	int r = merge_layers(m, merge, err);

	if (r == 0)
		r = write_index(m, merge, err);
	m->view->size = merge_bytes(merge);
	merge_free(merge);
	return r;
}

static int make(struct making *m, struct error *err)
{
	int r = look_at_layers(m, err);

	if (r == 0)
		r = workers_run(m->n, inflate_job, m, &m->stop, err);
	if (r == 0)
		r = open_blobs(m, err);
	if (r == 0)
		r = make_index(m, err);
	if (r == 0)
		r = workers_run(m->n, verify_job, m, &m->stop, err);
	return r;
}

/* Room for who unpacks instead. */
static void clear(const struct making *m)
{
	char name[NAME_BYTES];

	(void)unlinkat(m->view->staging_fd, VIEW_INDEX, 0);
	for (size_t i = 0; i < m->n; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		(void)unlinkat(m->view->staging_fd, name, 0);
	}
}

/**
 * view_make() - Make the index of a view, all layers verified
 * @v:		Released with view_make_done(), also after a failure
 *
 * Return: 0; -ENOTSUP: unpack the image instead; -EBADMSG for a layer that is
 * not what manifest and config say; or another -errno
 */
int view_make(struct view_make *v, struct error *err)
{
	struct making m = { .view = v };
	int r = make(&m, err);

	if (r < 0)
		clear(&m);
	for (size_t i = 0; i < m.n; i++) {
		if (!m.layers[i].in_place)
			cleanup_close(&m.layers[i].fd);
		source_file_close(&m.layers[i].file);
	}
	free(m.layers);
	return r;
}

/** view_make_done() - Release the results; safe twice */
void view_make_done(struct view_make *v)
{
	strlist_done(&v->devices);
}
