/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/setting.h - One control file: written, read back, compared
 */
#ifndef CGROUPS_SETTING_H
#define CGROUPS_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cgroups/hierarchy.h"

struct error;

struct cgroup_setting {
	char *file;	    /* "memory.max" */
	char *value;	    /* "67108864" */
	const char *option; /* what the user wrote to get this: "--memory",
			       "linux.resources.memory.limit" */
	enum cgroup_controller controller;
	bool optional;	       /* left out where the controller or the file does not exist */
	bool file_is_optional; /* left out where the file does not exist */
	bool derived;	       /* nobody asked: it follows from another limit, or is a default */
	bool unchecked;	       /* what the file says when read is something else */
	char *fallback_file;   /* where @file does not exist: this, with that value; or NULL */
	char *fallback_value;
};

void cgroup_settings_free(struct cgroup_setting *settings, size_t n);
char *cgroup_read_control(int dirfd, const char *file);
bool cgroup_parse_size(const char *text, uint64_t *value);
bool cgroup_setting_holds(const struct cgroup_setting *setting, const char *read_back);
int cgroup_setting_apply(int dirfd, const struct cgroup_setting *setting, struct error *err);

#endif
