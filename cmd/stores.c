// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/stores.c - The stores that images are looked for in: our own, then additional ones
 *
 * An additional store is the ROOT of another tare. It is only read, and takes
 * no lock: names are digests, and nothing in a store is ever changed in place.
 * So it may be on a read-only file system. An image comes from one store, with
 * all of its layers; its containers are kept in our own.
 */
#include "cmd/stores.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/command.h"
#include "image/view.h"

/* Whoever can write there decides what our containers run. */
static int open_additional(const char *dir, struct image_store *store, struct error *err)
{
	autofree char *path = xasprintf("%s/images", dir);
	autoclose int fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_sys(err, errno, "open additional store '%s'", dir);
	if ((st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & 022))
		return error_set(err, EPERM,
				 "additional store '%s' belongs to, or is writable by, others",
				 dir);
	store->fd = steal_fd(&fd);
	return 0;
}

/**
 * stores_relocate() - Have an image's layers found in the store that it was found in
 * @dir:	ROOT of that store
 *
 * Which the runtime attaches to ours, see runtime/rootfs.c.
 */
void stores_relocate(struct image *image, const char *dir)
{
	if (image->n_view_fds && !image->is_stored_view)
		return; /* it brings what it needs */
	for (size_t i = 0; i < image->layers.n && !image->is_stored_view; i++) {
		char *path = xasprintf("images/tmp/%s", image->layers.items[i] + strlen("images/"));

		free(image->layers.items[i]);
		image->layers.items[i] = path;
	}
	image->store_path = xasprintf("%s/images", dir);
}

/**
 * stores_open_own() - The image store, for a command without COMMAND_STORE
 * @store:	image_store_close() releases it
 */
int stores_open_own(const struct context *ctx, struct image_store *store, struct error *err)
{
	autoclose int root = command_open_dir(ctx->root, err);

	return root < 0 ? root : image_store_open(root, store, err);
}

/**
 * stores_find_image() - Find an image, in our own store first
 * @image:	Released with image_done()
 *
 * Return: 0, -ENOENT, or another -errno
 */
int stores_find_image(const struct context *ctx, const char *operand, struct image *image,
		      struct error *err)
{
	struct image_store store;
	int r = image_store_open(ctx->store.root_fd, &store, err);

	if (r < 0)
		return r;
	r = image_find(&store, operand, image, err);
	image_store_close(&store);
	for (size_t i = 0; r == -ENOENT && i < ctx->additional.n; i++) {
		const char *dir = ctx->additional.items[i];
		struct error why;
		int other = open_additional(dir, &store, &why);

		if (other == 0) {
			other = image_find(&store, operand, image, &why);
			image_store_close(&store);
		}
		if (other == 0)
			stores_relocate(image, dir);
		else if (other != -ENOENT || faccessat(AT_FDCWD, dir, F_OK, 0) < 0)
			*err = why;
		r = other;
	}
	return r;
}

/* Of an image that no store has: keeps the error that says so, unless it is known better. */
static int find_view(const struct context *ctx, const char *id, struct image *image,
		     struct error *err)
{
	struct image_store store;
	struct error why;
	int r = image_store_open(ctx->store.root_fd, &store, &why);

	if (r < 0)
		return -ENOENT;
	r = view_find(&store, id, image, &why);
	image_store_close(&store);
	if (r < 0 && r != -ENOENT)
		*err = why;
	return r;
}

/**
 * stores_find_of_container() - Find the image that a container was made from
 * @store_dir:	ROOT of the store that the container says it is in; NULL or "": any of ours
 * @image:	Released with image_done()
 */
int stores_find_of_container(const struct context *ctx, const char *store_dir, const char *id,
			     struct image *image, struct error *err)
{
	struct image_store store;
	int r;

	if (!store_dir || !*store_dir) {
		r = stores_find_image(ctx, id, image, err);
		return r == -ENOENT ? find_view(ctx, id, image, err) : r;
	}
	r = open_additional(store_dir, &store, err);
	if (r < 0)
		return r;
	r = image_find(&store, id, image, err);
	if (r == -ENOENT)
		r = view_find(&store, id, image, err);
	image_store_close(&store);
	if (r == 0)
		stores_relocate(image, store_dir);
	return r;
}

/** stores_lower_dirs() - The layers of an image on the host, top layer first, with ":" between */
char *stores_lower_dirs(const struct context *ctx, const struct image *image)
{
	struct str out = { 0 };

	str_puts(&out, "");
	for (size_t i = 0; i < image->layers.n && !image->n_view_fds; i++) {
		const char *path = image->layers.items[i];

		if (image->store_path)
			str_printf(&out, "%s%s%s", i ? ":" : "", image->store_path,
				   path + strlen("images/tmp"));
		else
			str_printf(&out, "%s%s/%s", i ? ":" : "", ctx->root, path);
	}
	return str_take(&out);
}

static bool is_hidden(const struct image_list *list, const struct image_summary *row)
{
	for (size_t i = 0; i < list->n; i++)
		if (*row->name ? !strcmp(list->items[i].name, row->name)
			       : !strcmp(list->items[i].id, row->id))
			return true;
	return false;
}

/* Rows whose name is not taken move over; the others stay to be released. */
static void add_rows(struct image_list *list, struct image_list *more)
{
	size_t before = list->n;

	list->items = xrealloc(list->items, (list->n + more->n + 1) * sizeof(*list->items));
	for (size_t i = 0; i < more->n; i++) {
		const struct image_list known = { list->items, before };

		if (is_hidden(&known, &more->items[i]))
			continue;
		list->items[list->n++] = more->items[i];
		more->items[i].name = more->items[i].created = NULL;
	}
}

/**
 * stores_list() - All images of all stores; a name counts where it is found first
 * @list:	Released with image_list_done(), also after a failure
 */
int stores_list(const struct context *ctx, struct image_list *list, struct error *err)
{
	struct image_store store;
	int r = image_store_open(ctx->store.root_fd, &store, err);

	*list = (struct image_list){ 0 };
	if (r < 0)
		return r;
	r = image_list(&store, list, err);
	image_store_close(&store);
	for (size_t i = 0; r == 0 && i < ctx->additional.n; i++) {
		autoimagelist struct image_list more = { 0 };

		r = open_additional(ctx->additional.items[i], &store, err);
		if (r < 0)
			return r;
		r = image_list(&store, &more, err);
		image_store_close(&store);
		if (r == 0)
			add_rows(list, &more);
	}
	return r;
}
