// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/run_options.c - The flags of run and create, and what becomes of them
 */
#include "cmd/run_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "cmd/appliance.h"
#include "cmd/health.h"
#include "cmd/maps.h"
#include "cmd/platform.h"
#include "cmd/report/sampler.h"
#include "cmd/report/timeline.h"
#include "cmd/signals.h"
#include "cmd/systemd_mode.h"
#include "cmd/units.h"
#include "cmd/volume.h"
#include "image/config.h"
#include "image/platform.h"
#include "runtime/executable.h"

#define ENV_FILE_MAX_BYTES (4U << 20)
#define PROFILE_MAX_BYTES  (4U << 20)

/* ---- from flags to settings --------------------------------------------- */

/* Add or replace NAME=VALUE. */
static void set_variable(struct strlist *env, const char *text)
{
	size_t n = strcspn(text, "=");

	for (size_t i = 0; i < env->n; i++) {
		if (!strncmp(env->items[i], text, n) && env->items[i][n] == '=') {
			free(env->items[i]);
			env->items[i] = xstrdup(text);
			return;
		}
	}
	strlist_add(env, text);
}

/* NAME alone takes the host's value, and is left out when the host has none. */
static int add_variable(struct strlist *env, const char *text, struct error *err)
{
	autofree char *passed = NULL;
	const char *value;

	if (!*text || *text == '=')
		return error_set(err, EINVAL, "environment variable '%s' has no name", text);
	if (strchr(text, '=')) {
		set_variable(env, text);
		return 0;
	}
	value = getenv(text);
	if (!value)
		return 0;
	passed = xasprintf("%s=%s", text, value);
	set_variable(env, passed);
	return 0;
}

/* docker refuses these in files only: there, "export X=1" is a mistake. */
static int add_file_variable(struct strlist *env, const char *line, struct error *err)
{
	size_t n = strcspn(line, "=");

	if (strcspn(line, " \t") < n)
		return error_set(err, EINVAL, "environment variable '%.*s' contains a space",
				 (int)n, line);
	return add_variable(env, line, err);
}

typedef int add_line(struct strlist *list, const char *line, struct error *err);

/* Lines of a file, without comments and blank ones. */
static int add_file(struct strlist *list, const char *path, add_line *add, struct error *err)
{
	autofree char *text = NULL;
	char *save = NULL;
	size_t len;
	int r;

	r = file_read_at(AT_FDCWD, path, ENV_FILE_MAX_BYTES, &text, &len, err);
	if (r < 0)
		return r;
	if (strlen(text) != len)
		return error_set(err, EINVAL, "'%s' contains a NUL byte", path);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t n = strlen(line);

		if (n && line[n - 1] == '\r')
			line[n - 1] = '\0';
		line += strspn(line, " \t");
		if (!*line || *line == '#')
			continue;
		r = add(list, line, err);
		if (r < 0)
			return error_wrap(err, "read '%s'", path);
	}
	return 0;
}

static int add_label(struct strlist *labels, const char *line, struct error *err)
{
	if (*line == '=')
		return error_set(err, EINVAL, "label '%s' has no key", line);
	strlist_add(labels, line);
	return 0;
}

/**
 * run_options_add_env() - Add variables from files, then from flags, to an environment
 * @env:	Later ones replace earlier ones of the same name
 */
int run_options_add_env(struct strlist *env, const struct strlist *files,
			const struct strlist *flags, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < files->n; i++)
		r = add_file(env, files->items[i], add_file_variable, err);
	for (size_t i = 0; r == 0 && i < flags->n; i++)
		r = add_variable(env, flags->items[i], err);
	return r;
}

static int merge_labels(const struct run_options *o, struct settings *s, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->label_files.n; i++)
		r = add_file(&s->labels, o->label_files.items[i], add_label, err);
	for (size_t i = 0; r == 0 && i < o->settings.labels.n; i++)
		r = add_label(&s->labels, o->settings.labels.items[i], err);
	return r;
}

static const char *text_or_null(const char *s)
{
	return s && *s ? s : NULL;
}

