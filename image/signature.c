// SPDX-License-Identifier: Apache-2.0
/*
 * image/signature.c - Signed files, in the form of minisign(1)
 *
 * A signature is a text of four lines:
 *
 *	untrusted comment: whatever
 *	BASE64( "ED" | key id, 8 bytes | ed25519 signature of BLAKE2b-512 of the file )
 *	trusted comment: whatever
 *	BASE64( ed25519 signature of the first signature, without its head, and the comment )
 *
 * A public key is base64 of "Ed" | key id | 32 bytes, below a line of comment or
 * alone. A secret key: see struct secret. minisign makes and checks all of them;
 * its older signatures of the file itself ("Ed") are not taken.
 */
#include "image/signature.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

#define CHUNK_BYTES	  (256U << 10)
#define KEY_MAX_BYTES	  4096
#define COMMENT_MAX	  8192
#define UNTRUSTED	  "untrusted comment: "
#define TRUSTED		  "trusted comment: "
#define SCRYPT_MAX_MEMORY (UINT64_C(2) << 30)
#define SCRYPT_MAX_OPS	  (UINT64_C(1) << 28)

/* As in the files: bytes without padding, numbers little-endian. */
struct public_blob {
	unsigned char algorithm[2]; /* "Ed" */
	struct signature_key key;
};

struct signature_blob {
	unsigned char algorithm[2]; /* "ED": of the hash */
	unsigned char id[SIGNATURE_KEY_ID];
	unsigned char signature[crypto_sign_BYTES];
};

struct secret_inner {
	unsigned char id[SIGNATURE_KEY_ID];
	unsigned char key[crypto_sign_SECRETKEYBYTES];
	unsigned char checksum[crypto_generichash_BYTES]; /* of "Ed", id and key */
};

struct secret {
	unsigned char algorithm[2]; /* "Ed" */
	unsigned char kdf[2];	    /* "Sc": inner is XORed with what scrypt makes; zeros: plain */
	unsigned char check[2];	    /* "B2" */
	unsigned char salt[crypto_pwhash_scryptsalsa208sha256_SALTBYTES];
	unsigned char ops[8], memory[8];
	struct secret_inner inner;
};

_Static_assert(sizeof(struct public_blob) == 42, "no padding");
_Static_assert(sizeof(struct signature_blob) == 74, "no padding");
_Static_assert(sizeof(struct secret) == 158, "no padding");

static int decode(const char *text, size_t len, void *out, size_t size)
{
	size_t n;
	const char *end;

	if (sodium_base642bin(out, size, text, len, NULL, &n, &end,
			      sodium_base64_VARIANT_ORIGINAL) != 0 ||
	    n != size || end != text + len)
		return -EBADMSG;
	return 0;
}

static void encode(const void *data, size_t size, struct str *out)
{
	autofree char *text =
		xmalloc(sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL));

	sodium_bin2base64(text, sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL),
			  data, size, sodium_base64_VARIANT_ORIGINAL);
	str_puts(out, text);
}

/* The line that begins at *at, without its end; *at moves behind it. False: there is none. */
static bool next_line(const char **at, const char **line, size_t *len)
{
	if (!**at)
		return false;
	*line = *at;
	*len = strcspn(*at, "\n");
	*at += *len + ((*at)[*len] == '\n');
	if (*len && (*line)[*len - 1] == '\r')
		(*len)--;
	return true;
}

static int start_library(struct error *err)
{
	if (sodium_init() < 0)
		return error_set(err, EIO, "the crypto library does not start");
	return 0;
}

/* As minisign prints it. */
static void print_key_id(const unsigned char id[SIGNATURE_KEY_ID],
			 char out[2 * SIGNATURE_KEY_ID + 1])
{
	for (size_t i = 0; i < SIGNATURE_KEY_ID; i++)
		snprintf(out + 2 * i, 3, "%02X", id[SIGNATURE_KEY_ID - 1 - i]);
}

/* ---- public keys -------------------------------------------------------- */

static int parse_public(const char *text, struct signature_key *out)
{
	const char *line = text;
	struct public_blob blob;
	size_t len = 0;

	while (next_line(&text, &line, &len))
		if (strncmp(line, UNTRUSTED, strlen(UNTRUSTED)) != 0)
			break;
	if (decode(line, len, &blob, sizeof(blob)) < 0 || memcmp(blob.algorithm, "Ed", 2) != 0)
		return -EBADMSG;
	*out = blob.key;
	return 0;
}

