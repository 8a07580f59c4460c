// SPDX-License-Identifier: Apache-2.0
/*
 * image/descriptor.c - References to content: media type, digest, size
 */
#include "image/descriptor.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"

static const struct {
	const char *name;
	enum media_kind kind;
} media_types[] = {
	{ MEDIA_TYPE_INDEX, MEDIA_INDEX },
	{ MEDIA_TYPE_MANIFEST, MEDIA_MANIFEST },
	{ MEDIA_TYPE_CONFIG, MEDIA_CONFIG },
	{ MEDIA_TYPE_LAYER, MEDIA_LAYER },
	{ MEDIA_TYPE_LAYER "+gzip", MEDIA_LAYER },
	{ MEDIA_TYPE_LAYER "+zstd", MEDIA_LAYER },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar", MEDIA_LAYER },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", MEDIA_LAYER },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", MEDIA_LAYER },
	{ "application/vnd.docker.distribution.manifest.list.v2+json", MEDIA_INDEX },
	{ "application/vnd.docker.distribution.manifest.v2+json", MEDIA_MANIFEST },
	{ "application/vnd.docker.container.image.v1+json", MEDIA_CONFIG },
	{ "application/vnd.docker.image.rootfs.diff.tar", MEDIA_LAYER },
	{ "application/vnd.docker.image.rootfs.diff.tar.gzip", MEDIA_LAYER },
	{ "application/vnd.docker.image.rootfs.diff.tar.zstd", MEDIA_LAYER },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar", MEDIA_LAYER },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", MEDIA_LAYER },
};

/** descriptor_media_kind() - What a media type stands for */
enum media_kind descriptor_media_kind(const char *media_type)
{
	for (size_t i = 0; i < sizeof(media_types) / sizeof(media_types[0]); i++)
		if (!strcmp(media_type, media_types[i].name))
			return media_types[i].kind;
	return MEDIA_OTHER;
}

/** descriptor_known_type() - A media type as a text that lasts; NULL for one that is not known */
const char *descriptor_known_type(const char *media_type)
{
	for (size_t i = 0; i < sizeof(media_types) / sizeof(media_types[0]); i++)
		if (!strcmp(media_type, media_types[i].name))
			return media_types[i].name;
	return NULL;
}

/**
 * descriptor_parse() - Read a descriptor
 * @doc:	The map; @out borrows from it
 *
 * Return: 0, or -EBADMSG
 */
int descriptor_parse(const struct json *doc, struct descriptor *out, struct error *err)
{
	const struct json *annotations = json_get(doc, "annotations");
	const struct json *platform = json_get(doc, "platform");
	struct descriptor d = { 0 };
	int64_t size = json_int(json_get(doc, "size"), -1);

	if (json_kind_of(doc) != JSON_MAP)
		return error_set(err, EBADMSG, "descriptor is not a map");
	d.media_type = json_text(json_get(doc, "mediaType"));
	if (!d.media_type)
		return error_set(err, EBADMSG, "descriptor without mediaType");
	d.kind = descriptor_media_kind(d.media_type);
	if (digest_parse(json_text(json_get(doc, "digest")), &d.digest) < 0)
		return error_set(err, EBADMSG, "descriptor with a missing or malformed digest");
	if (size < 0)
		return error_set(err, EBADMSG, "descriptor with a missing or malformed size");
	d.size = (uint64_t)size;
	d.annotations = json_kind_of(annotations) == JSON_MAP ? annotations : NULL;
	d.platform = json_kind_of(platform) == JSON_MAP ? platform : NULL;
	*out = d;
	return 0;
}

/** descriptor_to_json() - A new map with media type, digest and size */
struct json *descriptor_to_json(const struct descriptor *d)
{
	struct json *map = json_new_map();
	char digest[DIGEST_TEXT_MAX];

	digest_format(&d->digest, digest);
	json_set_text(map, "mediaType", d->media_type);
	json_set_text(map, "digest", digest);
	json_set_int(map, "size", (int64_t)d->size);
	return map;
}

/** descriptor_annotation() - An annotation's text, NULL if there is none */
const char *descriptor_annotation(const struct descriptor *d, const char *key)
{
	return json_text(json_get(d->annotations, key));
}
