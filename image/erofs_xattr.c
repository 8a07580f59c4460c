// SPDX-License-Identifier: Apache-2.0
/*
 * image/erofs_xattr.c - Extended attributes in EROFS, behind the inode
 *
 * None is shared between inodes.
 */
#include "image/erofs_xattr.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "image/erofs_tree.h"
#include "image/little_endian.h"

#define XATTR_HEADER_BYTES 12U
#define XATTR_ENTRY_BYTES  4U
#define NAME_MAX_BYTES	   255U

/* The index of a name's prefix, and what follows it; 0: there is none for this. */
static unsigned int xattr_index(const char *name, const char **rest)
{
	static const struct {
		const char *prefix;
		unsigned int index;
	} known[] = { { "user.", 1 }, { "trusted.", 4 }, { "security.", 6 } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_starts(name, known[i].prefix)) {
			*rest = name + strlen(known[i].prefix);
			return known[i].index;
		}
	return 0;
}

static size_t xattr_bytes(const struct erofs_xattr *x, size_t name_len)
{
	return (XATTR_ENTRY_BYTES + name_len + x->size + 3) / 4 * 4;
}

/** erofs_xattr_bytes() - What all of an inode's take; 0 for none */
size_t erofs_xattr_bytes(const struct erofs_inode *inode)
{
	size_t sum = 0;

	for (const struct erofs_xattr *x = inode->xattrs; x; x = x->next) {
		const char *rest = "";

		(void)xattr_index(x->name, &rest);
		sum += xattr_bytes(x, strlen(rest));
	}
	return sum ? XATTR_HEADER_BYTES + sum : 0;
}

/** erofs_xattr_fault() - What is wrong with those of an inode, or NULL */
const char *erofs_xattr_fault(const struct erofs_inode *inode)
{
	size_t sum = 0;

	for (const struct erofs_xattr *x = inode->xattrs; x; x = x->next) {
		const char *rest = "";

		if (!xattr_index(x->name, &rest) || !*rest || strlen(rest) > NAME_MAX_BYTES ||
		    x->size > UINT16_MAX)
			return "has an attribute that EROFS has no room for";
		sum += xattr_bytes(x, strlen(rest));
		if (sum > EROFS_XATTRS_MAX_BYTES - XATTR_HEADER_BYTES)
			return "has too many attributes";
	}
	return NULL;
}

/** erofs_xattr_units() - What an inode counts so many bytes as */
unsigned int erofs_xattr_units(size_t bytes)
{
	return bytes ? (unsigned int)(bytes - XATTR_HEADER_BYTES) / 4 + 1 : 0;
}

static void put_bytes(unsigned char *at, const void *data, size_t len)
{
	if (len)
		memcpy(at, data, len);
}

/** erofs_xattr_put() - Write them to zeroed memory */
void erofs_xattr_put(unsigned char *at, const struct erofs_inode *inode)
{
	at += XATTR_HEADER_BYTES; /* no filter, none shared */
	for (const struct erofs_xattr *x = inode->xattrs; x; x = x->next) {
		const char *rest = "";
		unsigned int index = xattr_index(x->name, &rest);
		size_t len = strlen(rest);

		at[0] = (unsigned char)len;
		at[1] = (unsigned char)index;
		put16(at + 2, x->size);
		put_bytes(at + XATTR_ENTRY_BYTES, rest, len);
		put_bytes(at + XATTR_ENTRY_BYTES + len, x->value, x->size);
		at += xattr_bytes(x, len);
	}
}