/**
 * signature_read_key() - Read a public key
 * @operand:	A file that minisign -G made, or the key itself
 *
 * Return: 0, -EINVAL for what is no key, or another -errno
 */
int signature_read_key(const char *operand, struct signature_key *out, struct error *err)
{
	autofree char *text = NULL;
	size_t len;
	int r;

	if (faccessat(AT_FDCWD, operand, F_OK, 0) < 0 && parse_public(operand, out) == 0)
		return 0;
	r = file_read_at(AT_FDCWD, operand, KEY_MAX_BYTES, &text, &len, err);
	if (r < 0)
		return error_wrap(err, "read public key");
	if (parse_public(text, out) == 0)
		return 0;
	error_set(err, EINVAL, "'%s' is no public key of minisign", operand);
	return error_hint(err, "'minisign -G -p KEY.pub -s KEY.sec' makes a pair");
}

/* ---- checking ----------------------------------------------------------- */

static int hash_file(int fd, unsigned char out[crypto_generichash_BYTES_MAX], struct error *err)
{
	autofree unsigned char *buffer = xmalloc(CHUNK_BYTES);
	crypto_generichash_state state;
	off_t at = 0;
	ssize_t n;

	(void)crypto_generichash_init(&state, NULL, 0, crypto_generichash_BYTES_MAX);
	for (;;) {
		n = pread(fd, buffer, CHUNK_BYTES, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		(void)crypto_generichash_update(&state, buffer, (unsigned long long)n);
		at += n;
	}
	if (n < 0)
		return error_sys(err, errno, "read the signed file");
	(void)crypto_generichash_final(&state, out, crypto_generichash_BYTES_MAX);
	return 0;
}

struct parsed {
	struct signature_blob blob;
	unsigned char global[crypto_sign_BYTES];
	const char *comment;
	size_t comment_len;
};

static int parse(const char *text, struct parsed *out)
{
	const char *line;
	size_t len;

	if (!next_line(&text, &line, &len) || strncmp(line, UNTRUSTED, strlen(UNTRUSTED)) != 0 ||
	    !next_line(&text, &line, &len) ||
	    decode(line, len, &out->blob, sizeof(out->blob)) < 0 ||
	    !next_line(&text, &line, &len) || strncmp(line, TRUSTED, strlen(TRUSTED)) != 0 ||
	    len > COMMENT_MAX)
		return -EBADMSG;
	out->comment = line + strlen(TRUSTED);
	out->comment_len = len - strlen(TRUSTED);
	if (!next_line(&text, &line, &len) ||
	    decode(line, len, out->global, sizeof(out->global)) < 0)
		return -EBADMSG;
	return 0;
}

static int parse_signature(const char *text, struct parsed *out, struct error *err)
{
	if (parse(text, out) < 0)
		return error_set(err, EBADMSG, "this is no signature of minisign");
	if (!memcmp(out->blob.algorithm, "Ed", 2))
		return error_set(err, EBADMSG, "signatures of minisign's old form are not taken");
	if (memcmp(out->blob.algorithm, "ED", 2) != 0)
		return error_set(err, EBADMSG, "signature of an unknown kind");
	return 0;
}

/** signature_who() - Whose signature it claims to be; nothing is checked */
int signature_who(const char *text, char key_id[2 * SIGNATURE_KEY_ID + 1], struct error *err)
{
	struct parsed p;
	int r = parse_signature(text, &p, err);

	if (r == 0)
		print_key_id(p.blob.id, key_id);
	return r;
}

static bool is_comment_signed(const struct parsed *p, const struct signature_key *key)
{
	autofree unsigned char *data = xmalloc(crypto_sign_BYTES + p->comment_len);

	memcpy(data, p->blob.signature, crypto_sign_BYTES);
	memcpy(data + crypto_sign_BYTES, p->comment, p->comment_len);
	return crypto_sign_verify_detached(p->global, data, crypto_sign_BYTES + p->comment_len,
					   key->key) == 0;
}

/**
 * signature_check() - Whether a file was signed with a key
 * @fd:		Read from its beginning; the offset stays
 * @text:	The signature
 * @out:	Released with signature_claim_done()
 *
 * Return: 0, -EBADMSG for what is no signature, -EKEYREJECTED if it does not fit
 */
int signature_check(int fd, const char *text, const struct signature_key *key,
		    struct signature_claim *out, struct error *err)
{
	unsigned char hash[SIGNATURE_HASH_BYTES];
	char have[2 * SIGNATURE_KEY_ID + 1], want[2 * SIGNATURE_KEY_ID + 1];
	struct parsed p;
	int r;

	r = start_library(err);
	if (r == 0)
		r = parse_signature(text, &p, err);
	if (r < 0)
		return r;
	print_key_id(p.blob.id, have);
	print_key_id(key->id, want);
	if (memcmp(p.blob.id, key->id, sizeof(key->id)) != 0)
		return error_set(err, EKEYREJECTED, "signed with key %s, not with %s", have, want);
	r = hash_file(fd, hash, err);
	if (r < 0)
		return r;
	if (crypto_sign_verify_detached(p.blob.signature, hash, sizeof(hash), key->key) != 0)
		return error_set(err, EKEYREJECTED,
				 "the signature of key %s does not fit: the file "
				 "is not what was signed",
				 have);
	if (!is_comment_signed(&p, key))
		return error_set(err, EKEYREJECTED, "the comment of the signature was changed");
	memcpy(out->hash, hash, sizeof(hash));
	memcpy(out->key_id, have, sizeof(have));
	out->comment = xstrndup(p.comment, p.comment_len);
	return 0;
}

/** signature_check_copy() - Whether a copy has what was found to be signed: 0, -EKEYREJECTED,
 * -errno */
int signature_check_copy(int fd, const struct signature_claim *claim, struct error *err)
{
	unsigned char hash[SIGNATURE_HASH_BYTES];
	int r = hash_file(fd, hash, err);

	if (r < 0)
		return r;
	if (memcmp(hash, claim->hash, sizeof(hash)) != 0)
		return error_set(err, EKEYREJECTED, "the file was changed while it was verified");
	return 0;
}

/** signature_claim_done() - Release; safe twice */
void signature_claim_done(struct signature_claim *c)
{
	free(c->comment);
	*c = (struct signature_claim){ .comment = NULL };
}

/* ---- signing ------------------------------------------------------------ */

static uint64_t little_endian(const unsigned char bytes[8])
{
	uint64_t n = 0;

	for (int i = 7; i >= 0; i--)
		n = n << 8 | bytes[i];
	return n;
}

static int decrypt(struct secret *s, const struct signature_plan *plan, struct error *err)
{
	unsigned char stream[sizeof(s->inner)], *inner = (unsigned char *)&s->inner;
	uint64_t ops = little_endian(s->ops), memory = little_endian(s->memory);
	char password[SIGNATURE_PASSWORD_MAX] = "";
	int r;

	if (ops > SCRYPT_MAX_OPS || memory > SCRYPT_MAX_MEMORY)
		return error_set(err, ERANGE, "the secret key wants too much work");
	r = plan->ask(plan->arg, password, err);
	if (r < 0) {
		sodium_memzero(password, sizeof(password));
		return r;
	}
	r = crypto_pwhash_scryptsalsa208sha256(stream, sizeof(stream), password, strlen(password),
					       s->salt, ops, (size_t)memory);
	sodium_memzero(password, sizeof(password));
	if (r != 0)
		return error_set(err, ENOMEM, "not enough memory to decrypt the secret key");
	for (size_t i = 0; i < sizeof(stream); i++)
		inner[i] ^= stream[i];
	sodium_memzero(stream, sizeof(stream));
	return 0;
}

static bool is_intact(const struct secret *s)
{
	unsigned char sum[crypto_generichash_BYTES];
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0, sizeof(sum));
	(void)crypto_generichash_update(&state, s->algorithm, sizeof(s->algorithm));
	(void)crypto_generichash_update(&state, s->inner.id, sizeof(s->inner.id));
	(void)crypto_generichash_update(&state, s->inner.key, sizeof(s->inner.key));
	(void)crypto_generichash_final(&state, sum, sizeof(sum));
	return sodium_memcmp(sum, s->inner.checksum, sizeof(sum)) == 0;
}

