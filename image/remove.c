// SPDX-License-Identifier: Apache-2.0
/*
 * image/remove.c - Removing images, and what no image needs any longer
 *
 * Everything the index does not name is rubbish. It is moved to a staging
 * directory under the exclusive lock, which is quick, and deleted after the
 * lock is given back, which may not be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "image/catalog.h"
#include "image/image.h"
#include "image/manifest.h"
#include "image/view_store.h"

struct removing {
	const char *operand;
	bool force;
	image_is_used *is_used;
	void *arg;
	struct image_removal *out;
};

static size_t count_names(const struct image_list *list, const char *id)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += !strcmp(list->items[i].id, id);
	return n;
}

static int refuse_used(const struct removing *rm, const struct image_summary *row,
		       struct error *err)
{
	autofree char *by = NULL;

	if (!rm->is_used || !rm->is_used(rm->arg, row->id, &by))
		return 0;
	(void)error_set(err, EBUSY, "cannot remove image '%s': container '%s' uses it", rm->operand,
			by ? by : "?");
	return error_hint(err, "'tare rm %s' removes the container", by ? by : "CONTAINER");
}

static int edit_remove(struct json *index, void *arg, struct error *err)
{
	autoimagelist struct image_list list = { 0 };
	struct removing *rm = arg;
	const struct image_summary *row;
	size_t at, names;
	int r;

	catalog_read(index, &list);
	r = image_lookup(&list, rm->operand, &at, err);
	if (r < 0)
		return r;
	row = &list.items[at];
	names = count_names(&list, row->id);
	if (names > 1 && image_match_name(&list, rm->operand, &at)) {
		catalog_drop_name(index, row->name);
		strlist_add(&rm->out->untagged, row->name);
		return 0;
	}
	if (names > 1 && !rm->force) {
		(void)error_set(err, EBUSY, "image '%s' has %zu names", rm->operand, names);
		return error_hint(err, "name one of them to remove it, or use --force for all");
	}
	r = refuse_used(rm, row, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < list.n; i++)
		if (*list.items[i].name && !strcmp(list.items[i].id, row->id))
			strlist_add(&rm->out->untagged, list.items[i].name);
	strlist_add(&rm->out->deleted, row->id);
	catalog_drop_id(index, row->id);
	return 0;
}

/* Names in blobs/sha256 and layer that images need. */
struct roots {
	struct strlist blobs, layers;
};

static int add_config_roots(const struct image_store *s, const char *id, struct roots *roots,
			    struct error *err)
{
	autofree char *data = NULL;
	struct image_config config;
	struct digest chain;
	char key[STORE_KEY_MAX];
	size_t len;
	int r;

	strlist_add(&roots->blobs, id); /* its manifest may know it by another algorithm */
	r = image_store_read_blob(s, id, IMAGE_CONFIG_MAX_BYTES, &data, &len, err);
	if (r == -ENOENT)
		return 0; /* somebody else's or damaged: nothing we could keep by it */
	if (r < 0)
		return r;
	r = image_config_parse(data, len, &config, err);
	for (size_t i = 0; r == 0 && i < config.n_diff_ids; i++) {
		digest_chain(i ? &chain : NULL, &config.diff_ids[i], &chain);
		image_store_layer_key(&config.diff_ids[i], key);
		strlist_add(&roots->layers, key);
		image_store_chain_key(&chain, key);
		strlist_add(&roots->layers, key);
	}
	if (r == 0 && view_store_has(s, &config, key)) {
		strlist_add(&roots->layers, key);
		for (size_t i = 0; i < config.n_diff_ids; i++)
			strlist_add(&roots->blobs, config.diff_ids[i].hex);
	}
	image_config_done(&config);
	return r;
}

/* All blobs a manifest names: layers too, in case somebody keeps them. */
static int add_manifest_roots(const struct image_store *s, const char *hex, struct roots *roots,
			      struct error *err)
{
	autofree char *data = NULL;
	struct manifest manifest;
	size_t len;
	int r;

	strlist_add(&roots->blobs, hex);
	r = image_store_read_blob(s, hex, MANIFEST_MAX_BYTES, &data, &len, err);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = manifest_parse(data, len, &manifest, err);
	if (r == 0)
		strlist_add(&roots->blobs, manifest.config.digest.hex);
	for (size_t i = 0; r == 0 && i < manifest.n_layers; i++)
		strlist_add(&roots->blobs, manifest.layers[i].digest.hex);
	manifest_done(&manifest);
	return r;
}

