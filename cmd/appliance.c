// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/appliance.c - What an image asks for in its labels: tare.ports, tare.memory, …
 *
 * Labels are data from outside, and an image that says something we do not
 * understand is refused, not run without it. What takes from the host's
 * resources (limits, restarts, checks) is applied; what opens the host to the
 * image (published ports, its directories, volumes that other containers know
 * by name) is only proposed: the user accepts it, all of it or flag by flag.
 */
#include "cmd/appliance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/path.h"
#include "cgroups/hierarchy.h"
#include "cmd/health.h"
#include "cmd/message.h"
#include "cmd/units.h"
#include "cmd/volume.h"
#include "image/config.h"

#define MAX_LABEL_BYTES	 65536
#define MAX_ITEMS	 64
#define MIN_MEMORY_BYTES (INT64_C(1) << 20)
#define MAX_PIDS	 4194304 /* PID_MAX_LIMIT */
#define MAX_RETRIES	 1000000

/* Items apart by blanks, commas or line ends. */
static int split(const char *value, struct strlist *items, struct error *err)
{
	static const char *const separators = " ,\t\n";

	for (const char *p = value + strspn(value, separators); *p; p += strspn(p, separators)) {
		size_t len = strcspn(p, separators);

		if (items->n == MAX_ITEMS)
			return error_set(err, E2BIG, "more than %d items", MAX_ITEMS);
		strlist_take(items, xstrndup(p, len));
		p += len;
	}
	return 0;
}

static int set_ports(struct appliance *a, const char *value, struct error *err)
{
	int r = split(value, &a->ports, err);

	for (size_t i = 0; r == 0 && i < a->ports.n; i++) {
		autoports struct network_ports parsed = { 0 };

		r = network_port_parse(a->ports.items[i], &parsed, err);
	}
	return r;
}

/* A relative path would depend on where the user happens to stand. */
static int check_volume(const char *spec, struct error *err)
{
	autosettings struct settings parsed = { 0 };
	const char *colon = strchr(spec, ':');
	autofree char *anywhere = NULL;

	if (*spec == '.')
		return error_set(err, EINVAL, "'%s' is a path relative to nothing", spec);
	/* Whether the host has the directory is a question for later. */
	anywhere = xasprintf("%s%s", *spec == '/' && colon ? "/" : "",
			     *spec == '/' && colon ? colon : spec);
	return volume_parse(&parsed, anywhere, err);
}

static int set_volumes(struct appliance *a, const char *value, struct error *err)
{
	/* The options of a volume are apart by commas. */
	autofree char *text = xstrdup(value);
	char *save = NULL;
	int r = 0;

	for (char *item = strtok_r(text, " \t\n", &save); r == 0 && item;
	     item = strtok_r(NULL, " \t\n", &save)) {
		if (a->volumes.n == MAX_ITEMS)
			return error_set(err, E2BIG, "more than %d items", MAX_ITEMS);
		strlist_add(&a->volumes, item);
		r = check_volume(item, err);
	}
	return r;
}

static int set_memory(struct appliance *a, const char *value, struct error *err)
{
	if (units_parse_size(value, &a->memory_bytes) < 0 || a->memory_bytes < MIN_MEMORY_BYTES)
		return error_set(err, EINVAL, "expected a size such as 256m, at least 1m");
	return 0;
}

static int set_cpus(struct appliance *a, const char *value, struct error *err)
{
	if (units_parse_cpus(value, &a->nano_cpus) < 0)
		return error_set(err, EINVAL, "expected a number of CPUs such as 1.5");
	return 0;
}

static int set_pids(struct appliance *a, const char *value, struct error *err)
{
	if (str_parse_i64(value, 1, MAX_PIDS, &a->pids_max) < 0)
		return error_set(err, EINVAL, "expected a number of processes, 1 to %d", MAX_PIDS);
	return 0;
}

static int set_health(struct appliance *a, const char *value, struct error *err)
{
	strlist_done(&a->health.test);
	a->health = (struct health_check){ 0 };
	return health_parse_label(value, &a->health, err);
}

static int set_restart(struct appliance *a, const char *value, struct error *err)
{
	int64_t max_retries;

	a->restart = value;
	return appliance_parse_restart(value, &max_retries, err);
}

static int set_help(struct appliance *a, const char *value, struct error *err)
{
	(void)err;
	a->help = value;
	return 0;
}

static const struct {
	const char *name;
	int (*set)(struct appliance *a, const char *value, struct error *err);
} labels[] = {
	{ "cpus", set_cpus },	    { "health", set_health },	{ "help", set_help },
	{ "memory", set_memory },   { "pids", set_pids },	{ "ports", set_ports },
	{ "restart", set_restart }, { "volumes", set_volumes },
};

