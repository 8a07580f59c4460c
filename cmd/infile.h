/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/infile.h - An archive that a command reads: a file, or standard input
 */
#ifndef CMD_INFILE_H
#define CMD_INFILE_H

struct error;

int infile_open(const char *path, struct error *err);

#endif
