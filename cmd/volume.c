// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/volume.c - -v, --mount and --tmpfs: directories of the host, volumes, scratch
 *
 * A volume is a directory ROOT/volumes/NAME/_data. Binds and volumes alike are
 * mounted nosuid, nodev and private; with a user namespace their owner ids are
 * mapped, so that the container's root is the owner it expects to be.
 */
#include "cmd/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/sys.h"

#define VOLUME_NAME_MAX 128

/* Options of -v; what is accepted and changes nothing is what tare does anyway. */
static const struct {
	const char *name;
	enum { SET_NOTHING, SET_RO, SET_RW, SET_NO_IDMAP, SET_NO_COPY, SET_FLAT } effect;
} bind_options[] = {
	{ "ro", SET_RO },
	{ "readonly", SET_RO },
	{ "rw", SET_RW },
	{ "noidmap", SET_NO_IDMAP },
	{ "bind", SET_FLAT },
	{ "rbind", SET_NOTHING },
	{ "idmap", SET_NOTHING },
	{ "private", SET_NOTHING },
	{ "rprivate", SET_NOTHING },
	{ "nosuid", SET_NOTHING },
	{ "nodev", SET_NOTHING },
	{ "z", SET_NOTHING },
	{ "Z", SET_NOTHING },
	{ "cached", SET_NOTHING }, /* docker's hints for virtual machines */
	{ "consistent", SET_NOTHING },
	{ "delegated", SET_NOTHING },
	{ "nocopy", SET_NO_COPY },
	{ "exec", SET_NOTHING },
};

static int apply_option(struct settings_mount *m, const char *option, struct error *err)
{
	for (size_t i = 0; i < sizeof(bind_options) / sizeof(*bind_options); i++) {
		if (strcmp(option, bind_options[i].name))
			continue;
		switch (bind_options[i].effect) {
		case SET_RO:
			m->read_only = true;
			break;
		case SET_RW:
			m->read_only = false;
			break;
		case SET_NO_IDMAP:
			m->idmap = false;
			break;
		case SET_NO_COPY:
			m->no_copy = true;
			break;
		case SET_FLAT:
			m->recursive = false;
			break;
		case SET_NOTHING:
			break;
		}
		return 0;
	}
	error_set(err, EINVAL, "volume option '%s' is not supported", option);
	return error_hint(err, "known are ro, rw, nocopy, noidmap, bind and rbind");
}

/* Brings it into the one form in which two targets can be compared. */
static int normalise_target(char **target, struct error *err)
{
	autofree char *clean = path_clean(*target);

	if ((*target)[0] != '/')
		return error_set(err, EINVAL, "volume target '%s' is no absolute path", *target);
	if (!clean)
		return error_set(err, EINVAL, "volume target '%s' contains '..'", *target);
	if (!*clean || !strcmp(clean, "proc") || !strcmp(clean, "dev") || !strcmp(clean, "sys"))
		return error_set(err, EINVAL, "volume target '%s' is the container's own", *target);
	free(*target);
	*target = xasprintf("/%s", clean);
	return 0;
}

/** volume_is_name() - Whether a volume may have this name */
bool volume_is_name(const char *s)
{
	return *s && *s != '.' && strlen(s) <= VOLUME_NAME_MAX &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")] ==
		       '\0';
}

/* A path (absolute, or relative with a slash) is a bind; anything else must be a name. */
static int set_source(struct settings_mount *m, const char *source, struct error *err)
{
	if (source[0] == '/' || str_starts(source, "./") || str_starts(source, "../") ||
	    !strcmp(source, ".") || !strcmp(source, "..")) {
		m->source = realpath(source, NULL);
		if (m->source)
			return 0;
		error_sys(err, errno, "mount '%s'", source);
		return error_hint(err, "make it first: mkdir -p '%s'", source);
	}
	if (!volume_is_name(source)) {
		error_set(err, EINVAL, "'%s' is neither a volume name nor a path", source);
		return error_hint(err, "a relative path begins with ./");
	}
	m->name = xstrdup(source);
	return 0;
}

