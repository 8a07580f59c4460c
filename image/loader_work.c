// SPDX-License-Identifier: Apache-2.0
/*
 * image/loader_work.c - What the loader's parts share
 */
#include "image/loader_work.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/error.h"
#include "image/loader_task.h"

#define LOADER_REPORT_EVERY (4U << 20)
#define LOADER_MIN_ENTRIES  200000U
#define LOADER_ENTRY_BYTES  32U		  /* of the archive, at least, for each entry more */
#define LOADER_MAX_HOLES    (64ULL << 30) /* unless the archive may be larger anyway */

/** loader_work_progress() - Tell who started the loader that more was read; @arg: the work */
void loader_work_progress(void *arg, size_t bytes)
{
	struct work *w = arg;
	uint64_t after = __atomic_add_fetch(&w->done, bytes, __ATOMIC_RELAXED);
	struct loader_message m = { .kind = LOADER_PROGRESS, .done = after, .total = w->total };

	/* Only now and then; and one that gets lost is followed by another. */
	if (after / LOADER_REPORT_EVERY != (after - bytes) / LOADER_REPORT_EVERY)
		(void)send(w->loader->report_fd, &m, offsetof(struct loader_message, err),
			   MSG_DONTWAIT | MSG_NOSIGNAL);
}

/** loader_work_set_budgets() - What may come out of all layers, by the size of what is packed */
void loader_work_set_budgets(struct work *w)
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

/**
 * loader_work_record_size() - Leave a layer's size on its directory
 *
 * Only for display: file systems without attributes lose it.
 */
void loader_work_record_size(const struct job *job)
{
	char size[24];

	snprintf(size, sizeof(size), "%llu", (unsigned long long)job->result.size);
	(void)fsetxattr(job->fd, STORE_XATTR_SIZE, size, strlen(size), 0);
}

/** loader_work_make_dir() - A directory in layer/, opened */
int loader_work_make_dir(const struct work *w, const char *name, struct error *err)
{
	int fd;

	if (mkdirat(w->layers_fd, name, TREE_DIR_MODE) < 0)
		return error_sys(err, errno, "make directory '%s'", name);
	fd = openat(w->layers_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_sys(err, errno, "open directory '%s'", name) : fd;
}

/** loader_work_job_of() - The job that unpacks a layer; NULL: there is none */
const struct job *loader_work_job_of(const struct work *w, const struct plan_layer *layer)
{
	for (size_t i = 0; i < w->n_jobs; i++)
		if (digest_equal(&w->jobs[i].layer->chain_id, &layer->chain_id))
			return &w->jobs[i];
	return NULL;
}

/** loader_work_open_layer() - A layer that is unpacked by now: a new one, or one of the store */
int loader_work_open_layer(const struct work *w, const struct plan_layer *layer, struct error *err)
{
	const struct job *job = loader_work_job_of(w, layer);
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
