/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/record_name.h - Names of containers: symbolic links to ids, for record.c
 */
#ifndef RUNTIME_RECORD_NAME_H
#define RUNTIME_RECORD_NAME_H

#include <stdbool.h>

#include "runtime/record_document.h"

struct error;

/* The two stores: the one that the container belongs to, and the other. */
struct record_name_place {
	int mine, other;
};

int record_name_read(int store_fd, const char *name, char *id);
int record_name_reserve(const struct record_name_place *p, const char *name, const char *id,
			struct error *err);
void record_name_drop(int store_fd, const char *name, const char *id);

/* Whether the container calls itself so. */
typedef bool record_name_is_right(void *arg, const char *id, const char *name);

void record_name_sweep(const struct record_name_place *p, record_name_is_right *is_right,
		       void *arg);

#endif