/* Keys that are not encrypted (minisign -W) have no checksum: is the second half of the first? */
static bool is_a_pair(const struct secret *s)
{
	unsigned char public[crypto_sign_PUBLICKEYBYTES], key[crypto_sign_SECRETKEYBYTES];
	bool same;

	(void)crypto_sign_seed_keypair(public, key, s->inner.key);
	same = sodium_memcmp(key, s->inner.key, sizeof(key)) == 0;
	sodium_memzero(key, sizeof(key));
	return same;
}

static int parse_secret(const char *text, struct secret *out)
{
	const char *line;
	size_t len;

	if (!next_line(&text, &line, &len) || strncmp(line, UNTRUSTED, strlen(UNTRUSTED)) != 0 ||
	    !next_line(&text, &line, &len) || decode(line, len, out, sizeof(*out)) < 0 ||
	    memcmp(out->algorithm, "Ed", 2) != 0 || memcmp(out->check, "B2", 2) != 0)
		return -EBADMSG;
	return 0;
}

static int read_secret(const struct signature_plan *plan, struct secret *out, struct error *err)
{
	static const unsigned char plain[2];
	char *text = NULL;
	bool encrypted;
	size_t len;
	int r;

	r = file_read_at(AT_FDCWD, plan->secret_file, KEY_MAX_BYTES, &text, &len, err);
	if (r < 0)
		return error_wrap(err, "read secret key");
	r = parse_secret(text, out);
	sodium_memzero(text, len);
	free(text);
	if (r < 0)
		return error_set(err, EBADMSG, "'%s' is no secret key of minisign",
				 plan->secret_file);
	encrypted = !memcmp(out->kdf, "Sc", 2);
	if (encrypted)
		r = decrypt(out, plan, err);
	else if (memcmp(out->kdf, plain, 2) != 0)
		r = error_set(err, EBADMSG, "secret key '%s' is encrypted in an unknown way",
			      plan->secret_file);
	if (r == 0 && !(encrypted ? is_intact(out) : is_a_pair(out)))
		r = error_set(err, EKEYREJECTED, "secret key '%s': wrong password, or damaged",
			      plan->secret_file);
	return r;
}

