// SPDX-License-Identifier: Apache-2.0
/*
 * image/image.c - Images in the store: find, list, tag
 */
#include "image/image.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "image/catalog.h"
#include "image/reference.h"
#include "image/tree.h"
#include "image/view_store.h"

/**
 * image_list() - All images, one row for each name
 * @out:	Released with image_list_done(), also after a failure
 */
int image_list(const struct image_store *s, struct image_list *out, struct error *err)
{
	autojson struct json *index = NULL;

	memset(out, 0, sizeof(*out));
	index = image_store_read_index(s, err);
	if (!index)
		return -err->code;
	catalog_read(index, out);
	return 0;
}

/** image_list_done() - Release; safe twice */
void image_list_done(struct image_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->items[i].name);
		free(list->items[i].created);
	}
	free(list->items);
	memset(list, 0, sizeof(*list));
}

static bool find_name(const struct image_list *list, const char *name, size_t *row)
{
	for (size_t i = 0; i < list->n; i++)
		if (*list->items[i].name && !strcmp(list->items[i].name, name)) {
			*row = i;
			return true;
		}
	return false;
}

/* REPOSITORY@DIGEST: an image of that manifest; the digest says all there is to say. */
static bool find_manifest(const struct image_list *list, const struct digest *digest, size_t *row)
{
	char text[DIGEST_TEXT_MAX];

	digest_format(digest, text);
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->items[i].manifest, text)) {
			*row = i;
			return true;
		}
	return false;
}

/**
 * image_match_name() - Whether an operand is the name of an image
 * @row:	Its index in @list, set if so
 *
 * The second half of a look-up, ids, is in image_lookup().
 */
bool image_match_name(const struct image_list *list, const char *operand, size_t *row)
{
	autofree char *name = NULL, *local = NULL;
	struct reference ref;
	struct error ignored;

	if (reference_parse(operand, &ref, &ignored) < 0)
		return false;
	if (ref.has_digest)
		return find_manifest(list, &ref.digest, row);
	name = reference_name(&ref);
	if (find_name(list, name, row))
		return true;
	if (!ref.short_name)
		return false;
	/* buildah and podman put what they build below localhost/, and find it there. */
	local = xasprintf("localhost/%s", reference_familiar(name));
	return find_name(list, local, row);
}

/* A unique prefix of an id. Returns 1 if found, 0 if not, -EEXIST if several begin like this. */
static int find_id(const struct image_list *list, const char *operand, size_t *row,
		   struct error *err)
{
	const char *hex = str_starts(operand, "sha256:") ? operand + strlen("sha256:") : operand;
	size_t len = strlen(hex);
	bool found = false;

	if (!len || len > DIGEST_SHA256_HEX || !str_is_hex(hex, len))
		return 0;
	for (size_t i = 0; i < list->n; i++) {
		if (strncmp(list->items[i].id, hex, len))
			continue;
		if (found && strcmp(list->items[i].id, list->items[*row].id))
			return error_set(
				err, EEXIST,
				"image id '%s' is ambiguous: %.12s and %.12s begin with it",
				operand, list->items[*row].id, list->items[i].id);
		if (!found)
			*row = i;
		found = true;
	}
	return found;
}

/**
 * image_lookup() - Find the row that an operand names
 * @operand:	A reference, else a prefix of an image id
 * @row:	Its index in @list, set on success only
 *
 * Return: 0, -ENOENT, or -EEXIST for an ambiguous prefix
 */
int image_lookup(const struct image_list *list, const char *operand, size_t *row, struct error *err)
{
	autofree char *safe = NULL;
	int r;

	if (image_match_name(list, operand, row))
		return 0;
	r = find_id(list, operand, row, err);
	if (r)
		return r < 0 ? r : 0;
	safe = str_escape(operand);
	(void)error_set(err, ENOENT, "no such image: '%.500s'", safe);
	return error_hint(err, "'tare images' shows what is there; from a registry: skopeo copy "
			       "docker://NAME oci-archive:FILE:NAME, then 'tare load -i FILE'");
}

/*
 * Add one layer, from the top down. The image's root directory is that of the
 * topmost layer which carries one; layer.c leaves a recognisable default where
 * the layer does not.
 */