/* docker: an --entrypoint drops the image's CMD; arguments replace CMD. */
static void merge_command(const struct run_options *o, const struct image_config *image,
			  char *const *args, struct settings *s)
{
	if (o->entrypoint && *o->entrypoint)
		strlist_add(&s->entrypoint, o->entrypoint);
	else if (!o->entrypoint)
		strlist_copy(&s->entrypoint, &image->entrypoint);
	if (!*args && !o->entrypoint)
		strlist_copy(&s->cmd, &image->cmd);
	for (; *args; args++)
		strlist_add(&s->cmd, *args);
}

static void merge_image(const struct image_config *image, struct settings *s)
{
	if (!s->user)
		s->user = text_or_null(image->user);
	if (!s->cwd)
		s->cwd = text_or_null(image->working_dir);
	if (!s->stop_signal)
		s->stop_signal = text_or_null(image->stop_signal);
	s->compat = image->architecture &&
		    (!strcmp(image->architecture, "386") || !strcmp(image->architecture, "arm"));
	strlist_copy(&s->env, &image->env);
	strlist_copy(&s->exposed, &image->exposed_ports);
	maps_to_pairs(image->labels, &s->labels);
}

/* docker: -P leaves alone what -p has published already. */
static int publish_exposed(const char *spec, struct network_ports *ports, struct error *err)
{
	autoports struct network_ports exposed = { 0 };
	int r = network_port_parse(spec, &exposed, err);

	for (size_t i = 0; r == 0 && i < exposed.n; i++)
		if (!network_ports_have(ports, &exposed.items[i]))
			network_ports_add(ports, &exposed.items[i]);
	return r;
}

/* "80", "8000-8010/udp": in the image's form from here on */
static int add_exposed(const char *spec, struct settings *s, struct error *err)
{
	autoports struct network_ports ports = { 0 };
	int r = strchr(spec, ':') ? -EINVAL : network_port_parse(spec, &ports, err);

	if (r < 0)
		return error_set(err, EINVAL, "flag '--expose': '%s' is not PORT[-LAST][/udp]",
				 spec);
	for (size_t i = 0; i < ports.n; i++)
		strlist_take(&s->exposed,
			     xasprintf("%u/%s", ports.items[i].container_port,
				       network_protocol_name(ports.items[i].protocol)));
	return 0;
}

static int parse_ports(const struct run_options *o, const struct appliance *asks,
		       struct settings *s, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < o->expose.n; i++)
		r = add_exposed(o->expose.items[i], s, err);
	for (size_t i = 0; r == 0 && i < o->settings.publish.n; i++)
		r = network_port_parse(o->settings.publish.items[i], &s->ports, err);
	for (size_t i = 0; r == 0 && o->publish_all && i < s->exposed.n; i++)
		r = publish_exposed(s->exposed.items[i], &s->ports, err);
	if (r == 0 && o->accept)
		r = appliance_apply_ports(asks, s, err);
	if (r < 0)
		return r;
	if (s->ports.n && s->network && strcmp(s->network, "bridge") != 0)
		return error_set(err, EINVAL, "ports cannot be published with --network %s",
				 s->network);
	return 0;
}

static int parse_volumes(const struct run_options *o, const struct image_config *image,
			 const struct appliance *asks, struct settings *s, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->binds.n; i++)
		r = volume_parse(s, s->binds.items[i], err);
	for (size_t i = 0; r == 0 && i < o->mounts.n; i++)
		r = volume_parse_mount(s, o->mounts.items[i], err);
	if (r == 0)
		r = appliance_apply_volumes(asks, o->accept, s, err);
	for (size_t i = 0; r == 0 && i < image->volumes.n; i++)
		r = volume_add_anonymous(s, image->volumes.items[i], err);
	return r;
}

/* The profile itself goes into the settings: `start` and `exec` must not depend on a file. */
static int parse_security(struct settings *s, struct error *err)
{
	for (size_t i = 0; i < s->security.n; i++) {
		const char *file = s->security.items[i] + strlen("seccomp=");
		autofree char *text = NULL;
		size_t len;
		int r;

		if (!str_starts(s->security.items[i], "seccomp=") || !strcmp(file, "unconfined") ||
		    !strcmp(file, "builtin") || *file == '{')
			continue;
		r = file_read_at(AT_FDCWD, file, PROFILE_MAX_BYTES, &text, &len, err);
		if (r < 0)
			return error_wrap(err, "read the seccomp profile");
		free(s->security.items[i]);
		s->security.items[i] = xasprintf("seccomp=%s", text);
	}
	return 0;
}

