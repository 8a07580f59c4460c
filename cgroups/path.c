// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/path.c - Where a container's cgroup is: linux.cgroupsPath
 */
#include "cgroups/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"

#define PROC_CGROUP_MAX_BYTES (64U << 10)
#define PATH_MAX_BYTES	      4095
#define NAME_MAX_BYTES	      255

/** cgroup_path_is_clean() - Whether a path is relative, and every part of it a plain name */
bool cgroup_path_is_clean(const char *relpath)
{
	autostrlist struct strlist parts = { 0 };

	strlist_split(&parts, relpath, '/');
	for (size_t i = 0; i < parts.n; i++)
		if (!path_is_name(parts.items[i]))
			return false;
	return parts.n > 0;
}

/* Add the parts of a path; ".." takes one back, but never one of what was there before. */
static void add_parts(struct strlist *to, const char *path)
{
	autostrlist struct strlist parts = { 0 };
	size_t floor = to->n;

	strlist_split(&parts, path, '/');
	for (size_t i = 0; i < parts.n; i++) {
		if (!*parts.items[i] || !strcmp(parts.items[i], "."))
			continue;
		if (strcmp(parts.items[i], "..") != 0) {
			strlist_add(to, parts.items[i]);
		} else if (to->n > floor) {
			free(to->items[--to->n]);
			to->items[to->n] = NULL;
		}
	}
}

/**
 * cgroup_path_resolve() - The cgroup that a config asks for
 * @cgroups_path:	linux.cgroupsPath, NULL or "" if there is none
 * @id:			The container's
 * @own:		Our own cgroup, from cgroup_path_of_process()
 * @relpath:		Relative to the root of cgroup2, clean; the caller frees it
 *
 * An absolute path is taken from the root. A relative one, or the container's
 * ID if there is none, is put beside our own cgroup, as runc does: within it
 * no controller could be used, since we are in it.
 *
 * Return: 0, or -EINVAL
 */
int cgroup_path_resolve(const char *cgroups_path, const char *id, const char *own, char **relpath,
			struct error *err)
{
	autostrlist struct strlist parts = { 0 };
	const char *wanted = cgroups_path && *cgroups_path ? cgroups_path : id;
	size_t base;

	if (strlen(wanted) > PATH_MAX_BYTES || strchr(wanted, '\n'))
		return error_set(err, EINVAL, "linux.cgroupsPath: malformed path");
	if (*wanted != '/') {
		add_parts(&parts, own);
		if (parts.n) {
			free(parts.items[--parts.n]);
			parts.items[parts.n] = NULL;
		}
	}
	base = parts.n;
	add_parts(&parts, wanted);
	if (parts.n == base)
		return error_set(err, EINVAL,
				 "linux.cgroupsPath: '%s' is no cgroup of the container's own",
				 wanted);
	for (size_t i = 0; i < parts.n; i++)
		if (strlen(parts.items[i]) > NAME_MAX_BYTES)
			return error_set(err, EINVAL, "linux.cgroupsPath: a name is too long");
	*relpath = strlist_join(&parts, "/");
	return 0;
}

/**
 * cgroup_path_parse() - The cgroup2 path in /proc/PID/cgroup
 * @proc_cgroup:	The file's text; that line begins with "0::"
 *
 * A path outside of our cgroup namespace ("/../x") counts as its root.
 *
 * Return: the path, with a '/' first, to be freed; NULL if there is none
 */
char *cgroup_path_parse(const char *proc_cgroup)
{
	for (const char *line = proc_cgroup; line && *line;) {
		size_t len = strcspn(line, "\n");

		if (str_starts(line, "0::/")) {
			char *path = xstrndup(line + 3, len - 3);

			if (str_starts(path, "/../") || !strcmp(path, "/.."))
				path[1] = '\0';
			return path;
		}
		line += len;
		line += *line == '\n';
	}
	return NULL;
}

/**
 * cgroup_path_of_process() - The cgroup2 path of a process
 * @pid:	0: ourselves
 * @path:	With a '/' first; the caller frees it
 *
 * Return: 0; -ENOENT if it has none; or -errno
 */
int cgroup_path_of_process(pid_t pid, char **path, struct error *err)
{
	autofree char *file = pid ? xasprintf("/proc/%d/cgroup", (int)pid)
				  : xstrdup("/proc/self/cgroup");
	autofree char *text = NULL;
	size_t len;
	char *found;
	int r;

	r = file_read_at(AT_FDCWD, file, PROC_CGROUP_MAX_BYTES, &text, &len, err);
	if (r < 0)
		return r;
	found = cgroup_path_parse(text);
	if (!found)
		return error_set(err, ENOENT, "read '%s': no cgroup2 in it", file);
	*path = found;
	return 0;
}