static int finish(struct settings *s, struct settings_mount *m, struct error *err)
{
	int r = normalise_target(&m->target, err);

	if (!m->name)
		m->name = xstrdup("");
	if (!m->source)
		m->source = xstrdup("");
	if (r < 0) {
		free(m->source);
		free(m->name);
		free(m->target);
		return r;
	}
	settings_add_mount(s, m);
	return 0;
}

/** volume_random_name() - The name of a volume that nobody has given one; the caller frees it */
char *volume_random_name(void)
{
	char name[65];

	file_random_hex(name, 32);
	return xstrdup(name);
}

/**
 * volume_parse() - -v [SOURCE:]TARGET[:OPTIONS]
 *
 * SOURCE is a path, or the name of a volume; without it the volume is anonymous.
 */
int volume_parse(struct settings *s, const char *spec, struct error *err)
{
	struct settings_mount m = { .recursive = true, .idmap = true };
	autostrlist struct strlist parts = { 0 }, options = { 0 };
	int r = 0;

	strlist_split(&parts, spec, ':');
	if (!parts.n || parts.n > 3)
		return error_set(err, EINVAL, "volume '%s' is not [SOURCE:]TARGET[:OPTIONS]", spec);
	if (parts.n == 1) {
		m.name = volume_random_name();
		m.anonymous = true;
	} else {
		r = set_source(&m, parts.items[0], err);
	}
	if (parts.n == 3)
		strlist_split(&options, parts.items[2], ',');
	for (size_t i = 0; r == 0 && i < options.n; i++)
		r = apply_option(&m, options.items[i], err);
	if (r < 0) {
		free(m.source);
		free(m.name);
		return r;
	}
	m.target = xstrdup(parts.items[parts.n == 1 ? 0 : 1]);
	return finish(s, &m, err);
}

static bool is_tmpfs_target(const struct settings *s, const char *target)
{
	for (size_t i = 0; i < s->tmpfs.n; i++) {
		const char *spec = s->tmpfs.items[i];
		autofree char *path = xstrndup(spec, strcspn(spec, ":"));
		autofree char *clean = path_clean(path);

		if (clean && !strcmp(clean, target + 1))
			return true;
	}
	return false;
}

/** volume_add_anonymous() - A volume that the image asks for, unless something is there already */
int volume_add_anonymous(struct settings *s, const char *target, struct error *err)
{
	struct settings_mount m = { .idmap = true, .anonymous = true, .recursive = true };
	autofree char *clean = xstrdup(target);

	if (normalise_target(&clean, err) < 0)
		return error_wrap(err, "volume of the image");
	for (size_t i = 0; i < s->n_mounts; i++)
		if (!strcmp(s->mounts[i].target, clean))
			return 0;
	if (is_tmpfs_target(s, clean))
		return 0;
	m.name = volume_random_name();
	m.target = steal_ptr(&clean);
	return finish(s, &m, err);
}

struct mount_keys {
	const char *type, *source, *target, *size, *mode;
	bool read_only, no_idmap, no_copy, flat;
};

static int mount_key(struct mount_keys *k, char *item, struct error *err)
{
	char *value = strchr(item, '=');

	if (value)
		*value++ = '\0';
	if (!strcmp(item, "type") && value)
		k->type = value;
	else if ((!strcmp(item, "source") || !strcmp(item, "src")) && value)
		k->source = value;
	else if ((!strcmp(item, "target") || !strcmp(item, "dst") ||
		  !strcmp(item, "destination")) &&
		 value)
		k->target = value;
	else if (!strcmp(item, "readonly") || !strcmp(item, "ro"))
		k->read_only = !value || strcmp(value, "false") != 0;
	else if (!strcmp(item, "noidmap"))
		k->no_idmap = true;
	else if (!strcmp(item, "volume-nocopy"))
		k->no_copy = !value || strcmp(value, "false") != 0;
	else if (!strcmp(item, "bind-nonrecursive"))
		k->flat = !value || strcmp(value, "false") != 0;
	else if (!strcmp(item, "tmpfs-size") && value)
		k->size = value;
	else if (!strcmp(item, "tmpfs-mode") && value)
		k->mode = value;
	else
		return error_set(err, EINVAL, "mount option '%s' is not supported", item);
	return 0;
}

