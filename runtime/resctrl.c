// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/resctrl.c - linux.intelRdt: cache and memory bandwidth of a container
 *
 * Theory of operation (runtime-spec config-linux.md, "IntelRdt"; the kernel's
 * Documentation/filesystems/resctrl.rst):
 * A control group is a directory of the file system. Its file schemata says
 * what tasks in it may use, and a process joins by its id in tasks, children
 * following. Without closID the group is the container's: made here, removed
 * by `delete`. With closID it may be shared with whoever made it: it stays, and
 * one that exists must have what is asked for. Monitoring is a directory in
 * mon_groups that is always the container's own.
 *
 * All by the parent, before the container's program runs.
 */
#include "runtime/resctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"

#define RESCTRL_PATH "/sys/fs/resctrl"

/* linux/magic.h: RDTGROUP_SUPER_MAGIC */
#define RESCTRL_MAGIC 0x7655821

#define SCHEMATA_MAX_BYTES (64U << 10)

/* --- reading config.json ----------------------------------------------------- */

static int read_text(const struct json *v, const char *where, const char **out, struct error *err)
{
	*out = NULL;
	if (!json_is_given(v))
		return 0;
	*out = json_text(v);
	if (!*out)
		return error_set(err, EBADMSG, "%s: not a string", where);
	if (strlen(*out) > SCHEMATA_MAX_BYTES)
		return error_set(err, EBADMSG, "%s: longer than %u bytes", where,
				 SCHEMATA_MAX_BYTES);
	if (!**out)
		*out = NULL; /* left out, by who has no way to leave it out */
	return 0;
}

static int parse_group(struct resctrl_config *c, const struct json *v, struct error *err)
{
	const char *name;

	if (read_text(v, "linux.intelRdt.closID", &name, err) < 0)
		return -EBADMSG;
	if (!name)
		return 0;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    (strchr(name, '/') && strcmp(name, "/") != 0) || strlen(name) > NAME_MAX) {
		autofree char *shown = str_escape(name);

		return error_set(err, EBADMSG, "linux.intelRdt.closID: unknown value '%.64s'",
				 shown);
	}
	c->group = xstrdup(name);
	return 0;
}

/* Lines of a text, but for empty ones and, if there is a better one, those about bandwidth. */
static void add_lines(struct strlist *to, const char *text, bool without_bandwidth)
{
	autostrlist struct strlist lines = { 0 };

	strlist_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++)
		if (*lines.items[i] && !(without_bandwidth && str_starts(lines.items[i], "MB:")))
			strlist_add(to, lines.items[i]);
}

static int parse_schemes(struct resctrl_config *c, const struct json *v, struct error *err)
{
	const char *cache, *bandwidth;

	if (read_text(json_get(v, "l3CacheSchema"), "linux.intelRdt.l3CacheSchema", &cache, err) <
		    0 ||
	    read_text(json_get(v, "memBwSchema"), "linux.intelRdt.memBwSchema", &bandwidth, err) <
		    0)
		return -EBADMSG;
	if (bandwidth && (!str_starts(bandwidth, "MB:") || strchr(bandwidth, '\n')))
		return error_set(err, EBADMSG,
				 "linux.intelRdt.memBwSchema: not one line that begins with MB:");
	if (cache)
		add_lines(&c->match, cache, bandwidth);
	if (bandwidth)
		strlist_add(&c->match, bandwidth);
	return 0;
}

/* A list since version 1.3 of the specification; earlier drafts had one string. */
static int parse_schemata(struct resctrl_config *c, const struct json *v, struct error *err)
{
	const char *text;

	if (json_kind_of(v) != JSON_LIST) {
		if (read_text(v, "linux.intelRdt.schemata", &text, err) < 0)
			return -EBADMSG;
		if (text)
			add_lines(&c->lines, text, false);
		return 0;
	}
	for (size_t i = 0; i < json_count(v); i++) {
		if (!json_is_given(json_at(v, i)) ||
		    read_text(json_at(v, i), "linux.intelRdt.schemata", &text, err) < 0)
			return error_set(err, EBADMSG,
					 "linux.intelRdt.schemata: not a list of strings");
		if (text)
			add_lines(&c->lines, text, false);
	}
	return 0;
}

/**
 * resctrl_parse() - What linux.intelRdt of a config.json asks for
 * @c:		Zeroed; resctrl_done() releases it, also after a failure
 * @section:	`linux`; NULL asks for nothing
 *
 * Return: 0, or -EBADMSG with the field's name in the message
 */
