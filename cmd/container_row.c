// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/container_row.c - A container as lists show it
 *
 * Two shapes: docker's, where all is text, for tables, templates and jsonl;
 * and podman's typed one for --format json.
 */
#include "cmd/container_row.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/target.h"
#include "cmd/template/template.h"
#include "cmd/units.h"

#define COMMAND_MAX_CHARS 20
#define SHORT_ID_CHARS	  12

/* The fields of container_row() and their titles. */
const struct format_column container_columns[] = {
	{ "ID", "CONTAINER ID" },
	{ "Names", "NAMES" },
	{ "Image", "IMAGE" },
	{ "ImageID", "IMAGE ID" },
	{ "Command", "COMMAND" },
	{ "CreatedAt", "CREATED AT" },
	{ "RunningFor", "CREATED" },
	{ "Status", "STATUS" },
	{ "State", "STATE" },
	{ "Ports", "PORTS" },
	{ "Labels", "LABELS" },
	{ "Mounts", "MOUNTS" },
	{ "Networks", "NETWORKS" },
	{ "Size", "SIZE" },
	{ "LocalVolumes", "LOCAL VOLUMES" },
	{ "Pid", "PID" },
	{ "ExitCode", "EXIT CODE" },
	{ "Reason", "REASON" },
	{ "HealthStatus", "HEALTH" },
	{ "Platform", "PLATFORM" },
	{ NULL, NULL },
};

