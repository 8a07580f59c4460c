/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/plan.h - What an archive holds: its documents, verified and understood
 */
#ifndef IMAGE_PLAN_H
#define IMAGE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "image/config.h"
#include "image/digest.h"
#include "image/manifest.h"
#include "image/platform.h"

struct error;
struct source;

struct plan_layer {
	char *file;	  /* its name in the source */
	char *media_type; /* or NULL */
	bool has_blob;	  /* blob says what the file must be */
	struct digest blob;
	uint64_t blob_size; /* if has_blob */
	struct digest diff_id, chain_id;
};

struct plan_image {
	struct strlist names; /* normalised; empty: none */
	struct digest manifest, config_digest;
	char *manifest_type;
	char *manifest_data, *config_data; /* the documents, byte for byte */
	size_t manifest_len, config_len;
	struct image_config config;
	struct plan_layer *layers; /* bottom layer first */
	size_t n_layers;
	bool chosen; /* one of several for several platforms */
};

struct plan {
	struct plan_image *images;
	size_t n;
	struct strlist platforms; /* what there is, for messages */
};

int plan_read(const struct source *source, const struct plan_platform *platform, struct plan *out,
	      struct error *err);
void plan_done(struct plan *plan);

/* For the readers of the formats: plan_oci.c, plan_docker.c and plan_docker1.c. */
int plan_read_oci(const struct source *source, const struct plan_platform *platform,
		  struct plan *plan, struct error *err);
int plan_read_docker(const struct source *source, const struct plan_platform *platform,
		     struct plan *plan, struct error *err);
int plan_read_docker1(const struct source *source, const struct plan_platform *platform,
		      struct plan *plan, struct error *err);
int plan_check_docker(const struct source *source, struct plan *plan, struct error *err);
struct plan_image *plan_add_image(struct plan *plan);
void plan_drop_image(struct plan *plan);
bool plan_keep_image(struct plan *plan, const struct plan_platform *platform);
void plan_add_platform(struct plan *plan, char *platform);
void plan_make_manifest(struct plan_image *image, const uint64_t *sizes);
int plan_set_config(struct plan_image *image, char *data, size_t len, struct error *err);
void plan_add_name(struct plan_image *image, const char *name);

#endif