int resctrl_parse(struct resctrl_config *c, const struct json *section, struct error *err)
{
	const struct json *v = json_get(section, "intelRdt");

	if (!json_is_given(v))
		return 0;
	if (json_kind_of(v) != JSON_MAP)
		return error_set(err, EBADMSG, "linux.intelRdt: not an object");
	if (parse_group(c, json_get(v, "closID"), err) < 0 || parse_schemes(c, v, err) < 0 ||
	    parse_schemata(c, json_get(v, "schemata"), err) < 0)
		return -EBADMSG;
	if (json_is_given(json_get(v, "enableMonitoring")) &&
	    json_kind_of(json_get(v, "enableMonitoring")) != JSON_BOOL)
		return error_set(err, EBADMSG, "linux.intelRdt.enableMonitoring: not a boolean");
	c->monitor = json_is_true(json_get(v, "enableMonitoring"));
	c->is_set = true;
	return 0;
}

/** resctrl_done() - Release what @c holds; it asks for nothing then */
void resctrl_done(struct resctrl_config *c)
{
	free(c->group);
	strlist_done(&c->match);
	strlist_done(&c->lines);
	*c = (struct resctrl_config){ 0 };
}

/* --- groups ------------------------------------------------------------------ */

/**
 * resctrl_open() - The root of the file system
 *
 * Return: its fd (caller closes it), or -ENOTSUP if it is not mounted
 */
int resctrl_open(struct error *err)
{
	autoclose int fd = -1;
	struct statfs fs;

	fd = openat(AT_FDCWD, RESCTRL_PATH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == RESCTRL_MAGIC)
		return steal_fd(&fd);
	error_set(err, ENOTSUP, "linux.intelRdt: resctrl is not mounted on '%s'", RESCTRL_PATH);
	return error_hint(err, "mount -t resctrl resctrl %s, if the processor has it",
			  RESCTRL_PATH);
}

static const char *group_name(const struct resctrl_config *c, const char *id)
{
	if (!c->group)
		return id;
	return strcmp(c->group, "/") == 0 ? "." : c->group;
}

/* A directory, made unless it is there. */
static int open_group(int dirfd, const char *name, bool *made, struct error *err)
{
	int fd;

	*made = mkdirat(dirfd, name, 0755) == 0;
	if (!*made && errno != EEXIST)
		return error_sys(err, errno, "linux.intelRdt: make group '%s'", name);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_sys(err, errno, "linux.intelRdt: open group '%s'", name) : fd;
}

/* "0=f" in "L3:0=00f;1=ff"? Numbers are compared, not their spelling. */
static bool line_has(const char *line, const char *domain, const char *value, int base)
{
	for (const char *p = strchr(line, ':'); p; p = strchr(p + 1, ';')) {
		char *end;
		unsigned long d = strtoul(p + 1, &end, 10);

		if (*end == '=' && d == strtoul(domain, NULL, 10))
			return strtoull(end + 1, NULL, base) == strtoull(value, NULL, base);
	}
	return false;
}

/**
 * resctrl_line_matches() - Whether a group's schemata say what is asked for
 * @schemata:	The group's file
 * @wanted:	"L3:0=7f0;1=1f"; domains that it leaves out may have any value
 */
bool resctrl_line_matches(const char *schemata, const char *wanted)
{
	int base = str_starts(wanted, "MB:") ? 10 : 16;
	autostrlist struct strlist lines = { 0 };
	size_t name = strcspn(wanted, ":") + 1;
	const char *line = NULL, *p = wanted;

	strlist_split(&lines, schemata, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		const char *l = lines.items[i] + strspn(lines.items[i], " ");

		if (strncmp(l, wanted, name) == 0)
			line = l;
	}
	for (p = strchr(wanted, ':'); line && p; p = strchr(p + 1, ';')) {
		const char *value = strchr(p, '=');

		if (p[1] && (!value || !line_has(line, p + 1, value + 1, base)))
			return false;
	}
	return line;
}

static int check_match(const struct resctrl_config *c, int group, const char *name,
		       struct error *err)
{
	autofree char *schemata = NULL;
	size_t len;
	int r;

