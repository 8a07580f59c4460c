// SPDX-License-Identifier: Apache-2.0
/*
 * image/save.c - Images of the store, on their way into an archive
 *
 * Where the layers' blobs were kept (load --keep-blobs), manifest, config and
 * layers go as they came, byte for byte. Where not, layers are made again from
 * what was unpacked: the same files, but another stream, so diffIDs, config and
 * manifest are new ones; the same ones each time, though. Those that are tar
 * archives still (load --view) stay what they are: then only the manifest is new.
 */
#include "image/save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "image/catalog.h"
#include "image/config.h"
#include "image/layer_stored.h"
#include "image/manifest.h"
#include "image/write.h"

struct save_image {
	char *manifest, *config;
	size_t manifest_len, config_len;
	struct manifest parsed;
	struct image_config parsed_config;
	struct layer_blob *layers;
	size_t n_layers;
};

/**
 * save_open() - Begin an archive
 * @s:	save_close() releases it, also after a failure
 *
 * Layers stay where they are as long as it is open.
 */
int save_open(struct save *s, const struct image_store *store, enum layer_compression compression,
	      struct error *err)
{
	*s = (struct save){
		.store = store,
		.compression = compression,
		.staging = { .fd = -1 },
		.lock_fd = image_store_lock(store, LOCK_SH, err),
	};
	if (s->lock_fd < 0)
		return s->lock_fd;
	s->writer = writer_new();
	return image_store_stage(store, &s->staging, err);
}

static int read_documents(const struct save *s, const struct image_summary *row,
			  struct save_image *image, struct error *err)
{
	const struct image_store *store = s->store;
	int r = image_store_read_blob(store, row->manifest + strlen("sha256:"), MANIFEST_MAX_BYTES,
				      &image->manifest, &image->manifest_len, err);

	if (r == 0)
		r = image_store_read_blob(store, row->id, IMAGE_CONFIG_MAX_BYTES, &image->config,
					  &image->config_len, err);
	if (r == 0)
		r = manifest_parse(image->manifest, image->manifest_len, &image->parsed, err);
	if (r == 0)
		r = image_config_parse(image->config, image->config_len, &image->parsed_config,
				       err);
	if (r == 0 && image->parsed.n_layers != image->parsed_config.n_diff_ids)
		r = error_set(err, EBADMSG, "manifest and config disagree on the number of layers");
	return r;
}

