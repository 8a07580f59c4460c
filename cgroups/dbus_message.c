// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/dbus_message.c - D-Bus messages as bytes: written, and read with suspicion
 *
 * D-Bus Specification 0.41, "Message Protocol". A message is a header, padded
 * to 8 bytes, and a body. The header is 16 bytes of fixed layout, the last four
 * being the length of the array of fields that follows: (code, variant) each.
 */
#include "cgroups/dbus_message.h"

#include <byteswap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

#define PROTOCOL_VERSION 1
#define MAX_DEPTH	 64 /* of arrays, structs and variants in each other */

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OUR_ORDER   'l'
#define OTHER_ORDER 'B'
#else
#define OUR_ORDER   'B'
#define OTHER_ORDER 'l'
#endif

enum field {
	FIELD_PATH = 1,
	FIELD_INTERFACE = 2,
	FIELD_MEMBER = 3,
	FIELD_ERROR_NAME = 4,
	FIELD_REPLY_SERIAL = 5,
	FIELD_DESTINATION = 6,
	FIELD_SENDER = 7,
	FIELD_SIGNATURE = 8,
};

/* The alignment of a type by the first character of its signature; 0: no type. */
static size_t alignment_of(char type)
{
	switch (type) {
	case 'y':
	case 'g':
	case 'v':
		return 1;
	case 'n':
	case 'q':
		return 2;
	case 'b':
	case 'i':
	case 'u':
	case 'h':
	case 's':
	case 'o':
	case 'a':
		return 4;
	case 'x':
	case 't':
	case 'd':
	case '(':
	case '{':
		return 8;
	default:
		return 0;
	}
}

static size_t padding_to(size_t pos, size_t alignment)
{
	return (alignment - pos % alignment) % alignment;
}

static void pad(struct str *b, size_t alignment)
{
	static const char zeros[8];

	str_append(b, zeros, padding_to(b->len, alignment));
}

static void put(struct str *b, const void *value, size_t size)
{
	pad(b, size);
	str_append(b, value, size);
}

/** dbus_put_byte() - Append a value of type y */
void dbus_put_byte(struct str *b, uint8_t value)
{
	put(b, &value, sizeof(value));
}

/** dbus_put_u16() - Append a value of type n or q */
void dbus_put_u16(struct str *b, uint16_t value)
{
	put(b, &value, sizeof(value));
}

/** dbus_put_u32() - Append a value of type b, i or u */
void dbus_put_u32(struct str *b, uint32_t value)
{
	put(b, &value, sizeof(value));
}

/** dbus_put_u64() - Append a value of type d, t or x */
void dbus_put_u64(struct str *b, uint64_t value)
{
	put(b, &value, sizeof(value));
}

/** dbus_put_string() - Append a value of type s or o; must be UTF-8, or the bus hangs up */
void dbus_put_string(struct str *b, const char *text)
{
	size_t len = strlen(text);

	dbus_put_u32(b, (uint32_t)len);
	str_append(b, text, len + 1);
}

/** dbus_put_signature() - Append a value of type g: also what begins a variant */
void dbus_put_signature(struct str *b, const char *signature)
{
	size_t len = strlen(signature);

	dbus_put_byte(b, (uint8_t)len);
	str_append(b, signature, len + 1);
}

/** dbus_begin_struct() - The members of a struct follow; nothing ends it */
void dbus_begin_struct(struct str *b)
{
	pad(b, alignment_of('('));
}

/**
 * dbus_begin_array() - The elements of an array follow
 * @element:	First character of their signature
 *
 * Return: what dbus_end_array() wants, after the last
 */
struct dbus_array dbus_begin_array(struct str *b, char element)
{
	struct dbus_array array;

	dbus_put_u32(b, 0);
	array.length_at = b->len - sizeof(uint32_t);
	pad(b, alignment_of(element)); /* does not count for the length */
	array.start = b->len;
	return array;
}

/** dbus_end_array() - See dbus_begin_array() */
void dbus_end_array(struct str *b, struct dbus_array array)
{
	uint32_t length = (uint32_t)(b->len - array.start);

	memcpy(b->data + array.length_at, &length, sizeof(length));
}

static void put_field(struct str *b, enum field code, const char *type, const char *text)
{
	if (!text)
		return;
	dbus_begin_struct(b);
	dbus_put_byte(b, (uint8_t)code);
	dbus_put_signature(b, type);
	if (*type == 'g')
		dbus_put_signature(b, text);
	else
		dbus_put_string(b, text);
}

/**
 * dbus_marshal_call() - The bytes of a method call
 * @out:	Empty; what it holds on success the caller frees
 *
 * Return: 0, or -E2BIG
 */
int dbus_marshal_call(const struct dbus_call *call, uint32_t serial, struct str *out,
		      struct error *err)
{
	struct dbus_array fields;

