// SPDX-License-Identifier: Apache-2.0
/*
 * image/loader.c - Unpacking an archive into a staging directory, confined
 *
 * Theory of operation:
 *   1. plan		all documents, verified (plan.c)
 *   2. find jobs	layers that are not in the store yet; a layer that is there
 *			is neither read nor hashed: manifest and config, which name
 *			it, have been verified
 *   3. unpack		one layer per thread, largest first
 *   4. settle		layers that imply directories get metadata from below, and
 *			files that they link to, bottom up, now that all layers are
 *			there (store.c says why)
 *   5. report		result.json
 *
 * The first thread that fails stops the others; its error is the one reported.
 */
#include "image/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "image/archive.h"
#include "image/crosslink.h"
#include "image/implied.h"
#include "image/layer.h"
#include "image/loader_report.h"
#include "image/loader_view.h"
#include "image/loader_work.h"
#include "image/source.h"
#include "image/stream.h"
#include "image/tree.h"
#include "image/whiteout.h"
#include "image/workers.h"

/* A layer's bytes; none at all is how some tools write an empty one. */
struct layer_bytes {
	struct stream *stream;
	bool begun;
};

static int read_bytes(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	static const unsigned char end_of_archive[1024];
	struct layer_bytes *in = arg;
	int r = stream_read(in->stream, data, len, err);

	if (r == 0 && !*len && !in->begun) {
		*data = end_of_archive;
		*len = sizeof(end_of_archive);
	}
	in->begun = true;
	return r;
}

static int apply_job(struct work *w, struct job *job, struct error *err)
{
	struct stream_plan plan = { .file = job->file,
				    .blob = job->layer->has_blob ? &job->layer->blob : NULL,
				    .diff_id = &job->layer->diff_id,
				    .budget = &w->bytes,
				    .progress = loader_work_progress,
				    .arg = w,
				    .stop = &w->stop };
	struct archive_tar *tar = NULL;
	struct layer_bytes in = { NULL, false };
	int r;

	r = stream_open(&plan, &in.stream, err);
	if (r < 0)
		return r;
	r = archive_tar_new(read_bytes, &in, &tar, err);
	if (r == 0)
		r = layer_apply(tar, job->fd, &w->rights, &w->files, &job->result, err);
	if (r < 0)
		r = stream_explain(in.stream, err);
	else
		r = stream_finish(in.stream, err);
	archive_tar_free(tar);
	stream_close(in.stream);
	return r;
}

static int unpack(struct work *w, struct job *job, struct error *err)
{
	int r;

	job->fd = loader_work_make_dir(w, job->from, err);
	if (job->fd < 0)
		return job->fd;
	r = apply_job(w, job, err);
	if (r < 0)
		return r;
	loader_work_record_size(job);
	return 0;
}

static int run_job(void *arg, size_t i, struct error *err)
{
	struct work *w = arg;
	struct job *job = &w->jobs[i];

	if (unpack(w, job, err) < 0)
		return error_wrap(err, "layer %zu of %zu", job->number, job->of);
	return 0;
}

static int add_job(struct work *w, const struct plan_layer *layer, size_t number, size_t of,
		   struct error *err)
{
	char key[STORE_KEY_MAX];
	struct job *job;
	int r;

	if (loader_work_job_of(w, layer) ||
	    (!w->loader->verify_only &&
	     image_store_find_layer(w->loader->store, &layer->diff_id, &layer->chain_id, key)))
		return 0;
	w->jobs = xrealloc(w->jobs, (w->n_jobs + 1) * sizeof(*w->jobs));
	job = &w->jobs[w->n_jobs];
	memset(job, 0, sizeof(*job));
	job->layer = layer;
	job->number = number;
	job->of = of;
	job->fd = -1;
	snprintf(job->from, sizeof(job->from), "%zu", w->n_jobs);
	r = source_find(w->source, layer->file, &job->file, err);
	if (r == -ENOENT && layer->media_type &&
	    (strstr(layer->media_type, "foreign") || strstr(layer->media_type, "nondistrib")))
		(void)error_hint(err, "it is not to be passed on: its maker has it (see 'urls' in "
				      "the manifest)");
	if (r < 0)
		return error_wrap(err, "layer %zu of %zu", number, of);
	w->n_jobs++;
	w->total += job->file.size;
	if (layer->has_blob && layer->blob_size != job->file.size)
		return error_set(
			err, EBADMSG,
			"layer %zu of %zu: size mismatch (manifest says %llu, file has %llu)",
			number, of, (unsigned long long)layer->blob_size,
			(unsigned long long)job->file.size);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = ((const struct job *)a)->file.size, y = ((const struct job *)b)->file.size;

