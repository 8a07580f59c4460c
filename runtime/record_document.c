// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/record_document.c - A container's record in memory and as record.json
 */
#include "runtime/record_document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

/** record_init() - An empty record: every string "", no process, no ports */
void record_init(struct record *r)
{
	char **strings[] = { &r->name,	 &r->image,  &r->image_id, &r->command,
			     &r->reason, &r->error,  &r->network,  &r->ip,
			     &r->mac,	 &r->cgroup, &r->health };

	*r = (struct record){ .idmap_base = -1 };
	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		*strings[i] = xstrdup("");
}

/** record_done() - Release a record's strings and ports */
void record_done(struct record *r)
{
	char *strings[] = { r->name,	r->image, r->image_id, r->command, r->reason, r->error,
			    r->network, r->ip,	  r->mac,      r->cgroup,  r->health };

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		free(strings[i]);
	free(r->ports);
	json_free(r->oom);
	*r = (struct record){ .idmap_base = -1 };
}

static const char *const status_names[] = {
	[RECORD_CREATED] = "created", [RECORD_RUNNING] = "running",
	[RECORD_PAUSED] = "paused",   [RECORD_RESTARTING] = "restarting",
	[RECORD_EXITED] = "exited",
};

/** record_status_name() - The word lists and templates use */
const char *record_status_name(enum record_status status)
{
	return status_names[status];
}

static struct json *ports_to_json(const struct record *r)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < r->n_ports; i++) {
		struct json *p = json_new_map();

		json_set_text(p, "protocol", r->ports[i].protocol);
		json_set_text(p, "hostIp", r->ports[i].host_ip);
		json_set_int(p, "hostPort", r->ports[i].host_port);
		json_set_int(p, "containerPort", r->ports[i].container_port);
		json_add(list, p);
	}
	return list;
}

/* What has nothing to say is left out: records are read by the hundred. */
static void say_text(struct json *v, const char *key, const char *text)
{
	if (*text)
		json_set_text(v, key, text);
}

static void say_int(struct json *v, const char *key, int64_t i, int64_t unsaid)
{
	if (i != unsaid)
		json_set_int(v, key, i);
}

static void say_true(struct json *v, const char *key, bool b)
{
	if (b)
		json_set_bool(v, key, true);
}

/** record_to_text() - The record as a JSON document, without the id; the caller frees it */
char *record_to_text(const struct record *r)
{
	autojson struct json *v = json_new_map();

	say_text(v, "name", r->name);
	say_text(v, "image", r->image);
	say_text(v, "imageId", r->image_id);
	say_text(v, "command", r->command);
	json_set_int(v, "created", r->created_ns);
	say_int(v, "started", r->started_ns, 0);
	say_int(v, "finished", r->finished_ns, 0);
	json_set_text(v, "status", status_names[r->status]);
	say_int(v, "pid", r->pid, 0);
	say_int(v, "pidStart", (int64_t)r->pid_start, 0);
	say_int(v, "exitCode", r->exit_code, 0);
	say_text(v, "reason", r->reason);
	say_text(v, "error", r->error);
	say_text(v, "health", r->health);
	say_int(v, "restarts", r->restarts, 0);
	say_true(v, "oomKilled", r->oom_killed);
	if (r->oom)
		json_set(v, "oom", json_clone(r->oom));
	say_true(v, "autoRemove", r->auto_remove);
	say_true(v, "named", r->is_named);
	say_text(v, "network", r->network);
	say_text(v, "ip", r->ip);
	say_text(v, "mac", r->mac);
	say_text(v, "cgroup", r->cgroup);
	say_int(v, "idmapBase", r->idmap_base, -1);
	if (r->n_ports)
		json_set(v, "ports", ports_to_json(r));
	return json_print(v);
}

static void take_text(char **field, const struct json *doc, const char *key)
{
	const char *text = json_text_or(json_get(doc, key), "");

	if (strcmp(*field, text) != 0) /* most of an empty record stay empty */
		str_replace(field, text);
}

static void take_ports(struct record *r, const struct json *list)
{
	free(r->ports);
	r->ports = NULL;
	r->n_ports = json_count(list);
	if (r->n_ports)
		r->ports = xcalloc(r->n_ports, sizeof(*r->ports));
	for (size_t i = 0; i < r->n_ports; i++) {
		const struct json *p = json_at(list, i);
		struct record_port *port = &r->ports[i];

		snprintf(port->protocol, sizeof(port->protocol), "%s",
			 json_text_or(json_get(p, "protocol"), "tcp"));
		snprintf(port->host_ip, sizeof(port->host_ip), "%s",
			 json_text_or(json_get(p, "hostIp"), ""));
		port->host_port = (uint16_t)json_int(json_get(p, "hostPort"), 0);
		port->container_port = (uint16_t)json_int(json_get(p, "containerPort"), 0);
	}
}

/** record_from_json() - Fill an initialised record, but for its id; what is missing is empty */
void record_from_json(struct record *r, const struct json *v)
{
	const char *status = json_text_or(json_get(v, "status"), "exited");

	take_text(&r->name, v, "name");
	take_text(&r->image, v, "image");
	take_text(&r->image_id, v, "imageId");
	take_text(&r->command, v, "command");
	r->created_ns = json_int(json_get(v, "created"), 0);
	r->started_ns = json_int(json_get(v, "started"), 0);
	r->finished_ns = json_int(json_get(v, "finished"), 0);
	r->status = RECORD_EXITED; /* of a word that a later version may write, too */
	for (size_t i = 0; i < sizeof(status_names) / sizeof(*status_names); i++)
		if (!strcmp(status, status_names[i]))
			r->status = (enum record_status)i;
	r->pid = (pid_t)json_int(json_get(v, "pid"), 0);
	r->pid_start = json_u64(json_get(v, "pidStart"), 0);
	r->exit_code = (int)json_int(json_get(v, "exitCode"), 0);
	take_text(&r->reason, v, "reason");
	take_text(&r->error, v, "error");
	take_text(&r->health, v, "health");
	r->restarts = json_int(json_get(v, "restarts"), 0);
	r->oom_killed = json_is_true(json_get(v, "oomKilled"));
	json_free(r->oom);
	r->oom = json_kind_of(json_get(v, "oom")) == JSON_MAP ? json_clone(json_get(v, "oom"))
							      : NULL;
	r->auto_remove = json_is_true(json_get(v, "autoRemove"));
	r->is_named = json_is_true(json_get(v, "named"));
	take_text(&r->network, v, "network");
	take_text(&r->ip, v, "ip");
	take_text(&r->mac, v, "mac");
	take_text(&r->cgroup, v, "cgroup");
	r->idmap_base = json_int(json_get(v, "idmapBase"), -1);
	take_ports(r, json_get(v, "ports"));
}
