// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/settings.c - What a user asked of one container
 *
 * One table drives both directions between struct settings and config.json.
 * What has another shape in docker's document (maps of ports, labels, volumes)
 * has a pair of functions below it.
 */
#include "cmd/settings.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cmd/health.h"
#include "cmd/maps.h"
#include "runtime/record.h"

enum field_type { FIELD_TEXT, FIELD_LIST, FIELD_BOOL, FIELD_INT };

#define FIELD(section, name, type, member)                             \
	{                                                              \
		section, name, type, offsetof(struct settings, member) \
	}

static const struct field {
	const char *section, *name;
	enum field_type type;
	size_t offset;
} fields[] = {
	FIELD("", "Name", FIELD_TEXT, name),
	FIELD("", "ImageID", FIELD_TEXT, image_id),
	FIELD("", "ImageStore", FIELD_TEXT, image_store),
	FIELD("Config", "Image", FIELD_TEXT, image),
	FIELD("Config", "Hostname", FIELD_TEXT, hostname),
	FIELD("Config", "User", FIELD_TEXT, user),
	FIELD("Config", "WorkingDir", FIELD_TEXT, cwd),
	FIELD("Config", "StopSignal", FIELD_TEXT, stop_signal),
	FIELD("Config", "StopTimeout", FIELD_INT, stop_timeout_s),
	FIELD("Config", "TimeoutMs", FIELD_INT, timeout_ms),
	FIELD("Config", "Report", FIELD_TEXT, report),
	FIELD("Config", "Assert", FIELD_LIST, asserts),
	FIELD("Config", "AssertFormat", FIELD_TEXT, assert_format),
	FIELD("Config", "Env", FIELD_LIST, env),
	FIELD("Config", "Entrypoint", FIELD_LIST, entrypoint),
	FIELD("Config", "Cmd", FIELD_LIST, cmd),
	FIELD("Config", "Tty", FIELD_BOOL, tty),
	FIELD("Config", "SystemdMode", FIELD_BOOL, systemd),
	FIELD("Config", "OpenStdin", FIELD_BOOL, interactive),
	FIELD("HostConfig", "Rootfs", FIELD_TEXT, rootfs),
	FIELD("HostConfig", "NetworkMode", FIELD_TEXT, network),
	FIELD("HostConfig", "Binds", FIELD_LIST, binds),
	FIELD("HostConfig", "TmpfsOptions", FIELD_LIST, tmpfs),
	FIELD("HostConfig", "AutoRemove", FIELD_BOOL, auto_remove),
	FIELD("HostConfig", "ReadonlyRootfs", FIELD_BOOL, read_only),
	FIELD("HostConfig", "Privileged", FIELD_BOOL, privileged),
	FIELD("HostConfig", "HostUserns", FIELD_BOOL, host_userns),
	FIELD("HostConfig", "Init", FIELD_BOOL, init),
	FIELD("HostConfig", "Compat32", FIELD_BOOL, compat),
	FIELD("HostConfig", "CapAdd", FIELD_LIST, cap_add),
	FIELD("HostConfig", "CapDrop", FIELD_LIST, cap_drop),
	FIELD("HostConfig", "SecurityOpt", FIELD_LIST, security),
	FIELD("HostConfig", "UlimitOptions", FIELD_LIST, ulimits),
	FIELD("HostConfig", "DeviceOptions", FIELD_LIST, devices),
	FIELD("HostConfig", "GroupAdd", FIELD_LIST, groups),
	FIELD("HostConfig", "SysctlOptions", FIELD_LIST, sysctls),
	FIELD("HostConfig", "Dns", FIELD_LIST, dns),
	FIELD("HostConfig", "DnsSearch", FIELD_LIST, dns_search),
	FIELD("HostConfig", "DnsOptions", FIELD_LIST, dns_options),
	FIELD("HostConfig", "ExtraHosts", FIELD_LIST, extra_hosts),
	FIELD("HostConfig", "ShmSize", FIELD_INT, shm_bytes),
	FIELD("HostConfig", "StorageSize", FIELD_INT, scratch_bytes),
	FIELD("HostConfig", "StorageUpper", FIELD_TEXT, scratch),
	FIELD("HostConfig", "OomScoreAdj", FIELD_INT, oom_score_adj),
	FIELD("HostConfig", "Memory", FIELD_INT, memory_bytes),
	FIELD("HostConfig", "MemorySwap", FIELD_INT, memory_swap_bytes),
	FIELD("HostConfig", "MemoryReservation", FIELD_INT, memory_reservation_bytes),
	FIELD("HostConfig", "MemoryMin", FIELD_INT, memory_min_bytes),
	FIELD("HostConfig", "MemoryHigh", FIELD_INT, memory_high_bytes),
	FIELD("HostConfig", "OomGroup", FIELD_INT, oom_group),
	FIELD("HostConfig", "NanoCpus", FIELD_INT, nano_cpus),
	FIELD("HostConfig", "CpuShares", FIELD_INT, cpu_shares),
	FIELD("HostConfig", "CpuWeight", FIELD_INT, cpu_weight),
	FIELD("HostConfig", "CpuBurst", FIELD_INT, cpu_burst_us),
	FIELD("HostConfig", "CpuQuota", FIELD_INT, cpu_quota_us),
	FIELD("HostConfig", "CpuPeriod", FIELD_INT, cpu_period_us),
	FIELD("HostConfig", "CpusetCpus", FIELD_TEXT, cpuset_cpus),
	FIELD("HostConfig", "CpusetMems", FIELD_TEXT, cpuset_mems),
	FIELD("HostConfig", "Vcpus", FIELD_INT, vcpus),
	FIELD("HostConfig", "PidsLimit", FIELD_INT, pids_max),
	FIELD("HostConfig", "BlkioWeight", FIELD_INT, io_weight),
	FIELD("HostConfig", "ReadBpsOptions", FIELD_LIST, io_limits[CGROUP_IO_RBPS]),
	FIELD("HostConfig", "WriteBpsOptions", FIELD_LIST, io_limits[CGROUP_IO_WBPS]),
	FIELD("HostConfig", "ReadIOpsOptions", FIELD_LIST, io_limits[CGROUP_IO_RIOPS]),
	FIELD("HostConfig", "WriteIOpsOptions", FIELD_LIST, io_limits[CGROUP_IO_WIOPS]),
	FIELD("HostConfig", "WeightOptions", FIELD_LIST, io_weights),
	FIELD("HostConfig", "HugetlbOptions", FIELD_LIST, hugetlb),
	FIELD("HostConfig", "CgroupParent", FIELD_TEXT, cgroup_parent),
	FIELD("HostConfig", "Slice", FIELD_TEXT, slice),
	FIELD("HostConfig", "Strict", FIELD_BOOL, strict),
	FIELD("HostConfig", "Timeline", FIELD_LIST, timeline),
	FIELD("HostConfig", "Sample", FIELD_TEXT, sample),
	FIELD("HostConfig", "CgroupConf", FIELD_LIST, cgroup_conf),
	FIELD("HostConfig", "LogMaxSize", FIELD_INT, log_max_bytes),
	FIELD("HostConfig", "LogMaxFile", FIELD_INT, log_max_files),
	FIELD("HostConfig", "Restart", FIELD_TEXT, restart),
	FIELD("HostConfig", "HealthTest", FIELD_LIST, health.test),
	FIELD("HostConfig", "HealthInterval", FIELD_INT, health.interval_ms),
	FIELD("HostConfig", "HealthTimeout", FIELD_INT, health.timeout_ms),
	FIELD("HostConfig", "HealthStart", FIELD_INT, health.start_ms),
	FIELD("HostConfig", "HealthRetries", FIELD_INT, health.retries),
};

