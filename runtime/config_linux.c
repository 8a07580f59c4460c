// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/config_linux.c - config.json: linux, but for cgroups
 *
 * runtime-spec config-linux.md: namespaces, id mappings, devices, sysctls,
 * propagation, masked and read-only paths, seccomp.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/config.h"
#include "runtime/config_json.h"
#include "runtime/field.h"
#include "runtime/mount_options.h"
#include "runtime/seccomp.h"

#define MAX_IDMAPS 340	 /* lines; user_namespaces(7) */
#define MAX_MAJOR  0xfff /* MINORBITS is 20 of 32: linux/kdev_t.h */
#define MAX_MINOR  0xfffff

/* ---- namespaces and ids ------------------------------------------------- */

static int read_namespace(const struct json *entry, size_t i, uint64_t *seen, struct config *c,
			  struct error *err)
{
	autofree char *where = xasprintf("linux.namespaces[%zu]", i);
	autofree char *type = NULL, *path = NULL;
	int ns, r = field_text(entry, where, "type", &type, err);

	if (r == 0)
		r = field_text(entry, where, "path", &path, err);
	if (r < 0)
		return r;
	if (!type)
		return field_missing(where, "type", err);
	ns = config_ns_of_name(type);
	if (ns < 0)
		return error_set(err, EINVAL, "%s.type: '%s' is no namespace", where, type);
	if (*seen & config_ns_flag((enum config_ns)ns))
		return error_set(err, EINVAL, "%s: the %s namespace is there twice", where, type);
	*seen |= config_ns_flag((enum config_ns)ns);
	if (!path || !*path) {
		c->namespaces |= config_ns_flag((enum config_ns)ns);
		return 0;
	}
	if (*path != '/')
		return error_set(err, EINVAL, "%s.path: '%s' is not absolute", where, path);
	c->join_paths[ns] = steal_ptr(&path);
	return 0;
}

static int read_namespaces(const struct json *map, struct config *c, struct error *err)
{
	const struct json *list = NULL;
	uint64_t seen = 0;
	int r = field_list(map, "linux", "namespaces", &list, err);

	for (size_t i = 0; r == 0 && i < json_count(list); i++)
		r = read_namespace(json_at(list, i), i, &seen, c, err);
	return r;
}

/** config_idmaps_from_json() - "uidMappings" or "gidMappings" of linux or of a mount */
int config_idmaps_from_json(const struct json *map, const char *where, const char *key,
			    struct config_idmap_list *out, struct error *err)
{
	const struct json *list = NULL;
	int r = field_list(map, where, key, &list, err);

	if (r < 0 || !json_count(list))
		return r;
	if (json_count(list) > MAX_IDMAPS)
		return error_set(err, E2BIG, "%s.%s: more than %d mappings", where, key,
				 MAX_IDMAPS);
	out->items = xcalloc(json_count(list), sizeof(*out->items));
	for (size_t i = 0; r == 0 && i < json_count(list); i++) {
		autofree char *entry = xasprintf("%s.%s[%zu]", where, key, i);
		struct config_idmap *m = &out->items[out->n++];

		r = field_u32(json_at(list, i), entry, "containerID", &m->inside, err);
		if (r == 0)
			r = field_u32(json_at(list, i), entry, "hostID", &m->outside, err);
		if (r == 0)
			r = field_u32(json_at(list, i), entry, "size", &m->size, err);
		if (r == 0 && !m->size)
			r = error_set(err, EINVAL, "%s.size must not be 0", entry);
	}
	return r;
}

static int read_mappings(const struct json *map, struct config *c, struct error *err)
{
	int r = config_idmaps_from_json(map, "linux", "uidMappings", &c->uid_map, err);

	/*
	 * Without a user namespace they mean nothing; runc and crun pass them over, too.
	 * A user namespace without them maps as runtime/idmap does for crun's sake.
	 */
	return r == 0 ? config_idmaps_from_json(map, "linux", "gidMappings", &c->gid_map, err) : r;
}

/* ---- devices ------------------------------------------------------------ */

