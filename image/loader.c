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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "image/archive.h"
#include "image/crosslink.h"
#include "image/implied.h"
#include "image/layer.h"
#include "image/source.h"
#include "image/stream.h"
#include "image/tree.h"
#include "image/view_make.h"
#include "image/whiteout.h"
#include "image/workers.h"

#define LOADER_REPORT_EVERY (4U << 20)
#define KEEP_CHUNK_BYTES    (256U << 10)
#define LOADER_MIN_ENTRIES  200000U
#define LOADER_ENTRY_BYTES  32U		  /* of the archive, at least, for each entry more */
#define LOADER_MAX_HOLES    (64ULL << 30) /* unless the archive may be larger anyway */

struct job {
	const struct plan_layer *layer;
	size_t number, of; /* for messages: layer 2 of 5 */
	struct source_file file;
	char from[16]; /* its name in staging/layer */
	int fd;
	struct layer_result result;
	char key[STORE_KEY_MAX];
};

/* Shared by the threads; what changes is changed atomically. */
struct work {
	const struct loader *loader;
	struct source *source;
	struct tree_rights rights;
	struct tree_budget files, bytes;
	int layers_fd;
	const struct view_make *view; /* made instead of unpacking, or NULL */
	struct job *jobs;
	size_t n_jobs;
	uint64_t done, total;
	bool stop;
};

static void report_progress(void *arg, size_t bytes)
{
	struct work *w = arg;
	uint64_t after = __atomic_add_fetch(&w->done, bytes, __ATOMIC_RELAXED);
	struct loader_message m = { .kind = LOADER_PROGRESS, .done = after, .total = w->total };

	/* Only now and then; and one that gets lost is followed by another. */
	if (after / LOADER_REPORT_EVERY != (after - bytes) / LOADER_REPORT_EVERY)
		(void)send(w->loader->report_fd, &m, offsetof(struct loader_message, err),
			   MSG_DONTWAIT | MSG_NOSIGNAL);
}

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
				    .media_type = job->layer->media_type,
				    .budget = &w->bytes,
				    .progress = report_progress,
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

/* Only for display: file systems without attributes lose it. */
static void record_size(const struct job *job)
{
	char size[24];

	snprintf(size, sizeof(size), "%llu", (unsigned long long)job->result.size);
	(void)fsetxattr(job->fd, STORE_XATTR_SIZE, size, strlen(size), 0);
}