/* A blob that is there, and as long as it should be. */
static bool open_blob(const struct save *s, const struct descriptor *d, struct layer_blob *out)
{
	char path[sizeof("blobs/sha256/") + DIGEST_HEX_MAX];
	struct stat st;

	*out = (struct layer_blob){
		.blob = d->digest,
		.size = d->size,
		.media_type = descriptor_known_type(d->media_type),
		.fd = -1,
	};
	snprintf(path, sizeof(path), "blobs/sha256/%s", d->digest.hex);
	if (d->digest.algorithm == DIGEST_SHA256)
		out->fd = openat(s->store->fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return out->fd >= 0 && fstat(out->fd, &st) == 0 && (uint64_t)st.st_size == d->size;
}

static void close_layers(struct save_image *image)
{
	for (size_t i = 0; i < image->n_layers; i++)
		cleanup_close(&image->layers[i].fd);
	image->n_layers = 0;
}

static bool use_blobs(const struct save *s, struct save_image *image)
{
	bool all = image->parsed.config.digest.algorithm == DIGEST_SHA256;

	for (size_t i = 0; all && i < image->parsed.n_layers; i++) {
		all = open_blob(s, &image->parsed.layers[i], &image->layers[i]);
		image->layers[i].diff_id = image->parsed_config.diff_ids[i];
		image->n_layers = i + 1;
	}
	if (!all)
		close_layers(image);
	return all;
}

static int make_layer(const struct save *s, const struct image_config *c, size_t at,
		      struct digest *chain, struct layer_blob *out, struct error *err)
{
	const struct layer_stored layer = { &c->diff_ids[at], chain, s->compression, 0 };
	autoclose int fd = openat(s->staging.fd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return error_sys(err, errno, "make a temporary file in the store");
	digest_chain(at ? chain : NULL, layer.diff_id, chain);
	r = layer_stored_write(s->store, &layer, fd, out, err);
	if (r < 0)
		return error_wrap(err, "layer %zu of %zu", at + 1, c->n_diff_ids);
	(void)steal_fd(&fd); /* @out has it */
	return 0;
}

static int set_diff_ids(struct save_image *image, struct error *err)
{
	autojson struct json *config = json_parse(image->config, image->config_len, err);
	struct json *rootfs, *list = json_new_list();

	if (!config) {
		json_free(list);
		return -err->code;
	}
	for (size_t i = 0; i < image->n_layers; i++) {
		char text[DIGEST_TEXT_MAX];

		digest_format(&image->layers[i].diff_id, text);
		json_add_text(list, text);
	}
	rootfs = json_clone(json_get(config, "rootfs"));
	json_set(rootfs, "diff_ids", list);
	json_set(config, "rootfs", rootfs);
	free(image->config);
	image->config = json_print(config);
	image->config_len = strlen(image->config);
	return 0;
}

static int make_layers(const struct save *s, struct save_image *image, bool *rebuilt,
		       struct error *err)
{
	const struct image_config *c = &image->parsed_config;
	struct digest chain;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->n_diff_ids; i++) {
		r = make_layer(s, c, i, &chain, &image->layers[i], err);
		image->n_layers += r == 0;
	}
	for (size_t i = 0; r == 0 && i < c->n_diff_ids; i++)
		if (!digest_equal(&c->diff_ids[i], &image->layers[i].diff_id)) {
			*rebuilt = true;
			return set_diff_ids(image, err);
		}
	return r;
}

static const char *type_of(const struct save_image *image)
{
	const char *type = json_text(json_get(image->parsed.doc, "mediaType"));
	const char *known = type ? descriptor_known_type(type) : NULL;

	return known ? known : MEDIA_TYPE_MANIFEST;
}

static int add(struct save *s, struct save_image *image, const struct image_summary *row,
	       const struct strlist *names, bool *rebuilt, struct digest *manifest,
	       struct error *err)
{
	struct write_image out = { .names = names };
	bool as_it_came;
	int r = read_documents(s, row, image, err);

	if (r < 0)
		return r;
	image->layers = xcalloc(image->parsed.n_layers, sizeof(*image->layers));
	*rebuilt = false;
	as_it_came = use_blobs(s, image);
	if (!as_it_came)
		r = make_layers(s, image, rebuilt, err);
	if (r < 0)
		return r;
	out.config = image->config;
	out.config_len = image->config_len;
	out.layers = image->layers;
	out.n_layers = image->n_layers;
	if (as_it_came) {
		out.manifest = image->manifest;
		out.manifest_len = image->manifest_len;
		out.manifest_type = type_of(image);
	}
	return writer_add(s->writer, &out, manifest, err);
}

/**
 * save_add() - One more image
 * @row:		As lists have it
 * @names:	References to give it in the archive; must stay until save_finish()
 * @rebuilt:	Whether layers had to be made again, and so its id changes
 * @manifest:	Its manifest's digest in the archive
 */
int save_add(struct save *s, const struct image_summary *row, const struct strlist *names,
	     bool *rebuilt, struct digest *manifest, struct error *err)
{
	struct save_image *image;

	s->images = xrealloc(s->images, (s->n + 1) * sizeof(*s->images));
	image = &s->images[s->n++];
	*image = (struct save_image){ .n_layers = 0 };
	return add(s, image, row, names, rebuilt, manifest, err);
}

/** save_finish() - Write the archive */
int save_finish(struct save *s, tar_sink *sink, void *arg, struct error *err)
{
	return writer_finish(s->writer, sink, arg, err);
}

/** save_close() - Release; safe twice */
void save_close(struct save *s)
{
	for (size_t i = 0; i < s->n; i++) {
		close_layers(&s->images[i]);
		free(s->images[i].layers);
		free(s->images[i].manifest);
		free(s->images[i].config);
		manifest_done(&s->images[i].parsed);
		image_config_done(&s->images[i].parsed_config);
	}
	free(s->images);
	writer_free(s->writer);
	image_store_unstage(s->store, &s->staging);
	cleanup_close(&s->lock_fd);
	s->images = NULL;
	s->n = 0;
	s->writer = NULL;
}