	if (call->body.len > DBUS_MESSAGE_MAX_BYTES)
		return error_set(err, E2BIG, "call '%s': more than %u bytes", call->member,
				 DBUS_MESSAGE_MAX_BYTES);
	dbus_put_byte(out, OUR_ORDER);
	dbus_put_byte(out, DBUS_METHOD_CALL);
	dbus_put_byte(out, 0); /* flags: a reply is wanted */
	dbus_put_byte(out, PROTOCOL_VERSION);
	dbus_put_u32(out, (uint32_t)call->body.len);
	dbus_put_u32(out, serial);
	fields = dbus_begin_array(out, '(');
	put_field(out, FIELD_PATH, "o", call->path);
	put_field(out, FIELD_INTERFACE, "s", call->interface);
	put_field(out, FIELD_DESTINATION, "s", call->destination);
	put_field(out, FIELD_SIGNATURE, "g", call->signature);
	put_field(out, FIELD_MEMBER, "s", call->member);
	dbus_end_array(out, fields);
	pad(out, 8);
	str_append(out, call->body.data, call->body.len);
	return 0;
}

/* The next @size bytes, after padding of zeros; NULL once the reader is bad. */
static const unsigned char *take(struct dbus_reader *r, size_t alignment, size_t size)
{
	size_t padding = padding_to(r->pos, alignment);
	const unsigned char *at = r->data + r->pos;

	if (r->bad || padding > r->len - r->pos || size > r->len - r->pos - padding)
		goto bad;
	for (size_t i = 0; i < padding; i++)
		if (at[i])
			goto bad;
	r->pos += padding + size;
	return at + padding;
bad:
	r->bad = true;
	return NULL;
}

/** dbus_read_byte() - Read a value of type y; 0 if there is none */
uint8_t dbus_read_byte(struct dbus_reader *r)
{
	const unsigned char *at = take(r, 1, 1);

	return at ? *at : 0;
}

/** dbus_read_u32() - Read a value of type b, i or u; 0 if there is none */
uint32_t dbus_read_u32(struct dbus_reader *r)
{
	const unsigned char *at = take(r, sizeof(uint32_t), sizeof(uint32_t));
	uint32_t value = 0;

	if (at)
		memcpy(&value, at, sizeof(value));
	return r->swap ? bswap_32(value) : value;
}

/** dbus_read_u64() - Read a value of type t or x; 0 if there is none */
uint64_t dbus_read_u64(struct dbus_reader *r)
{
	const unsigned char *at = take(r, sizeof(uint64_t), sizeof(uint64_t));
	uint64_t value = 0;

	if (at)
		memcpy(&value, at, sizeof(value));
	return r->swap ? bswap_64(value) : value;
}

/* @len bytes and the NUL that must follow, with none before. */
static const char *take_text(struct dbus_reader *r, size_t len)
{
	const unsigned char *at = len < DBUS_MESSAGE_MAX_BYTES ? take(r, 1, len + 1) : NULL;

	if (at && !at[len] && !memchr(at, 0, len))
		return (const char *)at;
	r->bad = true;
	return NULL;
}

/** dbus_read_string() - Read a value of type s or o, borrowed; NULL if there is none */
const char *dbus_read_string(struct dbus_reader *r)
{
	uint32_t len = dbus_read_u32(r);

	return take_text(r, len);
}

/** dbus_read_signature() - Read a value of type g, borrowed; NULL if there is none */
const char *dbus_read_signature(struct dbus_reader *r)
{
	uint8_t len = dbus_read_byte(r);

	return take_text(r, len);
}

/* Behind the complete type at @signature; NULL if that is none. */
static const char *type_end(const char *signature, int depth)
{
	char close = *signature == '(' ? ')' : '}';

	if (depth > MAX_DEPTH || !alignment_of(*signature))
		return NULL;
	if (*signature == 'a')
		return type_end(signature + 1, depth + 1);
	if (*signature != '(' && *signature != '{')
		return signature + 1;
	for (signature++; signature && *signature != close;)
		signature = type_end(signature, depth + 1);
	return signature ? signature + 1 : NULL;
}

static void skip_type(struct dbus_reader *r, const char *type, int depth);

/* All types from @signature up to @end. */
static void skip_types(struct dbus_reader *r, const char *signature, const char *end, int depth)
{
	while (!r->bad && signature != end) {
		const char *next = type_end(signature, depth);

		if (!next) {
			r->bad = true;
			return;
		}
		skip_type(r, signature, depth);
		signature = next;
	}
}

static void skip_variant(struct dbus_reader *r, int depth)
{
	const char *type = dbus_read_signature(r);
	const char *end = type ? type_end(type, depth) : NULL;

	if (!end || *end) {
		r->bad = true;
		return;
	}
	skip_type(r, type, depth + 1);
}

/* One value; its signature has been found to be complete. */
static void skip_type(struct dbus_reader *r, const char *type, int depth)
{
	if (depth > MAX_DEPTH) {
		r->bad = true;
		return;
	}
	switch (*type) {
	case 's':
	case 'o':
		(void)dbus_read_string(r);
		return;
	case 'g':
		(void)dbus_read_signature(r);
		return;
	case 'v':
		skip_variant(r, depth);
		return;
	case 'a': { /* whole: what is in there need not make sense */
		size_t len = dbus_read_u32(r);

		(void)take(r, alignment_of(type[1]), 0);
		(void)take(r, 1, len);
		return;
	}
	case '(':
	case '{':
		(void)take(r, 8, 0);
		skip_types(r, type + 1, type_end(type, depth) - 1, depth + 1);
		return;
	default:
		(void)take(r, alignment_of(*type), alignment_of(*type));
	}
}

