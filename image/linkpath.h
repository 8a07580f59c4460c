/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/linkpath.h - Where an entry is that lies beyond links, for tree.c
 */
#ifndef IMAGE_LINKPATH_H
#define IMAGE_LINKPATH_H

char *linkpath_follow(int rootfd, const char *path);

#endif