static int device_type(const char *type, mode_t *mode)
{
	switch (*type) {
	case 'c':
	case 'u':
		*mode = S_IFCHR;
		break;
	case 'b':
		*mode = S_IFBLK;
		break;
	case 'p':
		*mode = S_IFIFO;
		break;
	default:
		return -EINVAL;
	}
	return type[1] ? -EINVAL : 0;
}

static int read_device(const struct json *entry, size_t i, struct config_node *node,
		       struct error *err)
{
	autofree char *where = xasprintf("linux.devices[%zu]", i);
	autofree char *type = NULL;
	int64_t major = 0, minor = 0, mode = 0666;
	int r = field_text(entry, where, "path", &node->path, err);

	if (r == 0)
		r = field_text(entry, where, "type", &type, err);
	if (r == 0)
		r = field_int(entry, where, "major", 0, MAX_MAJOR, &major, err);
	if (r == 0)
		r = field_int(entry, where, "minor", 0, MAX_MINOR, &minor, err);
	if (r == 0)
		r = field_int(entry, where, "fileMode", 0, UINT32_MAX, &mode, err);
	if (r == 0)
		r = field_u32(entry, where, "uid", &node->uid, err);
	if (r == 0)
		r = field_u32(entry, where, "gid", &node->gid, err);
	if (r < 0)
		return r;
	if (!node->path || *node->path != '/')
		return error_set(err, EINVAL, "%s.path must be an absolute path", where);
	if (!type || device_type(type, &node->mode) < 0)
		return error_set(err, EINVAL, "%s.type must be c, b, u or p", where);
	for (size_t n = strlen(node->path); n > 1 && node->path[n - 1] == '/'; n--)
		node->path[n - 1] = '\0';
	node->mode |= (mode_t)mode & 07777;
	node->major = (unsigned int)major;
	node->minor = (unsigned int)minor;
	return 0;
}

static int read_devices(const struct json *map, struct config *c, struct error *err)
{
	const struct json *list = NULL;
	int r = field_list(map, "linux", "devices", &list, err);

	if (r < 0 || !json_count(list))
		return r;
	c->nodes = xcalloc(json_count(list), sizeof(*c->nodes));
	for (size_t i = 0; r == 0 && i < json_count(list); i++)
		r = read_device(json_at(list, i), i, &c->nodes[c->n_nodes++], err);
	return r;
}

/* ---- sysctls ------------------------------------------------------------ */

/*
 * Only what belongs to a namespace of the container's own: anything else would
 * change the host. namespaces(7) and the kernel's Documentation/admin-guide/sysctl.
 */
static int check_sysctl(const struct config *c, const char *path, struct error *err)
{
	static const char *const ipc[] = {
		"kernel/msgmax",      "kernel/msgmnb",		"kernel/msgmni",
		"kernel/sem",	      "kernel/shmall",		"kernel/shmmax",
		"kernel/shmmni",      "kernel/shm_rmid_forced", "kernel/shm_next_id",
		"kernel/msg_next_id", "kernel/sem_next_id",	"kernel/auto_msgmni",
	};
	enum config_ns ns = CONFIG_NS_COUNT;

	if (strstr(path, ".."))
		return error_set(err, EINVAL, "'%s' is malformed", path);
	for (size_t i = 0; i < sizeof(ipc) / sizeof(*ipc); i++)
		if (!strcmp(path, ipc[i]))
			ns = CONFIG_NS_IPC;
	if (str_starts(path, "fs/mqueue/"))
		ns = CONFIG_NS_IPC;
	else if (str_starts(path, "net/"))
		ns = CONFIG_NS_NET;
	else if (!strcmp(path, "kernel/domainname") || !strcmp(path, "kernel/hostname"))
		ns = CONFIG_NS_UTS;
	else if (str_starts(path, "user/"))
		ns = CONFIG_NS_USER;
	if (ns == CONFIG_NS_COUNT)
		return error_set(err, EINVAL, "'%s' is not in a separate kernel namespace", path);
	if (!config_has_own(c, ns))
		return error_set(err, EINVAL, "'%s' needs a private %s namespace", path,
				 config_ns_name(ns));
	if (!strcmp(path, "kernel/hostname"))
		return error_set(err, EINVAL, "'kernel/hostname': use hostname");
	return 0;
}

