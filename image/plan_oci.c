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
#include "base/str.h"
#include "image/plan.h"
#include "image/source.h"

#define INDEX_MAX_DEPTH 4
#define MAX_UNSAID	64 /* images of an index that says of none what it is for */
#define IS_HERE		64 /* more than any platform_fit() */

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
	struct digest_hash *hash;
	struct digest have;
	size_t size;
	int r;

	r = source_read(source, name, max_bytes, &buffer, &size, err);
	if (r < 0)
		return r;
	if (size != d->size)
		return error_set(err, EBADMSG, "size mismatch (%llu expected, '%s' has %zu)",
				 (unsigned long long)d->size, name, size);
	hash = digest_hash_new(d->digest.algorithm);
	digest_hash_update(hash, buffer, size);
	digest_hash_finish(hash, &have);
	digest_hash_free(hash);
	if (!digest_equal(&have, &d->digest))
		return error_set(err, EBADMSG, "%.6s mismatch (%s expected, '%s' has %s)",
				 name + strlen("blobs/"), d->digest.hex, name, have.hex);
	*data = steal_ptr(&buffer);
	*len = size;
	return 0;
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

/* Where an image is, whose name it gets, and whether it was one of several for platforms. */
struct candidate {
	const struct descriptor *image, *named;
	bool chosen, alone;
	int depth;
};

/*
 * What registries and `cosign save` keep beside an image (signatures, charts): of no
 * use here. An image's layer in a format that we lack, or encrypted, is another matter.
 */
static bool is_artifact(const struct manifest *m)
{
	if (m->config.media_type && m->config.kind != MEDIA_CONFIG)
		return true;
	for (size_t i = 0; i < m->n_layers; i++)
		if (m->layers[i].kind == MEDIA_LAYER ||
		    str_starts(m->layers[i].media_type, "application/vnd.oci.image.") ||
		    str_starts(m->layers[i].media_type, "application/vnd.docker."))
			return false;
	return m->n_layers != 0;
}

static int add_manifest(const struct source *source, const struct candidate *c,
			const struct plan_platform *platform, struct plan *plan, struct error *err)
{
	const struct descriptor *d = c->image;
	struct plan_image *image = plan_add_image(plan);
	struct manifest m = { 0 };
	int r;

	image->manifest_type = xstrdup(d->media_type);
	image->chosen = c->chosen;
	add_name(image, c->named);
	r = read_blob(source, d, MANIFEST_MAX_BYTES, &image->manifest_data, &image->manifest_len,
		      err);
	/* The store's name for it: SHA-256, by whatever it was named here. */
	if (r == 0)
		digest_of_buffer(image->manifest_data, image->manifest_len, &image->manifest);
	if (r == 0)
		r = manifest_parse(image->manifest_data, image->manifest_len, &m, err);
	if (!c->alone && is_artifact(&m)) {
		plan_drop_image(plan);
		r = 0;
		goto out;
	}
	if (r < 0)
		r = error_wrap(err, "manifest");
	else
		r = read_image(source, image, &m, err);
	if (r == 0)
		(void)plan_keep_image(plan, platform);
out:
	manifest_done(&m);
	return r;
}

static bool is_image(const struct descriptor *d)
{
	return (d->kind == MEDIA_MANIFEST || d->kind == MEDIA_INDEX) && !platform_is_none(d);
}

static bool is_here(const struct source *source, const struct descriptor *d)
{
	autofree char *name = blob_name(&d->digest);

	return source_has(source, name);
}

static int add_nested(const struct source *source, const struct candidate *c,
		      const struct plan_platform *platform, struct plan *plan, struct error *err);

static int add_candidate(const struct source *source, const struct candidate *c,
			 const struct plan_platform *platform, struct plan *plan, struct error *err)
{
	return c->image->kind == MEDIA_INDEX ? add_nested(source, c, platform, plan, err)
					     : add_manifest(source, c, platform, plan, err);
}

/*
 * Of the images of a nested index the best one. Those that are not in the archive
 * only count if nothing else fits: `docker save` of one platform keeps the index
 * of all. One that is alone will do whatever it is for, unless the user asked.
 */
static const struct descriptor *choose(const struct source *source, const struct index *index,
				       const struct plan_platform *platform, struct plan *plan)
{
	const struct descriptor *best = NULL, *only = NULL;
	int best_score = 0;
	size_t here = 0;

	for (size_t i = 0; i < index->n; i++) {
		const struct descriptor *d = &index->manifests[i];
		bool present = is_image(d) && is_here(source, d);
		int score;

		if (!is_image(d))
			continue;
		plan_add_platform(plan, present ? platform_of(d) : NULL);
		score = platform_fit(d, platform);
		score = score && present ? score + IS_HERE : score;
		if (score > best_score) {
			best = d;
			best_score = score;
		}
		here += present;
		only = present ? d : only;
	}
	if (here == 1 && !platform->asked && best_score < IS_HERE)
		return only;
	return platform->asked && here && best_score < IS_HERE ? NULL : best;
}