/**
 * appliance_set() - Take over one label
 * @label:	"tare.memory"
 * @value:	Borrowed for as long as @a is used
 *
 * Return: 0, or -errno with an error that names the label
 */
int appliance_set(struct appliance *a, const char *label, const char *value, struct error *err)
{
	const char *name = label + strlen(APPLIANCE_PREFIX);

	if (strlen(value) > MAX_LABEL_BYTES)
		return error_set(err, E2BIG, "label '%.100s' is longer than %d bytes", label,
				 MAX_LABEL_BYTES);
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		if (strcmp(name, labels[i].name) != 0)
			continue;
		if (labels[i].set(a, value, err) < 0)
			return error_wrap(err, "label '%s=%.200s'", label, value);
		return 0;
	}
	error_set(err, EINVAL, "label '%.100s' is no setting that this version knows", label);
	return error_hint(err, "known are tare.cpus, tare.health, tare.help, tare.memory, "
			       "tare.pids, tare.ports, tare.restart and tare.volumes");
}

/**
 * appliance_read() - What an image asks for
 * @image:	Labels are borrowed from it
 * @out:	Released with appliance_done(), also after a failure
 *
 * The label tare.health counts before docker's Healthcheck.
 */
int appliance_read(const struct image_config *image, struct appliance *out, struct error *err)
{
	const struct json *value;
	const char *key;
	int r = 0;

	*out = (struct appliance){ 0 };
	for (void *it = NULL; r == 0 && json_next(image->labels, &it, &key, &value);)
		if (str_starts(key, APPLIANCE_PREFIX))
			r = appliance_set(out, key, json_text_or(value, ""), err);
	if (r == 0 && !out->health.test.n && image->healthcheck)
		r = health_parse_docker(image->healthcheck, &out->health, err);
	return r;
}

/** appliance_done() - Release; safe twice */
void appliance_done(struct appliance *a)
{
	strlist_done(&a->ports);
	strlist_done(&a->volumes);
	strlist_done(&a->health.test);
	*a = (struct appliance){ 0 };
}

/**
 * appliance_parse_restart() - Read a restart policy
 * @max_retries: Of on-failure:N; 0: for ever
 */
int appliance_parse_restart(const char *text, int64_t *max_retries, struct error *err)
{
	*max_retries = 0;
	if (!strcmp(text, "no") || !strcmp(text, "always") || !strcmp(text, "unless-stopped") ||
	    !strcmp(text, "on-failure"))
		return 0;
	if (str_starts(text, "on-failure:") &&
	    str_parse_i64(text + strlen("on-failure:"), 1, MAX_RETRIES, max_retries) == 0)
		return 0;
	return error_set(err, EINVAL,
			 "restart policy '%.100s' is none of no, on-failure[:N], always, "
			 "unless-stopped",
			 text);
}

/** appliance_apply_limits() - Limits and policies, as far as no flag says something else */
void appliance_apply_limits(const struct appliance *a, struct settings *s)
{
	if (a->memory_bytes && !s->memory_bytes) {
		s->memory_bytes = a->memory_bytes;
		s->limits_of_image |= SETTINGS_MEMORY;
	}
	if (a->nano_cpus && !s->nano_cpus && !s->cpu_quota_us && !s->cpu_period_us) {
		s->nano_cpus = a->nano_cpus;
		s->limits_of_image |= SETTINGS_CPUS;
	}
	if (a->pids_max && !s->pids_max) {
		s->pids_max = a->pids_max;
		s->limits_of_image |= SETTINGS_PIDS;
	}
	if (!s->restart && !s->auto_remove)
		s->restart = a->restart;
	health_fill(&s->health, &a->health);
}

static bool all_published(const char *spec, const struct network_ports *ports)
{
	autoports struct network_ports asked = { 0 };
	struct error ignored;
	bool all = network_port_parse(spec, &asked, &ignored) == 0;

	for (size_t i = 0; all && i < asked.n; i++)
		all = network_ports_have(ports, &asked.items[i]);
	return all;
}

/** appliance_apply_ports() - Publish what is accepted; a port that a flag publishes stays so */
int appliance_apply_ports(const struct appliance *a, struct settings *s, struct error *err)
{
	size_t by_flags = s->ports.n;

	for (size_t i = 0; i < a->ports.n; i++) {
		autoports struct network_ports asked = { 0 };
		int r = network_port_parse(a->ports.items[i], &asked, err);

		if (r < 0)
			return r;
		for (size_t j = 0; j < asked.n; j++)
			if (!network_ports_have(&(struct network_ports){ s->ports.items, by_flags },
						&asked.items[j]))
				network_ports_add(&s->ports, &asked.items[j]);
	}
	return 0;
}

