/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/erofs_tree.h - The files of an EROFS file system, in memory
 */
#ifndef IMAGE_EROFS_TREE_H
#define IMAGE_EROFS_TREE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct erofs_xattr {
	const char *name; /* "user.…" or "security.…" */
	const void *value;
	size_t size;
	struct erofs_xattr *next;
};

/*
 * A file of any kind; those with several names are hard links. Texts are
 * borrowed. There may be a million of them: 64 bytes.
 */
struct erofs_inode {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	uint32_t links; /* the writer's, as nid and block are: zero before */
	uint32_t nid;
	union {
		unsigned int device; /* of a regular file: which one has the content, from 1 on */
		uint32_t block;	     /* of a directory's entries, or a long link's target: from the
					first one */
	};
	uint64_t size; /* of a regular file, in bytes */
	union {
		uint64_t offset;    /* of its content in there; that of a block */
		const char *target; /* of a symbolic link */
		struct {
			unsigned int major, minor; /* of a device node */
		};
	};
	struct timespec mtime;
	struct erofs_xattr *xattrs;
};

struct erofs_node {
	const char *name; /* 1 to 255 bytes; of no matter for the root */
	struct erofs_inode *inode;
	struct erofs_node *children,
		*next; /* children: of a directory; put in order by the writer */
};

#endif
