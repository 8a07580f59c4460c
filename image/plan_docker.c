// SPDX-License-Identifier: Apache-2.0
/*
 * image/plan_docker.c - Reading the documents of a `docker save` archive
 *
 * manifest.json is a list of { "Config": FILE, "RepoTags": [...], "Layers":
 * [FILE...] }. There are no digests of the files: layers are verified by the
 * DiffIDs in the config, the config by its own name, which is its digest. The
 * store needs a manifest, so one is made, the same for the same image.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "image/plan.h"
#include "image/source.h"

#define MAX_NAMES 1000

/* "HEX.json", "sha256:HEX" or "blobs/sha256/HEX": the name tells what the content must be. */
static int check_config_name(const char *file, const struct digest *have, struct error *err)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash ? slash + 1 : file;
	size_t len;

	if (str_starts(name, "sha256:"))
		name += strlen("sha256:");
	len = strlen(name);
	if (str_ends(name, ".json"))
		len -= strlen(".json");
	if (len != DIGEST_SHA256_HEX || !str_is_hex(name, len) || !strncmp(name, have->hex, len))
		return 0;
	return error_set(err, EBADMSG, "config: sha256 mismatch (its name says %.64s, file has %s)",
			 name, have->hex);
}

static int add_layers(struct plan_image *image, const struct json *files, struct error *err)
{
	size_t n = json_count(files);

	/* Docker's way to write the empty list of an image that only has a config. */
	if (json_kind_of(files) == JSON_NIL)
		return 0;
	if (json_kind_of(files) != JSON_LIST || n > MANIFEST_MAX_LAYERS)
		return error_set(err, EBADMSG, "'Layers' is not a list of at most %d files",
				 MANIFEST_MAX_LAYERS);
	image->layers = xcalloc(n, sizeof(*image->layers));
	image->n_layers = n;
	for (size_t i = 0; i < n; i++) {
		const char *file = json_text(json_at(files, i));

		if (!file)
			return error_set(err, EBADMSG, "'Layers' is not a list of texts");
		image->layers[i].file = xstrdup(file);
	}
	return 0;
}

/* There is no manifest; sizes are those of the files here. */
static int make_manifest(const struct source *source, struct plan_image *image, struct error *err)
{
	uint64_t sizes[MANIFEST_MAX_LAYERS];

	for (size_t i = 0; i < image->n_layers; i++) {
		struct source_file file;
		int r = source_find(source, image->layers[i].file, &file, err);

		if (r < 0)
			return error_wrap(err, "layer %zu of %zu", i + 1, image->n_layers);
		sizes[i] = file.size;
		source_file_close(&file);
	}
	plan_make_manifest(image, sizes);
	return 0;
}

static int add_image(const struct source *source, const struct json *entry,
		     const struct plan_platform *platform, struct plan *plan, struct error *err)
{
	struct plan_image *image = plan_add_image(plan);
	const char *file = json_text(json_get(entry, "Config"));
	const struct json *tags = json_get(entry, "RepoTags");
	char *data = NULL;
	size_t len;
	int r;

	if (!file)
		return error_set(err, EBADMSG, "'Config' is missing");
	for (size_t i = 0; i < json_count(tags); i++)
		plan_add_name(image, json_text(json_at(tags, i)));
	r = add_layers(image, json_get(entry, "Layers"), err);
	if (r < 0)
		return r;
	r = source_read(source, file, IMAGE_CONFIG_MAX_BYTES, &data, &len, err);
	if (r < 0)
		return error_wrap(err, "config");
	r = plan_set_config(image, data, len, err);
	if (r < 0)
		return r;
	r = check_config_name(file, &image->config_digest, err);
	if (r < 0 || !plan_keep_image(plan, platform))
		return r;
	return make_manifest(source, image, err);
}

/* Each name is looked for among all others, here and in the store's index. */
static int check_names(const struct json *doc, struct error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < json_count(doc); i++)
		n += json_count(json_get(json_at(doc, i), "RepoTags"));
	if (n > MAX_NAMES)
		return error_set(err, EBADMSG, "manifest.json: %zu names are more than %d", n,
				 MAX_NAMES);
	return 0;
}

