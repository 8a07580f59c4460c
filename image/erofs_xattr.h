/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/erofs_xattr.h - Extended attributes in EROFS, behind the inode
 */
#ifndef IMAGE_EROFS_XATTR_H
#define IMAGE_EROFS_XATTR_H

#include <stddef.h>

struct erofs_inode;

#define EROFS_XATTRS_MAX_BYTES (256U << 10) /* an inode counts them in units of 4, in 16 bits */

size_t erofs_xattr_bytes(const struct erofs_inode *inode);
unsigned int erofs_xattr_units(size_t bytes);
const char *erofs_xattr_fault(const struct erofs_inode *inode);
void erofs_xattr_put(unsigned char *at, const struct erofs_inode *inode);

#endif
