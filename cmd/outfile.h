/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/outfile.h - A file that a command makes: it appears whole, or not at all
 */
#ifndef CMD_OUTFILE_H
#define CMD_OUTFILE_H

#include <stdbool.h>
#include <sys/types.h>

struct error;

struct outfile {
	int fd;		    /* to write to */
	int dir_fd;	    /* where it will be; -1: a stream */
	char *name;	    /* in there; NULL: a stream */
	char temporary[32]; /* its name until then, */
	bool has_name;	    /* if it has one */
};

#define OUTFILE_NONE ((struct outfile){ .fd = -1, .dir_fd = -1 })

int outfile_open(struct outfile *o, const char *path, struct error *err);
bool outfile_is_stream(const struct outfile *o);
int outfile_commit(struct outfile *o, mode_t mode, struct error *err);
void outfile_close(struct outfile *o);

#endif