static int unpack(struct work *w, struct job *job, struct error *err)
{
	int r;

	if (mkdirat(w->layers_fd, job->from, TREE_DIR_MODE) < 0)
		return error_sys(err, errno, "make directory '%s'", job->from);
	job->fd = openat(w->layers_fd, job->from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (job->fd < 0)
		return error_sys(err, errno, "open directory '%s'", job->from);
	r = apply_job(w, job, err);
	if (r < 0)
		return r;
	record_size(job);
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

static const struct job *job_of(const struct work *w, const struct plan_layer *layer)
{
	for (size_t i = 0; i < w->n_jobs; i++)
		if (digest_equal(&w->jobs[i].layer->chain_id, &layer->chain_id))
			return &w->jobs[i];
	return NULL;
}

static int add_job(struct work *w, const struct plan_layer *layer, size_t number, size_t of,
		   struct error *err)
{
	char key[STORE_KEY_MAX];
	struct job *job;
	int r;

	if (job_of(w, layer) ||
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

/* What may come out of all layers, by the size of what is packed. */
static void set_budgets(struct work *w)
{
	uint64_t limit = w->loader->max_bytes;

	if (!limit)
		limit = w->total > LOADER_MIN_LIMIT / LOADER_RATIO ? w->total * LOADER_RATIO
								   : LOADER_MIN_LIMIT;
	w->files = w->bytes = (struct tree_budget){ limit, limit, limit, limit / TREE_ENTRY_COST };
	if (!w->loader->max_bytes && limit < LOADER_MAX_HOLES)
		w->files.holes = LOADER_MAX_HOLES;
	if (!w->loader->max_bytes)
		w->files.entries = LOADER_MIN_ENTRIES + w->total / LOADER_ENTRY_BYTES;
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
	set_budgets(w);
	return 0;
}

static int open_layer(const struct work *w, const struct plan_layer *layer, struct error *err)
{
	const struct job *job = job_of(w, layer);
	char key[STORE_KEY_MAX], path[sizeof("layer/") + STORE_KEY_MAX];
	int fd;

	if (job) {
		fd = fcntl(job->fd, F_DUPFD_CLOEXEC, 3);
	} else {
		if (!image_store_find_layer(w->loader->store, &layer->diff_id, &layer->chain_id,
					    key))
			return error_set(err, ENOENT, "layer '%.12s' vanished", layer->diff_id.hex);
		snprintf(path, sizeof(path), "layer/%s", key);
		fd = openat(w->loader->store->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return error_sys(err, errno, "open layer '%.12s'", layer->diff_id.hex);
	return fd;
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
		r = open_layer(w, &image->layers[at - n], err);
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
			struct job *job = (struct job *)(uintptr_t)job_of(w, layer);

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
			record_size(job);
		}
	return 0;
}

static uint64_t layer_size(const struct work *w, const struct plan_layer *layer)
{
	const struct job *job = job_of(w, layer);
	struct error ignored;
	autoclose int fd = -1;
	uint64_t size = 0;
	char text[24];
	ssize_t n;

	if (job)
		return job->result.size;
	fd = open_layer(w, layer, &ignored);
	n = fd < 0 ? -1 : fgetxattr(fd, STORE_XATTR_SIZE, text, sizeof(text) - 1);
	if (n < 0)
		return 0;
	text[n] = '\0';
	return str_parse_u64(text, UINT64_MAX, &size) < 0 ? 0 : size;
}

static struct json *describe_image(const struct work *w, const struct plan_image *image)
{
	struct json *doc = json_new_map();
	uint64_t size = 0;

	for (size_t i = 0; !w->view && i < image->n_layers; i++)
		size += layer_size(w, &image->layers[i]);
	size = w->view ? w->view->size : size;
	json_set_list(doc, "names", image->names.items, image->names.n);
	json_set_text(doc, "id", image->config_digest.hex);
	json_set_text(doc, "manifest", image->manifest.hex);
	json_set_text(doc, "manifestType", image->manifest_type);
	json_set_int(doc, "manifestSize", (int64_t)image->manifest_len);
	json_set_text(doc, "created", image->config.created ? image->config.created : "");
	json_set_int(doc, "size", (int64_t)size);
	json_set_int(doc, "layers", (int64_t)image->n_layers);
	return doc;
}

static int write_blob(int dirfd, const struct digest *d, const char *data, size_t len,
		      struct json *blobs, struct error *err)
{
	int r;

	/* An image with two names may be in the archive twice, and images share configs. */
	if (faccessat(dirfd, d->hex, F_OK, 0) == 0)
		return 0;
	r = file_replace_at(dirfd, d->hex, data, len, 0600, 0, err);
	if (r == 0)
		json_add_text(blobs, d->hex);
	return r;
}

/* Verify a layer's file once more while copying it: what is kept has been read just now. */
static int copy_blob(const struct source_file *from, int to, struct digest *digest,
		     struct error *err)
{
	struct digest_hash *hash = digest_hash_new(DIGEST_SHA256);
	autofree char *buffer = xmalloc(KEEP_CHUNK_BYTES);
	uint64_t at = 0;
	int r = 0;

	while (r == 0 && at < from->size) {
		size_t want = from->size - at < KEEP_CHUNK_BYTES ? (size_t)(from->size - at)
								 : KEEP_CHUNK_BYTES;
		ssize_t n = pread(from->fd, buffer, want, (off_t)(from->offset + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			r = error_sys(err, n < 0 ? errno : EBADMSG, "read a layer");
		else
			r = file_write_fd(to, buffer, (size_t)n);
		if (r == 0) {
			digest_hash_update(hash, buffer, (size_t)n);
			at += (uint64_t)n;
		} else if (n > 0) {
			r = error_sys(err, -r, "keep a layer");
		}
	}
	digest_hash_finish(hash, digest);
	digest_hash_free(hash);
	return r;
}

static bool is_kept(const struct work *w, int blobs_fd, const char *hex)
{
	char path[sizeof("blobs/sha256/") + DIGEST_HEX_MAX];

	snprintf(path, sizeof(path), "blobs/sha256/%s", hex);
	return faccessat(blobs_fd, hex, F_OK, 0) == 0 ||
	       faccessat(w->loader->store->fd, path, F_OK, 0) == 0;
}

/* A docker archive says nothing of files, only of what is in them: plain ones are that. */
static int keep_layer(const struct work *w, const struct plan_layer *layer, int blobs_fd,
		      struct json *blobs, struct error *err)
{
	const struct digest *wanted = layer->has_blob ? &layer->blob : &layer->diff_id;
	struct source_file file;
	autoclose int fd = -1;
	struct digest digest;
	int r;

	if (wanted->algorithm != DIGEST_SHA256 || is_kept(w, blobs_fd, wanted->hex))
		return 0;
	r = source_find(w->source, layer->file, &file, err);
	if (r < 0)
		return r;
	fd = openat(blobs_fd, wanted->hex, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	r = fd < 0 ? error_sys(err, errno, "keep a layer") : copy_blob(&file, fd, &digest, err);
	source_file_close(&file);
	if (r < 0)
		return r;
	if (digest_equal(&digest, wanted)) {
		json_add_text(blobs, wanted->hex);
		return 0;
	}
	(void)unlinkat(blobs_fd, wanted->hex, 0);
	return layer->has_blob ? error_set(err, EBADMSG, "layer '%.12s' does not match its digest",
					   wanted->hex)
			       : 0;
}

static int keep_layers(const struct work *w, const struct plan_image *image, int blobs_fd,
		       struct json *blobs, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && w->loader->keep_blobs && i < image->n_layers; i++)
		r = keep_layer(w, &image->layers[i], blobs_fd, blobs, err);
	return r;
}

static void describe_view(const struct view_make *view, struct json *doc)
{
	json_set_list(doc, "view", view->devices.items, view->devices.n);
	json_set_int(doc, "rootMode", view->root_mode);
	json_set_int(doc, "rootUid", view->root_uid);
	json_set_int(doc, "rootGid", view->root_gid);
}

static int report(const struct work *w, const struct plan *plan, int blobs_fd, struct error *err)
{
	struct json *images = json_new_list(), *layers = json_new_list(), *blobs = json_new_list();
	autojson struct json *doc = json_new_map();
	autofree char *text = NULL;
	int r = 0;

	if (w->view)
		describe_view(w->view, doc);
	json_set(doc, "images", images);
	json_set(doc, "layers", layers);
	json_set(doc, "blobs", blobs);
	for (size_t i = 0; r == 0 && i < plan->n; i++) {
		const struct plan_image *image = &plan->images[i];

		json_add(images, describe_image(w, image));
		r = write_blob(blobs_fd, &image->manifest, image->manifest_data,
			       image->manifest_len, blobs, err);
		if (r == 0)
			r = write_blob(blobs_fd, &image->config_digest, image->config_data,
				       image->config_len, blobs, err);
		if (r == 0)
			r = keep_layers(w, image, blobs_fd, blobs, err);
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < w->n_jobs; i++) {
		struct json *layer = json_new_map();

		json_set_text(layer, "from", w->jobs[i].from);
		json_set_text(layer, "key", w->jobs[i].key);
		json_add(layers, layer);
	}
	text = json_print(doc);
	return file_replace_at(w->loader->staging_fd, LOADER_RESULT, text, strlen(text), 0600, 0,
			       err);
}

/* Returns 1 if there is a view and nothing left to do, 0 if not, or -errno. */
static int try_view(struct work *w, const struct plan *plan, int blobs_fd, struct error *err)
{
	const struct loader *l = w->loader;
	struct view_make view = {
		.source = w->source,
		.image = plan->images,
		.archive_fd = l->source_fd,
		.staging_fd = l->staging_fd,
		.inflate = l->view == LOADER_VIEW_INFLATED,
		.files = &w->files,
		.bytes = &w->bytes,
		.progress = report_progress,
		.arg = w,
	};
	int r;

	/* Layout directories, which have no size, are unpacked. */
	if (l->view == LOADER_UNPACK || plan->n != 1 || !source_size(w->source))
		return 0;
	w->total = source_size(w->source);
	set_budgets(w);
	r = view_make(&view, err);
	if (r == -ENOTSUP)
		log_debug("%s: unpacking", err->msg);
	w->view = &view;
	if (r == 0)
		r = report(w, plan, blobs_fd, err) < 0 ? -err->code : 1;
	w->view = NULL;
	w->done = w->total = 0;
	view_make_done(&view);
	return r == -ENOTSUP ? 0 : r;
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
	r = try_view(w, plan, blobs_fd, err);
	if (r)
		return r < 0 ? r : 0;
	if ((r = tree_probe(staging, &w->rights, err)) < 0 || (r = find_jobs(w, plan, err)) < 0 ||
	    (r = workers_run(w->n_jobs, run_job, w, &w->stop, err)) < 0 ||
	    (r = settle(w, plan, err)) < 0)
		return r;
	return report(w, plan, blobs_fd, err);
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
	plan_done(&plan);
	source_close(w.source);
	return r;
}