/** dbus_skip() - Pass over values of the given types */
void dbus_skip(struct dbus_reader *r, const char *signature)
{
	skip_types(r, signature, signature + strlen(signature), 0);
}

static uint32_t fixed_u32(const unsigned char *header, size_t at)
{
	struct dbus_reader r = { .data = header, .len = DBUS_HEADER_BYTES, .pos = at };

	r.swap = header[0] == OTHER_ORDER;
	return dbus_read_u32(&r);
}

/**
 * dbus_message_size() - How long a message is
 * @header:	Its first DBUS_HEADER_BYTES
 *
 * Return: 0, or -EBADMSG if that begins no message, or one too long to be meant for us
 */
int dbus_message_size(const unsigned char *header, size_t *size)
{
	uint32_t body, fields;

	if ((header[0] != OUR_ORDER && header[0] != OTHER_ORDER) || header[3] != PROTOCOL_VERSION)
		return -EBADMSG;
	body = fixed_u32(header, 4);
	fields = fixed_u32(header, 12);
	if (fields > DBUS_FIELDS_MAX_BYTES || body > DBUS_MESSAGE_MAX_BYTES)
		return -EBADMSG;
	*size = DBUS_HEADER_BYTES + fields + padding_to(fields, 8) + body;
	return 0;
}

/* One header field; those that are not known, or not of use, are passed over. */
static void read_field(struct dbus_reader *r, struct dbus_message *m)
{
	static const struct {
		size_t offset;
		char type;
	} wanted[] = {
		[FIELD_PATH] = { offsetof(struct dbus_message, path), 'o' },
		[FIELD_INTERFACE] = { offsetof(struct dbus_message, interface), 's' },
		[FIELD_MEMBER] = { offsetof(struct dbus_message, member), 's' },
		[FIELD_ERROR_NAME] = { offsetof(struct dbus_message, error_name), 's' },
		[FIELD_REPLY_SERIAL] = { offsetof(struct dbus_message, reply_serial), 'u' },
		[FIELD_SIGNATURE] = { offsetof(struct dbus_message, signature), 'g' },
	};
	size_t n = sizeof(wanted) / sizeof(wanted[0]);
	const char *type, *text;
	uint8_t code;

	(void)take(r, 8, 0);
	code = dbus_read_byte(r);
	if (code >= n || !wanted[code].type) {
		skip_variant(r, 0);
		return;
	}
	type = dbus_read_signature(r);
	if (!type || type[0] != wanted[code].type || type[1]) {
		r->bad = true;
		return;
	}
	if (*type == 'u') {
		m->reply_serial = dbus_read_u32(r);
		return;
	}
	text = *type == 'g' ? dbus_read_signature(r) : dbus_read_string(r);
	if (text)
		*(const char **)((char *)m + wanted[code].offset) = text;
}

static bool has_needed_fields(const struct dbus_message *m)
{
	switch (m->type) {
	case DBUS_METHOD_CALL:
		return *m->path && *m->member;
	case DBUS_METHOD_RETURN:
		return m->reply_serial;
	case DBUS_ERROR:
		return m->reply_serial && *m->error_name;
	case DBUS_SIGNAL:
		return *m->path && *m->interface && *m->member;
	}
	return true; /* a type that is not known is ignored, says the specification */
}

/**
 * dbus_message_parse() - Read the header of a message
 * @data:	The whole message; it must stay as long as @m is in use
 * @m:		m->body reads the body; written on success only
 *
 * Return: 0, or -EBADMSG
 */
int dbus_message_parse(const unsigned char *data, size_t len, struct dbus_message *m)
{
	struct dbus_message found = {
		.path = "", .interface = "", .member = "", .error_name = "", .signature = ""
	};
	struct dbus_reader r = { .data = data };
	size_t size, fields;

	if (len < DBUS_HEADER_BYTES || dbus_message_size(data, &size) < 0 || size != len)
		return -EBADMSG;
	fields = fixed_u32(data, 12);
	found.type = data[1];
	found.serial = fixed_u32(data, 8);
	r.swap = data[0] == OTHER_ORDER;
	r.pos = DBUS_HEADER_BYTES;
	r.len = DBUS_HEADER_BYTES + fields;
	while (!r.bad && r.pos < r.len)
		read_field(&r, &found);
	r.len += padding_to(r.len, 8);
	(void)take(&r, 8, 0);
	if (r.bad || !found.type || !found.serial || !has_needed_fields(&found))
		return -EBADMSG;
	found.body =
		(struct dbus_reader){ .data = data + r.len, .len = len - r.len, .swap = r.swap };
	*m = found;
	return 0;
}

/** dbus_message_done() - Free what @m owns */
void dbus_message_done(struct dbus_message *m)
{
	free(m->data);
	*m = (struct dbus_message){ 0 };
}
