/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/dbus_message.h - D-Bus messages as bytes: written, and read with suspicion
 *
 * Pure: no sockets here. Writing appends to a struct str, aligned as if that
 * began a message's body. Reading goes through a cursor that turns "bad" at the
 * first thing that does not fit, and yields nothing from then on; it is asked
 * once, at the end.
 */
#ifndef CGROUPS_DBUS_MESSAGE_H
#define CGROUPS_DBUS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct error;

#define DBUS_HEADER_BYTES      16	   /* what tells how long a message is */
#define DBUS_FIELDS_MAX_BYTES  (64U << 10) /* a quarter of a page is usual */
#define DBUS_MESSAGE_MAX_BYTES (1U << 20)  /* D-Bus allows 128 MiB; systemd needs less than one */

enum dbus_type {
	DBUS_METHOD_CALL = 1,
	DBUS_METHOD_RETURN = 2,
	DBUS_ERROR = 3,
	DBUS_SIGNAL = 4,
};

/* --- writing --- */

struct dbus_array {
	size_t length_at, start;
};

void dbus_put_byte(struct str *b, uint8_t value);
void dbus_put_u16(struct str *b, uint16_t value);
void dbus_put_u32(struct str *b, uint32_t value);
void dbus_put_u64(struct str *b, uint64_t value);
void dbus_put_string(struct str *b, const char *text);
void dbus_put_signature(struct str *b, const char *signature);
void dbus_begin_struct(struct str *b);
struct dbus_array dbus_begin_array(struct str *b, char element);
void dbus_end_array(struct str *b, struct dbus_array array);

struct dbus_call {
	const char *destination, *path, *interface, *member;
	const char *signature; /* of the body; NULL: there is none */
	struct str body;
};

int dbus_marshal_call(const struct dbus_call *call, uint32_t serial, struct str *out,
		      struct error *err);

/* --- reading --- */

struct dbus_reader {
	const unsigned char *data;
	size_t len, pos;
	bool swap; /* written on a machine of the other byte order */
	bool bad;
};

uint8_t dbus_read_byte(struct dbus_reader *r);
uint32_t dbus_read_u32(struct dbus_reader *r);
uint64_t dbus_read_u64(struct dbus_reader *r);
const char *dbus_read_string(struct dbus_reader *r);
const char *dbus_read_signature(struct dbus_reader *r);
void dbus_skip(struct dbus_reader *r, const char *signature);

/* All strings point into the bytes that were parsed; "" where there is none. */
struct dbus_message {
	enum dbus_type type;
	uint32_t serial, reply_serial;
	const char *path, *interface, *member, *error_name, *signature;
	struct dbus_reader body;
	unsigned char *data; /* owned, or NULL: see dbus_message_done() */
};

int dbus_message_size(const unsigned char *header, size_t *size);
int dbus_message_parse(const unsigned char *data, size_t len, struct dbus_message *m);
void dbus_message_done(struct dbus_message *m);

#endif
