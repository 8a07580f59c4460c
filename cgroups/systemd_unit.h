/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/systemd_unit.h - The names of a container's unit: cgroupsPath as "slice:prefix:name"
 */
#ifndef CGROUPS_SYSTEMD_UNIT_H
#define CGROUPS_SYSTEMD_UNIT_H

#include <stdbool.h>

struct error;

struct systemd_unit {
	char *name;  /* "tare-ID.scope", or "some.slice" */
	char *slice; /* "machine.slice": what the unit is in, unless it is a slice itself */
	bool user;   /* of the user's manager, not the machine's */
};

int systemd_unit_parse(struct systemd_unit *unit, const char *cgroups_path, const char *id,
		       bool user, struct error *err);
void systemd_unit_done(struct systemd_unit *unit);
bool systemd_unit_is_slice(const struct systemd_unit *unit);
int systemd_slice_path(const char *slice, char **path, struct error *err);
char *systemd_object_path(const char *unit_name);

#endif