static int add_every(const struct source *source, const struct index *index,
		     const struct candidate *c, const struct plan_platform *platform,
		     struct plan *plan, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < index->n; i++) {
		const struct candidate one = { &index->manifests[i], c->named, true, true,
					       c->depth + 1 };

		if (is_image(one.image) && is_here(source, one.image))
			r = add_candidate(source, &one, platform, plan, err);
	}
	return r;
}

/* Of the last image and the one at @first, which may be the same, that which fits better. */
static int keep_better(struct plan *plan, size_t first, int fit,
		       const struct plan_platform *platform)
{
	struct plan_image *best = &plan->images[first], *last = &plan->images[plan->n - 1];
	int new_fit = platform_fit_config(&last->config, platform);

	if (last == best)
		return new_fit;
	if (new_fit > fit) {
		const struct plan_image worse = *best;

		*best = *last;
		*last = worse;
		fit = new_fit;
	}
	plan_drop_image(plan);
	return fit;
}

/* An index need not say what its images are for: their configs do. The best one stays. */
static int add_unsaid(const struct source *source, const struct index *index,
		      const struct candidate *c, const struct plan_platform *platform,
		      struct plan *plan, struct error *err)
{
	size_t first = plan->n;
	int tried = 0, fit = -1, r = 0;

	for (size_t i = 0; r == 0 && i < index->n && tried < MAX_UNSAID; i++) {
		const struct descriptor *d = &index->manifests[i];
		const struct candidate one = { d, c->named, true, index->n == 1, c->depth };
		size_t before = plan->n;

		if (d->kind != MEDIA_MANIFEST || d->platform || !is_image(d) || !is_here(source, d))
			continue;
		tried++;
		r = add_manifest(source, &one, platform, plan, err);
		if (r < 0 || plan->n == before)
			continue;
		fit = keep_better(plan, first, fit, platform);
	}
	/* One that is alone will do, see choose(). */
	if (tried > 1 && !fit)
		plan_drop_image(plan);
	return r;
}

/* An index inside the index: one image for several platforms. */
static int add_nested(const struct source *source, const struct candidate *c,
		      const struct plan_platform *platform, struct plan *plan, struct error *err)
{
	struct candidate one = { NULL, c->named, true, true, c->depth + 1 };
	autofree char *data = NULL;
	struct index index = { 0 };
	size_t len;
	int r;

	if (c->depth > INDEX_MAX_DEPTH)
		return error_set(err, EBADMSG, "indexes nested too deeply");
	r = read_blob(source, c->image, MANIFEST_MAX_BYTES, &data, &len, err);
	if (r == 0)
		r = index_parse(data, len, &index, err);
	if (r == 0 && platform->all) {
		r = add_every(source, &index, c, platform, plan, err);
	} else if (r == 0) {
		one.image = choose(source, &index, platform, plan);
		/* None: that is told when no other image is found either. */
		if (one.image && !one.image->platform && one.image->kind == MEDIA_MANIFEST &&
		    is_here(source, one.image))
			r = add_unsaid(source, &index, &one, platform, plan, err);
		else if (one.image)
			r = add_candidate(source, &one, platform, plan, err);
	}
	index_done(&index);
	return r < 0 ? error_wrap(err, "index") : r;
}

static const char *name_of(const struct descriptor *d)
{
	const char *full = descriptor_annotation(d, ANNOTATION_CONTAINERD_NAME);
	const char *name = full ? full : descriptor_annotation(d, ANNOTATION_REF_NAME);

	return name ? name : "";
}

/* Whether another image of this name fits better: the index itself lists several platforms. */
static bool is_beaten(const struct index *index, const struct descriptor *d,
		      const struct plan_platform *platform)
{
	int fit = platform_fit(d, platform);

	for (size_t i = 0; d->platform && i < index->n; i++) {
		const struct descriptor *other = &index->manifests[i];

		if (other->platform && is_image(other) && platform_fit(other, platform) > fit &&
		    !strcmp(name_of(other), name_of(d)))
			return true;
	}
	return false;
}

/* Attestations and images for other platforms stay out, unless there is nothing else. */
static bool is_wanted(const struct index *index, const struct descriptor *d,
		      const struct plan_platform *platform)
{
	if (!is_image(d))
		return false;
	if (platform->all || (index->n == 1 && !platform->asked))
		return true;
	return platform_fit(d, platform) > 0 && !is_beaten(index, d, platform);
}

static int add_all(const struct source *source, const struct index *index,
		   const struct plan_platform *platform, struct plan *plan, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < index->n; i++) {
		const struct descriptor *d = &index->manifests[i];
		const struct candidate one = { d, d, d->platform && index->n > 1, index->n == 1,
					       1 };

		if (d->kind == MEDIA_OTHER && index->n == 1) {
			autofree char *type = str_escape(d->media_type);

			return error_set(err, EBADMSG,
					 "not a container image: its media type is '%.200s'", type);
		}
		plan_add_platform(plan, is_image(d) ? platform_of(d) : NULL);
		if (!is_wanted(index, d, platform))
			continue;
		r = add_candidate(source, &one, platform, plan, err);
		if (r < 0 && index->n > 1)
			r = error_wrap(err, "image %zu of %zu", i + 1, index->n);
	}
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
