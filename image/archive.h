/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/archive.h - Entries of a tar stream
 *
 * The only door to libarchive; its types stay in archive.c.
 */
#ifndef IMAGE_ARCHIVE_H
#define IMAGE_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct error;

/* One entry; texts are borrowed until the next one. Names are bytes, not yet checked. */
struct archive_member {
	const char *path;
	const char *hardlink; /* or NULL; then only path and size count */
	const char *symlink;  /* or NULL */
	mode_t type;	      /* S_IFREG, S_IFDIR, ... */
	mode_t perm;	      /* 07777 */
	int64_t uid, gid;
	uint64_t size; /* holes included */
	struct timespec mtime;
	unsigned int major, minor;
};

/* Input: the next piece, *len 0 at the end. 0 or -errno with @err set. */
typedef int archive_fill(void *arg, const unsigned char **data, size_t *len, struct error *err);

/* Input from a descriptor: @arg of archive_fill_fd(). Large: for the heap. */
struct archive_fd {
	int fd;
	unsigned char data[256U << 10];
};

int archive_fill_fd(void *arg, const unsigned char **data, size_t *len, struct error *err);

struct archive_tar;

int archive_tar_new(archive_fill *fill, void *arg, struct archive_tar **out, struct error *err);
int archive_tar_next(struct archive_tar *t, struct archive_member *out, struct error *err);
uint64_t archive_tar_at(const struct archive_tar *t);
int archive_tar_next_xattr(struct archive_tar *t, const char **name, const void **value,
			   size_t *size);
int archive_tar_read(struct archive_tar *t, const void **data, size_t *len, uint64_t *offset,
		     struct error *err);
void archive_tar_free(struct archive_tar *t);

#endif
