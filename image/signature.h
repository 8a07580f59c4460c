/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/signature.h - Signed files, in the form of minisign(1)
 *
 * The only door to libsodium.
 */
#ifndef IMAGE_SIGNATURE_H
#define IMAGE_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct error;

#define SIGNATURE_SUFFIX       ".minisig"
#define SIGNATURE_MAX_BYTES    16384
#define SIGNATURE_KEY_BYTES    32
#define SIGNATURE_KEY_ID       8
#define SIGNATURE_PASSWORD_MAX 1024
#define SIGNATURE_HASH_BYTES   64

struct signature_key {
	unsigned char id[SIGNATURE_KEY_ID];
	unsigned char key[SIGNATURE_KEY_BYTES];
};

/* What a valid signature says besides; owned. */
struct signature_claim {
	char key_id[2 * SIGNATURE_KEY_ID + 1]; /* as minisign prints it */
	char *comment;			       /* the trusted one */
	unsigned char hash[SIGNATURE_HASH_BYTES];
};

/* Asks for the password of a secret key: 0 or -errno. */
typedef int signature_ask(void *arg, char out[SIGNATURE_PASSWORD_MAX], struct error *err);

struct signature_plan {
	const char *secret_file;
	const char *name; /* what the comment calls the file */
	int64_t timestamp_s;
	signature_ask *ask;
	void *arg;
};

int signature_read_key(const char *operand, struct signature_key *out, struct error *err);
int signature_who(const char *text, char key_id[2 * SIGNATURE_KEY_ID + 1], struct error *err);
int signature_check(int fd, const char *text, const struct signature_key *key,
		    struct signature_claim *out, struct error *err);
int signature_check_copy(int fd, const struct signature_claim *claim, struct error *err);
void signature_claim_done(struct signature_claim *c);
int signature_make(int fd, const struct signature_plan *plan, struct str *out, struct error *err);

#endif
