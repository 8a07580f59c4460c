/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/copy.h - Copies of directory trees
 */
#ifndef BASE_COPY_H
#define BASE_COPY_H

#include <sys/types.h>

int copy_tree(int from_dir, int to_dir);
int copy_data(int from, int to, off_t size);

#endif
