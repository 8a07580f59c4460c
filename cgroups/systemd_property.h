/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/systemd_property.h - Limits and annotations as properties of a unit
 *
 * Pure. Everything here appends one or more "(sv)" to an array that the caller
 * has begun in a message's body.
 */
#ifndef CGROUPS_SYSTEMD_PROPERTY_H
#define CGROUPS_SYSTEMD_PROPERTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cgroup_setting;
struct error;
struct str;
struct strlist;

/* A property as an annotation gives it: the value is text of GVariant's form. */
struct systemd_property {
	const char *name;  /* "TimeoutStopUSec" */
	const char *value; /* "uint64 5000000" */
};

void systemd_put_bool(struct str *b, const char *name, bool value);
void systemd_put_u64(struct str *b, const char *name, uint64_t value);
void systemd_put_string(struct str *b, const char *name, const char *value);
void systemd_put_strings(struct str *b, const char *name, const char *value);
void systemd_put_pid(struct str *b, const char *name, uint32_t pid);

int systemd_put_settings(struct str *b, const struct cgroup_setting *settings, size_t n,
			 bool starting, const struct strlist *without, struct error *err);

bool systemd_is_limit(const char *name);

const char *systemd_property_of_annotation(const char *key);
int systemd_put_property(struct str *b, const struct systemd_property *property, struct error *err);

#endif
