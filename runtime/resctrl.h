/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/resctrl.h - linux.intelRdt: cache and memory bandwidth of a container
 *
 * resctrl_open() gives the root of the file system, which the others work in.
 */
#ifndef RUNTIME_RESCTRL_H
#define RUNTIME_RESCTRL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"

struct error;
struct json;

/* { 0 } asks for nothing. Owned: resctrl_done(). */
struct resctrl_config {
	bool is_set;
	char *group; /* closID; NULL: named like the container and its own; "/": all others' */
	struct strlist match; /* l3CacheSchema, memBwSchema: an existing group must have them */
	struct strlist lines; /* of schemata: written after those */
	bool monitor;	      /* enableMonitoring */
};

int resctrl_parse(struct resctrl_config *c, const struct json *section, struct error *err);
void resctrl_done(struct resctrl_config *c);
#define autoresctrl __attribute__((cleanup(resctrl_done)))

bool resctrl_line_matches(const char *schemata, const char *wanted);

int resctrl_open(struct error *err);
int resctrl_join(const struct resctrl_config *c, int rootfd, const char *id, pid_t pid,
		 struct error *err);
int resctrl_remove(const struct resctrl_config *c, int rootfd, const char *id, struct error *err);

#endif
