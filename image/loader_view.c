// SPDX-License-Identifier: Apache-2.0
/*
 * image/loader_view.c - Images that are not unpacked, see view.h and view_store.h
 */
#include "image/loader_view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "image/loader_report.h"
#include "image/loader_task.h"
#include "image/loader_work.h"
#include "image/view_make.h"
#include "image/view_store.h"

/* An archive that is used where it lies: one image. */
static int try_archive(struct work *w, const struct plan *plan, int blobs_fd, struct error *err)
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
		.progress = loader_work_progress,
		.arg = w,
	};
	int r;

	/* Layout directories, which have no size, are unpacked. */
	if (plan->n != 1 || !source_size(w->source))
		return 0;
	w->total = source_size(w->source);
	loader_work_set_budgets(w);
	r = view_make(&view, err);
	if (r == -ENOTSUP)
		log_debug("%s: unpacking", err->msg);
	w->view = &view;
	w->sizes = &view.size;
	if (r == 0)
		r = loader_report(w, plan, blobs_fd, err) < 0 ? -err->code : 1;
	w->view = NULL;
	w->sizes = NULL;
	w->done = w->total = 0;
	view_make_done(&view);
	return r == -ENOTSUP ? 0 : r;
}

/* ---- views of the store ------------------------------------------------- */

/* A name in layer/ that no layer has. */
static int add_index(struct work *w, const struct plan_image *image, struct error *err)
{
	struct job *job;

	w->jobs = xrealloc(w->jobs, (w->n_jobs + 1) * sizeof(*w->jobs));
	job = &w->jobs[w->n_jobs];
	*job = (struct job){ .layer = &image->layers[image->n_layers - 1], .file.fd = -1 };
	snprintf(job->from, sizeof(job->from), "view%zu", w->n_jobs++);
	view_store_key(&job->layer->chain_id, job->key);
	job->fd = loader_work_make_dir(w, job->from, err);
	return job->fd < 0 ? job->fd : 0;
}

/* The index's directory is what others take the image's root directory from, see view_store.h. */
static int finish_index(struct job *job, const struct view_make *view, struct error *err)
{
	struct stat st;

	if (fstatat(job->fd, VIEW_INDEX, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchown(job->fd, view->root_uid, view->root_gid) < 0 ||
	    fchmod(job->fd, view->root_mode) < 0)
		return error_sys(err, errno, "finish the index of an image");
	job->result.size = (uint64_t)st.st_size;
	loader_work_record_size(job);
	return 0;
}

static int keep_image(struct work *w, const struct plan_image *image,
		      const struct view_blobs *blobs, uint64_t *size, struct error *err)
{
	struct view_make view = {
		.source = w->source,
		.image = image,
		.archive_fd = w->loader->source_fd,
		.staging_fd = -1,
		.blobs = blobs,
		.inflate = true,
		.files = &w->files,
		.bytes = &w->bytes,
		.progress = loader_work_progress,
		.arg = w,
	};
	int r;

	if (!image->n_layers)
		return error_set(err, ENOTSUP, "no view: no layers");
	r = add_index(w, image, err);
	if (r < 0)
		return r;
	view.staging_fd = w->jobs[w->n_jobs - 1].fd;
	r = view_make(&view, err);
	if (r == 0)
		r = finish_index(&w->jobs[w->n_jobs - 1], &view, err);
	*size = view.size;
	view_make_done(&view);
	return r;
}

static void forget_views(struct work *w, int blobs_fd)
{
	for (size_t i = 0; i < w->blobs.n; i++)
		(void)unlinkat(blobs_fd, w->blobs.items[i], 0);
	for (size_t i = 0; i < w->n_jobs; i++)
		cleanup_close(&w->jobs[i].fd);
	strlist_done(&w->blobs);
	w->n_jobs = 0;
	w->done = w->total = 0;
}

static bool is_unpacked(const struct work *w, const struct plan_image *image)
{
	char key[STORE_KEY_MAX];

	for (size_t i = 0; i < image->n_layers; i++)
		if (!image_store_find_layer(w->loader->store, &image->layers[i].diff_id,
					    &image->layers[i].chain_id, key))
			return false;
	return true;
}

static uint64_t packed_size(const struct work *w, const struct plan *plan)
{
	uint64_t sum = source_size(w->source);

	/* A layout directory has no size, but says those of its files. */
	for (size_t i = 0; !source_size(w->source) && i < plan->n; i++)
		for (size_t j = 0; j < plan->images[i].n_layers; j++)
			sum += plan->images[i].layers[j].blob_size;
	return sum;
}

/* Images of the store: all or none. */
static int try_stored(struct work *w, const struct plan *plan, int blobs_fd, struct error *err)
{
	autoclose int old = openat(w->loader->store->fd, "blobs/sha256",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct view_blobs blobs = { blobs_fd, old, &w->blobs };
	autofree uint64_t *sizes = xcalloc(plan->n, sizeof(*sizes));
	bool unpacked = true;
	int r = 0;

	for (size_t i = 0; i < plan->n; i++)
		unpacked = unpacked && is_unpacked(w, &plan->images[i]);
	if (unpacked)
		return 0;
	w->total = packed_size(w, plan);
	loader_work_set_budgets(w);
	for (size_t i = 0; r == 0 && i < plan->n; i++)
		r = keep_image(w, &plan->images[i], &blobs, &sizes[i], err);
	if (r == -ENOTSUP) {
		log_debug("%s: unpacking", err->msg);
		forget_views(w, blobs_fd);
		return 0;
	}
	w->sizes = sizes;
	if (r == 0)
		r = loader_report(w, plan, blobs_fd, err) < 0 ? -err->code : 1;
	w->sizes = NULL;
	return r;
}

/**
 * loader_view_try() - Make views of all images, and report them, if views are wanted
 *
 * Return: 1; 0 if images are to be unpacked; or -errno
 */
int loader_view_try(struct work *w, const struct plan *plan, int blobs_fd, struct error *err)
{
	if (w->loader->view == LOADER_UNPACK)
		return 0;
	return w->loader->view == LOADER_VIEW_STORED ? try_stored(w, plan, blobs_fd, err)
						     : try_archive(w, plan, blobs_fd, err);
}