#define N_FIELDS (sizeof(fields) / sizeof(*fields))

static void *member(const struct settings *s, const struct field *f)
{
	return (char *)(uintptr_t)s + f->offset;
}

static void write_field(const struct settings *s, const struct field *f, struct json *section)
{
	void *m = member(s, f);

	switch (f->type) {
	case FIELD_TEXT:
		json_set_text(section, f->name, *(const char **)m ? *(const char **)m : "");
		break;
	case FIELD_LIST:
		json_set_list(section, f->name, ((struct strlist *)m)->items,
			      ((struct strlist *)m)->n);
		break;
	case FIELD_BOOL:
		json_set_bool(section, f->name, *(bool *)m);
		break;
	case FIELD_INT:
		json_set_int(section, f->name, *(int64_t *)m);
		break;
	}
}

static void read_list(struct strlist *list, const struct json *v)
{
	for (size_t i = 0; i < json_count(v); i++)
		strlist_add(list, json_text_or(json_at(v, i), ""));
}

static void read_field(struct settings *s, const struct field *f, const struct json *section)
{
	const struct json *v = json_get(section, f->name);
	void *m = member(s, f);
	const char *text;

	switch (f->type) {
	case FIELD_TEXT:
		text = json_text(v);
		*(const char **)m = text && *text ? text : NULL;
		break;
	case FIELD_LIST:
		read_list(m, v);
		break;
	case FIELD_BOOL:
		*(bool *)m = json_is_true(v);
		break;
	case FIELD_INT:
		*(int64_t *)m = json_int(v, 0);
		break;
	}
}

