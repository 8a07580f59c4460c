// SPDX-License-Identifier: Apache-2.0
/*
 * image/check.c - Whether the store is whole
 *
 * Alone in the store, with its exclusive lock held:
 *
 *	1. the index, or what can be told without it
 *	2. each blob is what its name says
 *	3. each image has a manifest and a config, which agree, and all layers
 *	4. each layer still has the size it was loaded with, and nothing in it
 *	   was changed since
 *	5. nothing is there that no image names
 *
 * Repaired is what can be without the archive: damaged blobs of layers go (the
 * unpacked layer is what containers use), so does rubbish; an image that lacks
 * something keeps its name, so that loading it again brings back just that.
 */
#include "image/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "image/image.h"
#include "image/manifest.h"
#include "image/reference.h"
#include "image/usage.h"
#include "image/view_store.h"

#define CHUNK_BYTES (256U << 10)
#define RELOAD	    "load the image again"

struct check {
	const struct image_store *store;
	const struct check_options *options;
	struct strlist bad_blobs;
	struct strlist layers; /* keys that images need */
	struct strlist blobs;
};

static void say(const struct check *c, const char *object, const char *what, bool repaired,
		const char *advice)
{
	const struct check_finding finding = { object, what, repaired, advice };

	c->options->report(c->options->arg, &finding);
}

static int list_dir(const struct check *c, const char *path, struct strlist *names,
		    struct error *err)
{
	int r = dir_list(c->store->fd, path, names);

	return r < 0 ? error_sys(err, -r, "read 'images/%s'", path) : 0;
}

