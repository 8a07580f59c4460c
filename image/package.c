// SPDX-License-Identifier: Apache-2.0
/*
 * image/package.c - What a new archive is made of: a directory, or an image that is there
 *
 * A directory becomes one layer. An archive's layers are taken over as they
 * are, after they were verified; those of a stored image are written anew, where
 * the store has them unpacked. All bytes follow from what is given: without
 * SOURCE_DATE_EPOCH the image is as old as its newest file.
 */
#include "image/package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "image/codec.h"
#include "image/descriptor.h"
#include "image/image.h"
#include "image/layer_stored.h"
#include "image/pack.h"
#include "image/source.h"
#include "image/store.h"
#include "image/verify.h"
#include "image/write.h"

static int open_spool(const struct package *p, struct error *err)
{
	int fd = openat(p->spool_dirfd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		fd = memfd_create("layers", MFD_CLOEXEC);
	if (fd < 0)
		return error_sys(err, errno, "make a temporary file for layers");
	return fd;
}

static void set_time(struct json *map, const char *key, int64_t seconds)
{
	time_t t = (time_t)seconds;
	char text[32];
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return;
	json_set_text(map, key, text);
}

/* ---- layers that are written -------------------------------------------- */

static struct layer_blob *next_layer(struct package *p)
{
	p->layers = xrealloc(p->layers, (p->n_layers + 1) * sizeof(*p->layers));
	return &p->layers[p->n_layers];
}

static int make_layer(struct package *p, int dirfd, int64_t *newest_s, struct error *err)
{
	struct tar_writer tar = { .sink = layer_writer_sink };
	struct pack pack = {
		.out = &tar,
		.root_owned = p->root_owned,
		.latest_s = p->epoch_s > 0 ? p->epoch_s : 0,
	};
	struct layer_writer *w;
	int r = layer_writer_new(p->fd, p->compression, &w, err);

	if (r < 0)
		return r;
	tar.arg = w;
	r = pack_tree(&pack, dirfd, "", err);
	if (r == 0)
		r = tar_write_end(&tar, err);
	if (r == 0)
		r = layer_writer_finish(w, next_layer(p), err);
	if (r == 0)
		p->n_layers++;
	*newest_s = pack.newest_s;
	pack_done(&pack);
	layer_writer_free(w);
	return r;
}

/* The config of a new image, all but its layers. */
static struct json *make_config(const struct package *p, int64_t created_s)
{
	struct json *config = json_new_map(), *history = json_new_list(), *entry = json_new_map();

	set_time(config, "created", created_s);
	json_set_text(config, "architecture", p->platform.architecture);
	if (p->platform.variant)
		json_set_text(config, "variant", p->platform.variant);
	json_set_text(config, "os", p->platform.os);
	json_set(config, "config", json_new_map());
	set_time(entry, "created", created_s);
	json_set_text(entry, "created_by", "tare pack");
	json_add(history, entry);
	json_set(config, "history", history);
	return config;
}

static void set_diff_ids(struct package *p)
{
	struct json *rootfs = json_new_map(), *list = json_new_list();

	for (size_t i = 0; i < p->n_layers; i++) {
		char text[DIGEST_TEXT_MAX];

		digest_format(&p->layers[i].diff_id, text);
		json_add_text(list, text);
	}
	json_set_text(rootfs, "type", "layers");
	json_set(rootfs, "diff_ids", list);
	json_set(p->config, "rootfs", rootfs);
}

/**
 * package_take_tree() - One layer of all that is in a directory
 */
int package_take_tree(struct package *p, int dirfd, struct error *err)
{
	int64_t newest_s = 0;
	int r;

	p->fd = open_spool(p, err);
	if (p->fd < 0)
		return p->fd;
	r = make_layer(p, dirfd, &newest_s, err);
	if (r < 0)
		return r;
	p->config = make_config(p, p->epoch_s >= 0 ? p->epoch_s : newest_s);
	set_diff_ids(p);
	return 0;
}

/* ---- images that are there ---------------------------------------------- */

static int take_config(struct package *p, const char *data, size_t len, struct error *err)
{
	p->config = json_parse(data, len, err);
	if (!p->config)
		return error_wrap(err, "config");
	if (p->epoch_s >= 0)
		set_time(p->config, "created", p->epoch_s);
	if (json_kind_of(json_get(p->config, "config")) != JSON_MAP)
		json_set(p->config, "config", json_new_map());
	return 0;
}

/* Archives may not say how a layer is compressed, or not the truth. NULL: as no OCI image may be. */
static const char *media_type_of(const struct source_file *f)
{
	static const char *const types[] = { [CODEC_NONE] = MEDIA_TYPE_LAYER,
					     [CODEC_GZIP] = MEDIA_TYPE_LAYER "+gzip",
					     [CODEC_ZSTD] = MEDIA_TYPE_LAYER "+zstd",
					     [CODEC_BZIP2] = NULL };
	unsigned char head[CODEC_MAGIC_BYTES] = { 0 };
	ssize_t n = pread(f->fd, head, sizeof(head), (off_t)f->offset);

	return types[codec_detect(head, n > 0 ? (size_t)n : 0)];
}

static int take_layer(struct package *p, const struct plan_layer *layer,
		      const struct verify_layer *found, struct error *err)
{
	struct source_file file;
	int r = source_find(p->source, layer->file, &file, err);

	if (r < 0)
		return r;
	p->layers[p->n_layers++] = (struct layer_blob){
		.blob = found->blob,
		.diff_id = layer->diff_id,
		.size = file.size,
		.media_type = media_type_of(&file),
		.fd = file.owned ? fcntl(file.fd, F_DUPFD_CLOEXEC, 3) : file.fd,
		.offset = file.offset,
	};
	source_file_close(&file);
	if (!p->layers[p->n_layers - 1].media_type) {
		(void)error_set(err, EINVAL,
				"layer %zu is compressed in a way that OCI images do not know",
				p->n_layers);
		return error_hint(err, "load the archive, and pack the image from the store");
	}
	return 0;
}

static int take_layers(struct package *p, const struct plan_image *image, int dir_fd,
		       struct error *err)
{
	struct verify found = { 0 };
	int r = verify_run(p->source, dir_fd, &p->plan, &found, err);

	if (r == 0 && verify_first_error(&found)) {
		*err = *verify_first_error(&found);
		r = -err->code;
	}
	p->layers = xcalloc(image->n_layers, sizeof(*p->layers));
	for (size_t i = 0; r == 0 && i < image->n_layers; i++)
		r = take_layer(p, &image->layers[i], &found.layers[i], err);
	verify_done(&found);
	return r;
}

/**
 * package_take_archive() - The image of an archive or layout directory
 * @fd:		Must stay open until package_done()
 */
int package_take_archive(struct package *p, int fd, struct error *err)
{
	static const struct source_limits limits = { UINT64_C(2) << 30, 200 };
	const struct plan_image *image;
	struct stat st;
	int r;

	r = source_open(fd, p->spool_dirfd, &limits, &p->source, err);
	if (r == 0)
		r = plan_read(p->source, &p->platform, &p->plan, err);
	if (r < 0)
		return r;
	image = &p->plan.images[0];
	for (size_t i = 1; i < p->plan.n; i++)
		if (!digest_equal(&p->plan.images[i].config_digest, &image->config_digest))
			return error_set(err, EINVAL, "it holds several images");
	for (size_t i = 0; i < p->plan.n; i++)
		for (size_t j = 0; j < p->plan.images[i].names.n; j++)
			strlist_add(&p->names, p->plan.images[i].names.items[j]);
	r = take_config(p, image->config_data, image->config_len, err);
	if (r < 0)
		return r;
	return take_layers(p, image, fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? fd : -1, err);
}

/**
 * package_take_stored() - An image of the store
 */
int package_take_stored(struct package *p, const struct image_store *store,
			const struct image *image, struct error *err)
{
	autofree char *data = NULL;
	struct digest chain;
	size_t len;
	int r;

	r = image_store_read_blob(store, image->id, IMAGE_CONFIG_MAX_BYTES, &data, &len, err);
	if (r == 0)
		r = take_config(p, data, len, err);
	if (r < 0)
		return r;
	if (*image->name)
		strlist_add(&p->names, image->name);
	p->fd = open_spool(p, err);
	p->root_owned = false;
	for (size_t i = 0; p->fd >= 0 && r == 0 && i < image->config.n_diff_ids; i++) {
		const struct layer_stored layer = { &image->config.diff_ids[i], &chain,
						    p->compression,
						    p->epoch_s > 0 ? p->epoch_s : 0 };

		digest_chain(i ? &chain : NULL, layer.diff_id, &chain);
		r = layer_stored_write(store, &layer, p->fd, next_layer(p), err);
		p->n_layers += r == 0;
		if (r < 0)
			(void)error_wrap(err, "layer %zu of %zu", i + 1, image->config.n_diff_ids);
	}
	if (p->fd < 0)
		return p->fd;
	if (r == 0)
		set_diff_ids(p);
	return r;
}

/**
 * package_write() - Write the archive
 * @manifest:	Its digest; may be NULL
 */
int package_write(struct package *p, tar_sink *sink, void *arg, struct digest *manifest,
		  struct error *err)
{
	autofree char *config = json_print(p->config);
	const struct write_image image = {
		.config = config,
		.config_len = strlen(config),
		.layers = p->layers,
		.n_layers = p->n_layers,
		.names = &p->names,
	};
	struct writer *w = writer_new();
	int r = writer_add(w, &image, manifest, err);

	if (r == 0)
		r = writer_finish(w, sink, arg, err);
	writer_free(w);
	return r;
}

/** package_done() - Release; safe twice */
void package_done(struct package *p)
{
	/* Of a layout directory each layer is a file of its own. */
	for (size_t i = 0; p->source && !source_size(p->source) && i < p->n_layers; i++)
		(void)close(p->layers[i].fd);
	source_close(p->source);
	plan_done(&p->plan);
	strlist_done(&p->names);
	json_free(p->config);
	free(p->layers);
	cleanup_close(&p->fd);
	*p = (struct package){ .fd = -1, .spool_dirfd = -1 };
}
