/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/pool.h - Memory for documents: many small pieces, all short-lived
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

void *pool_new(size_t size);
void pool_free(void *data);
void pool_trim(void);

#endif
