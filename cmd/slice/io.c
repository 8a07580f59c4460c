// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/slice/io.c - The limits of disks that a slice has: PATH:RATE, as containers have them
 */
#include "cmd/slice/io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/io_limit.h"

static const char *const keys[CGROUP_IO_KINDS] = {
	[CGROUP_IO_RBPS] = "DeviceReadBps",
	[CGROUP_IO_WBPS] = "DeviceWriteBps",
	[CGROUP_IO_RIOPS] = "DeviceReadIops",
	[CGROUP_IO_WIOPS] = "DeviceWriteIops",
};

/* The line of a disk, or NULL. */
static const char *find(const char *lines, const char *path)
{
	size_t len = strlen(path);

	for (const char *line = lines; *line; line += strcspn(line, "\n") + 1)
		if (!strncmp(line, path, len) && line[len] == ':' &&
		    !memchr(line + len + 1, ':', strcspn(line + len + 1, "\n")))
			return line;
	return NULL;
}

/**
 * slice_io_set() - Limit a disk, instead of how it was limited before
 * @spec:	PATH:RATE; a rate of -1 lifts the limit
 *
 * Return: 0, -EINVAL for nonsense, -E2BIG if there are too many
 */
int slice_io_set(struct slice_io *io, enum cgroup_io_kind kind, const char *spec, struct error *err)
{
	char *lines = io->kinds[kind], *line;
	autofree char *path = NULL;
	const char *found;
	uint64_t rate = 0;
	size_t used;
	int r = io_limit_parse(kind, spec, &path, &rate, err);

	if (r == 0 && strchr(path, '\n'))
		r = error_set(err, EINVAL, "disk limit '%s': not a name of a disk", spec);
	if (r < 0)
		return r;
	found = find(lines, path);
	if (found) {
		line = lines + (found - lines);
		used = strcspn(line, "\n") + 1;
		memmove(line, line + used, strlen(line + used) + 1);
	}
	if (!rate)
		return 0;
	used = strlen(lines);
	r = snprintf(lines + used, SLICE_IO_MAX - used, "%s:%" PRIu64 "\n", path, rate);
	if ((size_t)r < SLICE_IO_MAX - used)
		return 0;
	lines[used] = '\0';
	return error_set(err, E2BIG, "disk limit '%s': there are too many", spec);
}

/** slice_io_from_json() - Read lists of PATH:RATE; what is not mentioned is left as it is */
int slice_io_from_json(const struct json *v, struct slice_io *io, struct error *err)
{
	int r = 0;

	for (enum cgroup_io_kind kind = 0; r == 0 && kind < CGROUP_IO_KINDS; kind++) {
		const struct json *list = json_get(v, keys[kind]);

		if (list && json_kind_of(list) != JSON_LIST)
			r = error_set(err, EBADMSG, "'%s' is no list", keys[kind]);
		for (size_t i = 0; r == 0 && i < json_count(list); i++)
			r = slice_io_set(io, kind, json_text_or(json_at(list, i), ""), err);
	}
	return r;
}

/** slice_io_to_json() - Put the lists that have something in them into a map */
void slice_io_to_json(const struct slice_io *io, struct json *map)
{
	for (size_t i = 0; i < CGROUP_IO_KINDS; i++) {
		autostrlist struct strlist lines = { 0 };

		strlist_split(&lines, io->kinds[i], '\n'); /* the last one is empty */
		if (lines.n > 1)
			json_set_list(map, keys[i], lines.items, lines.n - 1);
	}
}

/** slice_io_equal() - Whether two slices may use disks alike */
bool slice_io_equal(const struct slice_io *a, const struct slice_io *b)
{
	for (size_t i = 0; i < CGROUP_IO_KINDS; i++)
		if (strcmp(a->kinds[i], b->kinds[i]) != 0)
			return false;
	return true;
}

/* A disk that is not there any more has no limit either. */
static void lift(const char *lines, const struct strlist *before, enum cgroup_io_kind kind,
		 struct cgroup_limits *out)
{
	for (size_t i = 0; i + 1 < before->n; i++) {
		const char *colon = strrchr(before->items[i], ':');
		autofree char *path = xstrndup(before->items[i],
					       (size_t)(colon - before->items[i]));
		autofree char *none = xasprintf("%s:-1", path);

		if (!find(lines, path))
			(void)io_limit_add(out, kind, none, &(struct error){ 0 });
	}
}

/**
 * slice_io_to_cgroup() - Add them to what cgroups/ takes
 * @before:	What was in force so far; what @io lacks of that is lifted
 *
 * Return: 0, or -errno of a disk
 */
int slice_io_to_cgroup(const struct slice_io *io, const struct slice_io *before,
		       struct cgroup_limits *out, struct error *err)
{
	int r = 0;

	for (enum cgroup_io_kind kind = 0; r == 0 && kind < CGROUP_IO_KINDS; kind++) {
		autostrlist struct strlist now = { 0 }, then = { 0 };

		strlist_split(&now, io->kinds[kind], '\n');
		strlist_split(&then, before->kinds[kind], '\n');
		lift(io->kinds[kind], &then, kind, out);
		for (size_t i = 0; r == 0 && i + 1 < now.n; i++)
			r = io_limit_add(out, kind, now.items[i], err);
	}
	return r;
}
