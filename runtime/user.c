// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/user.c - Who a container's process runs as
 *
 * "USER[:GROUP]" is looked up in the container's own /etc/passwd and
 * /etc/group, opened inside its root: regular files only, never blocking,
 * bounded. What is all digits is a number, or an error; it is never looked up
 * as a name (CVE-2026-46680 was a number too large that matched a name).
 */
#include "runtime/user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"

#define USER_FILE_MAX_BYTES (1U << 20)
#define USER_ID_MAX	    4294967294ULL /* 2^32-1 means "no change" to the kernel */

static bool all_digits(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

static int parse_id(const char *text, const char *what, uid_t *out, struct error *err)
{
	uint64_t value;

	if (str_parse_u64(text, USER_ID_MAX, &value) < 0)
		return error_set(err, EINVAL, "%s id '%s' is out of range", what, text);
	*out = (uid_t)value;
	return 0;
}

/* The file's text, or an empty string when the image has none. */
static int read_database(int rootfd, const char *path, char **text, struct error *err)
{
	autoclose int fd = -1;
	struct stat st;
	size_t len;
	int r;

	fd = path_open_in_root(rootfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd == -ENOENT || fd == -ENOTDIR) {
		*text = xstrdup("");
		return 0;
	}
	if (fd < 0)
		return error_sys(err, -fd, "open '%s' of the container", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "'%s' of the container is no regular file", path);
	r = file_read_fd(fd, USER_FILE_MAX_BYTES, text, &len);
	if (r < 0)
		return error_sys(err, -r, "read '%s' of the container", path);
	return 0;
}

/* Split a line at colons in place; returns the number of fields, at most @max. */
static size_t split_fields(char *line, char **fields, size_t max)
{
	size_t n = 0;

	while (n < max) {
		fields[n++] = line;
		line = strchr(line, ':');
		if (!line)
			break;
		*line++ = '\0';
	}
	return n;
}

static char *next_line(char **rest)
{
	char *line = *rest, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	*rest = end ? end + 1 : NULL;
	return line;
}

struct passwd_match {
	bool found;
	char name[256]; /* for the supplementary groups */
};

/* By name, or (@name NULL) by out->uid. */
static void find_passwd(char *text, const char *name, struct user *out, struct passwd_match *match)
{
	char *fields[7], *line;
	uint64_t uid, gid;

	while ((line = next_line(&text))) {
		if (split_fields(line, fields, 7) < 6 ||
		    str_parse_u64(fields[2], USER_ID_MAX, &uid) < 0 ||
		    str_parse_u64(fields[3], USER_ID_MAX, &gid) < 0)
			continue;
		if (name ? strcmp(fields[0], name) != 0 : uid != out->uid)
			continue;
		out->uid = (uid_t)uid;
		out->gid = (gid_t)gid;
		snprintf(match->name, sizeof(match->name), "%s", fields[0]);
		if (fields[5][0] == '/')
			snprintf(out->home, sizeof(out->home), "%s", fields[5]);
		match->found = true;
		return;
	}
}

static void add_group(struct user *u, gid_t gid)
{
	for (size_t i = 0; i < u->n_groups; i++)
		if (u->groups[i] == gid)
			return;
	if (u->n_groups < USER_MAX_GROUPS)
		u->groups[u->n_groups++] = gid;
}

static bool list_has(char *members, const char *name)
{
	char *save = NULL;

	for (char *m = strtok_r(members, ",", &save); m; m = strtok_r(NULL, ",", &save))
		if (!strcmp(m, name))
			return true;
	return false;
}

/* The groups that list @member; and the id of the group called @name, if wanted. */
static bool find_group(char *text, const char *member, const char *name, gid_t *gid, struct user *u)
{
	char *fields[4], *line;
	bool found = false;
	uint64_t id;

	while ((line = next_line(&text))) {
		if (split_fields(line, fields, 4) < 4 ||
		    str_parse_u64(fields[2], USER_ID_MAX, &id) < 0)
			continue;
		if (name && !found && !strcmp(fields[0], name)) {
			*gid = (gid_t)id;
			found = true;
		}
		if (member && list_has(fields[3], member))
			add_group(u, (gid_t)id);
	}
	return found;
}

static int resolve_group(const char *groups_text, const char *group, gid_t *gid, struct error *err)
{
	autofree char *copy = xstrdup(groups_text);

	if (all_digits(group))
		return parse_id(group, "group", gid, err);
	if (!find_group(copy, NULL, group, gid, NULL))
		return error_set(err, ENOENT, "no group '%s' in the container's /etc/group", group);
	return 0;
}

static int resolve_user(int rootfd, const char *name, struct user *out, struct passwd_match *match,
			struct error *err)
{
	autofree char *passwd = NULL;
	bool number = all_digits(name) || !*name;
	int r;

	if (*name && number) {
		r = parse_id(name, "user", &out->uid, err);
		if (r < 0)
			return r;
	}
	r = read_database(rootfd, "/etc/passwd", &passwd, err);
	if (r < 0)
		return r;
	find_passwd(passwd, number ? NULL : name, out, match);
	if (!match->found && !number)
		return error_set(err, ENOENT, "no user '%s' in the container's /etc/passwd", name);
	return 0;
}

/**
 * user_resolve() - Turn a user specification into ids
 * @rootfd:	The container's root
 * @spec:	"", "name", "uid", either with ":group" or ":gid"
 * @add_groups:	Further groups, names or numbers
 * @out:	Result; the groups that list the user are included unless a group was given
 *
 * Return: 0, -ENOENT (no such user or group), -EINVAL (a number out of range)
 */
int user_resolve(int rootfd, const char *spec, const struct strlist *add_groups, struct user *out,
		 struct error *err)
{
	autofree char *name = xstrdup(spec), *groups = NULL, *scan = NULL;
	struct passwd_match match = { 0 };
	char *group = strchr(name, ':');
	gid_t gid;
	int r;

	*out = (struct user){ .home = "/" };
	if (group)
		*group++ = '\0';
	r = resolve_user(rootfd, name, out, &match, err);
	if (r == 0)
		r = read_database(rootfd, "/etc/group", &groups, err);
	if (r < 0)
		return r;
	if (group && *group) {
		r = resolve_group(groups, group, &out->gid, err);
		if (r < 0)
			return r;
	} else if (match.found) {
		scan = xstrdup(groups);
		(void)find_group(scan, match.name, NULL, NULL, out);
	}
	for (size_t i = 0; i < add_groups->n; i++) {
		r = resolve_group(groups, add_groups->items[i], &gid, err);
		if (r < 0)
			return r;
		add_group(out, gid);
	}
	return 0;
}

/** user_name() - What a root's /etc/passwd calls a user; the caller frees it; NULL: nothing */
char *user_name(int rootfd, uid_t uid)
{
	autofree char *passwd = NULL;
	struct passwd_match match = { 0 };
	struct user user = { .uid = uid };
	struct error ignored;

	if (read_database(rootfd, "/etc/passwd", &passwd, &ignored) < 0)
		return NULL;
	find_passwd(passwd, NULL, &user, &match);
	return match.found ? xstrdup(match.name) : NULL;
}
