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

static int read_options(const struct json *entry, const char *where, struct config_mount *m,
			struct error *err)
{
	autostrlist struct strlist options = { 0 };
	int r = field_texts(entry, where, "options", &options, err);

	for (size_t i = 0; r == 0 && i < options.n; i++) {
		if (strlen(options.items[i]) > MAX_OPTION_BYTES)
			return error_set(err, E2BIG, "%s.options[%zu]: too long", where, i);
		if (*options.items[i] && !mount_option_apply(m, options.items[i]))
			strlist_split(&m->data, options.items[i], ',');
	}
	return r;
}

static int read_mappings(const struct json *entry, const char *where, const struct config *c,
			 struct config_mount *m, struct error *err)
{
	int r = config_idmaps_from_json(entry, where, "uidMappings", &m->uid_map, err);

	if (r == 0)
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
	size_t n = strlen(c->root_path);

	while (n && c->root_path[n - 1] == '/')
		n--;
	return clean && n && !strncmp(path, c->root_path, n) && path[n] == '/' ? path + n : NULL;
}

static int check_mount(const char *where, const char *bundle, const struct config *c,
		       struct config_mount *m, struct error *err)
{
	const char *inside;

	if (!m->target || !*m->target)
		return field_missing(where, "destination", err);
	if (*m->target != '/') { /* as runc and crun take it, though the specification forbids it */
		char *absolute = xasprintf("/%s", m->target);

		free(m->target);
		m->target = absolute;
	}
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