static void print_signature(const struct signature_blob *blob, const char *comment,
			    const unsigned char global[crypto_sign_BYTES], struct str *out)
{
	str_puts(out, UNTRUSTED "signature from tare\n");
	encode(blob, sizeof(*blob), out);
	str_printf(out, "\n" TRUSTED "%s\n", comment);
	encode(global, crypto_sign_BYTES, out);
	str_putc(out, '\n');
}

static int sign(int fd, const struct secret *s, const char *comment, struct str *out,
		struct error *err)
{
	unsigned char hash[crypto_generichash_BYTES_MAX], global[crypto_sign_BYTES];
	struct signature_blob blob = { .algorithm = { 'E', 'D' } };
	size_t len = strlen(comment);
	autofree unsigned char *both = xmalloc(crypto_sign_BYTES + len);
	int r = hash_file(fd, hash, err);

	if (r < 0)
		return r;
	memcpy(blob.id, s->inner.id, sizeof(blob.id));
	(void)crypto_sign_detached(blob.signature, NULL, hash, sizeof(hash), s->inner.key);
	memcpy(both, blob.signature, crypto_sign_BYTES);
	for (size_t i = 0; i < len; i++)
		both[crypto_sign_BYTES + i] = (unsigned char)comment[i];
	(void)crypto_sign_detached(global, NULL, both, crypto_sign_BYTES + len, s->inner.key);
	print_signature(&blob, comment, global, out);
	return 0;
}

/**
 * signature_make() - Sign a file
 * @fd:		Read from its beginning; the offset stays
 * @out:	The text of the signature
 */
int signature_make(int fd, const struct signature_plan *plan, struct str *out, struct error *err)
{
	autofree char *name = str_escape(plan->name);
	autofree char *comment = xasprintf("timestamp:%lld\tfile:%s\thashed",
					   (long long)plan->timestamp_s, name);
	struct secret secret;
	int r;

	r = start_library(err);
	if (r == 0)
		r = read_secret(plan, &secret, err);
	if (r == 0)
		r = sign(fd, &secret, comment, out, err);
	sodium_memzero(&secret, sizeof(secret));
	return r;
}