/* ---- what is a map in the document -------------------------------------- */

static void exposed_from_json(struct settings *s, const struct json *map)
{
	const struct json *value;
	const char *key;

	for (void *it = NULL; json_next(map, &it, &key, &value);)
		strlist_add(&s->exposed, key);
}

/* docker: { "80/tcp": [ { "HostIp": "", "HostPort": "8080" } ] } */
static struct json *ports_to_json(const struct network_ports *ports)
{
	struct json *map = json_new_map();

	for (size_t i = 0; i < ports->n; i++) {
		const struct network_port *p = &ports->items[i];
		struct json *binding = json_new_map(), *list;
		char ip[INET_ADDRSTRLEN] = "", key[32], host[8] = "";

		snprintf(key, sizeof(key), "%u/%s", p->container_port,
			 network_protocol_name(p->protocol));
		if (p->host_ip.s_addr != htonl(INADDR_ANY))
			(void)inet_ntop(AF_INET, &p->host_ip, ip, sizeof(ip));
		if (p->host_port)
			snprintf(host, sizeof(host), "%u", p->host_port);
		json_set_text(binding, "HostIp", ip);
		json_set_text(binding, "HostPort", host);
		list = json_get(map, key) ? json_clone(json_get(map, key)) : json_new_list();
		json_add(list, binding);
		json_set(map, key, list);
	}
	return map;
}

static int ports_from_json(struct settings *s, const struct json *map, struct error *err)
{
	const struct json *list;
	const char *key;

	for (void *it = NULL; json_next(map, &it, &key, &list);) {
		for (size_t i = 0; i < json_count(list); i++) {
			const struct json *b = json_at(list, i);
			const char *ip = json_text_or(json_get(b, "HostIp"), "");
			autofree char *spec = xasprintf("%s:%s:%s", *ip ? ip : "0.0.0.0",
							json_text_or(json_get(b, "HostPort"), ""),
							key);
			int r = network_port_parse(spec, &s->ports, err);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static struct json *mounts_to_json(const struct settings *s)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < s->n_mounts; i++) {
		const struct settings_mount *m = &s->mounts[i];
		struct json *v = json_new_map();

		json_set_text(v, "Type", *m->name ? "volume" : "bind");
		if (*m->name) {
			json_set_text(v, "Name", m->name);
			json_set_text(v, "Driver", "local");
		}
		json_set_text(v, "Source", m->source);
		json_set_text(v, "Destination", m->target);
		json_set_text(v, "Mode", m->read_only ? "ro" : "");
		json_set_bool(v, "RW", !m->read_only);
		json_set_text(v, "Propagation", *m->name ? "" : "rprivate");
		json_set_bool(v, "Recursive", m->recursive);
		json_set_bool(v, "Idmap", m->idmap);
		json_set_bool(v, "Anonymous", m->anonymous);
		if (m->no_copy)
			json_set_bool(v, "NoCopy", true);
		json_add(list, v);
	}
	return list;
}

static void mounts_from_json(struct settings *s, const struct json *list)
{
	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *v = json_at(list, i);
		struct settings_mount m = {
			.source = xstrdup(json_text_or(json_get(v, "Source"), "")),
			.name = xstrdup(json_text_or(json_get(v, "Name"), "")),
			.target = xstrdup(json_text_or(json_get(v, "Destination"), "")),
			.read_only = !json_is_true(json_get(v, "RW")),
			.recursive = json_is_true(json_get(v, "Recursive")),
			.idmap = json_is_true(json_get(v, "Idmap")),
			.anonymous = json_is_true(json_get(v, "Anonymous")),
			.no_copy = json_is_true(json_get(v, "NoCopy")),
		};

		settings_add_mount(s, &m);
	}
}

/* What docker shows besides, derived; not read back. */
static void add_derived(const struct settings *s, struct json *doc, struct json *host)
{
	const struct strlist *first = s->entrypoint.n ? &s->entrypoint : &s->cmd;
	struct json *args = json_new_list();

	json_set_text(doc, "Path", first->n ? first->items[0] : "");
	for (size_t i = 1; i < first->n; i++)
		json_add_text(args, first->items[i]);
	for (size_t i = 0; s->entrypoint.n && i < s->cmd.n; i++)
		json_add_text(args, s->cmd.items[i]);
	json_set(doc, "Args", args);
	json_set_text(host, "UsernsMode", s->host_userns ? "host" : "private");
}