/*
 * "net.ipv4.ip_forward" or "net/ipv4/ip_forward"; the first separator tells
 * which, and the other one is then part of a name ("net/ipv4/conf/eth0.1/…"),
 * as sysctl(8) has it.
 */
static void sysctl_path(char *name)
{
	char separator = name[strcspn(name, "./")];

	if (separator != '.')
		return;
	for (; *name; name++)
		*name = *name == '.' ? '/' : *name == '/' ? '.' : *name;
}

/**
 * config_add_sysctl() - Have a kernel parameter of the container's own namespaces set
 * @name:	As sysctl(8) has it: with dots, or with slashes
 *
 * Return: 0, or -EINVAL if it would change the host
 */
int config_add_sysctl(struct config *c, const char *name, const char *value, struct error *err)
{
	autofree char *path = xstrdup(name);
	int r;

	sysctl_path(path);
	r = check_sysctl(c, path, err);
	if (r == 0)
		strlist_take(&c->sysctls, xasprintf("%s=%s", path, value));
	return r;
}

static int read_sysctls(const struct json *map, struct config *c, struct error *err)
{
	const struct json *sysctls = NULL, *value;
	const char *key;
	void *it = NULL;
	int r = field_map(map, "linux", "sysctl", &sysctls, err);

	while (r == 0 && sysctls && json_next(sysctls, &it, &key, &value)) {
		if (!json_text(value))
			return error_set(err, EBADMSG, "linux.sysctl: '%s' is not a string", key);
		r = config_add_sysctl(c, key, json_text(value), err);
		if (r < 0)
			return error_wrap(err, "linux.sysctl");
	}
	return r;
}

/* ---- the rest ----------------------------------------------------------- */

static int read_propagation(const struct json *map, struct config *c, struct error *err)
{
	autofree char *name = NULL;
	bool below = false;
	int r = field_text(map, "linux", "rootfsPropagation", &name, err);

	if (r < 0 || !name || !*name)
		return r;
	if (!mount_option_propagation(name, &c->root_propagation, &below))
		return error_set(err, EINVAL, "linux.rootfsPropagation: '%s' is no propagation",
				 name);
	c->root_propagation |= below ? MS_REC : 0;
	return 0;
}

static int read_seccomp(const struct json *map, struct config *c, struct error *err)
{
	const struct json *profile = NULL;
	int r = field_map(map, "linux", "seccomp", &profile, err);

	if (r < 0 || !profile)
		return r;
	r = seccomp_from_profile(profile, c->process.capabilities.bounding, &c->process.seccomp,
				 err);
	return r < 0 ? error_wrap(err, "linux.seccomp") : 0;
}

static int read_clocks(struct config *c, struct error *err)
{
	if (!attributes_has_time(&c->process.attributes))
		return 0;
	if (!(c->namespaces & CLONE_NEWTIME))
		return error_set(err, EINVAL, "linux.timeOffsets: needs a new time namespace");
	c->time_offsets = attributes_time_text(&c->process.attributes);
	return 0;
}

/** config_linux_from_json() - The linux object, all but cgroups; NULL: there is none */
int config_linux_from_json(const struct json *map, struct config *c, struct error *err)
{
	autofree char *cgroup = NULL; /* others make use of it; that it is a string is for here */
	int r = field_text(map, "linux", "cgroupsPath", &cgroup, err);

	if (r == 0)
		r = read_namespaces(map, c, err);
	if (r == 0)
		r = read_mappings(map, c, err);
	if (r == 0)
		r = read_devices(map, c, err);
	if (r == 0)
		r = read_sysctls(map, c, err);
	if (r == 0)
		r = read_propagation(map, c, err);
	if (r == 0)
		r = field_texts(map, "linux", "maskedPaths", &c->masked_paths, err);
	if (r == 0)
		r = field_texts(map, "linux", "readonlyPaths", &c->readonly_paths, err);
	if (r == 0)
		r = attributes_parse_linux(&c->process.attributes, map, err);
	if (r == 0)
		r = read_clocks(c, err);
	return r == 0 ? read_seccomp(map, c, err) : r;
}
