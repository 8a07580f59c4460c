/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/unpack.h - Tar streams into a tree that is in use
 */
#ifndef IMAGE_UNPACK_H
#define IMAGE_UNPACK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct archive_member;
struct archive_tar;
struct error;

/*
 * Where to. With root, names are looked up below path as a process chrooted to
 * root would, links included, and missing directories are made. Else they are
 * looked up below base without following any link.
 */
struct unpack {
	int root; /* or -1 */
	const char *path;
	int base;

	const char *rename; /* takes the place of every name's first component; NULL: no */
	bool keep_owner;    /* else everything is uid's and gid's, and without set-id bits */
	bool keep_devices;  /* else devices are left out */
	uid_t uid;
	gid_t gid;
	uint64_t bytes; /* of all files, counted */
};

int unpack_run(struct unpack *u, struct archive_tar *tar, const struct archive_member *first,
	       struct error *err);

#endif
