/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/opened.h - An archive or layout directory, opened to be looked at
 */
#ifndef CMD_OPENED_H
#define CMD_OPENED_H

#include <stdbool.h>

#include "image/plan.h"
#include "image/signature.h"

struct error;
struct source;

struct opened {
	int fd;	    /* of the file or directory */
	int dir_fd; /* the same, if it is a directory; else -1 */
	struct source *source;
	struct plan plan;
	struct signature_claim claim; /* key_id "": not checked */
};

#define OPENED_NONE ((struct opened){ .fd = -1, .dir_fd = -1 })

struct opened_how {
	const char *key, *signature; /* check a signature first; NULL: no */
	const char *platform;
};

bool opened_is_path(const char *operand);
int opened_open(struct opened *o, const char *path, const struct opened_how *how,
		struct error *err);
void opened_close(struct opened *o);

#endif
