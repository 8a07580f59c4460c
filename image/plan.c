// SPDX-License-Identifier: Apache-2.0
/*
 * image/plan.c - What an archive holds: its documents, verified and understood
 *
 * Three formats, told apart by the documents that are there: an OCI image layout
 * (oci-layout, index.json), what `docker save` writes (manifest.json), and what
 * it wrote before Docker 1.10 (repositories). Later ones have the documents of
 * the earlier, too, for readers that know no better; the newest counts. Where
 * two of them say different things of one name, the archive is refused: which
 * image it is must not depend on who reads it.
 */
#include "image/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "image/reference.h"
#include "image/source.h"

/** plan_add_image() - An empty image at the end of the plan; borrowed until the next one */
struct plan_image *plan_add_image(struct plan *plan)
{
	struct plan_image *image;

	plan->images = xrealloc(plan->images, (plan->n + 1) * sizeof(*plan->images));
	image = &plan->images[plan->n++];
	memset(image, 0, sizeof(*image));
	return image;
}

static void image_done(struct plan_image *image)
{
	for (size_t j = 0; j < image->n_layers; j++) {
		free(image->layers[j].file);
		free(image->layers[j].media_type);
	}
	free(image->layers);
	strlist_done(&image->names);
	free(image->manifest_type);
	free(image->manifest_data);
	free(image->config_data);
	image_config_done(&image->config);
}

/** plan_add_platform() - Remember for messages what there is; @platform is taken, NULL is fine */
void plan_add_platform(struct plan *plan, char *platform)
{
	if (platform && !strlist_has(&plan->platforms, platform))
		strlist_take(&plan->platforms, platform);
	else
		free(platform);
}

/** plan_drop_image() - Without the last image */
void plan_drop_image(struct plan *plan)
{
	image_done(&plan->images[--plan->n]);
}

/** plan_keep_image() - Whether the last image is for the platform asked for; else it is dropped */
bool plan_keep_image(struct plan *plan, const struct plan_platform *platform)
{
	const struct plan_image *image = &plan->images[plan->n - 1];

	plan_add_platform(plan, platform_of_config(&image->config));
	if (!platform->asked || platform->all || platform_fit_config(&image->config, platform))
		return true;
	plan_drop_image(plan);
	return false;
}

/**
 * plan_add_name() - Take over a name that an archive gives an image
 *
 * A name that is none is no reason to refuse the image: it comes without.
 */
void plan_add_name(struct plan_image *image, const char *name)
{
	autofree char *normalised = NULL;
	struct reference ref;
	struct error ignored;

	if (!name || reference_parse(name, &ref, &ignored) < 0 || !ref.tag[0])
		return;
	normalised = reference_name(&ref);
	if (!strlist_has(&image->names, normalised))
		strlist_add(&image->names, normalised);
}

/**
 * plan_set_config() - Take over an image's config document
 * @data:	Owned by the plan from now on, also after a failure
 *
 * The layers must be there already: they get their DiffIDs here.
 */
int plan_set_config(struct plan_image *image, char *data, size_t len, struct error *err)
{
	const struct image_config *c = &image->config;
	int r;

	image->config_data = data;
	image->config_len = len;
	digest_of_buffer(data, len, &image->config_digest);
	r = image_config_parse(data, len, &image->config, err);
	if (r < 0)
		return error_wrap(err, "config");
	if (c->n_diff_ids != image->n_layers)
		return error_set(err, EBADMSG, "%zu layers, but the config lists %zu",
				 image->n_layers, c->n_diff_ids);
	for (size_t i = 0; i < image->n_layers; i++) {
		struct plan_layer *layer = &image->layers[i];

		layer->diff_id = c->diff_ids[i];
		digest_chain(i ? &layer[-1].chain_id : NULL, &layer->diff_id, &layer->chain_id);
	}
	return 0;
}

/**
 * plan_make_manifest() - Make a manifest for an image that came without
 * @sizes:	Of its layers' files
 *
 * The same for the same image. Digests are those of the plain layers.
 */
void plan_make_manifest(struct plan_image *image, const uint64_t *sizes)
{
	struct descriptor config = { .media_type = MEDIA_TYPE_CONFIG,
				     .digest = image->config_digest,
				     .size = image->config_len };
	autofree struct descriptor *layers = xcalloc(image->n_layers, sizeof(*layers));
	autojson struct json *doc = NULL;

	for (size_t i = 0; i < image->n_layers; i++) {
		layers[i].media_type = MEDIA_TYPE_LAYER;
		layers[i].digest = image->layers[i].diff_id;
		layers[i].size = sizes[i];
	}
	doc = manifest_new(&config, layers, image->n_layers);
	image->manifest_type = xstrdup(MEDIA_TYPE_MANIFEST);
	image->manifest_data = json_print(doc);
	image->manifest_len = strlen(image->manifest_data);
	digest_of_buffer(image->manifest_data, image->manifest_len, &image->manifest);
}

