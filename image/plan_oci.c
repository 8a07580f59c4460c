// SPDX-License-Identifier: Apache-2.0
/*
 * image/plan_oci.c - Reading the documents of an OCI image layout
 *
 * image-spec image-layout.md. index.json is trusted as far as its digests go;
 * every document below it is read by descriptor, and must have its size and
 * digest.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "image/plan.h"
#include "image/source.h"

#define INDEX_MAX_DEPTH 4

static char *blob_name(const struct digest *d)
{
	return xasprintf("blobs/%s/%s", d->algorithm == DIGEST_SHA512 ? "sha512" : "sha256",
			 d->hex);
}

static int read_blob(const struct source *source, const struct descriptor *d, size_t max_bytes,
		     char **data, size_t *len, struct error *err)
{
	autofree char *name = blob_name(&d->digest);
	autofree char *buffer = NULL;
	struct digest have;
	size_t size;
	int r;

	if (d->digest.algorithm != DIGEST_SHA256)
		return error_set(err, EBADMSG, "documents are named by SHA-256 only");
	r = source_read(source, name, max_bytes, &buffer, &size, err);
	if (r < 0)
		return r;
	if (size != d->size)
		return error_set(err, EBADMSG, "size mismatch (%llu expected, '%s' has %zu)",
				 (unsigned long long)d->size, name, size);
	digest_of_buffer(buffer, size, &have);
	if (!digest_equal(&have, &d->digest))
		return error_set(err, EBADMSG, "sha256 mismatch (%s expected, '%s' has %s)",
				 d->digest.hex, name, have.hex);
	*data = steal_ptr(&buffer);
	*len = size;
	return 0;
}

/*
 * How well a descriptor fits the platform: 0 not at all, 1 if it does not say,
 * 2 if it fits, 3 if the variant does, too.
 */
static int fit(const struct descriptor *d, const struct plan_platform *want)
{
	const char *variant;

	if (!d->platform)
		return 1;
	if (strcmp(json_text_or(json_get(d->platform, "os"), ""), want->os) ||
	    strcmp(json_text_or(json_get(d->platform, "architecture"), ""), want->architecture))
		return 0;
	variant = json_text_or(json_get(d->platform, "variant"), "");
	return want->variant && !strcmp(variant, want->variant) ? 3 : 2;
}

/* Names may be a whole reference (skopeo, podman) or a tag alone (umoci, buildx). */
static void add_name(struct plan_image *image, const struct descriptor *d)
{
	const char *full = descriptor_annotation(d, ANNOTATION_CONTAINERD_NAME);
	const char *name = descriptor_annotation(d, ANNOTATION_REF_NAME);

	if (full) {
		plan_add_name(image, full);
		return;
	}
	/* A tag without a repository names nothing: "latest", "1.36", "v2". */
	if (!name || (!strpbrk(name, ":/") &&
		      (!strcmp(name, "latest") || strspn(name, "v0123456789.") == strlen(name))))
		return;
	plan_add_name(image, name);
}

static int add_layers(struct plan_image *image, const struct manifest *m, struct error *err)
{
	image->layers = xcalloc(m->n_layers, sizeof(*image->layers));
	image->n_layers = m->n_layers;
	for (size_t i = 0; i < m->n_layers; i++) {
		const struct descriptor *d = &m->layers[i];
		struct plan_layer *layer = &image->layers[i];

		if (d->kind != MEDIA_LAYER) {
			autofree char *type = str_escape(d->media_type);

			return error_set(err, EBADMSG,
					 "layer %zu of %zu: unknown media type '%.200s'", i + 1,
					 m->n_layers, type);
		}
		layer->file = blob_name(&d->digest);
		layer->media_type = xstrdup(d->media_type);
		layer->has_blob = true;
		layer->blob = d->digest;
		layer->blob_size = d->size;
	}
	return 0;
}

static int read_image(const struct source *source, struct plan_image *image,
		      const struct manifest *m, struct error *err)
{
	char *data = NULL;
	size_t len;
	int r;

	r = add_layers(image, m, err);
	if (r < 0)
		return r;
	r = read_blob(source, &m->config, IMAGE_CONFIG_MAX_BYTES, &data, &len, err);
	if (r < 0)
		return error_wrap(err, "config");
	return plan_set_config(image, data, len, err);
}

