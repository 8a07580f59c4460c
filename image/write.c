// SPDX-License-Identifier: Apache-2.0
/*
 * image/write.c - Images into one archive, the same bytes for the same images
 *
 * The archive is an OCI image layout (image-spec image-layout.md) that also has
 * the manifest.json of `docker save`, which names the same blobs: every tool
 * that reads either takes it. Documents come first, layers last, all in an order
 * that follows from the images alone; entries have no time, and belong to root.
 * Nothing is written before all is known, and every blob is there once.
 */
#include "image/write.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "image/config.h"
#include "image/descriptor.h"
#include "image/manifest.h"

#define LAYOUT	    "{\"imageLayoutVersion\":\"1.0.0\"}"
#define CHUNK_BYTES (256U << 10)

struct blob {
	struct digest digest;
	uint64_t size;
	char *data; /* a document; NULL: it is in fd */
	int fd;
	uint64_t offset;
};

struct writer {
	struct json *manifests; /* of index.json */
	struct json *docker;	/* manifest.json */
	struct blob *documents, *layers;
	size_t n_documents, n_layers;
};

/** writer_new() - An archive without images; released with writer_free() */
struct writer *writer_new(void)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	w->manifests = json_new_list();
	w->docker = json_new_list();
	return w;
}

/* Returns NULL if a blob of this digest is in the list. */
static struct blob *add_blob(struct blob **list, size_t *n, const struct digest *digest)
{
	for (size_t i = 0; i < *n; i++)
		if (digest_equal(&(*list)[i].digest, digest))
			return NULL;
	*list = xrealloc(*list, (*n + 1) * sizeof(**list));
	(*list)[*n] = (struct blob){ .digest = *digest, .fd = -1 };
	return &(*list)[(*n)++];
}

static void add_document(struct writer *w, const char *data, size_t len, struct digest *digest)
{
	struct blob *blob;

	digest_of_buffer(data, len, digest);
	blob = add_blob(&w->documents, &w->n_documents, digest);
	if (!blob)
		return;
	blob->data = xmalloc(len + 1);
	memcpy(blob->data, data, len);
	blob->size = len;
}

static void add_layers(struct writer *w, const struct write_image *image)
{
	for (size_t i = 0; i < image->n_layers; i++) {
		const struct layer_blob *layer = &image->layers[i];
		struct blob *blob = layer->fd < 0
					    ? NULL
					    : add_blob(&w->layers, &w->n_layers, &layer->blob);

		if (!blob)
			continue;
		blob->size = layer->size;
		blob->fd = layer->fd;
		blob->offset = layer->offset;
	}
}

static char *make_manifest(const struct write_image *image, const struct digest *config)
{
	const struct descriptor of_config = {
		.media_type = MEDIA_TYPE_CONFIG,
		.digest = *config,
		.size = image->config_len,
	};
	autofree struct descriptor *of_layers = xcalloc(image->n_layers, sizeof(*of_layers));
	autojson struct json *doc = NULL;

	for (size_t i = 0; i < image->n_layers; i++) {
		of_layers[i].media_type = image->layers[i].media_type;
		of_layers[i].digest = image->layers[i].blob;
		of_layers[i].size = image->layers[i].size;
	}
	doc = manifest_new(&of_config, of_layers, image->n_layers);
	return json_print(doc);
}

static void set_known(struct json *map, const char *key, const char *text)
{
	if (text)
		json_set_text(map, key, text);
}

static struct json *make_platform(const struct image_config *config)
{
	struct json *platform = json_new_map();

	set_known(platform, "architecture", config->architecture);
	set_known(platform, "os", config->os);
	set_known(platform, "variant", config->variant);
	return platform;
}

/* The row of index.json; skopeo and podman look for the name in ref.name. */
static void add_row(struct writer *w, const struct descriptor *manifest,
		    const struct image_config *config, const char *name)
{
	struct json *row = descriptor_to_json(manifest);

	if (name) {
		struct json *annotations = json_new_map();

		json_set_text(annotations, ANNOTATION_CONTAINERD_NAME, name);
		json_set_text(annotations, ANNOTATION_REF_NAME, name);
		json_set(row, "annotations", annotations);
	}
	if (config->architecture && config->os)
		json_set(row, "platform", make_platform(config));
	json_add(w->manifests, row);
}

static char *blob_path(const struct digest *digest)
{
	return xasprintf("blobs/%s/%s", digest->algorithm == DIGEST_SHA512 ? "sha512" : "sha256",
			 digest->hex);
}

static void add_docker_row(struct writer *w, const struct write_image *image,
			   const struct digest *config)
{
	struct json *row = json_new_map(), *tags = json_new_list(), *layers = json_new_list();
	autofree char *config_path = blob_path(config);

	/* Whole names: docker shortens them itself, podman takes short ones for its own builds. */
	for (size_t i = 0; image->names && i < image->names->n; i++)
		json_add_text(tags, image->names->items[i]);
	for (size_t i = 0; i < image->n_layers; i++) {
		autofree char *path = blob_path(&image->layers[i].blob);

		json_add_text(layers, path);
	}
	json_set_text(row, "Config", config_path);
	json_set(row, "RepoTags", tags);
	json_set(row, "Layers", layers);
	json_add(w->docker, row);
}

