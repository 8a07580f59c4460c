// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/systemd_unit.c - The names of a container's unit: cgroupsPath as "slice:prefix:name"
 *
 * With --systemd-cgroup, linux.cgroupsPath is no path: "slice:prefix:name" is
 * the scope "prefix-name.scope" in that slice, or, where the name ends in
 * ".slice", the slice of that name. Engines rely on these names.
 */
#include "cgroups/systemd_unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

#define DEFAULT_PREFIX	    "tare"
#define UNIT_NAME_MAX_BYTES 255 /* systemd's UNIT_NAME_MAX */
#define OBJECT_PREFIX	    "/org/freedesktop/systemd1/unit/"
#define ALNUM		    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* What systemd takes for a name. */
static bool is_unit_name(const char *name)
{
	return strlen(name) <= UNIT_NAME_MAX_BYTES && !name[strspn(name, ALNUM ":-_.\\@")];
}

static int refuse(const char *what, const char *name, struct error *err)
{
	return error_set(err, EINVAL, "linux.cgroupsPath: '%s' is not a systemd %s name", name,
			 what);
}

/**
 * systemd_slice_path() - Where the cgroup of a slice is
 * @slice:	"a-b.slice", which is below "a.slice"; "-.slice" is the root
 * @path:	"a.slice/a-b.slice", or "" for the root; the caller frees it
 *
 * Return: 0, or -EINVAL
 */
int systemd_slice_path(const char *slice, char **path, struct error *err)
{
	autostr struct str out = { 0 };
	autofree char *stem = NULL;
	size_t len = strlen(slice);

	if (!str_ends(slice, ".slice") || !is_unit_name(slice))
		return refuse("slice", slice, err);
	stem = xstrndup(slice, len - strlen(".slice"));
	if (!strcmp(stem, "-")) {
		*path = xstrdup("");
		return 0;
	}
	if (!*stem || *stem == '-' || str_ends(stem, "-") || strstr(stem, "--"))
		return refuse("slice", slice, err);
	for (char *dash = strchr(stem, '-'); dash; dash = strchr(dash + 1, '-')) {
		*dash = '\0';
		str_printf(&out, "%s.slice/", stem);
		*dash = '-';
	}
	str_puts(&out, slice);
	*path = str_take(&out);
	return 0;
}

static int check_slice(const char *slice, struct error *err)
{
	autofree char *path = NULL;

	return systemd_slice_path(slice, &path, err);
}

/**
 * systemd_unit_parse() - The unit for a container
 * @unit:	Written on success; systemd_unit_done() frees what it holds
 * @cgroups_path:	linux.cgroupsPath; NULL or "": ":tare:ID"
 * @user:	Let the user's manager have it; its slice is by default user.slice,
 *		the other's system.slice
 *
 * Return: 0, or -EINVAL
 */
int systemd_unit_parse(struct systemd_unit *unit, const char *cgroups_path, const char *id,
		       bool user, struct error *err)
{
	autofree char *slice = xstrdup(user ? "user.slice" : "system.slice"), *name = NULL;
	autofree char *path = NULL;
	autostrlist struct strlist parts = { 0 };
	int r;

	path = cgroups_path && *cgroups_path ? xstrdup(cgroups_path)
					     : xasprintf(":" DEFAULT_PREFIX ":%s", id);
	strlist_split(&parts, path, ':');
	if (parts.n != 3)
		return error_set(err, EINVAL,
				 "linux.cgroupsPath: '%s' is not of the form 'slice:prefix:name', "
				 "which systemd needs",
				 path);
	if (*parts.items[0])
		str_replace(&slice, parts.items[0]);
	name = str_ends(parts.items[2], ".slice")
		       ? xstrdup(parts.items[2])
		       : xasprintf("%s-%s.scope", parts.items[1], parts.items[2]);
	if (!*parts.items[2] || !is_unit_name(name))
		return refuse("unit", name, err);
	r = check_slice(slice, err);
	if (r == 0 && str_ends(name, ".slice"))
		r = check_slice(name, err);
	if (r < 0)
		return r;
	*unit = (struct systemd_unit){ .name = steal_ptr(&name),
				       .slice = steal_ptr(&slice),
				       .user = user };
	return 0;
}

/** systemd_unit_done() - Free what @unit holds */
void systemd_unit_done(struct systemd_unit *unit)
{
	free(unit->name);
	free(unit->slice);
	*unit = (struct systemd_unit){ 0 };
}

/** systemd_unit_is_slice() - Whether the container is a slice of its own, not a scope in one */
bool systemd_unit_is_slice(const struct systemd_unit *unit)
{
	return str_ends(unit->name, ".slice");
}

/**
 * systemd_object_path() - The D-Bus object of a unit
 *
 * Letters and digits stay, all else becomes _XX, and so does a digit in front.
 *
 * Return: a new string; the caller frees it
 */
char *systemd_object_path(const char *unit_name)
{
	struct str path = { 0 };

	str_puts(&path, OBJECT_PREFIX);
	for (const char *p = unit_name; *p; p++) {
		bool is_first_digit = p == unit_name && *p >= '0' && *p <= '9';

		if (strchr(ALNUM, *p) && !is_first_digit)
			str_putc(&path, *p);
		else
			str_printf(&path, "_%02x", (unsigned int)(unsigned char)*p);
	}
	return str_take(&path);
}
