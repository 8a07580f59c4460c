// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/device.c - --device: nodes of the host in a container, and who may use them
 */
#include "cmd/device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/devices.h"
#include "cmd/settings.h"
#include "runtime/config.h"

static void add_device(struct config *c, const char *source, const char *target)
{
	c->devices = xrealloc(c->devices, (c->n_devices + 1) * sizeof(*c->devices));
	c->devices[c->n_devices++] = (struct config_device){ xstrdup(source), xstrdup(target) };
}

/* --device, taken apart: HOST[:CONTAINER][:rwm] */
struct device {
	struct strlist parts;
	const char *source, *target;
	unsigned int access; /* enum cgroup_device_access */
	struct stat st;
};

static int parse_access(const char *text, unsigned int *access)
{
	*access = 0;
	for (const char *p = text; *p; p++) {
		unsigned int bit = *p == 'r'   ? CGROUP_DEVICE_READ
				   : *p == 'w' ? CGROUP_DEVICE_WRITE
				   : *p == 'm' ? CGROUP_DEVICE_MKNOD
					       : 0;

		if (!bit)
			return -EINVAL;
		*access |= bit;
	}
	return *access ? 0 : -EINVAL;
}

/* @d: zeroed; the caller releases its parts. */
static int parse_device(const char *spec, struct device *d, struct error *err)
{
	const char *access = "rwm";

	strlist_split(&d->parts, spec, ':');
	if (!d->parts.n || d->parts.n > 3)
		return error_set(err, EINVAL, "device '%s' is not PATH[:PATH[:rwm]]", spec);
	d->source = d->target = d->parts.items[0];
	if (d->parts.n == 2 && d->parts.items[1][0] != '/')
		access = d->parts.items[1];
	else if (d->parts.n > 1)
		d->target = d->parts.items[1];
	if (d->parts.n == 3)
		access = d->parts.items[2];
	if (d->source[0] != '/' || d->target[0] != '/' || parse_access(access, &d->access) < 0)
		return error_set(err, EINVAL, "device '%s' is not PATH[:PATH[:rwm]]", spec);
	if (stat(d->source, &d->st) < 0)
		return error_sys(err, errno, "device '%s'", d->source);
	if (!S_ISCHR(d->st.st_mode) && !S_ISBLK(d->st.st_mode))
		return error_set(err, ENODEV, "'%s' is no device", d->source);
	return 0;
}

/* Less than reading and writing is for the cgroup to enforce, see device_apply_rules(). */
static int check_access(const struct settings *s, const struct device *d, const char *spec,
			struct error *err)
{
	const unsigned int both = CGROUP_DEVICE_READ | CGROUP_DEVICE_WRITE;

	if ((d->access & both) == both || (s->host_userns && !s->privileged))
		return 0;
	error_set(err, ENOTSUP, "device '%s': its access can only be limited with --userns=host",
		  spec);
	return error_hint(err, "leave the access out: the permissions of the node apply");
}

static int add_device_of(const struct settings *s, struct config *c, const char *spec,
			 struct error *err)
{
	struct device d = { 0 };
	int r = parse_device(spec, &d, err);

	if (r == 0)
		r = check_access(s, &d, spec, err);
	if (r == 0)
		add_device(c, d.source, d.target);
	strlist_done(&d.parts);
	return r;
}

/* --privileged: every node right in the host's /dev that the container lacks. */
static int add_host_devices(struct config *c, struct error *err)
{
	static const char *const own[] = { "null", "zero",    "full", "random", "urandom",
					   "tty",  "console", "ptmx", NULL };
	autodir DIR *dir = opendir("/dev");
	struct dirent *e;

	if (!dir)
		return error_sys(err, errno, "open '/dev'");
	while ((e = readdir(dir))) {
		autofree char *path = NULL;
		struct stat st;
		bool skip = false;

		for (size_t i = 0; own[i]; i++)
			skip |= !strcmp(e->d_name, own[i]);
		if (skip || fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
			continue;
		path = xasprintf("/dev/%s", e->d_name);
		add_device(c, path, path);
	}
	return 0;
}

/** device_fill() - Add what --device and --privileged show of the host's devices */
int device_fill(const struct settings *s, struct config *c, struct error *err)
{
	int r = s->privileged ? add_host_devices(c, err) : 0;

	for (size_t i = 0; r == 0 && i < s->devices.n; i++)
		r = add_device_of(s, c, s->devices.items[i], err);
	return r;
}

static int add_rule(struct cgroup_device_rule *rule, const char *spec, struct error *err)
{
	struct device d = { 0 };
	int r = parse_device(spec, &d, err);

	*rule = (struct cgroup_device_rule){
		.allow = true,
		.type = S_ISBLK(d.st.st_mode) ? 'b' : 'c',
		.major = major(d.st.st_rdev),
		.minor = minor(d.st.st_rdev),
		.access = d.access,
	};
	strlist_done(&d.parts);
	return r;
}

/**
 * device_apply_rules() - Let a cgroup use no devices but the default ones and --device's
 *
 * For containers that share the host's user namespace, where root may mknod.
 */
int device_apply_rules(const struct settings *s, int cgroup_fd, struct error *err)
{
	autofree struct cgroup_device_rule *rules = NULL;
	size_t n = cgroup_n_default_devices;
	int r = 0;

	rules = xcalloc(n + s->devices.n, sizeof(*rules));
	memcpy(rules, cgroup_default_devices, n * sizeof(*rules));
	for (size_t i = 0; r == 0 && i < s->devices.n; i++)
		r = add_rule(&rules[n++], s->devices.items[i], err);
	return r == 0 ? cgroup_devices_attach(cgroup_fd, rules, n, err) : r;
}