static int parse_storage(const struct run_options *o, struct settings *s, struct error *err)
{
	for (size_t i = 0; i < o->storage_opts.n; i++) {
		const char *option = o->storage_opts.items[i];

		if (!strcmp(option, "upper=disk"))
			s->scratch = "disk";
		else if (!strcmp(option, "upper=memory"))
			s->scratch = "memory";
		else if (!str_starts(option, "size=") ||
			 units_parse_size(option + 5, &s->scratch_bytes) < 0)
			return error_set(err, EINVAL,
					 "storage option '%s' is not size=SIZE, upper=disk or "
					 "upper=memory",
					 option);
	}
	if (s->scratch_bytes && (!s->scratch || strcmp(s->scratch, "memory") != 0)) {
		error_set(err, EINVAL, "storage option 'size=' needs upper=memory");
		return error_hint(err, "add --storage-opt upper=memory");
	}
	if (s->scratch && !strcmp(s->scratch, "memory") && !s->auto_remove)
		return error_set(err, EINVAL, "storage option 'upper=memory' needs --rm");
	return 0;
}

static int parse_log(const struct run_options *o, struct settings *s, struct error *err)
{
	bool none = o->log_driver && !strcmp(o->log_driver, "none");

	if (o->log_driver && !none && strcmp(o->log_driver, "json-file") != 0)
		return error_set(err, EINVAL, "log driver '%s' is not json-file or none",
				 o->log_driver);
	for (size_t i = 0; i < o->log_opts.n; i++) {
		const char *option = o->log_opts.items[i];
		int64_t n = 0;

		if (str_starts(option, "max-size=") &&
		    units_parse_size(option + 9, &s->log_max_bytes) == 0)
			continue;
		if (str_starts(option, "max-file=") &&
		    str_parse_i64(option + 9, 1, 1000, &n) == 0) {
			s->log_max_files = n;
			continue;
		}
		return error_set(err, EINVAL, "log option '%s' is not max-size=SIZE or max-file=N",
				 option);
	}
	if (none)
		s->log_max_files = -1;
	return 0;
}

static bool wants_host_userns(const struct run_options *o)
{
	return o->settings.privileged || (o->userns && !strcmp(o->userns, "host"));
}

/** run_options_protect() - Before all else: see runtime/executable.c */
int run_options_protect(const struct run_options *o, struct error *err)
{
	return wants_host_userns(o) ? executable_protect(err) : 0;
}

static int check_modes(const struct run_options *o, struct settings *s, struct error *err)
{
	s->host_userns = wants_host_userns(o);
	if (o->userns && strcmp(o->userns, "host") != 0 && strcmp(o->userns, "private") != 0 &&
	    strcmp(o->userns, "auto") != 0)
		return error_set(err, EINVAL, "user namespace mode '%s' is not private or host",
				 o->userns);
	if (o->pull && strcmp(o->pull, "never") != 0 && strcmp(o->pull, "missing") != 0) {
		error_set(err, EINVAL, "pull policy '%s': tare has no registry client", o->pull);
		return error_hint(err, "load the image from an archive: tare load -i FILE");
	}
	if (s->stop_signal && signals_parse(s->stop_signal, err) < 0)
		return -err->code;
	if (s->stop_timeout_s < -1 || s->stop_timeout_s > INT32_MAX) /* as of stop --time */
		return error_set(err, EINVAL, "stop timeout '%lld' is no number of seconds, or -1",
				 (long long)s->stop_timeout_s);
	if (s->cwd && s->cwd[0] != '/')
		return error_set(err, EINVAL, "working directory '%s' is no absolute path", s->cwd);
	if (s->hostname && (!*s->hostname || strlen(s->hostname) > 64))
		return error_set(err, EINVAL, "host name '%s' is not 1 to 64 characters long",
				 s->hostname);
	/* It becomes a line of /etc/hosts. */
	for (const char *c = s->hostname; c && *c; c++)
		if (*c <= ' ' || *c == '#' || *c == 127)
			return error_set(err, EINVAL, "host name '%s' has blanks or odd characters",
					 s->hostname);
	if (!s->entrypoint.n && !s->cmd.n) {
		error_set(err, EINVAL, "the image names no command");
		return error_hint(err, "give one after the image");
	}
	return 0;
}

