// SPDX-License-Identifier: Apache-2.0
/*
 * image/view_store.c - Images of the store whose layers are not unpacked
 *
 * Theory of operation:
 * `load --view` leaves a layer's tar archive among the blobs, as it was before it
 * was compressed: that is what the diffID is the digest of, and so its name. A
 * stack of layers has an index (view_make.c), which is kept like a layer. Both are
 * published, found to be rubbish and checked as blobs and layers are.
 *
 * An image is used unpacked if all of its layers are. So others cost nothing
 * more to find, and loading an image once more without --view unpacks it.
 */
#include "image/view_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "image/layer_write.h"
#include "image/manifest.h"
#include "image/view_make.h"

/** view_store_key() - Name in layer/ of a stack of layers' index; @chain_id: of the topmost */
void view_store_key(const struct digest *chain_id, char key[STORE_KEY_MAX])
{
	snprintf(key, STORE_KEY_MAX, "view-%.*s", DIGEST_SHA256_HEX, chain_id->hex);
}

/**
 * view_store_has() - Whether an image is used by an index, for want of unpacked layers
 * @key:	That of the index, set if there is one
 */
bool view_store_has(const struct image_store *s, const struct image_config *c,
		    char key[STORE_KEY_MAX])
{
	char path[sizeof("layer/") + STORE_KEY_MAX];
	bool unpacked = true;
	struct digest chain;

	for (size_t i = 0; i < c->n_diff_ids; i++) {
		digest_chain(i ? &chain : NULL, &c->diff_ids[i], &chain);
		unpacked = unpacked && image_store_find_layer(s, &c->diff_ids[i], &chain, key);
	}
	if (unpacked)
		return false;
	view_store_key(&chain, key);
	snprintf(path, sizeof(path), "layer/%s", key);
	return faccessat(s->fd, path, F_OK, 0) == 0;
}

/** view_store_open_layer() - A layer's tar archive; -errno: there is none */
int view_store_open_layer(const struct image_store *s, const struct digest *diff_id)
{
	char path[sizeof("blobs/sha256/") + DIGEST_HEX_MAX];
	int fd;

	snprintf(path, sizeof(path), "blobs/sha256/%.*s", DIGEST_SHA256_HEX, diff_id->hex);
	fd = openat(s->fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/**
 * view_store_take_layer() - A layer's tar archive, to go into another one
 * @out:	Its descriptor is the caller's; set if there is such an archive
 */
bool view_store_take_layer(const struct image_store *s, const struct digest *diff_id,
			   struct layer_blob *out)
{
	autoclose int fd = view_store_open_layer(s, diff_id);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	*out = (struct layer_blob){
		.blob = *diff_id,
		.diff_id = *diff_id,
		.size = (uint64_t)st.st_size,
		.media_type = MEDIA_TYPE_LAYER,
		.fd = steal_fd(&fd),
	};
	return true;
}

/**
 * view_store_open() - Open what a container needs of such an image
 * @key:	Of the index, which is there
 * @fds:	The index, then its devices; the caller's, also after a failure
 */
int view_store_open(const struct image_store *s, const char *key, const struct image_config *c,
		    int **fds, size_t *n, struct error *err)
{
	autofree char *path = xasprintf("layer/%s/" VIEW_INDEX, key);
	int fd = openat(s->fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, errno, "open 'images/%s'", path);
	*fds = xmalloc((c->n_diff_ids + 1) * sizeof(int));
	(*fds)[(*n)++] = fd;
	for (size_t i = 0; i < c->n_diff_ids; i++) {
		fd = view_store_open_layer(s, &c->diff_ids[i]);
		if (fd < 0)
			return error_sys(err, -fd, "open layer %zu of %zu ('%.12s')", i + 1,
					 c->n_diff_ids, c->diff_ids[i].hex);
		(*fds)[(*n)++] = fd;
	}
	return 0;
}