/* ---- whole documents ---------------------------------------------------- */

/** settings_to_json() - The document for config.json; the caller frees it */
struct json *settings_to_json(const struct settings *s)
{
	struct json *doc = json_new_map(), *config = json_new_map(), *host = json_new_map();

	for (size_t i = 0; i < N_FIELDS; i++) {
		const char *section = fields[i].section;

		write_field(s, &fields[i],
			    !*section			 ? doc
			    : !strcmp(section, "Config") ? config
							 : host);
	}
	json_set(config, "Labels", maps_of_pairs(&s->labels));
	json_set(config, "ExposedPorts", maps_of_keys(&s->exposed));
	if (s->health.test.n)
		json_set(config, "Healthcheck", health_to_docker(&s->health));
	json_set(host, "PortBindings", ports_to_json(&s->ports));
	add_derived(s, doc, host);
	json_set(doc, "Config", config);
	json_set(doc, "HostConfig", host);
	json_set(doc, "Mounts", mounts_to_json(s));
	return doc;
}

/**
 * settings_put_host() - Have a document of ours say what is asked of the host now
 *
 * The members of HostConfig that flags set one by one: limits and the restart policy
 * among them. All else in the document stays as it is.
 */
void settings_put_host(const struct settings *s, struct json *document)
{
	struct json *host = json_clone(json_get(document, "HostConfig"));

	for (size_t i = 0; i < N_FIELDS; i++)
		if (!strcmp(fields[i].section, "HostConfig"))
			write_field(s, &fields[i], host);
	json_set(document, "HostConfig", host);
}

/**
 * settings_from_json() - Read config.json back
 * @s:		Zeroed; settings_done() releases it, also after a failure
 * @document:	Owned by @s from now on
 */
int settings_from_json(struct settings *s, struct json *document, struct error *err)
{
	const struct json *config = json_get(document, "Config");
	const struct json *host = json_get(document, "HostConfig");

	s->document = document;
	for (size_t i = 0; i < N_FIELDS; i++) {
		const char *section = fields[i].section;

		read_field(s, &fields[i],
			   !*section			? document
			   : !strcmp(section, "Config") ? config
							: host);
	}
	maps_to_pairs(json_get(config, "Labels"), &s->labels);
	exposed_from_json(s, json_get(config, "ExposedPorts"));
	mounts_from_json(s, json_get(document, "Mounts"));
	return ports_from_json(s, json_get(host, "PortBindings"), err);
}

/** settings_load() - The settings of a container on record; as settings_from_json() */
int settings_load(struct settings *s, const struct record_store *store, const char *id,
		  struct error *err)
{
	struct json *document = record_read_config(store, id, err);

	return document ? settings_from_json(s, document, err) : -err->code;
}

/**
 * settings_copy_flags() - A copy of what flags set one by one: the members of the table
 * @to:		Overwritten; lists are its own, texts are borrowed from where @from has them
 *
 * Labels, ports and mounts stay empty: they are made of several flags, and of the image.
 */
void settings_copy_flags(struct settings *to, const struct settings *from)
{
	*to = *from;
	to->labels = to->exposed = to->publish = (struct strlist){ 0 };
	to->ports = (struct network_ports){ 0 };
	to->mounts = NULL;
	to->n_mounts = 0;
	to->document = NULL;
	for (size_t i = 0; i < N_FIELDS; i++) {
		if (fields[i].type != FIELD_LIST)
			continue;
		*(struct strlist *)member(to, &fields[i]) = (struct strlist){ 0 };
		strlist_copy(member(to, &fields[i]), member(from, &fields[i]));
	}
}

/** settings_add_mount() - Append a mount, whose strings the settings own from now on */
void settings_add_mount(struct settings *s, const struct settings_mount *m)
{
	s->mounts = xrealloc(s->mounts, (s->n_mounts + 1) * sizeof(*s->mounts));
	s->mounts[s->n_mounts++] = *m;
}

/** settings_done() - Release what the settings own */
void settings_done(struct settings *s)
{
	for (size_t i = 0; i < N_FIELDS; i++)
		if (fields[i].type == FIELD_LIST)
			strlist_done(member(s, &fields[i]));
	strlist_done(&s->labels);
	strlist_done(&s->exposed);
	strlist_done(&s->publish);
	for (size_t i = 0; i < s->n_mounts; i++) {
		free(s->mounts[i].source);
		free(s->mounts[i].name);
		free(s->mounts[i].target);
	}
	free(s->mounts);
	network_ports_done(&s->ports);
	json_free(s->document);
	*s = (struct settings){ 0 };
}
