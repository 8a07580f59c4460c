/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/tar_write.h - Writing tar streams: ustar, with pax records where it takes them
 *
 * The bytes depend on the entries alone, so the same tree makes the same
 * archive. Times are whole seconds, as in what docker and podman write.
 */
#ifndef IMAGE_TAR_WRITE_H
#define IMAGE_TAR_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

/* Where the bytes go. 0 or -errno with @err set. */
typedef int tar_sink(void *arg, const void *data, size_t len, struct error *err);

struct tar_writer {
	tar_sink *sink;
	void *arg;
	uint64_t left; /* content that the last entry still lacks */
	size_t padding;
};

struct tar_xattr {
	const char *name;
	const void *value;
	size_t size;
};

/* Texts are borrowed. A hard link has the type of a file and no size. */
struct tar_entry {
	const char *path; /* without a leading slash; directories get a trailing one */
	const char *link; /* target of a symbolic or hard link, or NULL */
	mode_t type;	  /* S_IFREG, S_IFDIR, … */
	bool hardlink;
	mode_t perm; /* 07777 */
	uint64_t uid, gid, size;
	int64_t mtime_s;
	unsigned int major, minor;
	const struct tar_xattr *xattrs;
	size_t n_xattrs;
};

int tar_write_entry(struct tar_writer *w, const struct tar_entry *e, struct error *err);
int tar_write_data(struct tar_writer *w, const void *data, size_t len, struct error *err);
int tar_write_end(struct tar_writer *w, struct error *err);

/* A file with content at hand. */
int tar_write_file(struct tar_writer *w, const char *path, const void *data, size_t len,
		   struct error *err);

/* A sink for file descriptors: @arg points to the int. */
int tar_sink_fd(void *arg, const void *data, size_t len, struct error *err);

#endif
