// SPDX-License-Identifier: Apache-2.0
/*
 * image/digest.c - Content identifiers: parsed strictly, computed while streaming
 *
 * image-spec descriptor.md, "Digests". The parser accepts exactly
 * ^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$, because the hex part becomes a
 * file name in the store.
 */
#include "image/digest.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const struct {
	const char *prefix;
	size_t hex;
} algorithms[] = {
	[DIGEST_SHA256] = { "sha256:", DIGEST_SHA256_HEX },
	[DIGEST_SHA512] = { "sha512:", 128 },
};

/**
 * digest_parse() - Parse "ALGORITHM:HEX"
 * @text:	From outside; NULL is malformed
 * @out:	Result, written on success only
 *
 * Return: 0, or -EBADMSG
 */
int digest_parse(const char *text, struct digest *out)
{
	for (size_t i = 0; text && i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		const char *hex;

		if (!str_starts(text, algorithms[i].prefix))
			continue;
		hex = text + strlen(algorithms[i].prefix);
		if (strlen(hex) != algorithms[i].hex || !str_is_hex(hex, algorithms[i].hex))
			return -EBADMSG;
		out->algorithm = (enum digest_algorithm)i;
		memcpy(out->hex, hex, algorithms[i].hex + 1);
		return 0;
	}
	return -EBADMSG;
}

/**
 * digest_parse_sha256() - Parse a digest that must be SHA-256, as the store's names are
 *
 * Return: 0, or -EBADMSG
 */
int digest_parse_sha256(const char *text, struct digest *out)
{
	struct digest d;

	if (digest_parse(text, &d) < 0 || d.algorithm != DIGEST_SHA256)
		return -EBADMSG;
	*out = d;
	return 0;
}

/** digest_format() - The text form, "sha256:HEX" */
void digest_format(const struct digest *d, char out[DIGEST_TEXT_MAX])
{
	snprintf(out, DIGEST_TEXT_MAX, "%s%s", algorithms[d->algorithm].prefix, d->hex);
}

/** digest_equal() - Whether two digests name the same content */
bool digest_equal(const struct digest *a, const struct digest *b)
{
	return a->algorithm == b->algorithm && !strcmp(a->hex, b->hex);
}

struct digest_hash {
	enum digest_algorithm algorithm;
	union {
		struct sha256_ctx sha256;
		struct sha512_ctx sha512;
	};
};

/** digest_hash_new() - Begin a digest; release it with digest_hash_free() */
struct digest_hash *digest_hash_new(enum digest_algorithm algorithm)
{
	struct digest_hash *h = xcalloc(1, sizeof(*h));

	h->algorithm = algorithm;
	if (algorithm == DIGEST_SHA512)
		sha512_init(&h->sha512);
	else
		sha256_init(&h->sha256);
	return h;
}

/** digest_hash_update() - Add content */
void digest_hash_update(struct digest_hash *h, const void *data, size_t len)
{
	if (h->algorithm == DIGEST_SHA512)
		sha512_update(&h->sha512, len, data);
	else
		sha256_update(&h->sha256, len, data);
}

/** digest_hash_finish() - The digest of all content; @h starts over empty */
void digest_hash_finish(struct digest_hash *h, struct digest *out)
{
	uint8_t raw[SHA512_DIGEST_SIZE];
	size_t len = algorithms[h->algorithm].hex / 2;

	if (h->algorithm == DIGEST_SHA512)
		sha512_digest(&h->sha512, len, raw);
	else
		sha256_digest(&h->sha256, len, raw);
	out->algorithm = h->algorithm;
	for (size_t i = 0; i < len; i++)
		snprintf(out->hex + 2 * i, 3, "%02x", raw[i]);
}

/** digest_hash_free() - Release; NULL is fine */
void digest_hash_free(struct digest_hash *h)
{
	free(h);
}

/** digest_of_buffer() - SHA-256 of content in memory */
void digest_of_buffer(const void *data, size_t len, struct digest *out)
{
	struct digest_hash h = { .algorithm = DIGEST_SHA256 };

	sha256_init(&h.sha256);
	digest_hash_update(&h, data, len);
	digest_hash_finish(&h, out);
}

/**
 * digest_chain() - ChainID of a stack of layers, one layer at a time
 * @below:	ChainID of the layers below, NULL for the bottom layer
 * @diff_id:	DiffID of the layer on top of them
 *
 * image-spec config.md, "Layer ChainID".
 */
void digest_chain(const struct digest *below, const struct digest *diff_id, struct digest *out)
{
	char text[2 * DIGEST_TEXT_MAX], bottom[DIGEST_TEXT_MAX], top[DIGEST_TEXT_MAX];
	struct digest result = *diff_id;

	if (below) {
		digest_format(below, bottom);
		digest_format(diff_id, top);
		snprintf(text, sizeof(text), "%s %s", bottom, top);
		digest_of_buffer(text, strlen(text), &result);
	}
	*out = result;
}
