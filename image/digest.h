/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/digest.h - Content identifiers: parsed strictly, computed while streaming
 */
#ifndef IMAGE_DIGEST_H
#define IMAGE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

struct error;

#define DIGEST_SHA256_HEX 64
#define DIGEST_HEX_MAX	  128
#define DIGEST_TEXT_MAX	  (sizeof("sha512:") + DIGEST_HEX_MAX)

enum digest_algorithm { DIGEST_SHA256, DIGEST_SHA512 };

/* Only ever made by the functions below, so the hex is safe as a file name. */
struct digest {
	enum digest_algorithm algorithm;
	char hex[DIGEST_HEX_MAX + 1];
};

int digest_parse(const char *text, struct digest *out);
int digest_parse_sha256(const char *text, struct digest *out);
void digest_format(const struct digest *d, char out[DIGEST_TEXT_MAX]);
bool digest_equal(const struct digest *a, const struct digest *b);

/* A digest in the making. */
struct digest_hash;

struct digest_hash *digest_hash_new(enum digest_algorithm algorithm);
void digest_hash_update(struct digest_hash *h, const void *data, size_t len);
void digest_hash_finish(struct digest_hash *h, struct digest *out);
void digest_hash_free(struct digest_hash *h);

void digest_of_buffer(const void *data, size_t len, struct digest *out);
void digest_chain(const struct digest *below, const struct digest *diff_id, struct digest *out);

#endif