static void add_tmpfs(struct settings *s, const struct mount_keys *k)
{
	strlist_take(&s->tmpfs, xasprintf("%s:%s%s%s%s%s", k->target, k->read_only ? "ro" : "rw",
					  k->size ? ",size=" : "", k->size ? k->size : "",
					  k->mode ? ",mode=" : "", k->mode ? k->mode : ""));
}

/* Of -v the source says what is meant; here the type does, and must not be overruled. */
static int set_typed_source(struct settings_mount *m, const struct mount_keys *k, struct error *err)
{
	bool is_bind = !strcmp(k->type, "bind");
	int r = set_source(m, k->source, err);

	if (r < 0 || is_bind == (m->source != NULL))
		return r;
	free(m->source);
	free(m->name);
	error_set(err, EINVAL, "mount source '%s' is no %s", k->source,
		  is_bind ? "path" : "name of a volume");
	return error_hint(err, is_bind ? "a relative path begins with ./"
				       : "a directory of the host is mounted with type=bind");
}

/** volume_parse_mount() - --mount type=bind|volume|tmpfs,source=…,target=…[,readonly] */
int volume_parse_mount(struct settings *s, const char *spec, struct error *err)
{
	struct settings_mount m = { .recursive = true };
	struct mount_keys k = { .type = "volume" };
	autostrlist struct strlist items = { 0 };
	int r = 0;

	strlist_split(&items, spec, ',');
	for (size_t i = 0; r == 0 && i < items.n; i++)
		r = mount_key(&k, items.items[i], err);
	if (r < 0)
		return r;
	if (!k.target)
		return error_set(err, EINVAL, "mount '%s' has no target=", spec);
	if (!strcmp(k.type, "tmpfs")) {
		add_tmpfs(s, &k);
		return 0;
	}
	if (strcmp(k.type, "bind") && strcmp(k.type, "volume"))
		return error_set(err, EINVAL, "mount type '%s' is not bind, volume or tmpfs",
				 k.type);
	m.read_only = k.read_only;
	m.idmap = !k.no_idmap;
	m.no_copy = k.no_copy;
	m.recursive = !k.flat;
	m.anonymous = !k.source;
	if (!k.source && !strcmp(k.type, "bind"))
		return error_set(err, EINVAL, "mount '%s' has no source=", spec);
	if (k.source)
		r = set_typed_source(&m, &k, err);
	else
		m.name = volume_random_name();
	if (r < 0)
		return r;
	m.target = xstrdup(k.target);
	return finish(s, &m, err);
}

/**
 * volume_locate() - Where on the host the volumes among the mounts are, or will be
 * @root:	Path of the store
 */
void volume_locate(struct settings *s, const char *root)
{
	for (size_t i = 0; i < s->n_mounts; i++) {
		struct settings_mount *m = &s->mounts[i];

		if (!*m->name)
			continue;
		free(m->source);
		m->source = xasprintf("%s/volumes/%s/_data", root, m->name);
	}
}

static bool is_empty(int dirfd, const char *path)
{
	autodir DIR *dir = dir_open(dirfd, path, O_NOFOLLOW);

	return dir && !dir_next(dir);
}

/**
 * volume_create() - Make the directories of a volume, unless they are there
 * @fresh:	Whether it is empty
 */
