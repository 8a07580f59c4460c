/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/view.h - Archives that are used where they lie
 *
 *   ROOT/images/view/KEY/   what is needed for that, of one archive: a cache
 *	view.json	what it is of, see view.c
 *	index		a file system of the image's names, see view_make.h
 *	0, 1, …		layers that had to be inflated
 *	blobs/HEX	the image's manifest and config
 */
#ifndef IMAGE_VIEW_H
#define IMAGE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/str.h"
#include "image/digest.h"
#include "image/image.h"

struct error;
struct json;
struct plan_platform;

#define VIEW_PATH_MAX (sizeof("view/") + DIGEST_SHA256_HEX)

void view_identify(const struct stat *st, char *out, size_t size);
void view_path(const char *identity, const char *platform, char path[VIEW_PATH_MAX]);

int view_open(const struct image_store *s, const char *path, int archive_fd, struct image *out,
	      struct error *err);
int view_find(const struct image_store *s, const char *id, struct image *out, struct error *err);

/* For image_load(): what to do with a view that the loader has made. */
struct view_keeper {
	char path[VIEW_PATH_MAX];
	int archive_fd;
};

int view_keep(const struct view_keeper *keeper, const struct image_store *s,
	      const struct store_staging *staging, const struct json *report, struct error *err);

/* Whether a view is used by a container, by the image's id. */
typedef bool view_is_used(void *arg, const char *id);

int view_prune(const struct image_store *s, bool all, view_is_used *is_used, void *arg,
	       uint64_t *bytes, struct error *err);
uint64_t view_usage(const struct image_store *s, view_is_used *is_used, void *arg);

#endif
