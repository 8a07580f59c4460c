// SPDX-License-Identifier: Apache-2.0
/*
 * image/catalog.c - The names of images: rows of the store's index
 *
 * A row is a descriptor of a manifest with annotations: one row for each name,
 * or one without a name for an image that has none. Annotations hold what lists
 * show, so that listing reads one file. Descriptors without our annotations
 * (somebody else wrote to the layout) are kept and not shown.
 */
#include "image/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "image/descriptor.h"
#include "image/store.h"

static const char *annotation(const struct json *row, const char *key)
{
	return json_text_or(json_get(json_get(row, "annotations"), key), "");
}

static const char *id_of(const struct json *row)
{
	return annotation(row, STORE_ANNOTATION_ID);
}

static const char *name_of(const struct json *row)
{
	return annotation(row, ANNOTATION_REF_NAME);
}

static bool read_row(const struct json *row, struct image_summary *out)
{
	const char *id = id_of(row);
	struct digest manifest;

	if (strlen(id) != DIGEST_SHA256_HEX || !str_is_hex(id, DIGEST_SHA256_HEX) ||
	    digest_parse_sha256(json_text(json_get(row, "digest")), &manifest) < 0)
		return false;
	memcpy(out->id, id, sizeof(out->id));
	memcpy(out->manifest, json_text(json_get(row, "digest")), sizeof(out->manifest));
	out->name = xstrdup(name_of(row));
	out->created = xstrdup(annotation(row, STORE_ANNOTATION_CREATED));
	if (str_parse_u64(annotation(row, STORE_ANNOTATION_SIZE), UINT64_MAX, &out->size) < 0)
		out->size = 0;
	return true;
}

/** catalog_read() - All rows, in the order of the index, which is that of loading */
void catalog_read(const struct json *index, struct image_list *out)
{
	const struct json *rows = json_get(index, "manifests");
	size_t n = json_count(rows);

	out->items = xcalloc(n, sizeof(*out->items));
	out->n = 0;
	for (size_t i = 0; i < n; i++)
		if (read_row(json_at(rows, i), &out->items[out->n]))
			out->n++;
}

/** catalog_row_of() - A copy of one row of an image, NULL if there is none */
struct json *catalog_row_of(const struct json *index, const char *id)
{
	const struct json *rows = json_get(index, "manifests");

	for (size_t i = 0; i < json_count(rows); i++)
		if (!strcmp(id_of(json_at(rows, i)), id))
			return json_clone(json_at(rows, i));
	return NULL;
}

/** catalog_has_name() - Whether an image has this name */
bool catalog_has_name(const struct json *index, const char *name)
{
	const struct json *rows = json_get(index, "manifests");

	for (size_t i = 0; i < json_count(rows); i++)
		if (!strcmp(name_of(json_at(rows, i)), name))
			return true;
	return false;
}

static void set_name(struct json *row, const char *name)
{
	struct json *annotations = json_clone(json_get(row, "annotations"));

	json_unset(annotations, ANNOTATION_REF_NAME);
	if (*name)
		json_set_text(annotations, ANNOTATION_REF_NAME, name);
	json_set(row, "annotations", annotations);
}

static bool has_row(const struct json *rows, const char *id)
{
	for (size_t i = 0; i < json_count(rows); i++)
		if (!strcmp(id_of(json_at(rows, i)), id))
			return true;
	return false;
}

/* Rows without a name stand for images without any: drop those whose image has one. */
static void drop_needless(struct json *index)
{
	const struct json *rows = json_get(index, "manifests");
	struct json *kept = json_new_list();

	for (size_t i = 0; i < json_count(rows); i++)
		if (*name_of(json_at(rows, i)) || !*id_of(json_at(rows, i)))
			json_add(kept, json_clone(json_at(rows, i)));
	for (size_t i = 0; i < json_count(rows); i++)
		if (!*name_of(json_at(rows, i)) && *id_of(json_at(rows, i)) &&
		    !has_row(kept, id_of(json_at(rows, i))))
			json_add(kept, json_clone(json_at(rows, i)));
	json_set(index, "manifests", kept);
}

/**
 * catalog_put() - Give an image a name, or see that it is there without one
 * @row:	Descriptor with annotations; taken over
 * @name:	Normalised, taken from whoever has it; or ""
 */
void catalog_put(struct json *index, struct json *row, const char *name)
{
	const struct json *rows = json_get(index, "manifests");
	struct json *all = json_new_list();

	for (size_t i = 0; i < json_count(rows); i++) {
		struct json *other = json_clone(json_at(rows, i));

		if (*name && !strcmp(name_of(other), name))
			set_name(other, "");
		json_add(all, other);
	}
	set_name(row, name);
	json_add(all, row);
	json_set(index, "manifests", all);
	drop_needless(index);
}

static void drop_rows(struct json *index, const char *(*key)(const struct json *),
		      const char *value)
{
	const struct json *rows = json_get(index, "manifests");
	struct json *kept = json_new_list();

	for (size_t i = 0; i < json_count(rows); i++)
		if (strcmp(key(json_at(rows, i)), value))
			json_add(kept, json_clone(json_at(rows, i)));
	json_set(index, "manifests", kept);
}

/** catalog_drop_name() - Remove the row of a name, and with the last one the image */
void catalog_drop_name(struct json *index, const char *name)
{
	drop_rows(index, name_of, name);
}

/** catalog_drop_id() - Remove all rows of an image */
void catalog_drop_id(struct json *index, const char *id)
{
	drop_rows(index, id_of, id);
}
