/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/output.h - An archive that a command writes: to a file, or to standard output
 *
 * A file appears whole, by rename, or not at all.
 */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

struct error;

struct output {
	int fd;
	char *path, *temporary; /* NULL for standard output and what is no regular file */
};

int output_open(struct output *out, const char *path, struct error *err);
int output_close(struct output *out, int result, struct error *err);

#endif
