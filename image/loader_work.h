/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/loader_work.h - What the loader's parts share: its work, layer by layer
 */
#ifndef IMAGE_LOADER_WORK_H
#define IMAGE_LOADER_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "image/layer.h"
#include "image/plan.h"
#include "image/source.h"
#include "image/store.h"
#include "image/tree.h"

struct error;
struct loader;
struct view_make;

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
	struct strlist blobs;	      /* of layers that are not unpacked, for views of the store */
	uint64_t *sizes;	      /* of images that are views, or NULL */
	struct job *jobs;
	size_t n_jobs;
	uint64_t done, total;
	bool stop;
};

void loader_work_progress(void *arg, size_t bytes);
void loader_work_set_budgets(struct work *w);
void loader_work_record_size(const struct job *job);
int loader_work_make_dir(const struct work *w, const char *name, struct error *err);
const struct job *loader_work_job_of(const struct work *w, const struct plan_layer *layer);
int loader_work_open_layer(const struct work *w, const struct plan_layer *layer, struct error *err);

#endif
