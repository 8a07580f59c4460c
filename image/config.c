// SPDX-License-Identifier: Apache-2.0
/*
 * image/config.c - What an image says about the processes that run from it
 *
 * image-spec config.md. The config is data from outside: members have the type
 * the specification gives them, or are null or absent, or the image is refused.
 */
#include "image/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "image/manifest.h"

static int wrong_type(struct error *err, const char *key, const char *want)
{
	return error_set(err, EBADMSG, "'%s' is not %s", key, want);
}

static int read_text(const struct json *map, const char *key, char **out, struct error *err)
{
	const struct json *v = json_get(map, key);

	if (!json_is_given(v))
		return 0;
	if (json_kind_of(v) != JSON_TEXT)
		return wrong_type(err, key, "a text");
	if (*json_text(v))
		*out = xstrdup(json_text(v));
	return 0;
}

static int read_texts(const struct json *map, const char *key, struct strlist *out,
		      struct error *err)
{
	const struct json *v = json_get(map, key);

	/* Old builders wrote a command as one text, for the shell of the image. */
	if (json_kind_of(v) == JSON_TEXT) {
		strlist_add(out, "/bin/sh");
		strlist_add(out, "-c");
		strlist_add(out, json_text(v));
		return 0;
	}
	if (!json_is_given(v))
		return 0;
	if (json_kind_of(v) != JSON_LIST)
		return wrong_type(err, key, "a list of texts");
	for (size_t i = 0; i < json_count(v); i++) {
		if (!json_text(json_at(v, i)))
			return wrong_type(err, key, "a list of texts");
		strlist_add(out, json_text(json_at(v, i)));
	}
	return 0;
}

/* Maps that are sets: the keys count, the values are empty maps. */
static int read_keys(const struct json *map, const char *key, struct strlist *out,
		     struct error *err)
{
	const struct json *v = json_get(map, key), *value;
	const char *name;

	if (!json_is_given(v))
		return 0;
	if (json_kind_of(v) != JSON_MAP)
		return wrong_type(err, key, "a map");
	for (void *it = NULL; json_next(v, &it, &name, &value);)
		strlist_add(out, name);
	return 0;
}

static int read_json(const struct json *map, const char *key, enum json_kind kind,
		     struct json **out, struct error *err)
{
	const struct json *v = json_get(map, key);

	if (!json_is_given(v))
		return 0;
	if (json_kind_of(v) != kind)
		return wrong_type(err, key, kind == JSON_MAP ? "a map" : "a list");
	*out = json_clone(v);
	return 0;
}

static int read_labels(const struct json *map, struct json **out, struct error *err)
{
	const struct json *value;
	const char *name;
	int r;

	r = read_json(map, "Labels", JSON_MAP, out, err);
	if (r < 0)
		return r;
	for (void *it = NULL; json_next(*out, &it, &name, &value);)
		if (!json_text(value))
			return wrong_type(err, "Labels", "a map of texts");
	return 0;
}

static int read_process(const struct json *map, struct image_config *c, struct error *err)
{
	int r;

	if (!json_is_given(map))
		return 0;
	if (json_kind_of(map) != JSON_MAP)
		return wrong_type(err, "config", "a map");
	if ((r = read_texts(map, "Env", &c->env, err)) < 0 ||
	    (r = read_texts(map, "Cmd", &c->cmd, err)) < 0 ||
	    (r = read_texts(map, "Entrypoint", &c->entrypoint, err)) < 0 ||
	    (r = read_text(map, "WorkingDir", &c->working_dir, err)) < 0 ||
	    (r = read_text(map, "User", &c->user, err)) < 0 ||
	    (r = read_text(map, "StopSignal", &c->stop_signal, err)) < 0 ||
	    (r = read_keys(map, "ExposedPorts", &c->exposed_ports, err)) < 0 ||
	    (r = read_keys(map, "Volumes", &c->volumes, err)) < 0 ||
	    (r = read_json(map, "Healthcheck", JSON_MAP, &c->healthcheck, err)) < 0 ||
	    (r = read_labels(map, &c->labels, err)) < 0)
		return r;
	return 0;
}

static int read_diff_ids(const struct json *rootfs, struct image_config *c, struct error *err)
{
	const struct json *list = json_get(rootfs, "diff_ids");
	size_t n = json_count(list);

	if (json_kind_of(rootfs) != JSON_MAP)
		return wrong_type(err, "rootfs", "a map");
	/* An image without layers: Docker leaves an empty list out. */
	if (!json_is_given(list))
		return 0;
	if (json_kind_of(list) != JSON_LIST)
		return wrong_type(err, "rootfs.diff_ids", "a list");
	if (n > MANIFEST_MAX_LAYERS)
		return error_set(err, EBADMSG, "%zu layers, at most %d are allowed", n,
				 MANIFEST_MAX_LAYERS);
	c->diff_ids = xcalloc(n, sizeof(*c->diff_ids));
	c->n_diff_ids = n;
	for (size_t i = 0; i < n; i++)
		if (digest_parse_sha256(json_text(json_at(list, i)), &c->diff_ids[i]) < 0)
			return error_set(err, EBADMSG, "rootfs.diff_ids[%zu] is no SHA-256 digest",
					 i);
	return 0;
}

static int read_document(const struct json *doc, struct image_config *c, struct error *err)
{
	int r;

	if (json_kind_of(doc) != JSON_MAP)
		return error_set(err, EBADMSG, "document is not a map");
	if ((r = read_process(json_get(doc, "config"), c, err)) < 0 ||
	    (r = read_text(doc, "created", &c->created, err)) < 0 ||
	    (r = read_text(doc, "author", &c->author, err)) < 0 ||
	    (r = read_text(doc, "architecture", &c->architecture, err)) < 0 ||
	    (r = read_text(doc, "os", &c->os, err)) < 0 ||
	    (r = read_text(doc, "variant", &c->variant, err)) < 0 ||
	    (r = read_json(doc, "history", JSON_LIST, &c->history, err)) < 0 ||
	    (r = read_diff_ids(json_get(doc, "rootfs"), c, err)) < 0)
		return r;
	return 0;
}

/**
 * image_config_parse() - Read an image config
 * @data:	The document, at most IMAGE_CONFIG_MAX_BYTES
 * @out:	Released with image_config_done(), also after a failure
 *
 * Return: 0, or -EBADMSG
 */
int image_config_parse(const char *data, size_t len, struct image_config *out, struct error *err)
{
	autojson struct json *doc = NULL;

	memset(out, 0, sizeof(*out));
	doc = json_parse(data, len, err);
	if (!doc)
		return -err->code;
	return read_document(doc, out, err);
}

/** image_config_done() - Release what image_config_parse() made */
void image_config_done(struct image_config *c)
{
	strlist_done(&c->env);
	strlist_done(&c->cmd);
	strlist_done(&c->entrypoint);
	strlist_done(&c->exposed_ports);
	strlist_done(&c->volumes);
	json_free(c->labels);
	json_free(c->healthcheck);
	json_free(c->history);
	free(c->working_dir);
	free(c->user);
	free(c->stop_signal);
	free(c->created);
	free(c->author);
	free(c->architecture);
	free(c->os);
	free(c->variant);
	free(c->diff_ids);
	memset(c, 0, sizeof(*c));
}