static int no_fit(const struct plan *plan, const struct plan_platform *want, struct error *err)
{
	autofree char *have = strlist_join(&plan->platforms, ", ");
	autofree char *safe = str_escape(have);

	return error_set(err, ENOENT, "no image for %s/%s%s%s in it (there is: %.400s)", want->os,
			 want->architecture, want->variant ? "/" : "",
			 want->variant ? want->variant : "", *safe ? safe : "nothing");
}

static void drop_name(struct plan_image *image, size_t at)
{
	struct strlist *l = &image->names;

	free(l->items[at]);
	for (l->n--; at < l->n; at++)
		l->items[at] = l->items[at + 1];
	l->items[l->n] = NULL;
}

/* An archive may list one image several times, once for each name. */
static void merge_same(struct plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->n; i++) {
		struct plan_image *image = &plan->images[i];
		size_t j = 0;

		while (j < kept && !digest_equal(&plan->images[j].manifest, &image->manifest))
			j++;
		if (j == kept) {
			plan->images[kept++] = *image;
			continue;
		}
		for (size_t k = 0; k < image->names.n; k++)
			if (!strlist_has(&plan->images[j].names, image->names.items[k]))
				strlist_add(&plan->images[j].names, image->names.items[k]);
		image_done(image);
	}
	plan->n = kept;
}

/* Of several images with one name the one for this machine keeps it; there must be a best one. */
static int settle_name(struct plan *plan, size_t first, size_t at,
		       const struct plan_platform *platform, struct error *err)
{
	const char *name = plan->images[first].names.items[at];

	for (size_t i = first + 1; i < plan->n; i++)
		for (size_t j = 0; j < plan->images[i].names.n; j++) {
			struct plan_image *a = &plan->images[first], *b = &plan->images[i];
			int fit_a = platform_fit_config(&a->config, platform);
			int fit_b = platform_fit_config(&b->config, platform);

			if (strcmp(b->names.items[j], name))
				continue;
			if (!platform->all && fit_a == fit_b)
				return error_set(err, EBADMSG, "two images in it are called '%s'",
						 name);
			if (fit_a >= fit_b) {
				drop_name(b, j--);
				continue;
			}
			drop_name(a, at);
			return 1;
		}
	return 0;
}

static int settle_names(struct plan *plan, const struct plan_platform *platform, struct error *err)
{
	for (size_t i = 0; i < plan->n; i++)
		for (size_t j = 0; j < plan->images[i].names.n;) {
			int r = settle_name(plan, i, j, platform, err);

			if (r < 0)
				return r;
			j += r == 0;
		}
	return 0;
}

static int read_documents(const struct source *source, const struct plan_platform *platform,
			  struct plan *out, struct error *err)
{
	int r;

	if (source_has(source, "index.json")) {
		r = plan_read_oci(source, platform, out, err);
		if (r == 0 && source_has(source, "manifest.json"))
			r = plan_check_docker(source, out, err);
		return r;
	}
	if (source_has(source, "manifest.json"))
		return plan_read_docker(source, platform, out, err);
	if (source_has(source, "repositories"))
		return plan_read_docker1(source, platform, out, err);
	(void)error_set(err, EBADMSG,
			"neither an OCI image layout (index.json) nor a 'docker save' archive "
			"(manifest.json or repositories)");
	return error_hint(err, "a root file system, as 'export' writes it, is for 'tare import'");
}

/**
 * plan_read() - Read and verify all documents of an archive or layout
 * @platform:	To choose where an index offers several
 * @out:	Released with plan_done(), also after a failure
 *
 * Return: 0, -EBADMSG, -ENOENT if there is none for the platform, or another
 * -errno
 */
int plan_read(const struct source *source, const struct plan_platform *platform, struct plan *out,
	      struct error *err)
{
	int r;

	memset(out, 0, sizeof(*out));
	r = read_documents(source, platform, out, err);
	if (r < 0)
		return r;
	if (!out->n)
		return out->platforms.n ? no_fit(out, platform, err)
					: error_set(err, EBADMSG, "there is no image in it");
	merge_same(out);
	return settle_names(out, platform, err);
}

/** plan_done() - Release; safe twice */
void plan_done(struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		image_done(&plan->images[i]);
	free(plan->images);
	strlist_done(&plan->platforms);
	memset(plan, 0, sizeof(*plan));
}
