// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/image_inspect.c - All there is to know of an image, docker's field names
 */
#include "cmd/image_inspect.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/maps.h"
#include "cmd/stores.h"
#include "image/image.h"
#include "image/reference.h"

static void set_text(struct json *map, const char *key, const char *text)
{
	json_set_text(map, key, text ? text : "");
}

/* docker shows absent lists as null. */
static void set_list(struct json *map, const char *key, const struct strlist *l)
{
	if (l->n)
		json_set_list(map, key, l->items, l->n);
	else
		json_set(map, key, json_new_nil());
}

/**
 * image_names() - The names of an image, as docker shows them
 * @with_digest: REPOSITORY@DIGEST instead of REPOSITORY:TAG
 *
 * Return: a new list of texts
 */
struct json *image_names(const struct image_list *list, const char *id, bool with_digest)
{
	struct json *names = json_new_list();

	for (size_t i = 0; i < list->n; i++) {
		const struct image_summary *row = &list->items[i];
		const char *name = reference_familiar(row->name);
		const char *colon = strrchr(name, ':');
		autofree char *pinned = NULL;

		if (!*name || strcmp(row->id, id) != 0)
			continue;
		pinned = xasprintf("%.*s@%s", colon ? (int)(colon - name) : 0, name, row->manifest);
		json_add_text(names, with_digest ? pinned : name);
	}
	return names;
}

static struct json *make_config(const struct image_config *c)
{
	struct json *map = json_new_map();

	set_text(map, "User", c->user);
	json_set(map, "ExposedPorts", maps_of_keys(&c->exposed_ports));
	set_list(map, "Env", &c->env);
	set_list(map, "Entrypoint", &c->entrypoint);
	set_list(map, "Cmd", &c->cmd);
	json_set(map, "Volumes", maps_of_keys(&c->volumes));
	set_text(map, "WorkingDir", c->working_dir);
	set_text(map, "StopSignal", c->stop_signal);
	json_set(map, "Labels", c->labels ? json_clone(c->labels) : json_new_nil());
	if (c->healthcheck)
		json_set(map, "Healthcheck", json_clone(c->healthcheck));
	return map;
}

static struct json *make_rootfs(const struct image_config *c)
{
	struct json *map = json_new_map(), *layers = json_new_list();

	for (size_t i = 0; i < c->n_diff_ids; i++) {
		char text[DIGEST_TEXT_MAX];

		digest_format(&c->diff_ids[i], text);
		json_add_text(layers, text);
	}
	json_set_text(map, "Type", "layers");
	json_set(map, "Layers", layers);
	return map;
}

static struct json *make_driver(const struct context *ctx, const struct image *image)
{
	struct json *driver = json_new_map(), *data = json_new_map();

	json_take_text(data, "LowerDir", stores_lower_dirs(ctx, image));
	json_set_text(driver, "Name", "overlay");
	json_set(driver, "Data", data);
	return driver;
}

static struct json *make_document(const struct context *ctx, const struct image *image,
				  const struct image_list *list)
{
	const struct image_config *c = &image->config;
	struct json *doc = json_new_map();

	json_take_text(doc, "Id", xasprintf("sha256:%s", image->id));
	json_set(doc, "RepoTags", image_names(list, image->id, false));
	json_set(doc, "RepoDigests", image_names(list, image->id, true));
	json_set_text(doc, "Digest", image->manifest);
	set_text(doc, "Created", c->created);
	set_text(doc, "Author", c->author);
	json_set(doc, "Config", make_config(c));
	set_text(doc, "Architecture", c->architecture);
	set_text(doc, "Variant", c->variant);
	set_text(doc, "Os", c->os);
	json_set_int(doc, "Size", (int64_t)image->size);
	json_set_int(doc, "VirtualSize", (int64_t)image->size);
	json_set(doc, "GraphDriver", make_driver(ctx, image));
	json_set(doc, "RootFS", make_rootfs(c));
	json_set(doc, "Labels", c->labels ? json_clone(c->labels) : json_new_nil());
	json_set(doc, "History", c->history ? json_clone(c->history) : json_new_list());
	return doc;
}

/**
 * image_inspect() - Describe an image of the store
 * @operand:	Name or id prefix
 * @doc:	A new map, written on success only
 *
 * Return: 0, -ENOENT if there is none, or another -errno
 */
int image_inspect(const struct context *ctx, const char *operand, struct json **doc,
		  struct error *err)
{
	autoimagelist struct image_list list = { 0 };
	autoimage struct image image = { 0 };
	int r = stores_find_image(ctx, operand, &image, err);

	if (r == 0)
		r = stores_list(ctx, &list, err);
	if (r == 0)
		*doc = make_document(ctx, &image, &list);
	return r;
}