static int read_list(const struct source *source, struct json **out, struct error *err)
{
	autofree char *data = NULL;
	autojson struct json *doc = NULL;
	size_t len;
	int r;

	r = source_read(source, "manifest.json", MANIFEST_MAX_BYTES, &data, &len, err);
	if (r < 0)
		return r;
	doc = json_parse(data, len, err);
	if (!doc)
		return error_wrap(err, "manifest.json");
	if (json_get(doc, "schemaVersion"))
		return error_set(err, EBADMSG,
				 "manifest.json is a manifest, as in 'dir:' of skopeo, "
				 "which makes a layout of it: skopeo copy dir:A oci:B");
	if (json_kind_of(doc) != JSON_LIST || json_count(doc) > INDEX_MAX_MANIFESTS)
		return error_set(err, EBADMSG, "manifest.json: not a list of at most %d images",
				 INDEX_MAX_MANIFESTS);
	r = check_names(doc, err);
	if (r < 0)
		return r;
	*out = steal_ptr(&doc);
	return 0;
}

/** plan_read_docker() - Read the documents of a `docker save` archive into the plan */
int plan_read_docker(const struct source *source, const struct plan_platform *platform,
		     struct plan *plan, struct error *err)
{
	autojson struct json *doc = NULL;
	int r;

	r = read_list(source, &doc, err);
	for (size_t i = 0; r == 0 && i < json_count(doc); i++) {
		r = add_image(source, json_at(doc, i), platform, plan, err);
		if (r < 0)
			r = error_wrap(err, "image %zu of %zu", i + 1, json_count(doc));
	}
	return r;
}

/* The image that the index gave this name, unless it was one of several for several platforms. */
static const struct plan_image *find_named(const struct plan *plan, const char *name)
{
	struct plan_image key = { 0 };
	const struct plan_image *found = NULL;

	plan_add_name(&key, name);
	for (size_t i = 0; key.names.n && i < plan->n; i++)
		if (!plan->images[i].chosen &&
		    strlist_has(&plan->images[i].names, key.names.items[0]))
			found = &plan->images[i];
	strlist_done(&key.names);
	return found;
}

static int digest_of_config(const struct source *source, const struct json *entry,
			    struct digest *out, struct error *err)
{
	const char *file = json_text(json_get(entry, "Config"));
	autofree char *data = NULL;
	size_t len;
	int r;

	if (!file)
		return error_set(err, EBADMSG, "manifest.json: 'Config' is missing");
	r = source_read(source, file, IMAGE_CONFIG_MAX_BYTES, &data, &len, err);
	if (r < 0)
		return error_wrap(err, "manifest.json");
	digest_of_buffer(data, len, out);
	return 0;
}

/* A name that the index does not know is another one of the image with this config. */
static void add_name_of(struct plan *plan, const struct digest *config, const char *name)
{
	for (size_t i = 0; i < plan->n; i++)
		if (digest_equal(&plan->images[i].config_digest, config))
			plan_add_name(&plan->images[i], name);
}

static int check_entry(const struct source *source, const struct json *entry, struct plan *plan,
		       struct error *err)
{
	const struct json *tags = json_get(entry, "RepoTags");
	struct digest config;
	int r = json_count(tags) ? digest_of_config(source, entry, &config, err) : 0;

	for (size_t i = 0; i < json_count(tags); i++) {
		const char *tag = json_text(json_at(tags, i));
		const struct plan_image *image = find_named(plan, tag);

		if (image && r < 0)
			return r;
		if (image && !digest_equal(&config, &image->config_digest))
			return error_set(err, EBADMSG,
					 "index.json and manifest.json disagree about what "
					 "'%.200s' is",
					 tag);
		if (!image && r == 0)
			add_name_of(plan, &config, tag);
	}
	return 0;
}

/** plan_check_docker() - See that manifest.json says nothing else than the index that was read */
int plan_check_docker(const struct source *source, struct plan *plan, struct error *err)
{
	autojson struct json *doc = NULL;
	int r;

	r = read_list(source, &doc, err);
	for (size_t i = 0; r == 0 && i < json_count(doc); i++)
		r = check_entry(source, json_at(doc, i), plan, err);
	return r;
}