static int add_manifest(const struct source *source, const struct descriptor *d,
			const struct descriptor *named, struct plan *plan, struct error *err)
{
	struct plan_image *image = plan_add_image(plan);
	struct manifest m = { 0 };
	int r;

	image->manifest = d->digest;
	image->manifest_type = xstrdup(d->media_type);
	add_name(image, named);
	r = read_blob(source, d, MANIFEST_MAX_BYTES, &image->manifest_data, &image->manifest_len,
		      err);
	if (r == 0)
		r = manifest_parse(image->manifest_data, image->manifest_len, &m, err);
	if (r < 0)
		r = error_wrap(err, "manifest");
	else
		r = read_image(source, image, &m, err);
	manifest_done(&m);
	return r;
}

static int no_fit(const struct index *index, const struct plan_platform *want, struct error *err)
{
	autostr struct str have = { 0 };
	autofree char *safe = NULL;

	for (size_t i = 0; i < index->n && i < 16; i++) {
		const struct json *p = index->manifests[i].platform;

		if (p)
			str_printf(&have, "%s%s/%s", have.len ? ", " : "",
				   json_text_or(json_get(p, "os"), "?"),
				   json_text_or(json_get(p, "architecture"), "?"));
	}
	safe = str_escape(have.data ? have.data : "nothing");
	return error_set(err, ENOENT, "no image for %s/%s in it (there is: %.400s)", want->os,
			 want->architecture, safe);
}

/* An index inside the index: one image for several platforms. Choose one. */
static int add_nested(const struct source *source, const struct descriptor *d,
		      const struct descriptor *named, const struct plan_platform *platform,
		      int depth, struct plan *plan, struct error *err)
{
	const struct descriptor *best = NULL;
	autofree char *data = NULL;
	struct index index = { 0 };
	size_t len;
	int r;

	if (depth > INDEX_MAX_DEPTH)
		return error_set(err, EBADMSG, "indexes nested too deeply");
	r = read_blob(source, d, MANIFEST_MAX_BYTES, &data, &len, err);
	if (r == 0)
		r = index_parse(data, len, &index, err);
	for (size_t i = 0; r == 0 && i < index.n; i++) {
		const struct descriptor *one = &index.manifests[i];

		if ((one->kind == MEDIA_MANIFEST || one->kind == MEDIA_INDEX) &&
		    fit(one, platform) > (best ? fit(best, platform) : 0))
			best = one;
	}
	if (r == 0 && !best)
		r = no_fit(&index, platform, err);
	else if (r == 0 && best->kind == MEDIA_INDEX)
		r = add_nested(source, best, named, platform, depth + 1, plan, err);
	else if (r == 0)
		r = add_manifest(source, best, named, plan, err);
	index_done(&index);
	return r < 0 ? error_wrap(err, "index") : r;
}

/* Attestations and images for other platforms stay out, unless there is nothing else. */
static bool is_wanted(const struct index *index, const struct descriptor *d,
		      const struct plan_platform *platform)
{
	if (d->kind != MEDIA_MANIFEST && d->kind != MEDIA_INDEX)
		return false;
	return index->n == 1 || fit(d, platform) > 0;
}

static int add_all(const struct source *source, const struct index *index,
		   const struct plan_platform *platform, struct plan *plan, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < index->n; i++) {
		const struct descriptor *d = &index->manifests[i];

		if (!is_wanted(index, d, platform))
			continue;
		if (d->kind == MEDIA_INDEX)
			r = add_nested(source, d, d, platform, 1, plan, err);
		else
			r = add_manifest(source, d, d, plan, err);
		if (r < 0 && index->n > 1)
			r = error_wrap(err, "image %zu of %zu", i + 1, index->n);
	}
	if (r == 0 && index->n && !plan->n)
		return no_fit(index, platform, err);
	return r;
}

/** plan_read_oci() - Read the documents of a layout into the plan */
int plan_read_oci(const struct source *source, const struct plan_platform *platform,
		  struct plan *plan, struct error *err)
{
	autofree char *data = NULL;
	struct index index = { 0 };
	size_t len;
	int r;

	r = source_read(source, "index.json", MANIFEST_MAX_BYTES, &data, &len, err);
	if (r < 0)
		return r;
	r = index_parse(data, len, &index, err);
	if (r < 0)
		r = error_wrap(err, "index.json");
	else
		r = add_all(source, &index, platform, plan, err);
	index_done(&index);
	return r;
}
