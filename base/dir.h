/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/dir.h - Walk through directories, by fd
 */
#ifndef BASE_DIR_H
#define BASE_DIR_H

#include <dirent.h>

struct strlist;

DIR *dir_open(int dirfd, const char *name, int flags);
const struct dirent *dir_next(DIR *dir);
int dir_list(int dirfd, const char *name, struct strlist *names);

#endif
