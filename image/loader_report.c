// SPDX-License-Identifier: Apache-2.0
/*
 * image/loader_report.c - What the loader found, for the process that started it
 */
#include "image/loader_report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "image/loader_task.h"
#include "image/loader_work.h"
#include "image/usage.h"
#include "image/view_make.h"

#define KEEP_CHUNK_BYTES (256U << 10)

static uint64_t layer_size(const struct work *w, const struct plan_layer *layer)
{
	const struct job *job = loader_work_job_of(w, layer);
	struct error ignored;
	autoclose int fd = -1;
	uint64_t size = 0;

	if (job)
		return job->result.size;
	fd = loader_work_open_layer(w, layer, &ignored);
	return fd >= 0 && usage_recorded_size(fd, &size) ? size : 0;
}

static struct json *describe_image(const struct work *w, const struct plan *plan, size_t at)
{
	const struct plan_image *image = &plan->images[at];
	struct json *doc = json_new_map();
	uint64_t size = w->sizes ? w->sizes[at] : 0;

	for (size_t i = 0; !w->sizes && i < image->n_layers; i++)
		size += layer_size(w, &image->layers[i]);
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
	ssize_t n = 0;
	int r = 0;

	while (r == 0 && (n = source_file_read(from, at, buffer, KEEP_CHUNK_BYTES, err)) > 0) {
		digest_hash_update(hash, buffer, (size_t)n);
		at += (uint64_t)n;
		r = file_write_fd(to, buffer, (size_t)n);
	}
	digest_hash_finish(hash, digest);
	digest_hash_free(hash);
	return r < 0 ? error_sys(err, -r, "keep a layer") : (int)n;
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

/**
 * loader_report() - Say what is in the staging directory, with all documents beside it
 * @blobs_fd:	Where those go
 */
int loader_report(const struct work *w, const struct plan *plan, int blobs_fd, struct error *err)
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
	for (size_t i = 0; i < w->blobs.n; i++)
		json_add_text(blobs, w->blobs.items[i]);
	for (size_t i = 0; r == 0 && i < plan->n; i++) {
		const struct plan_image *image = &plan->images[i];

		json_add(images, describe_image(w, plan, i));
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
