// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/spec.c - The config.json that `spec` writes
 *
 * Tools edit what `runc spec` prints, so this is the same document: the same
 * members in the same order, with our name as host name. Limits and paths are
 * runc's, not those of `tare run`, which are narrower.
 */
#include "cmd/oci/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/oci/oci.h"

#define OPTIONS_MAX 7

struct spec_mount {
	const char *destination, *type, *source;
	const char *options[OPTIONS_MAX];
};

static const struct spec_mount mounts[] = {
	{ "/proc", "proc", "proc", { NULL } },
	{ "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" } },
	{ "/dev/pts",
	  "devpts",
	  "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" } },
	{ "/dev/shm", "tmpfs", "shm", { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" } },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "relatime", "ro" } },
};

/* Without a network namespace of its own sysfs cannot be mounted: the host's is shown. */
static const struct spec_mount rootless_sys = {
	"/sys", "none", "/sys", { "rbind", "nosuid", "noexec", "nodev", "ro" }
};

static const char *const args[] = { "sh", NULL };
static const char *const env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm", NULL
};
static const char *const capabilities[] = { "CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE",
					    NULL };
static const char *const namespaces[] = { "pid", "network", "ipc", "uts", "mount", "cgroup", NULL };
static const char *const masked_paths[] = { "/proc/acpi",
					    "/proc/asound",
					    "/proc/kcore",
					    "/proc/keys",
					    "/proc/latency_stats",
					    "/proc/timer_list",
					    "/proc/timer_stats",
					    "/proc/sched_debug",
					    "/sys/firmware",
					    "/proc/scsi",
					    "/sys/devices/virtual/tpm",
					    NULL };
static const char *const readonly_paths[] = { "/proc/bus",	     "/proc/fs",
					      "/proc/irq",	     "/proc/sys",
					      "/proc/sysrq-trigger", NULL };

static struct json *list_of(const char *const *items)
{
	struct json *list = json_new_list();

	for (; *items; items++)
		json_add_text(list, *items);
	return list;
}

static struct json *make_user(void)
{
	struct json *user = json_new_map();

	json_set_int(user, "uid", 0);
	json_set_int(user, "gid", 0);
	return user;
}

static struct json *make_capabilities(void)
{
	struct json *sets = json_new_map();

	json_set(sets, "bounding", list_of(capabilities));
	json_set(sets, "effective", list_of(capabilities));
	json_set(sets, "permitted", list_of(capabilities));
	return sets;
}

static struct json *make_rlimits(void)
{
	struct json *list = json_new_list(), *limit = json_new_map();

	json_set_text(limit, "type", "RLIMIT_NOFILE");
	json_set_int(limit, "hard", 1024);
	json_set_int(limit, "soft", 1024);
	json_add(list, limit);
	return list;
}

static struct json *make_process(void)
{
	struct json *process = json_new_map();

	json_set_bool(process, "terminal", true);
	json_set(process, "user", make_user());
	json_set(process, "args", list_of(args));
	json_set(process, "env", list_of(env));
	json_set_text(process, "cwd", "/");
	json_set(process, "capabilities", make_capabilities());
	json_set(process, "rlimits", make_rlimits());
	json_set_bool(process, "noNewPrivileges", true);
	return process;
}

/* One id is mapped to the container's root: a group of devpts or a tmpfs would be nobody's. */
static bool is_id_option(const char *option)
{
	return str_starts(option, "gid=") || str_starts(option, "uid=");
}

static struct json *make_mount(const struct spec_mount *m, bool rootless)
{
	struct json *mount = json_new_map(), *options = json_new_list();

	json_set_text(mount, "destination", m->destination);
	json_set_text(mount, "type", m->type);
	json_set_text(mount, "source", m->source);
	for (size_t i = 0; i < OPTIONS_MAX && m->options[i]; i++)
		if (!rootless || !is_id_option(m->options[i]))
			json_add_text(options, m->options[i]);
	if (json_count(options))
		json_set(mount, "options", options);
	else
		json_free(options);
	return mount;
}