/* Why it ended, where the exit code does not say it. */
static const char *reason_text(const char *reason)
{
	static const struct {
		const char *reason, *text;
	} texts[] = {
		{ "oom", ", out of memory" },	     { RECORD_LOST, ", supervisor lost" },
		{ "timeout", ", timed out" },	     { RECORD_SHUTDOWN, ", shut down" },
		{ "start-failed", ", not started" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!strcmp(texts[i].reason, reason))
			return texts[i].text;
	return "";
}

static const char *health_word(const struct record *r)
{
	return strcmp(r->health, "starting") ? r->health : "health: starting";
}

/* Said too when it went on: what it did then may lack something. */
static const char *end_text(const struct record *r)
{
	const char *text = reason_text(r->reason);

	return *text || !r->oom_killed ? text : ", after running out of memory";
}

/** container_status_text() - "Up 3 minutes", "Exited (0) 2 hours ago"; the caller frees it */
char *container_status_text(const struct record *r, int64_t now_ns)
{
	char time[UNITS_TEXT_MAX];

	switch (r->status) {
	case RECORD_RUNNING:
	case RECORD_PAUSED:
		return xasprintf("Up %s%s%s%s%s",
				 units_print_duration(time, now_ns - r->started_ns),
				 r->status == RECORD_PAUSED ? " (Paused)" : "",
				 *r->health ? " (" : "", health_word(r), *r->health ? ")" : "");
	case RECORD_RESTARTING:
		return xasprintf("Restarting (%d) %s", r->exit_code,
				 units_print_ago(time, r->finished_ns, now_ns));
	case RECORD_EXITED:
		if (!r->finished_ns) /* lost: nobody was there to look at the clock */
			return xasprintf("Exited (%d)%s", r->exit_code, end_text(r));
		return xasprintf("Exited (%d) %s%s", r->exit_code,
				 units_print_ago(time, r->finished_ns, now_ns), end_text(r));
	default:
		return xstrdup("Created");
	}
}

static int by_port(const void *a, const void *b)
{
	const struct record_port *p = a, *q = b;
	int order = strcmp(p->protocol, q->protocol);

	if (!order)
		order = strcmp(p->host_ip, q->host_ip);
	if (!order)
		order = p->container_port - q->container_port;
	return order ? order : p->host_port - q->host_port;
}

/* Whether @next continues a run of ports that reached @last. */
static bool continues(const struct record_port *last, const struct record_port *next)
{
	return !strcmp(last->protocol, next->protocol) && !strcmp(last->host_ip, next->host_ip) &&
	       next->container_port == last->container_port + 1 &&
	       (last->host_port ? next->host_port == last->host_port + 1 : !next->host_port);
}

static void print_ports(struct str *out, const struct record_port *first,
			const struct record_port *last)
{
	if (out->len)
		str_puts(out, ", ");
	if (first->host_port) {
		str_printf(out, "%s:%u", *first->host_ip ? first->host_ip : "0.0.0.0",
			   first->host_port);
		if (last != first)
			str_printf(out, "-%u", last->host_port);
		str_puts(out, "->");
	}
	str_printf(out, "%u", first->container_port);
	if (last != first)
		str_printf(out, "-%u", last->container_port);
	str_printf(out, "/%s", first->protocol);
}

/**
 * container_ports_text() - "0.0.0.0:8080->80/tcp, 9000/tcp", runs folded
 *
 * Nothing is published by what does not run.
 *
 * Return: the text, which the caller frees
 */
char *container_ports_text(const struct record *r)
{
	autofree struct record_port *ports = xcalloc(r->n_ports, sizeof(*ports));
	struct str out = { 0 };
	size_t first = 0;

	if (!target_is_running(r))
		return xstrdup("");
	if (r->n_ports)
		memcpy(ports, r->ports, r->n_ports * sizeof(*ports));
	qsort(ports, r->n_ports, sizeof(*ports), by_port);
	for (size_t i = 0; i < r->n_ports; i++) {
		if (i + 1 < r->n_ports && continues(&ports[i], &ports[i + 1]))
			continue;
		print_ports(&out, &ports[first], &ports[i]);
		first = i + 1;
	}
	return str_take(&out);
}

/** container_command_text() - The command in quotes, cut as docker cuts it; the caller frees it */
char *container_command_text(const struct record *r, bool truncate)
{
	size_t bytes = 0, chars = 0, cut = 0;

	for (; r->command[bytes]; bytes++) {
		if (((unsigned char)r->command[bytes] & 0xc0) == 0x80)
			continue;
		if (++chars == COMMAND_MAX_CHARS)
			cut = bytes; /* leaves room for the ellipsis */
	}
	if (!truncate || chars <= COMMAND_MAX_CHARS)
		return xasprintf("\"%s\"", r->command);
	return xasprintf("\"%.*s…\"", (int)cut, r->command);
}

static void append_item(struct str *out, const char *text)
{
	if (out->len)
		str_putc(out, ',');
	str_puts(out, text);
}

static char *labels_text(const struct json *labels)
{
	struct str out = { 0 };
	const struct json *value;
	const char *key;
	void *it = NULL;

	while (json_next(labels, &it, &key, &value)) {
		autofree char *pair = xasprintf("%s=%s", key, json_text_or(value, ""));

		append_item(&out, pair);
	}
	return str_take(&out);
}

static char *mounts_text(const struct json *mounts, bool truncate, int *volumes)
{
	struct str out = { 0 };

	*volumes = 0;
	for (size_t i = 0; i < json_count(mounts); i++) {
		const struct json *mount = json_at(mounts, i);
		bool volume = !strcmp(json_text_or(json_get(mount, "Type"), ""), "volume");
		autofree char *name =
			xstrdup(json_text_or(json_get(mount, volume ? "Name" : "Source"), ""));

		*volumes += volume;
		if (truncate && volume && strlen(name) == RECORD_ID_HEX)
			name[SHORT_ID_CHARS] = '\0';
		append_item(&out, name);
	}
	return str_take(&out);
}

static void set_number_text(struct json *map, const char *key, int64_t number)
{
	json_take_text(map, key, xasprintf("%lld", (long long)number));
}

static void set_settings(struct json *row, const struct container_item *item, bool truncate)
{
	const struct json *config = json_get(item->config, "Config");
	const struct json *labels = json_get(config, "Labels");
	int volumes;

	json_take_text(row, "Labels", labels_text(labels));
	template_set_method(row, "Label", labels ? json_clone(labels) : json_new_map());
	json_take_text(row, "Mounts",
		       mounts_text(json_get(item->config, "Mounts"), truncate, &volumes));
	set_number_text(row, "LocalVolumes", volumes);
}

/**
 * container_row() - A container as a map of texts, docker's names
 * @truncate:	Short ids and commands
 *
 * Return: a new map with the fields of container_columns
 */
struct json *container_row(const struct container_item *item, bool truncate, int64_t now_ns)
{
	const struct record *r = &item->record;
	struct json *row = json_new_map();
	const int id_chars = truncate ? SHORT_ID_CHARS : RECORD_ID_HEX;
	char time[UNITS_TEXT_MAX];

	json_take_text(row, "ID", xasprintf("%.*s", id_chars, r->id));
	json_set_text(row, "Names", r->name);
	json_set_text(row, "Image", r->image);
	json_take_text(row, "ImageID", xasprintf("%.*s", id_chars, r->image_id));
	json_take_text(row, "Command", container_command_text(r, truncate));
	json_set_text(row, "CreatedAt", units_print_created(time, r->created_ns));
	json_set_text(row, "RunningFor", units_print_ago(time, r->created_ns, now_ns));
	json_take_text(row, "Status", container_status_text(r, now_ns));
	json_set_text(row, "State", record_status_name(r->status));
	json_take_text(row, "Ports", container_ports_text(r));
	json_set_text(row, "Networks", r->network);
	json_set_text(row, "Size",
		      units_print_size(time,
				       item->size_bytes < 0 ? 0 : (uint64_t)item->size_bytes));
	set_number_text(row, "Pid", r->pid);
	set_number_text(row, "ExitCode", r->exit_code);
	json_set_text(row, "Reason", r->reason);
	json_set_text(row, "HealthStatus", r->health);
	json_set_text(row, "Platform", "linux");
	set_settings(row, item, truncate);
	return row;
}

static struct json *typed_ports(const struct record *r)
{
	struct json *list = json_new_list();

	for (size_t i = 0; target_is_running(r) && i < r->n_ports; i++) {
		struct json *port;

		if (!r->ports[i].host_port)
			continue;
		port = json_new_map();
		json_set_text(port, "host_ip", r->ports[i].host_ip);
		json_set_int(port, "container_port", r->ports[i].container_port);
		json_set_int(port, "host_port", r->ports[i].host_port);
		json_set_int(port, "range", 1);
		json_set_text(port, "protocol", r->ports[i].protocol);
		json_add(list, port);
	}
	return list;
}

static struct json *exposed_ports(const struct record *r)
{
	struct json *map = json_new_map();

	for (size_t i = 0; i < r->n_ports; i++) {
		autofree char *port = xasprintf("%u", r->ports[i].container_port);
		const struct json *so_far = json_get(map, port);
		struct json *protocols;

		if (r->ports[i].host_port)
			continue;
		protocols = so_far ? json_clone(so_far) : json_new_list();
		json_add_text(protocols, r->ports[i].protocol);
		json_set(map, port, protocols);
	}
	return map;
}

/* What was run: the first argument and the others. */
static struct json *typed_command(const struct container_item *item)
{
	const struct json *args = json_get(item->config, "Args");
	struct json *list = json_new_list();

	json_add_text(list, json_text_or(json_get(item->config, "Path"), ""));
	for (size_t i = 0; i < json_count(args); i++)
		json_add_text(list, json_text_or(json_at(args, i), ""));
	return list;
}

static struct json *typed_mounts(const struct container_item *item)
{
	const struct json *mounts = json_get(item->config, "Mounts");
	struct json *list = json_new_list();

	for (size_t i = 0; i < json_count(mounts); i++)
		json_add_text(list, json_text_or(json_get(json_at(mounts, i), "Destination"), ""));
	return list;
}

static struct json *one_text(const char *text)
{
	struct json *list = json_new_list();

	if (*text)
		json_add_text(list, text);
	return list;
}

/**
 * container_typed_row() - A container as podman's ps --format json has it
 *
 * Return: a new map
 */
struct json *container_typed_row(const struct container_item *item, int64_t now_ns)
{
	const struct record *r = &item->record;
	const struct json *labels = json_get(json_get(item->config, "Config"), "Labels");
	struct json *row = json_new_map();
	char time[UNITS_TEXT_MAX];

	json_set_bool(row, "AutoRemove", r->auto_remove);
	json_set(row, "Command", typed_command(item));
	json_set_text(row, "CreatedAt", units_print_ago(time, r->created_ns, now_ns));
	json_set_bool(row, "Exited", r->status == RECORD_EXITED);
	json_set_int(row, "ExitedAt", r->finished_ns / UNITS_NS_PER_S);
	json_set_int(row, "ExitCode", r->exit_code);
	json_set(row, "ExposedPorts", exposed_ports(r));
	json_set_text(row, "Id", r->id);
	json_set_text(row, "Image", r->image);
	json_set_text(row, "ImageID", r->image_id);
	json_set_bool(row, "IsInfra", false);
	json_set(row, "Labels", labels ? json_clone(labels) : json_new_map());
	json_set(row, "Mounts", typed_mounts(item));
	json_set(row, "Names", one_text(r->name));
	json_set(row, "Networks", one_text(r->network));
	json_set_int(row, "Pid", r->pid);
	json_set_text(row, "Pod", "");
	json_set_text(row, "PodName", "");
	json_set(row, "Ports", typed_ports(r));
	json_set_text(row, "Reason", r->reason);
	json_set_int(row, "Restarts", r->restarts);
	if (item->size_bytes >= 0)
		json_set_int(row, "Size", item->size_bytes);
	json_set_int(row, "StartedAt", r->started_ns / UNITS_NS_PER_S);
	json_set_text(row, "State", record_status_name(r->status));
	json_take_text(row, "Status", container_status_text(r, now_ns));
	json_set_int(row, "Created", r->created_ns / UNITS_NS_PER_S);
	return row;
}
