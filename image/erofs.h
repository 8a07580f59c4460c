/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/erofs.h - Writing an EROFS file system whose file contents lie elsewhere
 */
#ifndef IMAGE_EROFS_H
#define IMAGE_EROFS_H

#include <stddef.h>
#include <stdint.h>

#include "image/erofs_tree.h"

struct error;

#define EROFS_MAX_DEVICES 128

struct erofs_plan {
	struct erofs_node *root; /* a directory */
	unsigned int block_bits; /* 9: any tar archive's files begin at a block; Linux 6.4 */
	const uint64_t *device_bytes;
	size_t n_devices;
};

int erofs_write(const struct erofs_plan *plan, int fd, struct error *err);

#endif
