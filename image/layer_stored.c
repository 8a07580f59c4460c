// SPDX-License-Identifier: Apache-2.0
/*
 * image/layer_stored.c - Layers of the store as tar archives again
 *
 * What was unpacked is packed: the same files, but another stream, the same one
 * each time. A layer that is a tar archive still (load --view) stays what it is.
 */
#include "image/layer_stored.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "image/pack.h"
#include "image/store.h"
#include "image/view_store.h"

/* Its directory, or the tar archive. */
static int open_layer(const struct image_store *store, const struct layer_stored *layer,
		      struct error *err)
{
	char key[STORE_KEY_MAX], path[sizeof("layer/") + STORE_KEY_MAX];
	int fd;

	if (!image_store_find_layer(store, layer->diff_id, layer->chain_id, key)) {
		fd = view_store_open_layer(store, layer->diff_id);
		if (fd >= 0)
			return fd;
		return error_set(err, ENODATA, "'%.12s' is missing from the store",
				 layer->diff_id->hex);
	}
	snprintf(path, sizeof(path), "layer/%s", key);
	fd = openat(store->fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_sys(err, errno, "open '%.12s'", layer->diff_id->hex) : fd;
}

static int write_into(struct layer_writer *w, int from, int64_t latest_s, struct error *err)
{
	struct tar_writer tar = { .sink = layer_writer_sink, .arg = w };
	struct pack pack = { .out = &tar, .latest_s = latest_s };
	struct stat st;
	int r;

	if (fstat(from, &st) == 0 && S_ISREG(st.st_mode))
		return layer_writer_copy(w, from, err);
	r = pack_layer(&pack, from, err);
	pack_done(&pack);
	return r == 0 ? tar_write_end(&tar, err) : r;
}

/**
 * layer_stored_write() - Write a layer of the store to a file
 * @fd:		As for layer_writer_new(); @out borrows it
 *
 * Return: 0, -ENODATA if the store lacks the layer, or another -errno
 */
int layer_stored_write(const struct image_store *store, const struct layer_stored *layer, int fd,
		       struct layer_blob *out, struct error *err)
{
	autoclose int from = open_layer(store, layer, err);
	struct layer_writer *w = NULL;
	int r = from < 0 ? from : layer_writer_new(fd, layer->compression, &w, err);

	if (r < 0)
		return r;
	r = write_into(w, from, layer->latest_s, err);
	if (r == 0)
		r = layer_writer_finish(w, out, err);
	layer_writer_free(w);
	return r;
}
