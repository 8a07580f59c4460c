// SPDX-License-Identifier: Apache-2.0
/*
 * image/compose.c - New images in the store, from a config and layers
 *
 * What is composed is written as an archive into a file without a name, and
 * loaded like any other (load.c): verified, unpacked by the confined loader,
 * published whole or not at all. Layers of the image that it builds upon are
 * left out of the archive, for the loader does not read what the store has.
 */
#include "image/compose.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "image/image.h"
#include "image/load.h"
#include "image/manifest.h"
#include "image/plan.h"
#include "image/view_store.h"
#include "image/write.h"

static int open_file(struct compose *c, struct error *err)
{
	int fd = openat(c->staging.fd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	return fd < 0 ? error_sys(err, errno, "make a temporary file in the store") : fd;
}

static int take_layers(struct compose *c, const struct image *base, struct error *err)
{
	const char *hex = base->manifest + strlen("sha256:");
	struct manifest m = { 0 };
	autofree char *data = NULL;
	size_t len;
	int r;

	r = image_store_read_blob(c->store, hex, MANIFEST_MAX_BYTES, &data, &len, err);
	if (r == 0)
		r = manifest_parse(data, len, &m, err);
	if (r == 0 && m.n_layers != base->config.n_diff_ids)
		r = error_set(err, EBADMSG, "manifest and config disagree on the number of layers");
	if (r == 0) {
		c->layers = xcalloc(m.n_layers + 1, sizeof(*c->layers));
		c->n_layers = m.n_layers;
	}
	/* Layers that are not unpacked come along: whoever unpacks needs all of them. */
	for (size_t i = 0; r == 0 && i < m.n_layers; i++) {
		if (base->is_stored_view &&
		    view_store_take_layer(c->store, &base->config.diff_ids[i], &c->layers[i]))
			continue;
		c->layers[i] = (struct layer_blob){
			.blob = m.layers[i].digest,
			.diff_id = base->config.diff_ids[i],
			.size = m.layers[i].size,
			.media_type = descriptor_known_type(m.layers[i].media_type),
			.fd = -1,
		};
	}
	manifest_done(&m);
	return r < 0 ? error_wrap(err, "manifest of '%.12s'", base->id) : 0;
}

/* Texts that were true of the base only. */
static void forget(struct json *config)
{
	static const char *const keys[] = { "id",     "parent",		  "container",
					    "author", "container_config", "docker_version" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		json_unset(config, keys[i]);
}

static void append(struct json *map, const char *key, struct json *value)
{
	struct json *list = json_kind_of(json_get(map, key)) == JSON_LIST
				    ? json_clone(json_get(map, key))
				    : json_new_list();

	json_add(list, value);
	json_set(map, key, list);
}

/* Entries of the history count layers: those that have none get one that says nothing. */
static void fill_history(struct compose *c)
{
	const struct json *history = json_get(c->config, "history");
	size_t n = 0;

	for (size_t i = 0; i < json_count(history); i++)
		n += !json_is_true(json_get(json_at(history, i), "empty_layer"));
	for (; n < c->n_layers; n++)
		append(c->config, "history", json_new_map());
}

static int take_base(struct compose *c, const struct image *base, struct error *err)
{
	autofree char *data = NULL;
	size_t len;
	int r;

	r = image_store_read_blob(c->store, base->id, IMAGE_CONFIG_MAX_BYTES, &data, &len, err);
	if (r < 0)
		return r;
	c->config = json_parse(data, len, err);
	if (!c->config)
		return error_wrap(err, "config '%.12s'", base->id);
	forget(c->config);
	r = take_layers(c, base, err);
	if (r == 0)
		fill_history(c);
	return r;
}

static void begin_config(struct compose *c)
{
	struct plan_platform here;
	struct json *rootfs = json_new_map();

	plan_this_machine(&here);
	c->config = json_new_map();
	json_set_text(c->config, "architecture", here.architecture);
	json_set_text(c->config, "os", here.os);
	json_set(c->config, "config", json_new_map());
	json_set_text(rootfs, "type", "layers");
	json_set(rootfs, "diff_ids", json_new_list());
	json_set(c->config, "rootfs", rootfs);
}

/**
 * compose_open() - Begin an image
 * @base:	To build upon, or NULL
 * @c:		compose_close() releases it, also after a failure
 */
int compose_open(struct compose *c, const struct image_store *store, const struct image *base,
		 struct error *err)
{
	int r;

	*c = (struct compose){ .store = store, .staging = { .fd = -1 }, .lock_fd = -1 };
	c->lock_fd = image_store_lock(store, LOCK_SH, err);
	if (c->lock_fd < 0)
		return c->lock_fd;
	c->is_view = base && base->is_stored_view;
	r = image_store_stage(store, &c->staging, err);
	if (r == 0 && base)
		r = take_base(c, base, err);
	else if (r == 0)
		begin_config(c);
	return r;
}

static void put_on_top(struct compose *c, const struct layer_blob *layer)
{
	struct json *rootfs = json_clone(json_get(c->config, "rootfs"));
	char text[DIGEST_TEXT_MAX];

	c->layers = xrealloc(c->layers, (c->n_layers + 1) * sizeof(*c->layers));
	c->layers[c->n_layers++] = *layer;
	digest_format(&layer->diff_id, text);
	append(rootfs, "diff_ids", json_new_text(text));
	json_set(c->config, "rootfs", rootfs);
}

/** compose_add_layer() - A layer of what @write writes goes on top */
int compose_add_layer(struct compose *c, compose_write *write, void *arg, struct error *err)
{
	autoclose int fd = open_file(c, err);
	struct layer_writer *w = NULL;
	struct layer_blob layer;
	int r = fd < 0 ? fd : layer_writer_new(fd, LAYER_PLAIN, &w, err);

	if (r < 0)
		return r;
	r = write(arg, w, err);
	if (r == 0)
		r = layer_writer_finish(w, &layer, err);
	layer_writer_free(w);
	if (r < 0)
		return r;
	layer.fd = steal_fd(&fd);
	put_on_top(c, &layer);
	return 0;
}

static void print_now(char out[32])
{
	time_t now = time(NULL);
	struct tm tm;

	(void)gmtime_r(&now, &tm);
	(void)strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/** compose_add_history() - How the layer on top came about; texts may be NULL */
void compose_add_history(struct compose *c, const char *created_by, const char *comment)
{
	struct json *entry = json_new_map();
	const char *author = json_text(json_get(c->config, "author"));
	char now[32];

	print_now(now);
	json_set_text(c->config, "created", now);
	json_set_text(entry, "created", now);
	if (author)
		json_set_text(entry, "author", author);
	if (created_by)
		json_set_text(entry, "created_by", created_by);
	if (comment && *comment)
		json_set_text(entry, "comment", comment);
	append(c->config, "history", entry);
}

static int write_archive(struct compose *c, const struct strlist *names, int fd, struct error *err)
{
	autofree char *config = json_print(c->config);
	const struct write_image image = {
		.config = config,
		.config_len = strlen(config),
		.layers = c->layers,
		.n_layers = c->n_layers,
		.names = names,
	};
	struct writer *w = writer_new();
	int r = writer_add(w, &image, NULL, err);

	if (r == 0)
		r = writer_finish(w, tar_sink_fd, &fd, err);
	writer_free(w);
	return r;
}

/**
 * compose_publish() - Put the image into the store
 * @name:	Normalised reference, or NULL
 * @id:		Its id
 */
int compose_publish(struct compose *c, const char *name, char id[DIGEST_SHA256_HEX + 1],
		    struct error *err)
{
	autoloadresult struct image_load_result result = { 0 };
	autostrlist struct strlist names = { 0 };
	autoclose int fd = open_file(c, err);
	int r = fd;

	if (fd < 0)
		return fd;
	if (name)
		strlist_add(&names, name);
	r = write_archive(c, &names, fd, err);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = error_sys(err, errno, "rewind a temporary file");
	/* Whoever may fill the disk through us may do so without us: no limit. */
	if (r == 0)
		r = image_load(c->store, fd, name ? name : "image",
			       &(struct image_load_options){ .max_bytes = INT64_MAX,
							     .store_views = c->is_view },
			       &result, err);
	if (r == 0)
		memcpy(id, result.items[0].id, sizeof(result.items[0].id));
	return r;
}

/** compose_close() - Release; safe twice */
void compose_close(struct compose *c)
{
	for (size_t i = 0; i < c->n_layers; i++)
		cleanup_close(&c->layers[i].fd);
	free(c->layers);
	json_free(c->config);
	image_store_unstage(c->store, &c->staging);
	cleanup_close(&c->lock_fd);
	c->layers = NULL;
	c->n_layers = 0;
	c->config = NULL;
}
