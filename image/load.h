/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/load.h - From an archive or a layout directory into the store
 */
#ifndef IMAGE_LOAD_H
#define IMAGE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/image.h"
#include "image/platform.h"
#include "image/store.h"

struct error;
struct view_keeper;

struct image_load_options {
	const struct plan_platform *platform; /* NULL: this machine's */
	uint64_t max_bytes;   /* unpacked, all layers; 0: see LOAD_MIN_LIMIT in loader.c */
	bool only_free_names; /* a name that another image has stays with it */
	bool keep_blobs;      /* the layers' blobs, too: save then gives back what came */
	bool verify_only;     /* check everything, keep nothing */

	/* Where views go, see view.h; NULL: images are unpacked. */
	const struct view_keeper *view;
	bool inflate_for_view; /* packed layers: no reason to unpack */
	bool store_views;      /* keep layers packed up in the store, see view_store.h */

	/* Called now and then while layers are unpacked; bytes of the archive. May be NULL. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *progress_arg;
};

struct image_loaded {
	char *name; /* normalised reference, or "" */
	char id[DIGEST_SHA256_HEX + 1];
	char manifest[DIGEST_SHA256_HEX + sizeof("sha256:")];
};

struct image_load_result {
	struct image_loaded *items;
	size_t n;
};

int image_load(const struct image_store *s, int fd, const char *name_for_messages,
	       const struct image_load_options *options, struct image_load_result *out,
	       struct error *err);
void image_load_result_done(struct image_load_result *r);
#define autoloadresult __attribute__((cleanup(image_load_result_done)))

/* For `run ./app.tar`: loads the file unless it is the one loaded before. */
struct image_import_options {
	const struct plan_platform *platform; /* asked for where there are several, or NULL */
	bool (*can_view)(const struct image_store *s); /* NULL: no views, see view.h */
	bool inflate;				       /* make views of packed layers, too */
	/* If set: what to load instead of the open file, which others may change; an fd or -errno. */
	int (*copy)(void *arg, int fd, struct error *err);
	void *arg;
};

int image_import_find(const struct image_store *s, const char *path,
		      const struct image_import_options *o, struct image *out, struct error *err);
int image_import_cached(const struct image_store *s, const char *path,
			const struct image_import_options *o, struct image *out, struct error *err);

#endif