/* Images are loaded for one platform; a flag can but insist on it. */
static int check_platform(const char *wanted, const struct image_config *image, struct error *err)
{
	autofree char *have = platform_of_config(image);
	autostrlist struct strlist parts = { 0 };
	struct plan_platform platform;
	int r = platform_parse(&platform, &parts, wanted, err);

	if (r < 0 || !wanted || platform_fit_config(image, &platform))
		return r;
	error_set(err, EINVAL, "the image is for '%s', not for '%s'", have, wanted);
	return error_hint(err, "tare load --platform takes another one from an archive of several");
}

static const char *const name_characters =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

/** run_options_check_name() - Whether a container may be called so; NULL is fine */
int run_options_check_name(const char *name, struct error *err)
{
	if (!name)
		return 0;
	if (!*name || strchr("_.-", *name) || strlen(name) > 255 ||
	    name[strspn(name, name_characters)])
		return error_set(err, EINVAL,
				 "container name '%s' must be letters, digits, '_', '.', '-', and "
				 "begin with a letter or digit",
				 name);
	return 0;
}

static int parse_health(const struct run_options *o, struct settings *s, struct error *err)
{
	if (o->no_healthcheck && o->health_cmd)
		return error_set(err, EINVAL,
				 "--health-cmd and --no-healthcheck exclude each other");
	if (o->no_healthcheck || (o->health_cmd && !strcmp(o->health_cmd, "none"))) {
		strlist_add(&s->health.test, "NONE");
	} else if (o->health_cmd) {
		strlist_add(&s->health.test, "CMD-SHELL");
		strlist_add(&s->health.test, o->health_cmd);
	}
	return health_validate(&s->health, err);
}

static int check_restart(const struct run_options *o, const struct settings *s, struct error *err)
{
	int64_t max_retries;

	if (!s->restart)
		return 0;
	if (appliance_parse_restart(s->restart, &max_retries, err) < 0)
		return -err->code;
	if (o->settings.restart && s->auto_remove && strcmp(s->restart, "no") != 0)
		return error_set(err, EINVAL, "--restart and --rm exclude each other");
	return 0;
}

/**
 * run_options_settings() - Merge flags and image into the settings of one container
 * @image:	Borrowed for as long as @s is used; empty for --rootfs
 * @asks:	From the image's labels, borrowed likewise
 * @args:	Command and arguments from the command line, ends with NULL
 * @s:		Zeroed; settings_done() releases it, also after a failure
 */
int run_options_settings(const struct run_options *o, const struct image_config *image,
			 const struct appliance *asks, char *const *args, struct settings *s,
			 struct error *err)
{
	int r;

	settings_copy_flags(s, &o->settings);
	s->auto_remove |= o->ephemeral;
	merge_image(image, s);
	merge_command(o, image, args, s);
	r = parse_health(o, s, err);
	if (r < 0)
		return r;
	appliance_apply_limits(asks, s);
	r = systemd_mode_decide(o->systemd, s, err);
	if (r == 0)
		r = check_restart(o, s, err);
	if (r == 0)
		r = run_options_check_name(s->name, err);
	if (r == 0)
		r = check_modes(o, s, err);
	if (r == 0)
		r = check_platform(o->platform, image, err);
	if (r == 0)
		r = run_options_add_env(&s->env, &o->env_files, &o->env, err);
	if (r == 0)
		r = merge_labels(o, s, err);
	if (r == 0)
		r = parse_ports(o, asks, s, err);
	if (r == 0)
		r = parse_volumes(o, image, asks, s, err);
	if (r == 0)
		r = parse_security(s, err);
	if (r == 0)
		r = parse_storage(o, s, err);
	if (r == 0)
		r = timeline_check(&s->timeline, err);
	if (r == 0 && s->sample)
		r = sampler_check(s->sample, !s->auto_remove, err);
	return r == 0 ? parse_log(o, s, err) : r;
}
