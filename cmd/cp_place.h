/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/cp_place.h - The two ends of a copy: what is read, and where it goes
 *
 * Between them is a tar stream in which what is copied is called "x": only the
 * receiver finds out what it is to be called.
 */
#ifndef CMD_CP_PLACE_H
#define CMD_CP_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

struct error;

/* Paths are absolute, or begin at the root all the same. */
struct cp_side {
	char *path;
	bool is_stream, other_is_stream;

	/* The sender's. */
	bool follow;
	const char *name; /* of what is copied, for a stream */

	/* The receiver's. */
	char *source_name; /* "" for a root directory */
	bool contents;	   /* SOURCE/. */
	bool keep_owner, keep_devices;
	uid_t uid;
	gid_t gid;
};

char *cp_base_name(const char *path, bool *contents);
int cp_send(const struct cp_side *from, int root, int fd, struct error *err);
int cp_receive(const struct cp_side *to, int root, int fd, struct error *err);

#endif
