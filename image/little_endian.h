/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/little_endian.h - Numbers as file systems have them
 */
#ifndef IMAGE_LITTLE_ENDIAN_H
#define IMAGE_LITTLE_ENDIAN_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline void put16(unsigned char *at, uint64_t value)
{
	uint16_t le = htole16((uint16_t)value);

	memcpy(at, &le, sizeof(le));
}

static inline void put32(unsigned char *at, uint64_t value)
{
	uint32_t le = htole32((uint32_t)value);

	memcpy(at, &le, sizeof(le));
}

static inline void put64(unsigned char *at, uint64_t value)
{
	uint64_t le = htole64(value);

	memcpy(at, &le, sizeof(le));
}

#endif
