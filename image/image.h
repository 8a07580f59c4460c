/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/image.h - Images in the store: find, list, tag, remove
 */
#ifndef IMAGE_IMAGE_H
#define IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/str.h"
#include "image/catalog.h"
#include "image/config.h"
#include "image/digest.h"
#include "image/store.h"

struct error;

/* All that a container needs to know. { 0 } is empty. */
struct image {
	char id[DIGEST_SHA256_HEX + 1]; /* digest of the config, hex */
	char manifest[DIGEST_SHA256_HEX + sizeof("sha256:")];
	char *name; /* normalised reference, or "" */
	uint64_t size;
	struct image_config config;
	/*
	 * Overlay lower directories, relative to ROOT, top layer first. A layer
	 * that occurs twice is listed once, where it is on top: overlayfs refuses
	 * duplicates, and the lower one cannot show.
	 */
	struct strlist layers;
	/* Of the image's root directory: for the upper directory, which is what shows. */
	char *store_path; /* of another store's images directory, or NULL: see cmd/stores.c */
	mode_t root_mode;
	uid_t root_uid;
	gid_t root_gid;
	/* Used without being unpacked, see view.h and view_store.h: the index, then its devices. */
	int *view_fds;
	size_t n_view_fds;
	bool is_stored_view; /* from the store, not from somebody's archive */
	struct stat index;   /* of the document that named it; see image_is_still_there() */
};

int image_find(const struct image_store *s, const char *operand, struct image *out,
	       struct error *err);
bool image_is_still_there(int root_fd, const struct image *image);
void image_done(struct image *image);
#define autoimage __attribute__((cleanup(image_done)))

int image_list(const struct image_store *s, struct image_list *out, struct error *err);
void image_list_done(struct image_list *list);
#define autoimagelist __attribute__((cleanup(image_list_done)))

bool image_match_name(const struct image_list *list, const char *operand, size_t *row);
int image_lookup(const struct image_list *list, const char *operand, size_t *row,
		 struct error *err);
int image_tag(const struct image_store *s, const char *operand, const char *name,
	      struct error *err);

struct image_removal {
	struct strlist untagged; /* normalised names */
	struct strlist deleted;	 /* ids of images that are gone */
};

/* Whether a container uses the image of this id; its name goes to *by, which is freed. */
typedef bool image_is_used(void *arg, const char *id, char **by);

int image_remove(const struct image_store *s, const char *operand, bool force,
		 image_is_used *is_used, void *arg, struct image_removal *out, struct error *err);
void image_removal_done(struct image_removal *r);

#endif
