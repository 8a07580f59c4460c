// SPDX-License-Identifier: Apache-2.0
/*
 * image/plan_docker1.c - Reading what `docker save` wrote before Docker 1.10
 *
 * repositories is a map { NAME: { TAG: ID } }. An image is a chain of layers, each
 * a directory ID with layer.tar and json, which names its parent. IDs are
 * random, and there are no digests at all: DiffIDs are computed here, and a
 * config is made of the json of the top layer, the same for the same archive.
 * So the layers' bytes are read before it is known which of them are new.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "image/codec.h"
#include "image/plan.h"
#include "image/source.h"

#define READ_BYTES (256U << 10)

/* The json of a chain's layers, top first. */
struct chain {
	struct json *docs[MANIFEST_MAX_LAYERS];
	char *ids[MANIFEST_MAX_LAYERS];
	size_t n;
};

/* Layers whose DiffID is known: several images may stand on them, and any number of names. */
struct known {
	struct known_layer {
		char id[DIGEST_SHA256_HEX + 1];
		struct digest diff_id;
		uint64_t size;
	} * items;
	size_t n;
	/* The image of the name before, which often has several. */
	char top[DIGEST_SHA256_HEX + 1];
	size_t image;
};

static void chain_done(struct chain *chain)
{
	for (size_t i = 0; i < chain->n; i++) {
		json_free(chain->docs[i]);
		free(chain->ids[i]);
	}
}

static int read_layer_json(const struct source *source, const char *id, struct json **out,
			   struct error *err)
{
	autofree char *name = xasprintf("%s/json", id);
	autofree char *data = NULL;
	size_t len;
	int r;

	r = source_read(source, name, IMAGE_CONFIG_MAX_BYTES, &data, &len, err);
	if (r < 0)
		return r;
	*out = json_parse(data, len, err);
	if (!*out)
		return error_wrap(err, "'%s'", name);
	return 0;
}

static int read_chain(const struct source *source, const char *id, struct chain *chain,
		      struct error *err)
{
	int r;

	for (; id && *id; id = json_text(json_get(chain->docs[chain->n - 1], "parent"))) {
		if (strlen(id) != DIGEST_SHA256_HEX || !str_is_hex(id, DIGEST_SHA256_HEX))
			return error_set(err, EBADMSG, "'%.100s' is no layer's id", id);
		for (size_t i = 0; i < chain->n; i++)
			if (!strcmp(chain->ids[i], id))
				return error_set(err, EBADMSG, "layer '%s' is its own parent", id);
		if (chain->n == MANIFEST_MAX_LAYERS)
			return error_set(err, EBADMSG, "more than %d layers", MANIFEST_MAX_LAYERS);
		r = read_layer_json(source, id, &chain->docs[chain->n], err);
		if (r < 0)
			return r;
		chain->ids[chain->n++] = xstrdup(id);
	}
	return 0;
}

struct input {
	struct source_file file;
	uint64_t at;
	unsigned char *buffer;
};

static int fill(void *arg, const unsigned char **data, size_t *len, struct error *err)
{
	struct input *in = arg;
	ssize_t n = source_file_read(&in->file, in->at, in->buffer, READ_BYTES, err);

	if (n < 0)
		return (int)n;
	in->at += (uint64_t)n;
	*data = in->buffer;
	*len = (size_t)n;
	return 0;
}

static int hash_inflated(struct codec *codec, uint64_t max_bytes, struct digest *out,
			 struct error *err)
{
	struct digest_hash *hash = digest_hash_new(DIGEST_SHA256);
	const unsigned char *data;
	uint64_t total = 0;
	size_t len = 1;
	int r = 0;

	while (r == 0 && len) {
		r = codec_read(codec, &data, &len, err);
		if (r == 0)
			digest_hash_update(hash, data, len);
		total += r == 0 ? len : 0;
		if (r == 0 && total > max_bytes)
			r = error_set(err, EFBIG, "inflates to more than %llu bytes",
				      (unsigned long long)max_bytes);
	}
	digest_hash_finish(hash, out);
	digest_hash_free(hash);
	return r;
}

static int compute_diff_id(const struct source *source, const char *name, struct digest *out,
			   uint64_t *size, struct error *err)
{
	autofree unsigned char *buffer = xmalloc(READ_BYTES);
	struct input in = { .buffer = buffer };
	const unsigned char *head = NULL;
	struct codec *codec;
	size_t len = 0;
	int r;

	r = source_find(source, name, &in.file, err);
	if (r < 0)
		return r;
	*size = in.file.size;
	r = fill(&in, &head, &len, err);
	if (r == 0) {
		in.at = 0;
		codec = codec_new(codec_detect(head, len), fill, &in);
		r = hash_inflated(codec, source_max_inflated(source, in.file.size), out, err);
		codec_free(codec);
	}
	source_file_close(&in.file);
	return r;
}

static int find_diff_id(const struct source *source, const char *id, const char *file,
			struct known *known, const struct known_layer **out, struct error *err)
{
	struct known_layer *layer;
	int r;

	for (size_t i = 0; i < known->n; i++)
		if (!strcmp(known->items[i].id, id)) {
			*out = &known->items[i];
			return 0;
		}
	known->items = xrealloc(known->items, (known->n + 1) * sizeof(*known->items));
	layer = &known->items[known->n];
	r = compute_diff_id(source, file, &layer->diff_id, &layer->size, err);
	if (r < 0)
		return r;
	memcpy(layer->id, id, sizeof(layer->id)); /* read_chain() has looked at it */
	known->n++;
	*out = layer;
	return 0;
}

