/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/slice/io.h - The limits of disks that a slice has: PATH:RATE, as containers have them
 */
#ifndef CMD_SLICE_IO_H
#define CMD_SLICE_IO_H

#include <stdbool.h>

#include "cgroups/limits.h"

#define SLICE_IO_MAX 512

struct error;
struct json;

/* "PATH:RATE\n" for each disk. */
struct slice_io {
	char kinds[CGROUP_IO_KINDS][SLICE_IO_MAX];
};

int slice_io_set(struct slice_io *io, enum cgroup_io_kind kind, const char *spec,
		 struct error *err);
int slice_io_from_json(const struct json *v, struct slice_io *io, struct error *err);
void slice_io_to_json(const struct slice_io *io, struct json *map);
bool slice_io_equal(const struct slice_io *a, const struct slice_io *b);
int slice_io_to_cgroup(const struct slice_io *io, const struct slice_io *before,
		       struct cgroup_limits *out, struct error *err);

#endif