int volume_create(int root_fd, const char *name, bool *fresh, struct error *err)
{
	autofree char *dir = xasprintf("volumes/%s", name);
	autofree char *data = xasprintf("volumes/%s/_data", name);

	int r = file_make_dir(root_fd, "volumes", 0700);

	if (r == 0 || r == -EEXIST)
		r = file_make_dir(root_fd, dir, 0700);
	if (r == 0 || r == -EEXIST)
		r = file_make_dir(root_fd, data, 0755);
	if (r < 0 && r != -EEXIST)
		return error_sys(err, -r, "make volume '%s'", name);
	*fresh = is_empty(root_fd, data);
	return 0;
}

/**
 * volume_make() - Make the volumes among the mounts exist, before a container starts
 *
 * After the container's record, which tells a sweep of anonymous ones. A volume
 * that is empty takes the image's content, like docker's: not only one made
 * just now, since it may be another command that starts the container.
 */
int volume_make(struct settings *s, int root_fd, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n_mounts; i++) {
		struct settings_mount *m = &s->mounts[i];

		if (!*m->name)
			continue;
		r = volume_create(root_fd, m->name, &m->fresh, err);
		m->fresh &= !m->no_copy;
	}
	return r;
}

static int tmpfs_option(struct config_mount *m, const char *option, struct error *err)
{
	static const struct {
		const char *name;
		uint64_t set, clear;
	} flags[] = {
		{ "rw", 0, SYS_MOUNT_ATTR_RDONLY },	{ "ro", SYS_MOUNT_ATTR_RDONLY, 0 },
		{ "exec", 0, SYS_MOUNT_ATTR_NOEXEC },	{ "noexec", SYS_MOUNT_ATTR_NOEXEC, 0 },
		{ "nosuid", SYS_MOUNT_ATTR_NOSUID, 0 }, { "suid", 0, SYS_MOUNT_ATTR_NOSUID },
		{ "nodev", SYS_MOUNT_ATTR_NODEV, 0 },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		if (strcmp(option, flags[i].name))
			continue;
		m->attributes = (m->attributes | flags[i].set) & ~flags[i].clear;
		return 0;
	}
	if (!str_starts(option, "size=") && !str_starts(option, "mode=") &&
	    !str_starts(option, "uid=") && !str_starts(option, "gid=") &&
	    !str_starts(option, "nr_inodes="))
		return error_set(err, EINVAL, "tmpfs option '%s' is not supported", option);
	strlist_add(&m->data, option);
	return 0;
}

/**
 * volume_parse_tmpfs() - --tmpfs TARGET[:OPTIONS]
 * @out:	A mount of the container; its strings belong to the caller
 */
int volume_parse_tmpfs(const char *spec, struct config_mount *out, struct error *err)
{
	const char *colon = strchr(spec, ':');
	autostrlist struct strlist options = { 0 };
	struct config_mount m = {
		.kind = CONFIG_MOUNT_TMPFS,
		.attributes = SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV | SYS_MOUNT_ATTR_NOEXEC,
	};
	int r;

	m.target = xstrndup(spec, colon ? (size_t)(colon - spec) : strlen(spec));
	r = normalise_target(&m.target, err);
	strlist_add(&m.data, "mode=1777");
	if (colon)
		strlist_split(&options, colon + 1, ',');
	for (size_t i = 0; r == 0 && i < options.n; i++)
		r = tmpfs_option(&m, options.items[i], err);
	if (r < 0) {
		free(m.target);
		strlist_done(&m.data);
		return r;
	}
	*out = m;
	return 0;
}

/** volume_remove_anonymous() - What `rm -v` and --rm take away with the container */
void volume_remove_anonymous(const struct settings *s, int root_fd)
{
	for (size_t i = 0; i < s->n_mounts; i++) {
		if (s->mounts[i].anonymous && *s->mounts[i].name) {
			autofree char *dir = xasprintf("volumes/%s", s->mounts[i].name);

			(void)file_remove_tree_at(root_fd, dir);
		}
	}
}