static int hash_file(int fd, struct digest *out)
{
	struct digest_hash *hash = digest_hash_new(DIGEST_SHA256);
	autofree char *buffer = xmalloc(CHUNK_BYTES);
	ssize_t n;

	do {
		n = read(fd, buffer, CHUNK_BYTES);
		if (n > 0)
			digest_hash_update(hash, buffer, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	digest_hash_finish(hash, out);
	digest_hash_free(hash);
	return n < 0 ? -errno : 0;
}

static int check_blobs(struct check *c, struct error *err)
{
	autostrlist struct strlist names = { 0 };
	int r = list_dir(c, "blobs/sha256", &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		autofree char *path = xasprintf("blobs/sha256/%s", names.items[i]);
		autoclose int fd = openat(c->store->fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		struct digest digest;

		if (fd >= 0 && hash_file(fd, &digest) == 0 && !strcmp(digest.hex, names.items[i]))
			continue;
		strlist_add(&c->bad_blobs, names.items[i]);
	}
	return r;
}

/* A document of an image: said once to be missing or bad. NULL then. */
static char *read_document(const struct check *c, const char *image, const char *hex,
			   const char *kind, size_t max, size_t *len)
{
	autofree char *what = NULL, *data = NULL;
	struct error why;

	if (strlist_has(&c->bad_blobs, hex))
		what = xasprintf("its %s %.12s does not match its digest", kind, hex);
	else if (image_store_read_blob(c->store, hex, max, &data, len, &why) < 0)
		what = xasprintf("its %s %.12s is missing", kind, hex);
	if (!what)
		return steal_ptr(&data);
	say(c, image, what, false, RELOAD);
	return NULL;
}

/* Of an image that is not unpacked. */
static void check_view(struct check *c, const char *image, const struct image_config *config,
		       const char *key)
{
	strlist_add(&c->layers, key);
	for (size_t i = 0; i < config->n_diff_ids; i++) {
		const char *hex = config->diff_ids[i].hex;
		bool bad = strlist_has(&c->bad_blobs, hex);
		autoclose int fd = view_store_open_layer(c->store, &config->diff_ids[i]);
		autofree char *what = xasprintf("layer %zu of %zu (%.12s) %s", i + 1,
						config->n_diff_ids, hex,
						bad ? "does not match its digest" : "is missing");

		strlist_add(&c->blobs, hex);
		if (bad || fd < 0)
			say(c, image, what, false, RELOAD);
	}
}

static void check_layers(struct check *c, const char *image, const struct image_config *config)
{
	char key[STORE_KEY_MAX];
	struct digest chain;

	if (view_store_has(c->store, config, key)) {
		check_view(c, image, config, key);
		return;
	}
	for (size_t i = 0; i < config->n_diff_ids; i++) {
		autofree char *what = NULL;

		digest_chain(i ? &chain : NULL, &config->diff_ids[i], &chain);
		if (image_store_find_layer(c->store, &config->diff_ids[i], &chain, key)) {
			strlist_add(&c->layers, key);
			continue;
		}
		what = xasprintf("layer %zu of %zu (%.12s) is missing", i + 1, config->n_diff_ids,
				 config->diff_ids[i].hex);
		say(c, image, what, false, RELOAD);
	}
}

static void check_manifest(struct check *c, const char *image, const struct image_summary *row)
{
	const char *hex = row->manifest + strlen("sha256:");
	struct manifest m = { 0 };
	struct error why;
	size_t len;
	autofree char *data = read_document(c, image, hex, "manifest", MANIFEST_MAX_BYTES, &len);

	strlist_add(&c->blobs, hex);
	if (!data)
		return;
	if (manifest_parse(data, len, &m, &why) < 0)
		say(c, image, "its manifest cannot be read", false, RELOAD);
	else if (m.config.digest.algorithm == DIGEST_SHA256 && strcmp(m.config.digest.hex, row->id))
		say(c, image, "its manifest names another config", false, RELOAD);
	for (size_t i = 0; i < m.n_layers; i++)
		strlist_add(&c->blobs, m.layers[i].digest.hex);
	manifest_done(&m);
}

static void check_image(struct check *c, const struct image_summary *row)
{
	autofree char *image = xasprintf("image %.500s",
					 *row->name ? reference_familiar(row->name) : row->id);
	struct image_config config = { 0 };
	struct error why;
	size_t len;
	autofree char *data = NULL;

	check_manifest(c, image, row);
	strlist_add(&c->blobs, row->id);
	data = read_document(c, image, row->id, "config", IMAGE_CONFIG_MAX_BYTES, &len);
	if (!data)
		return;
	if (image_config_parse(data, len, &config, &why) < 0)
		say(c, image, "its config cannot be read", false, RELOAD);
	else
		check_layers(c, image, &config);
	image_config_done(&config);
}

/* Take something out of the store, by way of a directory that a sweep would empty. */
static bool take_away(const struct check *c, const char *path)
{
	struct store_staging staging;
	struct error ignored;
	bool gone;

	if (!c->options->repair || image_store_stage(c->store, &staging, &ignored) < 0)
		return false;
	gone = renameat(c->store->fd, path, staging.fd, "x") == 0;
	image_store_unstage(c->store, &staging);
	return gone;
}

static int check_unused(struct check *c, const char *dir, const struct strlist *wanted,
			const char *kind, struct error *err)
{
	autostrlist struct strlist names = { 0 };
	int r = list_dir(c, dir, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		autofree char *path = xasprintf("%s/%s", dir, names.items[i]);
		autofree char *object = xasprintf("%s %.70s", kind, names.items[i]);

		if (!strlist_has(wanted, names.items[i]))
			say(c, object, "belongs to no image", take_away(c, path), NULL);
	}
	return r;
}

/* Blobs of layers are spare copies; manifests and configs have been reported with their image. */
static void check_spare_blobs(struct check *c)
{
	for (size_t i = 0; i < c->bad_blobs.n; i++) {
		const char *hex = c->bad_blobs.items[i];
		autofree char *path = xasprintf("blobs/sha256/%s", hex);
		autofree char *object = xasprintf("blob %.70s", hex);

		if (strlist_has(&c->blobs, hex)) /* the others are gone already */
			say(c, object, "does not match its digest", take_away(c, path), NULL);
	}
}

/* Layers are never written to: another size, or a later ctime, means that somebody did. */
static void check_layer(struct check *c, const char *key)
{
	autofree char *path = xasprintf("layer/%s", key), *object = xasprintf("layer %s", key);
	autoclose int fd = openat(c->store->fd, path,
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	uint64_t wanted;
	bool changed = fd < 0;

	if (!changed) {
		uint64_t size = usage_of_layer(fd, &changed);

		/* Some file systems keep no attributes, and so no size. */
		changed |= usage_recorded_size(fd, &wanted) && size != wanted;
	}
	if (!changed)
		return;
	if (c->options->keep_layers)
		say(c, object, "has changed since it was loaded", false,
		    "stop all containers and check again");
	else if (take_away(c, path))
		say(c, object, "had changed since it was loaded, and is removed", false, RELOAD);
	else
		say(c, object, "has changed since it was loaded", false, RELOAD);
}

static int check_all(struct check *c, struct error *err)
{
	autoimagelist struct image_list list = { 0 };
	int r = image_list(c->store, &list, err);

	if (r < 0) {
		say(c, "index.json", err->msg, false,
		    "restore it from a backup, or move ROOT/images away and load again");
		return 0;
	}
	r = check_blobs(c, err);
	for (size_t i = 0; r == 0 && i < list.n; i++)
		check_image(c, &list.items[i]);
	if (r == 0)
		r = check_unused(c, "layer", &c->layers, "layer", err);
	if (r == 0)
		r = check_unused(c, "blobs/sha256", &c->blobs, "blob", err);
	if (r < 0)
		return r;
	check_spare_blobs(c);
	for (size_t i = 0; i < c->layers.n; i++)
		check_layer(c, c->layers.items[i]);
	return 0;
}

/**
 * check_store() - Look at everything in the store
 *
 * Waits until nobody loads. Findings go to options->report.
 *
 * Return: 0 when all was looked at, whatever was found; or -errno
 */
int check_store(const struct image_store *s, const struct check_options *options, struct error *err)
{
	struct check c = { .store = s, .options = options };
	struct store_staging staging;
	autoclose int lock = image_store_lock(s, LOCK_EX, err);
	int r;

	if (lock < 0)
		return lock;
	/* What crashes left goes with the next staging directory. */
	r = image_store_stage(s, &staging, err);
	if (r < 0)
		return r;
	image_store_unstage(s, &staging);
	r = check_all(&c, err);
	strlist_done(&c.bad_blobs);
	strlist_done(&c.layers);
	strlist_done(&c.blobs);
	return r;
}
