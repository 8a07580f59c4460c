/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/descriptor.h - References to content: media type, digest, size
 *
 * image-spec descriptor.md. Docker's media types are understood as their OCI
 * counterparts.
 */
#ifndef IMAGE_DESCRIPTOR_H
#define IMAGE_DESCRIPTOR_H

#include <stdint.h>

#include "image/digest.h"

struct error;
struct json;

enum media_kind { MEDIA_OTHER, MEDIA_INDEX, MEDIA_MANIFEST, MEDIA_CONFIG, MEDIA_LAYER };

#define MEDIA_TYPE_INDEX    "application/vnd.oci.image.index.v1+json"
#define MEDIA_TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_TYPE_CONFIG   "application/vnd.oci.image.config.v1+json"
#define MEDIA_TYPE_LAYER    "application/vnd.oci.image.layer.v1.tar"

#define ANNOTATION_REF_NAME	   "org.opencontainers.image.ref.name"
#define ANNOTATION_CONTAINERD_NAME "io.containerd.image.name"

struct descriptor {
	enum media_kind kind;
	struct digest digest;
	uint64_t size;
	/* Borrowed from the document it was parsed from: */
	const char *media_type;		/* never NULL */
	const struct json *annotations; /* or NULL */
	const struct json *platform;	/* or NULL */
};

enum media_kind descriptor_media_kind(const char *media_type);
const char *descriptor_known_type(const char *media_type);
int descriptor_parse(const struct json *doc, struct descriptor *out, struct error *err);
struct json *descriptor_to_json(const struct descriptor *d);
const char *descriptor_annotation(const struct descriptor *d, const char *key);

#endif
