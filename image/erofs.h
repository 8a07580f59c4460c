/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/erofs.h - Writing an EROFS file system whose file contents lie elsewhere
 */
#ifndef IMAGE_EROFS_H
#define IMAGE_EROFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct error;

#define EROFS_MAX_DEVICES 128

struct erofs_xattr {
	const char *name; /* "user.…" or "security.…" */
	const void *value;
	size_t size;
	struct erofs_xattr *next;
};

/* A file of any kind; those with several names are hard links. Texts are borrowed. */
struct erofs_inode {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	unsigned int major, minor; /* of a device node */
	unsigned int device;	   /* of a regular file: which one has the content, from 1 on */
	uint64_t offset, size;	   /* in there, in bytes; the offset is that of a block */
	const char *target;	   /* of a symbolic link */
	struct timespec mtime;
	struct erofs_xattr *xattrs;

	/* The writer's; zero before. */
	uint32_t links, number;
	uint64_t nid;
	uint64_t block; /* of a directory's entries, or a long link's target: from the first one */
	bool is_written;
};

struct erofs_node {
	const char *name; /* 1 to 255 bytes; of no matter for the root */
	struct erofs_inode *inode;
	struct erofs_node *children,
		*next; /* children: of a directory; put in order by the writer */
};

struct erofs_plan {
	struct erofs_node *root; /* a directory */
	unsigned int block_bits; /* 9: any tar archive's files begin at a block; Linux 6.4 */
	const uint64_t *device_bytes;
	size_t n_devices;
};

int erofs_write(const struct erofs_plan *plan, int fd, struct error *err);

#endif
