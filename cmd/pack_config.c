// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/pack_config.c - The flags of pack that say how an appliance runs
 *
 * What docker's config has a place for goes there, so that other tools see it,
 * too; the rest are labels, checked as `run` will check them.
 */
#include "cmd/pack_config.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/appliance.h"
#include "cmd/change.h"
#include "cmd/health.h"
#include "cmd/maps.h"
#include "cmd/signals.h"

/* As in a Dockerfile: a JSON list of words, else a line for the shell. */
static int set_command(struct json *config, const char *key, const char *flag, const char *text,
		       struct error *err)
{
	struct json *list = text ? change_read_list(text) : NULL;

	if (!text)
		return 0;
	if (!list && *text == '[')
		return error_set(err, EINVAL, "%s '%s' is no JSON list of texts", flag, text);
	json_set(config, key, list ? list : change_shell_line(text));
	return 0;
}

static int check_pair(const char *flag, const char *text, struct error *err)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return error_set(err, EINVAL, "%s '%s' is not NAME=VALUE", flag, text);
	return 0;
}

static int set_env(const struct pack_settings *s, struct json *config, struct error *err)
{
	for (size_t i = 0; i < s->env.n; i++) {
		const char *text = s->env.items[i];
		size_t len = strcspn(text, "=");
		autofree char *name = xstrndup(text, len);

		if (check_pair("--env", text, err) < 0)
			return -err->code;
		change_variable(config, name, text + len + 1);
	}
	return 0;
}

static void set_exposed(const struct strlist *ports, struct json *config)
{
	struct json *map = change_map(config, "ExposedPorts");

	for (size_t i = 0; i < ports->n; i++) {
		autoports struct network_ports parsed = { 0 };
		struct error ignored; /* the label was checked */

		if (network_port_parse(ports->items[i], &parsed, &ignored) < 0)
			continue;
		for (size_t j = 0; j < parsed.n; j++) {
			autofree char *key =
				xasprintf("%u/%s", parsed.items[j].container_port,
					  network_protocol_name(parsed.items[j].protocol));

			json_set(map, key, json_new_map());
		}
	}
	json_set(config, "ExposedPorts", map);
}

/* "/data" alone is what docker knows as a volume, too. */
static bool is_anonymous(const char *spec)
{
	return *spec == '/' && !strchr(spec, ':');
}

static void set_anonymous(const struct strlist *volumes, struct json *config)
{
	struct json *map = change_map(config, "Volumes");

	for (size_t i = 0; i < volumes->n; i++)
		if (is_anonymous(volumes->items[i]))
			json_set(map, volumes->items[i], json_new_map());
	if (json_count(map))
		json_set(config, "Volumes", map);
	else
		json_free(map);
}

/* Those that the user has to agree to. */
static char *join_sources(const struct strlist *volumes)
{
	autostrlist struct strlist with = { 0 };

	for (size_t i = 0; i < volumes->n; i++)
		if (!is_anonymous(volumes->items[i]))
			strlist_add(&with, volumes->items[i]);
	return strlist_join(&with, " ");
}

static int set_labels(const struct pack_settings *s, struct json *labels, struct error *err)
{
	autofree char *ports = strlist_join(&s->ports, " ");
	autofree char *volumes = join_sources(&s->volumes);
	const struct {
		const char *key, *value;
	} known[] = {
		{ "org.opencontainers.image.title", s->title },
		{ "org.opencontainers.image.description", s->description },
		{ "org.opencontainers.image.version", s->version },
		{ "tare.cpus", s->cpus },
		{ "tare.health", s->health },
		{ "tare.help", s->help },
		{ "tare.memory", s->memory },
		{ "tare.pids", s->pids },
		{ "tare.ports", s->ports.n ? ports : NULL },
		{ "tare.restart", s->restart },
		{ "tare.volumes", *volumes ? volumes : NULL },
	};

	for (size_t i = 0; i < s->labels.n; i++) {
		if (check_pair("--label", s->labels.items[i], err) < 0)
			return -err->code;
		maps_add_pair(labels, s->labels.items[i]);
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].value)
			json_set_text(labels, known[i].key, known[i].value);
	return 0;
}

/* As `run` will read them, on a machine that is not this one. */
static int check_labels(const struct json *labels, struct health_check *health, struct error *err)
{
	autoappliance struct appliance a = { 0 };
	const struct json *value;
	const char *key;
	int r = 0;

	for (void *it = NULL; r == 0 && json_next(labels, &it, &key, &value);)
		if (str_starts(key, APPLIANCE_PREFIX))
			r = appliance_set(&a, key, json_text_or(value, ""), err);
	health_fill(health, &a.health);
	return r;
}

static int set_texts(const struct pack_settings *s, struct json *config, struct error *err)
{
	if (s->user)
		json_set_text(config, "User", s->user);
	if (s->workdir && *s->workdir != '/')
		return error_set(err, EINVAL, "working directory '%s' is no absolute path",
				 s->workdir);
	if (s->workdir)
		json_set_text(config, "WorkingDir", s->workdir);
	if (s->stop_signal && signals_parse(s->stop_signal, err) < 0)
		return -err->code;
	if (s->stop_signal)
		json_set_text(config, "StopSignal", s->stop_signal);
	return 0;
}

static int set_all(const struct pack_settings *s, struct json *config, struct error *err)
{
	struct health_check health = { 0 };
	struct json *labels = change_map(config, "Labels");
	int r;

	r = set_labels(s, labels, err);
	if (r == 0)
		r = check_labels(labels, &health, err);
	if (json_count(labels))
		json_set(config, "Labels", labels);
	else
		json_free(labels);
	if (r == 0 && s->health && health.test.n)
		json_set(config, "Healthcheck", health_to_docker(&health));
	strlist_done(&health.test);
	if (r < 0)
		return r;
	if (s->ports.n)
		set_exposed(&s->ports, config);
	set_anonymous(&s->volumes, config);
	return 0;
}

/**
 * pack_config_apply() - Have an image run as the flags say
 * @config:	The image's config document, changed in place
 *
 * A new ENTRYPOINT drops the CMD that was for the old one, as in a Dockerfile.
 */
int pack_config_apply(const struct pack_settings *s, struct json *config, struct error *err)
{
	struct json *map = change_map(config, "config");
	int r;

	if (s->entrypoint)
		json_unset(map, "Cmd");
	r = set_command(map, "Entrypoint", "--entrypoint", s->entrypoint, err);
	if (r == 0)
		r = set_command(map, "Cmd", "--cmd", s->cmd, err);
	if (r == 0)
		r = set_texts(s, map, err);
	if (r == 0)
		r = set_env(s, map, err);
	if (r == 0)
		r = set_all(s, map, err);
	json_set(config, "config", map);
	return r;
}
