/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/path.h - Paths inside a root that somebody else controls
 *
 * A container's files, an unpacked layer: whatever is opened in there goes
 * through these, which let the kernel keep the walk inside the root.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

int path_open_in_root(int rootfd, const char *path, int flags, mode_t mode);
int path_open_beneath(int dirfd, const char *path, int flags, mode_t mode);
int path_make_dirs_in_root(int rootfd, const char *path, mode_t mode, uid_t uid, gid_t gid);
int path_make_dirs_following(int rootfd, const char *path, mode_t mode);
int path_make_file_in_root(int rootfd, const char *path, mode_t mode);
char *path_clean(const char *path);
char *path_absolute(const char *path);
bool path_is_name(const char *name);

#endif
