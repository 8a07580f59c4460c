/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/io_limit.h - --device-read-bps and its like: PATH:RATE
 */
#ifndef CMD_IO_LIMIT_H
#define CMD_IO_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "cgroups/limits.h"

struct error;

int io_limit_parse(enum cgroup_io_kind kind, const char *spec, char **path, uint64_t *rate,
		   struct error *err);
int io_limit_parse_weight(const char *spec, char **path, unsigned int *weight, struct error *err);
int io_limit_add(struct cgroup_limits *to, enum cgroup_io_kind kind, const char *spec,
		 struct error *err);
int io_limit_add_weight(struct cgroup_limits *to, const char *spec, struct error *err);
size_t io_limit_count(const struct strlist limits[CGROUP_IO_KINDS]);
int io_limit_add_all(struct cgroup_limits *to, const struct strlist limits[CGROUP_IO_KINDS],
		     struct error *err);

#endif