/**
 * writer_add() - One more image
 * @manifest:	Its manifest's digest; may be NULL
 *
 * Return: 0, or -EBADMSG if the config is none
 */
int writer_add(struct writer *w, const struct write_image *image, struct digest *manifest,
	       struct error *err)
{
	struct descriptor d = { .media_type = MEDIA_TYPE_MANIFEST };
	struct image_config parsed = { 0 };
	const char *manifest_text;
	autofree char *made = NULL;
	struct digest config;
	int r;

	r = image_config_parse(image->config, image->config_len, &parsed, err);
	if (r < 0) {
		image_config_done(&parsed);
		return error_wrap(err, "config");
	}
	add_document(w, image->config, image->config_len, &config);
	manifest_text = image->manifest;
	d.size = image->manifest_len;
	if (image->manifest) {
		d.media_type = image->manifest_type;
	} else {
		manifest_text = made = make_manifest(image, &config);
		d.size = strlen(made);
	}
	add_document(w, manifest_text, (size_t)d.size, &d.digest);
	add_layers(w, image);
	for (size_t i = 0; image->names && i < image->names->n; i++)
		add_row(w, &d, &parsed, image->names->items[i]);
	if (!image->names || !image->names->n)
		add_row(w, &d, &parsed, NULL);
	add_docker_row(w, image, &config);
	image_config_done(&parsed);
	if (manifest)
		*manifest = d.digest;
	return 0;
}

static int write_from_fd(struct tar_writer *tar, const struct blob *blob, struct error *err)
{
	autofree char *buffer = xmalloc(CHUNK_BYTES);
	uint64_t at = 0;
	int r = 0;

	while (r == 0 && at < blob->size) {
		uint64_t left = blob->size - at;
		ssize_t n = pread(blob->fd, buffer, left < CHUNK_BYTES ? left : CHUNK_BYTES,
				  (off_t)(blob->offset + at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_sys(err, n < 0 ? errno : EIO, "read blob '%.12s'",
					 blob->digest.hex);
		at += (uint64_t)n;
		r = tar_write_data(tar, buffer, (size_t)n, err);
	}
	return r;
}

static int write_blob(struct tar_writer *tar, const struct blob *blob, struct error *err)
{
	autofree char *path = blob_path(&blob->digest);
	const struct tar_entry entry = {
		.path = path,
		.type = S_IFREG,
		.perm = 0644,
		.size = blob->size,
	};
	int r;

	if (blob->data)
		return tar_write_file(tar, path, blob->data, (size_t)blob->size, err);
	r = tar_write_entry(tar, &entry, err);
	return r == 0 ? write_from_fd(tar, blob, err) : r;
}

static int write_index(const struct writer *w, struct tar_writer *tar, struct error *err)
{
	autojson struct json *index = json_new_map();
	autofree char *text = NULL;

	json_set_int(index, "schemaVersion", 2);
	json_set_text(index, "mediaType", MEDIA_TYPE_INDEX);
	json_set(index, "manifests", json_clone(w->manifests));
	text = json_print(index);
	return tar_write_file(tar, "index.json", text, strlen(text), err);
}

static int write_docker(const struct writer *w, struct tar_writer *tar, struct error *err)
{
	autofree char *text = json_print(w->docker);

	return tar_write_file(tar, "manifest.json", text, strlen(text), err);
}

static int write_dir(struct tar_writer *tar, const char *path, struct error *err)
{
	const struct tar_entry entry = { .path = path, .type = S_IFDIR, .perm = 0755 };

	return tar_write_entry(tar, &entry, err);
}

/**
 * writer_finish() - Write the archive
 * @sink:	Takes the bytes, in order: a pipe will do
 */
int writer_finish(struct writer *w, tar_sink *sink, void *arg, struct error *err)
{
	struct tar_writer tar = { .sink = sink, .arg = arg };
	int r;

	r = tar_write_file(&tar, "oci-layout", LAYOUT, strlen(LAYOUT), err);
	if (r == 0)
		r = write_index(w, &tar, err);
	if (r == 0)
		r = write_docker(w, &tar, err);
	if (r == 0)
		r = write_dir(&tar, "blobs", err);
	if (r == 0)
		r = write_dir(&tar, "blobs/sha256", err);
	for (size_t i = 0; r == 0 && i < w->n_documents; i++)
		r = write_blob(&tar, &w->documents[i], err);
	for (size_t i = 0; r == 0 && i < w->n_layers; i++)
		r = write_blob(&tar, &w->layers[i], err);
	return r == 0 ? tar_write_end(&tar, err) : r;
}

static void free_blobs(struct blob *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].data);
	free(list);
}

/** writer_free() - Release; NULL is fine */
void writer_free(struct writer *w)
{
	if (!w)
		return;
	free_blobs(w->documents, w->n_documents);
	free_blobs(w->layers, w->n_layers);
	json_free(w->manifests);
	json_free(w->docker);
	free(w);
}
