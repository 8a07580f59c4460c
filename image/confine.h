/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image/confine.h - Giving up everything that unpacking does not need
 */
#ifndef IMAGE_CONFINE_H
#define IMAGE_CONFINE_H

#include <stddef.h>
#include <stdint.h>

struct error;

struct confine_plan {
	int write_fd;	     /* directory to work in; -1: none */
	const int *read_fds; /* directories to read from; negative ones are skipped */
	size_t n_read_fds;
	uint64_t max_memory_bytes; /* of address space */
};

int confine_self(const struct confine_plan *plan, struct error *err);

#endif
