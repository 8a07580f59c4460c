// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/criu_message.c - Protocol buffers, as much as CRIU's requests need of them
 *
 * protobuf.dev/programming-guides/encoding. Numbers are variable in length, seven
 * bits a byte, the lowest first; negative ones are as of 64 bits.
 */
#include "runtime/criu_message.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

#define VARINT_MAX_BYTES 10

static void put_varint(struct str *message, uint64_t value)
{
	do {
		unsigned char byte = value & 0x7f;

		value >>= 7;
		str_putc(message, (char)(byte | (value ? 0x80 : 0)));
	} while (value);
}

/** criu_put_int() - A number, a truth value or a member of an enumeration */
void criu_put_int(struct str *message, unsigned int field, int64_t value)
{
	put_varint(message, (uint64_t)field << 3 | WIRE_VARINT);
	put_varint(message, (uint64_t)value);
}

/** criu_put_bytes() - Bytes, of any kind */
void criu_put_bytes(struct str *message, unsigned int field, const void *data, size_t len)
{
	put_varint(message, (uint64_t)field << 3 | WIRE_BYTES);
	put_varint(message, len);
	str_append(message, data, len);
}

/** criu_put_text() - A text; NULL: nothing */
void criu_put_text(struct str *message, unsigned int field, const char *text)
{
	if (text)
		criu_put_bytes(message, field, text, strlen(text));
}

/** criu_put_message() - A message inside */
void criu_put_message(struct str *message, unsigned int field, const struct str *inner)
{
	criu_put_bytes(message, field, inner->data ? inner->data : "", inner->len);
}

static int get_varint(struct criu_reader *r, uint64_t *value)
{
	*value = 0;
	for (unsigned int i = 0; i < VARINT_MAX_BYTES; i++) {
		if (r->at == r->end)
			return -EBADMSG;
		*value |= (uint64_t)(*r->at & 0x7f) << (7 * i);
		if (!(*r->at++ & 0x80))
			return 0;
	}
	return -EBADMSG;
}

static int get_bytes(struct criu_reader *r, uint64_t len, struct criu_field *f)
{
	if (len > (size_t)(r->end - r->at))
		return -EBADMSG;
	f->data = r->at;
	f->len = (size_t)len;
	r->at += len;
	return 0;
}

/**
 * criu_next() - The next field of a message
 *
 * Return: 1 with *@f filled in, 0 at the end, -EBADMSG
 */
int criu_next(struct criu_reader *r, struct criu_field *f)
{
	uint64_t key, len;

	*f = (struct criu_field){ 0 };
	if (r->at == r->end)
		return 0;
	if (get_varint(r, &key) < 0 || key >> 3 == 0 || key >> 3 > UINT32_MAX)
		return -EBADMSG;
	f->number = (unsigned int)(key >> 3);
	switch ((enum wire)(key & 7)) {
	case WIRE_VARINT:
		return get_varint(r, &f->value) < 0 ? -EBADMSG : 1;
	case WIRE_FIXED64:
		return get_bytes(r, 8, f) < 0 ? -EBADMSG : 1;
	case WIRE_FIXED32:
		return get_bytes(r, 4, f) < 0 ? -EBADMSG : 1;
	case WIRE_BYTES:
		return get_varint(r, &len) < 0 || get_bytes(r, len, f) < 0 ? -EBADMSG : 1;
	}
	return -EBADMSG;
}