static struct json *history_of(const struct json *doc)
{
	const struct json *cmd = json_get(json_get(doc, "container_config"), "Cmd");
	struct json *row = json_new_map();
	autostr struct str line = { 0 };

	for (size_t i = 0; i < json_count(cmd); i++)
		str_printf(&line, "%s%s", i ? " " : "", json_text_or(json_at(cmd, i), ""));
	if (json_text(json_get(doc, "created")))
		json_set_text(row, "created", json_text(json_get(doc, "created")));
	if (json_text(json_get(doc, "author")))
		json_set_text(row, "author", json_text(json_get(doc, "author")));
	if (line.len)
		json_set_text(row, "created_by", line.data);
	if (json_text(json_get(doc, "comment")))
		json_set_text(row, "comment", json_text(json_get(doc, "comment")));
	return row;
}

/* What the top layer's json says of the image, and what configs have had since. */
static char *make_config(const struct chain *chain, const struct digest *diff_ids)
{
	static const char *const of_the_layer[] = { "id",	"parent",    "Size",
						    "layer_id", "parent_id", "throwaway" };
	autojson struct json *config = json_clone(chain->docs[0]);
	struct json *rootfs = json_new_map(), *ids = json_new_list(), *history = json_new_list();

	for (size_t i = 0; i < sizeof(of_the_layer) / sizeof(of_the_layer[0]); i++)
		json_unset(config, of_the_layer[i]);
	for (size_t i = chain->n; i-- > 0;) {
		char text[DIGEST_TEXT_MAX];

		digest_format(&diff_ids[chain->n - 1 - i], text);
		json_add_text(ids, text);
		json_add(history, history_of(chain->docs[i]));
	}
	json_set_text(rootfs, "type", "layers");
	json_set(rootfs, "diff_ids", ids);
	json_set(config, "rootfs", rootfs);
	json_set(config, "history", history);
	return json_print(config);
}

static int add_image(const struct source *source, const struct chain *chain, const char *name,
		     const struct plan_platform *platform, struct known *known, struct plan *plan,
		     struct error *err)
{
	struct plan_image *image = plan_add_image(plan);
	struct digest diff_ids[MANIFEST_MAX_LAYERS];
	uint64_t sizes[MANIFEST_MAX_LAYERS];
	char *config;
	int r;

	plan_add_name(image, name);
	image->layers = xcalloc(chain->n, sizeof(*image->layers));
	image->n_layers = chain->n;
	for (size_t i = 0; i < chain->n; i++) {
		const char *id = chain->ids[chain->n - 1 - i];
		const struct known_layer *layer;

		image->layers[i].file = xasprintf("%s/layer.tar", id);
		r = find_diff_id(source, id, image->layers[i].file, known, &layer, err);
		if (r < 0)
			return error_wrap(err, "layer %zu of %zu", i + 1, chain->n);
		diff_ids[i] = layer->diff_id;
		sizes[i] = layer->size;
	}
	if (json_kind_of(chain->docs[0]) != JSON_MAP)
		return error_set(err, EBADMSG, "'%s/json' is not a map", chain->ids[0]);
	config = make_config(chain, diff_ids);
	r = plan_set_config(image, config, strlen(config), err);
	if (r < 0 || !plan_keep_image(plan, platform))
		return r;
	plan_make_manifest(image, sizes);
	return 0;
}

static int add_named(const struct source *source, const char *name, const char *id,
		     const struct plan_platform *platform, struct known *known, struct plan *plan,
		     struct error *err)
{
	autofree struct chain *chain = NULL;
	int r;

	if (!id || !*id)
		return error_set(err, EBADMSG, "repositories: '%.200s' names nothing", name);
	if (!strcmp(id, known->top) && known->image < plan->n) {
		plan_add_name(&plan->images[known->image], name);
		return 0;
	}
	known->image = plan->n;
	known->top[0] = '\0';
	chain = xcalloc(1, sizeof(*chain)); /* more than the stack need have */
	r = read_chain(source, id, chain, err);
	if (r == 0)
		r = add_image(source, chain, name, platform, known, plan, err);
	if (r == 0 && plan->n > known->image)
		memcpy(known->top, id, sizeof(known->top));
	chain_done(chain);
	return r < 0 ? error_wrap(err, "image '%.200s'", name) : r;
}

static int add_all(const struct source *source, const struct json *repositories,
		   const struct plan_platform *platform, struct known *known, struct plan *plan,
		   struct error *err)
{
	const struct json *tags, *id;
	const char *repository, *tag;
	size_t n = 0;
	int r;

	for (void *i = NULL; json_next(repositories, &i, &repository, &tags);)
		for (void *j = NULL; json_next(tags, &j, &tag, &id);) {
			autofree char *name = xasprintf("%s:%s", repository, tag);

			if (++n > INDEX_MAX_MANIFESTS)
				return error_set(err, EBADMSG, "repositories: too many images");
			r = add_named(source, name, json_text(id), platform, known, plan, err);
			if (r < 0)
				return r;
		}
	return 0;
}

/** plan_read_docker1() - Read the documents of an archive of old Docker into the plan */
int plan_read_docker1(const struct source *source, const struct plan_platform *platform,
		      struct plan *plan, struct error *err)
{
	struct known known = { 0 };
	autojson struct json *doc = NULL;
	autofree char *data = NULL;
	size_t len;
	int r;

	r = source_read(source, "repositories", MANIFEST_MAX_BYTES, &data, &len, err);
	if (r < 0)
		return r;
	doc = json_parse(data, len, err);
	if (!doc)
		return error_wrap(err, "repositories");
	r = add_all(source, doc, platform, &known, plan, err);
	free(known.items);
	return r;
}
