// SPDX-License-Identifier: Apache-2.0
/*
 * image/manifest.c - Index and manifest documents
 *
 * image-spec image-index.md and manifest.md. A document that could be read as
 * both is refused (CVE-2021-41190).
 */
#include "image/manifest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/str.h"

/* The schema version, and a media type that agrees with what is expected, if there is one. */
static int check_kind(const struct json *doc, enum media_kind kind, struct error *err)
{
	const struct json *media_type = json_get(doc, "mediaType");

	if (json_kind_of(doc) != JSON_MAP)
		return error_set(err, EBADMSG, "document is not a map");
	if (json_int(json_get(doc, "schemaVersion"), 0) != 2)
		return error_set(err, EBADMSG, "schemaVersion is not 2");
	if (json_kind_of(media_type) != JSON_ABSENT &&
	    (!json_text(media_type) || descriptor_media_kind(json_text(media_type)) != kind))
		return error_set(err, EBADMSG, "unexpected mediaType");
	if (json_get(doc, "manifests") && json_get(doc, "layers"))
		return error_set(err, EBADMSG, "document is both an index and a manifest");
	return 0;
}

static int parse_list(const struct json *list, const char *what, size_t max,
		      struct descriptor **out, size_t *n, struct error *err)
{
	size_t count = json_count(list);
	int r;

	/* How Go writes an empty list that nobody made. */
	if (json_kind_of(list) == JSON_NIL)
		return 0;
	if (json_kind_of(list) != JSON_LIST)
		return error_set(err, EBADMSG, "'%s' is not a list", what);
	if (count > max)
		return error_set(err, EBADMSG, "%zu %s, at most %zu are allowed", count, what, max);
	*out = xcalloc(count, sizeof(**out));
	for (size_t i = 0; i < count; i++) {
		r = descriptor_parse(json_at(list, i), &(*out)[i], err);
		if (r < 0)
			return error_wrap(err, "%s[%zu]", what, i);
	}
	*n = count;
	return 0;
}

/**
 * index_parse() - Read an image index
 * @out:	Released with index_done(), also after a failure
 *
 * Return: 0, or -EBADMSG
 */
int index_parse(const char *data, size_t len, struct index *out, struct error *err)
{
	int r;

	memset(out, 0, sizeof(*out));
	out->doc = json_parse(data, len, err);
	if (!out->doc)
		return -err->code;
	r = check_kind(out->doc, MEDIA_INDEX, err);
	if (r < 0)
		return r;
	return parse_list(json_get(out->doc, "manifests"), "manifests", INDEX_MAX_MANIFESTS,
			  &out->manifests, &out->n, err);
}

/** index_done() - Release what index_parse() made */
void index_done(struct index *index)
{
	free(index->manifests);
	json_free(index->doc);
	memset(index, 0, sizeof(*index));
}

/**
 * manifest_parse() - Read an image manifest
 * @out:	Released with manifest_done(), also after a failure
 *
 * Return: 0, or -EBADMSG
 */
int manifest_parse(const char *data, size_t len, struct manifest *out, struct error *err)
{
	int r;

	memset(out, 0, sizeof(*out));
	out->doc = json_parse(data, len, err);
	if (!out->doc)
		return -err->code;
	r = check_kind(out->doc, MEDIA_MANIFEST, err);
	if (r < 0)
		return r;
	r = descriptor_parse(json_get(out->doc, "config"), &out->config, err);
	if (r < 0)
		return error_wrap(err, "config");
	if (out->config.kind != MEDIA_CONFIG) {
		char *type = str_escape(out->config.media_type);

		r = error_set(err, EBADMSG, "not a container image: its config is '%.200s'", type);
		free(type);
		return r;
	}
	return parse_list(json_get(out->doc, "layers"), "layers", MANIFEST_MAX_LAYERS, &out->layers,
			  &out->n_layers, err);
}

/** manifest_done() - Release what manifest_parse() made */
void manifest_done(struct manifest *m)
{
	free(m->layers);
	json_free(m->doc);
	memset(m, 0, sizeof(*m));
}

/** manifest_new() - A new manifest document, for archives that come without one */
struct json *manifest_new(const struct descriptor *config, const struct descriptor *layers,
			  size_t n_layers)
{
	struct json *doc = json_new_map(), *list = json_new_list();

	for (size_t i = 0; i < n_layers; i++)
		json_add(list, descriptor_to_json(&layers[i]));
	json_set_int(doc, "schemaVersion", 2);
	json_set_text(doc, "mediaType", MEDIA_TYPE_MANIFEST);
	json_set(doc, "config", descriptor_to_json(config));
	json_set(doc, "layers", list);
	return doc;
}