static int find_roots(const struct image_store *s, struct roots *roots, struct error *err)
{
	autoimagelist struct image_list list = { 0 };
	int r;

	r = image_list(s, &list, err);
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		const char *hex = list.items[i].manifest + strlen("sha256:");

		r = add_manifest_roots(s, hex, roots, err);
		if (r == 0)
			r = add_config_roots(s, list.items[i].id, roots, err);
	}
	return r;
}

/*
 * A container may have come after its image was found to have none, and found its image before that
 * went from the index. It is on record by now: what comes later sees that the image is gone.
 */
static int keep_used(const struct image_store *s, const struct removing *rm, struct roots *roots,
		     struct error *err)
{
	autodir DIR *dir = rm->is_used ? dir_open(s->fd, "blobs/sha256", 0) : NULL;
	const struct dirent *e;
	int r = 0;

	if (rm->is_used && !dir)
		return error_sys(err, errno, "read 'images/blobs/sha256'");
	while (r == 0 && dir && (e = dir_next(dir))) {
		autofree char *by = NULL;

		if (!strlist_has(&roots->blobs, e->d_name) && rm->is_used(rm->arg, e->d_name, &by))
			r = add_config_roots(s, e->d_name, roots, err);
	}
	return r;
}

/* Move what is not in @keep from a directory of the store to the staging directory. */
static int set_aside(const struct image_store *s, const char *from, const struct strlist *keep,
		     int staging, struct error *err)
{
	autodir DIR *dir = dir_open(s->fd, from, 0);
	const struct dirent *e;

	if (!dir)
		return error_sys(err, errno, "read 'images/%s'", from);
	while ((e = dir_next(dir))) {
		autofree char *to = NULL;

		if (strlist_has(keep, e->d_name))
			continue;
		to = xasprintf("%c.%s", *from, e->d_name);
		if (renameat(dirfd(dir), e->d_name, staging, to) < 0)
			return error_sys(err, errno, "remove '%s'", e->d_name);
	}
	return 0;
}

/* The import cache is only worth keeping as a whole while the index does not shrink. */
static int collect(const struct image_store *s, const struct removing *rm, int staging,
		   struct error *err)
{
	struct strlist nothing = { 0 };
	struct roots roots = { 0 };
	int r;

	r = find_roots(s, &roots, err);
	if (r == 0)
		r = keep_used(s, rm, &roots, err);
	if (r == 0)
		r = set_aside(s, "layer", &roots.layers, staging, err);
	if (r == 0)
		r = set_aside(s, "blobs/sha256", &roots.blobs, staging, err);
	if (r == 0)
		r = set_aside(s, "import", &nothing, staging, err);
	strlist_done(&roots.blobs);
	strlist_done(&roots.layers);
	return r;
}

/**
 * image_remove() - Remove a name, and with its last name the image
 * @operand:	A name, or a prefix of an id: then the image with all its names
 * @force:	Needed if an id is given and the image has several names
 * @is_used:	Asked before an image goes; NULL: no container can use one
 * @out:	What happened; released with image_removal_done()
 *
 * Layers and blobs that no other image needs go too, unless somebody is
 * loading right now: then the next removal takes them.
 *
 * Return: 0, -ENOENT, -EBUSY if it is in use or has several names, or another -errno
 */
int image_remove(const struct image_store *s, const char *operand, bool force,
		 image_is_used *is_used, void *arg, struct image_removal *out, struct error *err)
{
	struct removing rm = { operand, force, is_used, arg, out };
	struct store_staging staging = { .fd = -1 };
	autoclose int lock = -1;
	int r;

	memset(out, 0, sizeof(*out));
	r = image_store_edit_index(s, edit_remove, &rm, err);
	if (r < 0 || !out->deleted.n)
		return r;
	lock = image_store_lock(s, LOCK_EX | LOCK_NB, err);
	if (lock == -EWOULDBLOCK)
		return 0;
	if (lock < 0)
		return lock;
	r = image_store_stage(s, &staging, err);
	if (r == 0)
		r = collect(s, &rm, staging.fd, err);
	cleanup_close(&lock);
	image_store_unstage(s, &staging);
	return r;
}

/** image_removal_done() - Release; safe twice */
void image_removal_done(struct image_removal *r)
{
	strlist_done(&r->untagged);
	strlist_done(&r->deleted);
}