static int add_layer(const struct image_store *s, const char *key, struct image *image,
		     bool *have_root, struct error *err)
{
	autofree char *path = xasprintf("images/layer/%s", key);
	struct stat st;

	if (fstatat(s->fd, path + strlen("images/"), &st, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, errno, "stat layer '%s'", key);
	if (!*have_root && !tree_is_default_root(&st)) {
		image->root_mode = st.st_mode & 07777;
		image->root_uid = st.st_uid;
		image->root_gid = st.st_gid;
		*have_root = true;
	}
	if (!strlist_has(&image->layers, path))
		strlist_take(&image->layers, steal_ptr(&path));
	return 0;
}

/* An image that is not unpacked: perhaps it does not have to be. */
static int find_view(const struct image_store *s, size_t missing, struct image *image,
		     struct error *err)
{
	const struct image_config *c = &image->config;
	char key[STORE_KEY_MAX];
	bool have_root = false;
	int r;

	if (view_store_has(s, c, key)) {
		r = add_layer(s, key, image, &have_root, err);
		strlist_done(&image->layers);
		strlist_add(&image->layers, "images/tmp"); /* where the runtime attaches it */
		image->is_stored_view = true;
		return r < 0 ? r
			     : view_store_open(s, key, c, &image->view_fds, &image->n_view_fds,
					       err);
	}
	(void)error_set(err, ENODATA, "layer %zu of %zu ('%.12s') is missing from the store",
			missing + 1, c->n_diff_ids, c->diff_ids[missing].hex);
	return -ENODATA;
}

static int find_layers(const struct image_store *s, struct image *image, struct error *err)
{
	const struct image_config *c = &image->config;
	char(*keys)[STORE_KEY_MAX] = xcalloc(c->n_diff_ids, sizeof(*keys));
	bool have_root = false;
	struct digest chain;
	int r = 0;

	image->root_mode = TREE_DIR_MODE;
	for (size_t i = 0; i < c->n_diff_ids; i++) {
		digest_chain(i ? &chain : NULL, &c->diff_ids[i], &chain);
		if (image_store_find_layer(s, &c->diff_ids[i], &chain, keys[i]))
			continue;
		free(keys);
		r = find_view(s, i, image, err);
		return r == 0 ? 0
			      : error_hint(err, "load the image again: 'tare load' brings back "
						"what is missing");
	}
	/* An overlay stands on something. */
	if (!c->n_diff_ids)
		strlist_add(&image->layers, "images/" STORE_EMPTY);
	for (size_t i = c->n_diff_ids; i-- > 0 && r == 0;)
		r = add_layer(s, keys[i], image, &have_root, err);
	free(keys);
	return r;
}

static int read_image(const struct image_store *s, const struct image_summary *row,
		      struct image *image, struct error *err)
{
	autofree char *data = NULL;
	size_t len;
	int r;

	memcpy(image->id, row->id, sizeof(image->id));
	memcpy(image->manifest, row->manifest, sizeof(image->manifest));
	image->name = xstrdup(row->name);
	image->size = row->size;
	r = image_store_read_blob(s, row->id, IMAGE_CONFIG_MAX_BYTES, &data, &len, err);
	if (r < 0)
		return r;
	r = image_config_parse(data, len, &image->config, err);
	if (r < 0)
		return error_wrap(err, "config '%.12s'", row->id);
	return find_layers(s, image, err);
}

/**
 * image_find() - Find an image and all that a container needs to know of it
 * @operand:	A reference, else a prefix of an image id
 * @out:	Released with image_done()
 *
 * Reads two files. Takes no lock: should the image be removed at the same
 * time, image_is_still_there() says so once the container is on record.
 *
 * Return: 0, -ENOENT, -EEXIST for an ambiguous prefix, or another -errno
 */
int image_find(const struct image_store *s, const char *operand, struct image *out,
	       struct error *err)
{
	autoimagelist struct image_list list = { 0 };
	struct image image = { 0 };
	size_t row;
	int r;

	if (fstatat(s->fd, "index.json", &image.index, 0) < 0)
		image.index.st_ino = 0; /* there is none yet */
	r = image_list(s, &list, err);
	if (r < 0)
		return r;
	r = image_lookup(&list, operand, &row, err);
	if (r < 0)
		return r;
	assert(row < list.n);
	r = read_image(s, &list.items[row], &image, err);
	if (r < 0) {
		image_done(&image);
		return error_wrap(err, "image '%s'",
				  *list.items[row].name ? reference_familiar(list.items[row].name)
							: operand);
	}
	*out = image;
	return 0;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/**
 * image_is_still_there() - Whether our store still has an image that image_find() found in it
 * @root_fd:	ROOT
 *
 * To be asked when a container that uses it is on record: whoever removes an image looks for
 * containers after it has gone from the index. So one of the two sees the other.
 */
bool image_is_still_there(int root_fd, const struct image *image)
{
	autoimagelist struct image_list list = { 0 };
	struct image_store store;
	struct error ignored;
	bool found = false;
	struct stat now;

	if (fstatat(root_fd, "images/index.json", &now, 0) == 0 &&
	    is_same_file(&now, &image->index))
		return true;
	if (image_store_open(root_fd, &store, &ignored) < 0)
		return false;
	if (image_list(&store, &list, &ignored) == 0)
		for (size_t i = 0; i < list.n && !found; i++)
			found = !strcmp(list.items[i].id, image->id);
	image_store_close(&store);
	return found;
}

/** image_done() - Release what image_find() made; safe twice */
void image_done(struct image *image)
{
	free(image->name);
	free(image->store_path);
	image_config_done(&image->config);
	strlist_done(&image->layers);
	for (size_t i = 0; i < image->n_view_fds; i++)
		(void)close(image->view_fds[i]);
	free(image->view_fds);
	memset(image, 0, sizeof(*image));
}

struct tagging {
	const char *operand, *name;
};

static int edit_tag(struct json *index, void *arg, struct error *err)
{
	autoimagelist struct image_list list = { 0 };
	struct tagging *t = arg;
	size_t row;
	int r;

	catalog_read(index, &list);
	r = image_lookup(&list, t->operand, &row, err);
	if (r < 0)
		return r;
	catalog_put(index, catalog_row_of(index, list.items[row].id), t->name);
	return 0;
}

/**
 * image_tag() - Give an image one more name
 * @operand:	The image
 * @name:	As the user wrote it; whoever has it loses it
 *
 * Return: 0, -ENOENT, -EINVAL for a malformed name, or another -errno
 */
int image_tag(const struct image_store *s, const char *operand, const char *name, struct error *err)
{
	autofree char *normalised = NULL;
	int r = reference_normalise(name, &normalised, err);

	if (r < 0)
		return r;
	return image_store_edit_index(s, edit_tag, &(struct tagging){ operand, normalised }, err);
}
