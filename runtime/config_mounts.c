// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/config_mounts.c - config.json: mounts
 *
 * runtime-spec config.md, "Mounts". They are mounted in the order listed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/path.h"
#include "base/str.h"
#include "runtime/config.h"
#include "runtime/config_json.h"
#include "runtime/field.h"
#include "runtime/mount_options.h"

#define MAX_OPTION_BYTES (1U << 16)

static void choose_kind(struct config_mount *m)
{
	const char *type = m->type ? m->type : "";

	if (!strcmp(type, "bind"))
		m->kind = CONFIG_MOUNT_BIND;
	else if (!strcmp(type, "tmpfs"))
		m->kind = CONFIG_MOUNT_TMPFS;
	else if (!strcmp(type, "cgroup") || !strcmp(type, "cgroup2"))
		m->kind = CONFIG_MOUNT_CGROUP;
	else
		m->kind = CONFIG_MOUNT_FS;
}

static int parse_range(const char *text, struct config_idmap_list *out)
{
	autostrlist struct strlist numbers = { 0 };
	uint64_t inside, outside, size;

	strlist_split(&numbers, text, '-');
	if (numbers.n != 3 || str_parse_u64(numbers.items[0], UINT32_MAX, &inside) < 0 ||
	    str_parse_u64(numbers.items[1], UINT32_MAX, &outside) < 0 ||
	    str_parse_u64(numbers.items[2], UINT32_MAX, &size) < 0 || !size)
		return -EINVAL;
	out->items = xrealloc(out->items, (out->n + 1) * sizeof(*out->items));
	out->items[out->n++] = (struct config_idmap){ (uint32_t)inside, (uint32_t)outside,
						      (uint32_t)size };
	return 0;
}

/* As podman passes it on and crun takes it: idmap=uids=INSIDE-OUTSIDE-SIZE#...;gids=... */
static int parse_idmap(const char *text, struct config_mount *m)
{
	autostrlist struct strlist lists = { 0 };

	strlist_split(&lists, text, ';');
	for (size_t i = 0; i < lists.n; i++) {
		autostrlist struct strlist ranges = { 0 };
		bool is_uids = !strncmp(lists.items[i], "uids=", 5);

		if (!is_uids && strncmp(lists.items[i], "gids=", 5) != 0)
			return -EINVAL;
		strlist_split(&ranges, lists.items[i] + 5, '#');
		for (size_t j = 0; j < ranges.n; j++)
			if (parse_range(ranges.items[j], is_uids ? &m->uid_map : &m->gid_map) < 0)
				return -EINVAL;
	}
	return 0;
}

static int read_option(const char *option, const char *where, struct config_mount *m,
		       struct error *err)
{
	const char *map = strchr(option, '=');

	if (strncmp(option, "idmap=", 6) != 0 && strncmp(option, "ridmap=", 7) != 0) {
		if (!mount_option_apply(m, option))
			strlist_split(&m->data, option, ',');
		return 0;
	}
	(void)mount_option_apply(m, *option == 'r' ? "ridmap" : "idmap");
	return parse_idmap(map + 1, m) == 0
		       ? 0
		       : error_set(
				 err, EINVAL,
				 "%s.options: '%s': uids=INSIDE-OUTSIDE-SIZE#...;gids=... expected",
				 where, option);
}

static int read_options(const struct json *entry, const char *where, struct config_mount *m,
			struct error *err)
{
	autostrlist struct strlist options = { 0 };
	int r = field_texts(entry, where, "options", &options, err);

	for (size_t i = 0; r == 0 && i < options.n; i++) {
		if (strlen(options.items[i]) > MAX_OPTION_BYTES)
			return error_set(err, E2BIG, "%s.options[%zu]: too long", where, i);
		if (*options.items[i])
			r = read_option(options.items[i], where, m, err);
	}
	return r;
}

static int read_mappings(const struct json *entry, const char *where, const struct config *c,
			 struct config_mount *m, struct error *err)
{
	int r = m->uid_map.n
			? 0 /* by the option */
			: config_idmaps_from_json(entry, where, "uidMappings", &m->uid_map, err);

