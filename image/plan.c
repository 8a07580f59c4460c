// SPDX-License-Identifier: Apache-2.0
/*
 * image/plan.c - What an archive holds: its documents, verified and understood
 *
 * Two formats, told apart by the documents that are there: an OCI image layout
 * (oci-layout, index.json), or what `docker save` writes (manifest.json).
 * Recent Docker writes both into one archive; the layout has the digests, so
 * it is preferred.
 */
#include "image/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "image/reference.h"
#include "image/source.h"

/* uname(2) machine → GOARCH and variant, as image documents spell them. */
static const struct {
	const char *machine, *architecture, *variant;
} machines[] = {
	{ "x86_64", "amd64", NULL },	{ "aarch64", "arm64", "v8" },
	{ "armv7l", "arm", "v7" },	{ "armv6l", "arm", "v6" },
	{ "i686", "386", NULL },	{ "riscv64", "riscv64", NULL },
	{ "ppc64le", "ppc64le", NULL }, { "s390x", "s390x", NULL },
};

/** plan_this_machine() - The platform to choose when the user names none */
void plan_this_machine(struct plan_platform *out)
{
	struct utsname name;

	*out = (struct plan_platform){ "linux", "amd64", NULL };
	if (uname(&name) < 0)
		return;
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (!strcmp(machines[i].machine, name.machine)) {
			out->architecture = machines[i].architecture;
			out->variant = machines[i].variant;
		}
}

/** plan_add_image() - An empty image at the end of the plan; borrowed until the next one */
struct plan_image *plan_add_image(struct plan *plan)
{
	struct plan_image *image;

	plan->images = xrealloc(plan->images, (plan->n + 1) * sizeof(*plan->images));
	image = &plan->images[plan->n++];
	memset(image, 0, sizeof(*image));
	return image;
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
	if (!c->n_diff_ids)
		return error_set(err, EBADMSG, "the image has no layers");
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
 * plan_read() - Read and verify all documents of an archive or layout
 * @platform:	To choose where an index offers several
 * @out:	Released with plan_done(), also after a failure
 *
 * Return: 0, -EBADMSG, or another -errno
 */
int plan_read(const struct source *source, const struct plan_platform *platform, struct plan *out,
	      struct error *err)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (source_has(source, "index.json"))
		r = plan_read_oci(source, platform, out, err);
	else if (source_has(source, "manifest.json"))
		r = plan_read_docker(source, out, err);
	else
		return error_set(err, EBADMSG,
				 "neither an OCI image layout (index.json) nor a 'docker save' "
				 "archive (manifest.json)");
	if (r < 0)
		return r;
	if (!out->n)
		return error_set(err, EBADMSG, "there is no image in it");
	return 0;
}

/** plan_done() - Release; safe twice */
void plan_done(struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct plan_image *image = &plan->images[i];

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
	free(plan->images);
	memset(plan, 0, sizeof(*plan));
}
