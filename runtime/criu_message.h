/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/criu_message.h - Protocol buffers, as much as CRIU's requests need of them
 *
 * The wire format of proto2: each field is a key (number and kind) and a value.
 * A message inside a message is bytes.
 */
#ifndef RUNTIME_CRIU_MESSAGE_H
#define RUNTIME_CRIU_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

struct str;

void criu_put_int(struct str *message, unsigned int field, int64_t value);
void criu_put_bytes(struct str *message, unsigned int field, const void *data, size_t len);
void criu_put_text(struct str *message, unsigned int field, const char *text);
void criu_put_message(struct str *message, unsigned int field, const struct str *inner);

/* What is left to read; begins as the whole message. */
struct criu_reader {
	const unsigned char *at, *end;
};

struct criu_field {
	unsigned int number;
	uint64_t value;		   /* of a number; else 0 */
	const unsigned char *data; /* of bytes, text or a message: inside the message read */
	size_t len;
};

int criu_next(struct criu_reader *r, struct criu_field *f);

#endif
