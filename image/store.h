/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/store.h - Images on disk: an OCI image layout with unpacked layers beside it
 *
 *   ROOT/images/oci-layout, index.json   skopeo and umoci can read the store as it is
 *   ROOT/images/blobs/sha256/HEX         manifests and configs
 *   ROOT/images/layer/KEY/               an unpacked layer in overlay form, immutable
 *   ROOT/images/empty/                   what images without layers stand on; made when needed
 *   ROOT/images/import/KEY               archives known from `run ./x.tar`: a cache
 *   ROOT/images/view/KEY/                archives that are used where they lie, see view.h
 *   ROOT/images/tmp/X/                   work in progress, flocked by its maker
 *   ROOT/images/lock, index.lock         see store.c
 *
 * Readers take no lock: everything is replaced or appears by rename.
 */
#ifndef IMAGE_STORE_H
#define IMAGE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/file.h> /* LOCK_EX, LOCK_SH, LOCK_NB */
#include <sys/types.h>

#include "image/digest.h"

struct error;
struct json;

#define STORE_ANNOTATION_ID	 "dev.tare.image.id"	  /* config digest, hex only */
#define STORE_ANNOTATION_CREATED "dev.tare.image.created" /* as in the config, or absent */
#define STORE_ANNOTATION_SIZE	 "dev.tare.image.size"	  /* bytes of all layers, unpacked */

/* Unpacked size, on a layer's root directory, where no container sees it. */
#define STORE_XATTR_SIZE "user.tare.size"

/* An empty directory, once there is an image without layers. */
#define STORE_EMPTY "empty"

struct image_store {
	int fd;		   /* ROOT/images */
	bool is_transient; /* gone before a crash could matter: nothing is synced to disk */
};

int image_store_open(int root_fd, struct image_store *out, struct error *err);
int image_store_make_transient(int dirfd, struct image_store *out, struct error *err);
void image_store_close(struct image_store *s);

int image_store_lock(const struct image_store *s, int operation, struct error *err);

/* The index document, { "manifests": [...] }; freed by the caller, NULL on failure. */
struct json *image_store_read_index(const struct image_store *s, struct error *err);

typedef int image_store_edit(struct json *index, void *arg, struct error *err);
int image_store_edit_index(const struct image_store *s, image_store_edit *edit, void *arg,
			   struct error *err);

int image_store_read_blob(const struct image_store *s, const char *hex, size_t max_bytes,
			  char **data, size_t *len, struct error *err);

/* Room for either form of a layer's key, see store.c. */
#define STORE_KEY_MAX (sizeof("chain-") + DIGEST_SHA256_HEX)

void image_store_layer_key(const struct digest *diff_id, char key[STORE_KEY_MAX]);
void image_store_chain_key(const struct digest *chain_id, char key[STORE_KEY_MAX]);
bool image_store_find_layer(const struct image_store *s, const struct digest *diff_id,
			    const struct digest *chain_id, char key[STORE_KEY_MAX]);

/* A directory of one's own in tmp/, locked for as long as fd is open. */
struct store_staging {
	char name[32];
	int fd;
};

int image_store_stage(const struct image_store *s, struct store_staging *out, struct error *err);
void image_store_unstage(const struct image_store *s, struct store_staging *staging);
void image_store_sweep(const struct image_store *s);

#endif
