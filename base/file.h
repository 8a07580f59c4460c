/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/file.h - Whole files and trees: read, replace, remove, lock
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/file.h> /* LOCK_EX, LOCK_SH, LOCK_NB */
#include <sys/types.h>

struct error;

int file_read_at(int dirfd, const char *path, size_t max_bytes, char **data, size_t *len,
		 struct error *err);
int file_read_small_at(int dirfd, const char *path, size_t max_bytes, char *small, size_t size,
		       char **large, size_t *len, struct error *err);
int file_read_fd(int fd, size_t max_bytes, char **data, size_t *len);
int file_write_fd(int fd, const void *data, size_t len);
int file_write_at(int dirfd, const char *path, const char *text);

enum file_flags {
	FILE_SYNC = 1 << 0, /* on disk before the rename, and the rename too */
	FILE_EXCL = 1 << 1, /* fail with EEXIST instead of replacing */
	/*
	 * Change places with the old file rather than rename over it: that makes
	 * ext4 write the data out at once (auto_da_alloc), in vain where nothing
	 * needs to survive the machine.
	 */
	FILE_SWAP = 1 << 2,
	/*
	 * Nobody waits for the disk, but the name gets there no sooner than the data: after
	 * a power cut the file is whole or not there. Without it, ext4 and XFS, which choose
	 * blocks late, would have the name and no data for half a minute.
	 */
	FILE_ORDERED = 1 << 3,
};

int file_replace_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		    enum file_flags flags, struct error *err);
int file_open_parent(const char *path, const char **name, struct error *err);
int file_open_tmp(struct error *err);
int file_open_dir(int dirfd, const char *path, mode_t mode, struct error *err);
int file_inherit_nothing(int fd, mode_t mode);
int file_make_dir(int dirfd, const char *path, mode_t mode);
int file_make_dirs(const char *path, mode_t mode, struct error *err);
int file_remove_tree_at(int parent, const char *name);
int file_lock(int fd, int operation);
void file_random_hex(char *out, size_t bytes);

#endif