	if (r == 0 && !m->gid_map.n)
		r = config_idmaps_from_json(entry, where, "gidMappings", &m->gid_map, err);
	if (r < 0)
		return r;
	if (!m->uid_map.n != !m->gid_map.n)
		return error_set(err, EINVAL,
				 "%s: invalid mount: uidMappings and gidMappings go together",
				 where);
	m->idmap |= m->uid_map.n > 0;
	if (m->idmap && m->kind != CONFIG_MOUNT_BIND)
		return error_set(err, EINVAL, "%s: invalid mount: only bind mounts can be idmapped",
				 where);
	if (m->idmap && !m->uid_map.n && !config_has_userns(c))
		return error_set(
			err, EINVAL,
			"%s: invalid mount: idmap needs uidMappings and gidMappings, or a user namespace",
			where);
	return 0;
}

/* A path that leads through the host's name of the root, from there on; NULL: it does not. */
static char *inside_root(const struct config *c, char *path)
{
	autofree char *clean = path_clean(path);
	size_t n = c->root_path ? strlen(c->root_path) : 0;

	while (n && c->root_path[n - 1] == '/')
		n--;
	return clean && n && !strncmp(path, c->root_path, n) && path[n] == '/' ? path + n : NULL;
}

/*
 * One spelling: much depends on what is mounted on /dev, /proc and /sys. Relative ones begin at
 * the root, as with runc and crun, though the specification forbids them; ".." is for the root
 * to resolve.
 */
static void settle_target(struct config_mount *m)
{
	autofree char *clean = path_clean(m->target), *given = m->target;

	m->target = xasprintf("/%s", clean ? clean : given + strspn(given, "/"));
}

static int check_mount(const char *where, const char *bundle, const struct config *c,
		       struct config_mount *m, struct error *err)
{
	const char *inside;

	if (!m->target || !*m->target)
		return field_missing(where, "destination", err);
	settle_target(m);
	inside = inside_root(c, m->target); /* as runc takes it */
	if (inside)
		memmove(m->target, inside, strlen(inside) + 1);
	if (m->kind == CONFIG_MOUNT_FS && (!m->type || !*m->type))
		return field_missing(where, "type", err);
	if (m->kind != CONFIG_MOUNT_BIND)
		return 0;
	if (!m->source || !*m->source)
		return field_missing(where, "source", err);
	if (*m->source != '/') {
		char *absolute = xasprintf("%s/%s", bundle, m->source);

		free(m->source);
		m->source = absolute;
	}
	if (!m->idmap)
		m->inside = inside_root(c, m->source);
	return 0;
}

static int read_mount(const struct json *entry, size_t i, const char *bundle,
		      const struct config *c, struct config_mount *m, struct error *err)
{
	autofree char *where = xasprintf("mounts[%zu]", i);
	int r;

	if (json_kind_of(entry) != JSON_MAP)
		return error_set(err, EBADMSG, "%s: not an object", where);
	r = field_text(entry, where, "destination", &m->target, err);
	if (r == 0)
		r = field_text(entry, where, "type", &m->type, err);
	if (r == 0)
		r = field_text(entry, where, "source", &m->source, err);
	if (r < 0)
		return r;
	choose_kind(m);
	r = read_options(entry, where, m, err);
	if (r == 0)
		r = read_mappings(entry, where, c, m, err);
	return r == 0 ? check_mount(where, bundle, c, m, err) : r;
}

/** config_mounts_from_json() - All mounts; the namespaces are known already */
int config_mounts_from_json(const struct json *document, const char *bundle, struct config *c,
			    struct error *err)
{
	const struct json *list = NULL;
	int r = field_list(document, "", "mounts", &list, err);

	if (r < 0 || !json_count(list))
		return r;
	c->mounts = xcalloc(json_count(list), sizeof(*c->mounts));
	for (size_t i = 0; r == 0 && i < json_count(list); i++)
		r = read_mount(json_at(list, i), i, bundle, c, &c->mounts[c->n_mounts++], err);
	return r;
}
