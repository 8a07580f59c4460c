/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarball.h - Tar streams made in memory, for tests
 */
#ifndef TESTS_TARBALL_H
#define TESTS_TARBALL_H

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static inline void tarball_pad(struct str *t)
{
	static const char zeros[512];

	str_append(t, zeros, (512 - t->len % 512) % 512);
}

/* A ustar entry of @type ('0', '1', '2', '5', 'x', ...), owned by whoever runs the test. */
static inline void tarball_add(struct str *t, char type, const char *name, const char *link,
			       const void *data, size_t len)
{
	unsigned char h[512] = { 0 };
	unsigned int sum = 0;

	snprintf((char *)h, 100, "%s", name);
	snprintf((char *)h + 100, 8, "%07o", type == '5' ? 0755 : 0644);
	snprintf((char *)h + 108, 8, "%07o", 0);
	snprintf((char *)h + 116, 8, "%07o", 0);
	snprintf((char *)h + 124, 12, "%011lo", len & 077777777777UL);
	snprintf((char *)h + 136, 12, "%011lo", 1000000000UL);
	memset(h + 148, ' ', 8);
	h[156] = (unsigned char)type;
	snprintf((char *)h + 157, 100, "%s", link ? link : "");
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
	str_append(t, h, sizeof(h));
	str_append(t, data, len);
	tarball_pad(t);
}

/* A pax header with one record, for the entry after it. */
static inline void tarball_add_pax(struct str *t, const char *key, const char *value)
{
	struct str record = { 0 };
	size_t len = strlen(key) + strlen(value) + 3, digits = 2;

	if (len + 2 > 99)
		digits = 3;
	if (len + 3 > 999)
		digits = 4;
	str_printf(&record, "%zu %s=%s\n", len + digits, key, value);
	tarball_add(t, 'x', "pax", NULL, record.data, record.len);
	str_done(&record);
}

static inline void tarball_end(struct str *t)
{
	static const char zeros[1024];

	str_append(t, zeros, sizeof(zeros));
}

#endif