	r = file_read_at(group, "schemata", SCHEMATA_MAX_BYTES, &schemata, &len, err);
	if (r < 0)
		return error_wrap(err, "linux.intelRdt: group '%s'", name);
	for (size_t i = 0; i < c->match.n; i++)
		if (!resctrl_line_matches(schemata, c->match.items[i]))
			return error_set(err, EINVAL,
					 "linux.intelRdt: group '%s' exists and has other limits "
					 "than '%s'",
					 name, c->match.items[i]);
	return 0;
}

/* All in one write, in the order that the specification wants. */
static int write_schemata(const struct resctrl_config *c, int rootfd, int group, bool with_match,
			  struct error *err)
{
	autofree char *why = NULL;
	autostr struct str text = { 0 };
	struct error ignored;
	size_t len;
	int r;

	for (size_t i = 0; with_match && i < c->match.n; i++)
		str_printf(&text, "%s\n", c->match.items[i]);
	for (size_t i = 0; i < c->lines.n; i++)
		str_printf(&text, "%s\n", c->lines.items[i]);
	r = text.len ? file_write_at(group, "schemata", text.data) : 0;
	if (r == 0)
		return 0;
	error_sys(err, -r, "linux.intelRdt: set the schemata");
	if (file_read_at(rootfd, "info/last_cmd_status", 1024, &why, &len, &ignored) == 0) {
		why[strcspn(why, "\n")] = '\0';
		error_hint(err, "the kernel says: %s", why);
	}
	return r;
}

static int join_tasks(int group, pid_t pid, struct error *err)
{
	char text[16];
	int r;

	snprintf(text, sizeof(text), "%d", pid);
	r = file_write_at(group, "tasks", text);
	return r < 0 ? error_sys(err, -r, "linux.intelRdt: move the process into its group") : 0;
}

static int join_monitoring(int group, const char *id, pid_t pid, struct error *err)
{
	autoclose int parent = -1, own = -1;
	bool made;
	int r;

	parent = openat(group, "mon_groups", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return error_sys(err, errno,
				 "linux.intelRdt.enableMonitoring: open 'mon_groups' of the group");
	own = open_group(parent, id, &made, err);
	if (own < 0)
		return own;
	r = join_tasks(own, pid, err);
	if (r < 0 && made)
		(void)unlinkat(parent, id, AT_REMOVEDIR);
	return r;
}

static int set_up(const struct resctrl_config *c, int rootfd, int group, bool made, const char *id,
		  pid_t pid, struct error *err)
{
	bool is_root = c->group && strcmp(c->group, "/") == 0;
	int r = 0;

	if (!made && c->match.n)
		r = check_match(c, group, is_root ? "/" : group_name(c, id), err);
	if (r == 0)
		r = write_schemata(c, rootfd, group, made, err);
	if (r == 0)
		r = join_tasks(group, pid, err);
	if (r == 0 && c->monitor)
		r = join_monitoring(group, id, pid, err);
	return r;
}

/**
 * resctrl_join() - Put a process into the group that is asked for
 * @rootfd:	Of resctrl_open()
 * @id:		The container's
 *
 * A group that was made here goes again on failure.
 *
 * Return: 0 or -errno
 */
int resctrl_join(const struct resctrl_config *c, int rootfd, const char *id, pid_t pid,
		 struct error *err)
{
	bool must_exist = c->group && !c->match.n && !c->lines.n;
	const char *name = group_name(c, id);
	autoclose int group = -1;
	bool made = false;
	int r;

	if (must_exist) {
		group = openat(rootfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (group < 0)
			return error_sys(err, errno, "linux.intelRdt.closID: open group '%s'",
					 c->group);
	} else {
		group = open_group(rootfd, name, &made, err);
		if (group < 0)
			return group;
	}
	r = set_up(c, rootfd, group, made, id, pid, err);
	if (r < 0 && made)
		(void)unlinkat(rootfd, name, AT_REMOVEDIR);
	return r;
}

/**
 * resctrl_remove() - Remove what is the container's own: a group without closID, its monitoring
 *
 * With nothing in it any more. What is not there is removed already.
 *
 * Return: 0 or -errno
 */
int resctrl_remove(const struct resctrl_config *c, int rootfd, const char *id, struct error *err)
{
	autofree char *monitoring = NULL;
	const char *path = id;

	if (!c->is_set)
		return 0;
	if (c->group && !c->monitor)
		return 0;
	if (c->group)
		path = monitoring = xasprintf("%s/mon_groups/%s", group_name(c, id), id);
	if (unlinkat(rootfd, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_sys(err, errno, "linux.intelRdt: remove group '%s'", path);
	return 0;
}