/* "name:/target/:ro" → "/target"; it was read before, so it is well-formed */
static char *target_of(const char *spec)
{
	const char *colon = strchr(spec, ':');
	const char *target = colon ? colon + 1 : spec;
	autofree char *path = xstrndup(target, strcspn(target, ":"));
	autofree char *clean = path_clean(path);

	return xasprintf("/%s", clean ? clean : "");
}

static const struct settings_mount *find_mount(const struct settings *s, const char *target)
{
	for (size_t i = 0; i < s->n_mounts; i++)
		if (!strcmp(s->mounts[i].target, target))
			return &s->mounts[i];
	return NULL;
}

/**
 * appliance_apply_volumes() - Mount what is accepted, after what flags mount
 *
 * What is not accepted becomes a volume of the container's own, where the
 * image asks for a volume; of the host's directories there is nothing.
 */
int appliance_apply_volumes(const struct appliance *a, bool accept, struct settings *s,
			    struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->volumes.n; i++) {
		const char *spec = a->volumes.items[i];
		autofree char *target = target_of(spec);

		if (find_mount(s, target))
			continue;
		if (accept)
			r = volume_parse(s, spec, err);
		else if (*spec != '/' || !strchr(spec, ':'))
			r = volume_add_anonymous(s, target, err);
	}
	return r;
}

static void add_item(struct str *out, const char *what, const char *item)
{
	str_printf(out, "%s%s %s", out->len ? ", " : "", what, item);
}

/**
 * appliance_not_given() - What was asked for and is not in the settings
 *
 * Return: "port 8080:80, volume /etc:/x", which the caller frees; NULL: all is
 */
char *appliance_not_given(const struct appliance *a, const struct settings *s)
{
	struct str out = { 0 };

	for (size_t i = 0; i < a->ports.n; i++)
		if (!all_published(a->ports.items[i], &s->ports))
			add_item(&out, "port", a->ports.items[i]);
	for (size_t i = 0; i < a->volumes.n; i++) {
		const char *spec = a->volumes.items[i];
		autofree char *target = target_of(spec);
		const struct settings_mount *m = find_mount(s, target);

		if (!m || (m->anonymous && strchr(spec, ':')))
			add_item(&out, "volume", spec);
	}
	return out.len ? str_take(&out) : NULL;
}

static void drop_limit(struct settings *s, unsigned int bit)
{
	s->limits_of_image &= ~bit;
	if (bit == SETTINGS_MEMORY)
		s->memory_bytes = 0;
	else if (bit == SETTINGS_CPUS)
		s->nano_cpus = 0;
	else
		s->pids_max = 0;
}

/**
 * appliance_fit_host() - Whether this machine can enforce the limits that the image asks for
 * @strict:	If not, that is an error
 *
 * A limit that a flag asks for is one in any case, later. But whoever runs a
 * file that somebody else made has not asked for anything: they are told, and
 * the appliance runs without.
 *
 * Return: 0, or -EOPNOTSUPP with @strict
 */
int appliance_fit_host(const struct context *ctx, bool strict, struct settings *s,
		       struct error *err)
{
	static const struct {
		unsigned int bit;
		enum cgroup_controller controller;
		const char *label;
	} limits[] = {
		{ SETTINGS_MEMORY, CGROUP_MEMORY, "tare.memory" },
		{ SETTINGS_CPUS, CGROUP_CPU, "tare.cpus" },
		{ SETTINGS_PIDS, CGROUP_PIDS, "tare.pids" },
	};
	struct cgroup_root root = { .fd = -1 };
	unsigned int there = 0;
	struct error why;

	if (!s->limits_of_image)
		return 0;
	if (cgroup_root_open(&root, &why) == 0)
		(void)cgroup_read_controllers(root.fd, "cgroup.controllers", &there, &why);
	cgroup_root_close(&root);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (!(s->limits_of_image & limits[i].bit) ||
		    (there & CGROUP_BIT(limits[i].controller)))
			continue;
		(void)cgroup_missing_controller(limits[i].controller, limits[i].label, &why);
		if (strict) {
			*err = why;
			return error_hint(err, "without --strict it runs without that limit");
		}
		message_warning(ctx, "%s: runs without this limit", why.msg);
		drop_limit(s, limits[i].bit);
	}
	return 0;
}