static struct json *make_mounts(bool rootless)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		const struct spec_mount *m = &mounts[i];

		if (rootless && strcmp(m->destination, "/sys") == 0)
			m = &rootless_sys;
		json_add(list, make_mount(m, rootless));
	}
	return list;
}

static struct json *make_mapping(unsigned int host_id)
{
	struct json *list = json_new_list(), *mapping = json_new_map();

	json_set_int(mapping, "containerID", 0);
	json_set_int(mapping, "hostID", host_id);
	json_set_int(mapping, "size", 1);
	json_add(list, mapping);
	return list;
}

/* No device but the default ones. */
static struct json *make_resources(void)
{
	struct json *resources = json_new_map(), *devices = json_new_list(), *rule = json_new_map();

	json_set_bool(rule, "allow", false);
	json_set_text(rule, "access", "rwm");
	json_add(devices, rule);
	json_set(resources, "devices", devices);
	return resources;
}

static void add_namespace(struct json *list, const char *type)
{
	struct json *entry = json_new_map();

	json_set_text(entry, "type", type);
	json_add(list, entry);
}

static struct json *make_namespaces(bool rootless)
{
	struct json *list = json_new_list();

	for (const char *const *n = namespaces; *n; n++)
		if (!rootless || strcmp(*n, "network") != 0)
			add_namespace(list, *n);
	if (rootless)
		add_namespace(list, "user");
	return list;
}

static struct json *make_linux(bool rootless)
{
	struct json *section = json_new_map();

	if (rootless) {
		json_set(section, "uidMappings", make_mapping(geteuid()));
		json_set(section, "gidMappings", make_mapping(getegid()));
	} else {
		json_set(section, "resources", make_resources());
	}
	json_set(section, "namespaces", make_namespaces(rootless));
	json_set(section, "maskedPaths", list_of(masked_paths));
	json_set(section, "readonlyPaths", list_of(readonly_paths));
	return section;
}

/**
 * oci_spec_default() - A configuration to begin with
 * @rootless:	For a user without privileges: of one user namespace, the host's network
 *
 * Return: the document; the caller frees it
 */
struct json *oci_spec_default(bool rootless)
{
	struct json *spec = json_new_map(), *root = json_new_map();

	json_set_text(root, "path", "rootfs");
	json_set_bool(root, "readonly", true);
	json_set_text(spec, "ociVersion", OCI_VERSION);
	json_set(spec, "process", make_process());
	json_set(spec, "root", root);
	json_set_text(spec, "hostname", "tare");
	json_set(spec, "mounts", make_mounts(rootless));
	json_set(spec, "linux", make_linux(rootless));
	return spec;
}

/* ---- the command -------------------------------------------------------- */

struct spec_options {
	const char *bundle;
	bool rootless;
};

#define O(...) OPTION(struct spec_options, __VA_ARGS__)

static const struct option_def options[] = {
	O('b', "bundle", "DIR", OPTION_TEXT, bundle, "Where to write it (default: here)"),
	O(0, "rootless", NULL, OPTION_BOOL, rootless, "For a user other than root"),
	{ 0 },
};

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct spec_options *o = ctx->options;
	autojson struct json *v = oci_spec_default(o->rootless);
	autofree char *text = json_print_pretty(v), *line = xasprintf("%s\n", text);
	autoclose int dir = openat(AT_FDCWD, o->bundle ? o->bundle : ".",
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	(void)argc;
	(void)argv;
	if (dir < 0)
		return error_sys(err, errno, "open bundle '%s'", o->bundle ? o->bundle : ".");
	r = file_replace_at(dir, "config.json", line, strlen(line), 0666, FILE_EXCL, err);
	return r == -EEXIST ? error_set(err, EEXIST, "file config.json exists, remove it first")
			    : r;
}

const struct command oci_cmd_spec = {
	.name = "spec",
	.summary = "Write a config.json to begin with",
	.options = options,
	COMMAND_OPTIONS(struct spec_options, 0),
	.flags = COMMAND_ONE_DASH,
	.run = run,
};