	return x < y ? 1 : x > y ? -1 : 0;
}

static int find_jobs(struct work *w, const struct plan *plan, struct error *err)
{
	int r;

	for (size_t i = 0; i < plan->n; i++)
		for (size_t j = 0; j < plan->images[i].n_layers; j++) {
			const struct plan_image *image = &plan->images[i];

			r = add_job(w, &image->layers[j], j + 1, image->n_layers, err);
			if (r < 0)
				return r;
		}
	if (w->n_jobs)
		qsort(w->jobs, w->n_jobs, sizeof(*w->jobs), by_size);
	loader_work_set_budgets(w);
	return 0;
}

/* One layer that needs those below it, which are settled already. */
static int settle_layer(struct work *w, const struct plan_image *image, size_t at,
			struct layer_result *result, struct error *err)
{
	int fds[MANIFEST_MAX_LAYERS];
	size_t n = 0;
	int r = 0;

	/* Top layer first, as implied_borrow() wants them. */
	while (n <= at && r >= 0) {
		r = loader_work_open_layer(w, &image->layers[at - n], err);
		if (r >= 0)
			fds[n++] = r;
	}
	if (r >= 0 && result->opaque_root)
		r = whiteout_hide_below(fds, n, &w->rights, &w->files, err);
	if (r >= 0 && result->links.n) {
		const struct crosslink_work work = { .layers = fds,
						     .n = n,
						     .rights = &w->rights,
						     .budget = &w->files,
						     .implied = &result->implied,
						     .size = &result->size };

		r = crosslink_settle(&result->links, &work, err);
	}
	for (size_t i = 0; r >= 0 && i < result->implied.n; i++)
		r = implied_borrow(fds, n, result->implied.items[i], err);
	while (n)
		(void)close(fds[--n]);
	return r < 0 ? r : 0;
}

/* Decide under which key each new layer is kept, and make it good for that. */
static int settle(struct work *w, const struct plan *plan, struct error *err)
{
	int r;

	for (size_t i = 0; i < plan->n; i++)
		for (size_t j = 0; j < plan->images[i].n_layers; j++) {
			const struct plan_layer *layer = &plan->images[i].layers[j];
			struct job *job = (struct job *)(uintptr_t)loader_work_job_of(w, layer);

			if (!job || job->key[0])
				continue;
			if (!job->result.implied.n && !job->result.links.n &&
			    !job->result.opaque_root) {
				image_store_layer_key(&layer->diff_id, job->key);
				continue;
			}
			image_store_chain_key(&layer->chain_id, job->key);
			r = settle_layer(w, &plan->images[i], j, &job->result, err);
			if (r < 0)
				return error_wrap(err, "layer %zu of %zu", job->number, job->of);
			loader_work_record_size(job);
		}
	return 0;
}

static int carry_out(struct work *w, const struct plan *plan, struct error *err)
{
	int staging = w->loader->staging_fd;
	autoclose int layers_fd = -1, blobs_fd = -1;
	int r;

	layers_fd = file_open_dir(staging, "layer", 0700, err);
	blobs_fd = layers_fd < 0 ? -1 : file_open_dir(staging, "blobs", 0700, err);
	if (blobs_fd < 0)
		return -err->code;
	w->layers_fd = layers_fd;
	r = loader_view_try(w, plan, blobs_fd, err);
	if (r)
		return r < 0 ? r : 0;
	if ((r = tree_probe(staging, &w->rights, err)) < 0 || (r = find_jobs(w, plan, err)) < 0 ||
	    (r = workers_run(w->n_jobs, run_job, w, &w->stop, err)) < 0 ||
	    (r = settle(w, plan, err)) < 0)
		return r;
	return loader_report(w, plan, blobs_fd, err);
}

/**
 * loader_run() - Read an archive and leave its images in the staging directory
 *
 * For a process of its own: sets the umask, starts threads. Sends progress,
 * but neither its end nor its failure.
 */
int loader_run(const struct loader *loader, struct error *err)
{
	struct work w = { .loader = loader };
	struct plan plan = { 0 };
	int r;

	umask(0);
	r = source_open(loader->source_fd, loader->staging_fd, &loader->limits, &w.source, err);
	if (r == 0)
		r = plan_read(w.source, loader->platform, &plan, err);
	if (r == 0)
		r = carry_out(&w, &plan, err);
	for (size_t i = 0; i < w.n_jobs; i++) {
		source_file_close(&w.jobs[i].file);
		layer_result_done(&w.jobs[i].result);
		cleanup_close(&w.jobs[i].fd);
	}
	free(w.jobs);
	strlist_done(&w.blobs);
	plan_done(&plan);
	source_close(w.source);
	return r;
}
