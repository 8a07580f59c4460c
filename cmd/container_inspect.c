// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/container_inspect.c - All there is to know of a container, docker's field names
 *
 * config.json has docker's names already; State, NetworkSettings and the paths
 * come from the record. What config.json keeps in the form of flags (ulimits,
 * tmpfs, log limits) is shown in docker's form instead.
 */
#include "cmd/container_inspect.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/appliance.h"
#include "cmd/command.h"
#include "cmd/io_limit.h"
#include "cmd/maps.h"
#include "cmd/report/oom.h"
#include "cmd/report/report.h"
#include "cmd/settings.h"
#include "cmd/stores.h"
#include "cmd/target.h"
#include "cmd/units.h"
#include "image/image.h"
#include "network/address.h"
#include "network/ipam.h"

#define NEVER "0001-01-01T00:00:00Z" /* Go's zero time, which scripts compare with */

static void set_time(struct json *map, const char *key, int64_t ns)
{
	char text[UNITS_TEXT_MAX];

	json_set_text(map, key, ns ? units_print_rfc3339(text, ns) : NEVER);
}

static struct json *make_state(const struct record *r)
{
	struct json *state = json_new_map();
	autooom struct oom now = { .known = false };

	if (target_is_running(r)) /* nothing is on record yet */
		oom_of_running(&now, r, clock_monotonic_ns());
	json_set_text(state, "Status", record_status_name(r->status));
	json_set_bool(state, "Running", target_is_running(r));
	json_set_bool(state, "Paused", r->status == RECORD_PAUSED);
	json_set_bool(state, "Restarting", r->status == RECORD_RESTARTING);
	json_set_bool(state, "OOMKilled", r->oom_killed || now.kills);
	json_set_bool(state, "Dead", false);
	json_set(state, "Oom",
		 now.kills ? oom_to_json(&now)
		 : r->oom  ? json_clone(r->oom)
			   : json_new_nil());
	json_set_int(state, "Pid", r->pid);
	json_set_int(state, "ExitCode", r->exit_code);
	json_set_text(state, "Error", r->error);
	json_set_text(state, "Reason", r->reason);
	set_time(state, "StartedAt", r->started_ns);
	set_time(state, "FinishedAt", r->finished_ns);
	return state;
}

/* { "80/tcp": [ { HostIp, HostPort } ], "9000/tcp": null } */
static struct json *make_ports(const struct record *r)
{
	struct json *map = json_new_map();

	for (size_t i = 0; target_is_running(r) && i < r->n_ports; i++) {
		const struct record_port *p = &r->ports[i];
		autofree char *key = xasprintf("%u/%s", p->container_port, p->protocol);
		const struct json *before = json_get(map, key);
		struct json *list, *binding;

		if (!p->host_port) {
			if (!before)
				json_set(map, key, json_new_nil());
			continue;
		}
		list = json_kind_of(before) == JSON_LIST ? json_clone(before) : json_new_list();
		binding = json_new_map();
		json_set_text(binding, "HostIp", p->host_ip);
		json_take_text(binding, "HostPort", xasprintf("%u", p->host_port));
		json_add(list, binding);
		json_set(map, key, list);
	}
	return map;
}

/* Prefix length and gateway of the default network; false if the container is not on it. */
static bool read_bridge(const struct context *ctx, const struct record *r, int *len, char *gateway)
{
	struct address_prefix subnet = { 0 };
	struct in_addr address;
	autoclose int dir = -1;

	if (!*r->ip)
		return false;
	dir = openat(ctx->store.run_fd, "networks/bridge", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || ipam_read_subnet(dir, &subnet, &(struct error){ 0 }) < 0)
		return false;
	address = ipam_gateway(&subnet);
	*len = subnet.len;
	return inet_ntop(AF_INET, &address, gateway, INET_ADDRSTRLEN) != NULL;
}

static struct json *make_endpoint(const struct context *ctx, const struct record *r)
{
	struct json *endpoint = json_new_map();
	char gateway[INET_ADDRSTRLEN] = "";
	int len = 0;

	(void)read_bridge(ctx, r, &len, gateway);
	json_set_text(endpoint, "IPAddress", r->ip);
	json_set_int(endpoint, "IPPrefixLen", len);
	json_set_text(endpoint, "Gateway", gateway);
	json_set_text(endpoint, "MacAddress", r->mac);
	json_set_text(endpoint, "GlobalIPv6Address", "");
	return endpoint;
}

static struct json *make_network(const struct context *ctx, const struct record *r)
{
	struct json *endpoint = make_endpoint(ctx, r), *network = json_clone(endpoint);
	struct json *networks = json_new_map();

	json_set(network, "Ports", make_ports(r));
	if (r->pid)
		json_take_text(network, "SandboxKey", xasprintf("/proc/%d/ns/net", (int)r->pid));
	else
		json_set_text(network, "SandboxKey", "");
	json_set(endpoint, "Aliases", json_new_list());
	json_set_text(endpoint, "NetworkID", r->network);
	json_set(networks, *r->network ? r->network : "none", endpoint);
	json_set(network, "Networks", networks);
	return network;
}

static char *lower_dirs(const struct context *ctx, const char *image_id, const char *store)
{
	autoimage struct image image = { 0 };
	struct error ignored;

	/* The image may have been removed by force: then there is nothing to show. */
	if (!*image_id || stores_find_of_container(ctx, store, image_id, &image, &ignored) < 0)
		return xstrdup("");
	return stores_lower_dirs(ctx, &image);
}

/*
 * The overlay is mounted in the container's own mount namespace and nowhere
 * else; while it runs, its root can be reached through /proc.
 */
static struct json *make_graph_driver(const struct context *ctx, const struct record *r,
				      const char *store)
{
	struct json *driver = json_new_map(), *data = json_new_map();
	autofree char *upper = xasprintf("%s/containers/%s/upper", ctx->root, r->id);

	json_take_text(data, "LowerDir", lower_dirs(ctx, r->image_id, store));
	if (access(upper, F_OK) == 0) {
		json_set_text(data, "UpperDir", upper);
		json_take_text(data, "WorkDir",
			       xasprintf("%s/containers/%s/work", ctx->root, r->id));
	}
	if (r->pid)
		json_take_text(data, "MergedDir", xasprintf("/proc/%d/root", (int)r->pid));
	else
		json_set_text(data, "MergedDir", "");
	json_set_text(driver, "Name", "overlay");
	json_set(driver, "Data", data);
	return driver;
}

/* The path of a file of the container, if it is there. */
static void set_path(struct json *doc, const char *key, const char *store, const char *id,
		     const char *name)
{
	autofree char *path = xasprintf("%s/containers/%s/%s", store, id, name);

	json_set_text(doc, key, access(path, F_OK) == 0 ? path : "");
}

/* A number, or -1 for "unlimited" and everything else that is none. */
static int64_t limit_of(const char *text)
{
	int64_t value;

	return str_parse_i64(text, 0, INT64_MAX, &value) == 0 ? value : -1;
}

/* [ "nofile=1024:2048" ] becomes [ { Name, Hard, Soft } ]. */
static struct json *make_ulimits(const struct json *options)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < json_count(options); i++) {
		autofree char *name = xstrdup(json_text_or(json_at(options, i), ""));
		char *soft = strchr(name, '='), *hard = soft ? strchr(soft, ':') : NULL;
		struct json *limit = json_new_map();

		if (soft)
			*soft++ = '\0';
		if (hard)
			*hard++ = '\0';
		json_set_text(limit, "Name", name);
		json_set_int(limit, "Hard", limit_of(hard ? hard : soft ? soft : ""));
		json_set_int(limit, "Soft", limit_of(soft ? soft : ""));
		json_add(list, limit);
	}
	return list;
}

/* [ "/run:size=1m" ] becomes { "/run": "size=1m" }. */
static struct json *make_tmpfs(const struct json *options)
{
	struct json *map = json_new_map();

	for (size_t i = 0; i < json_count(options); i++) {
		const char *text = json_text_or(json_at(options, i), "");
		size_t n = strcspn(text, ":");
		autofree char *path = xstrndup(text, n);

		json_set_text(map, path, text[n] ? text + n + 1 : "");
	}
	return map;
}

/* [ "net.core.somaxconn=1024" ] becomes { "net.core.somaxconn": "1024" }. */
static struct json *make_sysctls(const struct json *options)
{
	struct json *map = json_new_map();

	for (size_t i = 0; i < json_count(options); i++)
		maps_add_pair(map, json_text_or(json_at(options, i), ""));
	return map;
}

/* [ "/dev/x:/dev/y:rwm" ] becomes [ { PathOnHost, PathInContainer, CgroupPermissions } ]. */
static struct json *make_devices(const struct json *options)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < json_count(options); i++) {
		autostrlist struct strlist parts = { 0 };
		struct json *device = json_new_map();

		strlist_split(&parts, json_text_or(json_at(options, i), ""), ':');
		json_set_text(device, "PathOnHost", parts.n > 0 ? parts.items[0] : "");
		json_set_text(device, "PathInContainer",
			      parts.n > 1   ? parts.items[1]
			      : parts.n > 0 ? parts.items[0]
					    : "");
		json_set_text(device, "CgroupPermissions", parts.n > 2 ? parts.items[2] : "rwm");
		json_add(list, device);
	}
	return list;
}

/* [ "/dev/sda:1m" ] becomes [ { Path, Rate } ]. */
static struct json *make_io_limits(enum cgroup_io_kind kind, const struct json *options)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < json_count(options); i++) {
		const char *spec = json_text_or(json_at(options, i), "");
		struct json *limit = json_new_map();
		autofree char *path = NULL;
		uint64_t rate = 0;

		if (io_limit_parse(kind, spec, &path, &rate, &(struct error){ 0 }) == 0) {
			json_set_text(limit, "Path", path);
			json_set_int(limit, "Rate", (int64_t)rate);
		}
		json_add(list, limit);
	}
	return list;
}

/* [ "/dev/sda:500" ] becomes [ { Path, Weight } ]. */
static struct json *make_io_weights(const struct json *options)
{
	struct json *list = json_new_list();

	for (size_t i = 0; i < json_count(options); i++) {
		struct json *weight = json_new_map();
		autofree char *path = NULL;
		unsigned int value = 0;

		if (io_limit_parse_weight(json_text_or(json_at(options, i), ""), &path, &value,
					  &(struct error){ 0 }) == 0) {
			json_set_text(weight, "Path", path);
			json_set_int(weight, "Weight", value);
		}
		json_add(list, weight);
	}
	return list;
}

static void set_io_limits(struct json *host)
{
	static const char *const names[CGROUP_IO_KINDS][2] = {
		[CGROUP_IO_RBPS] = { "BlkioDeviceReadBps", "ReadBpsOptions" },
		[CGROUP_IO_WBPS] = { "BlkioDeviceWriteBps", "WriteBpsOptions" },
		[CGROUP_IO_RIOPS] = { "BlkioDeviceReadIOps", "ReadIOpsOptions" },
		[CGROUP_IO_WIOPS] = { "BlkioDeviceWriteIOps", "WriteIOpsOptions" },
	};

	for (enum cgroup_io_kind kind = 0; kind < CGROUP_IO_KINDS; kind++) {
		json_set(host, names[kind][0],
			 make_io_limits(kind, json_get(host, names[kind][1])));
		json_unset(host, names[kind][1]);
	}
	json_set(host, "BlkioWeightDevice", make_io_weights(json_get(host, "WeightOptions")));
	json_unset(host, "WeightOptions");
}

static struct json *make_log_config(const struct json *host)
{
	struct json *log = json_new_map(), *config = json_new_map();
	int64_t bytes = json_int(json_get(host, "LogMaxSize"), 0);
	int64_t files = json_int(json_get(host, "LogMaxFile"), 0);

	json_take_text(config, "max-size",
		       xasprintf("%" PRId64, bytes ? bytes : SETTINGS_LOG_BYTES));
	json_take_text(config, "max-file",
		       xasprintf("%" PRId64, files ? files : SETTINGS_LOG_FILES));
	json_set_text(log, "Type", "json-file");
	json_set(log, "Config", config);
	return log;
}

static struct json *make_health(const struct context *ctx, const struct record *r)
{
	struct json *health = record_read_health(&ctx->store, r->id);

	if (health)
		return health;
	health = json_new_map();
	json_set_text(health, "Status", r->health);
	json_set_int(health, "FailingStreak", 0);
	json_set(health, "Log", json_new_list());
	return health;
}

static struct json *make_restart_policy(const char *text)
{
	struct json *policy = json_new_map();
	autofree char *name = xstrndup(text, strcspn(text, ":"));
	int64_t max_retries = 0;
	struct error ignored;

	(void)appliance_parse_restart(text, &max_retries, &ignored);
	json_set_text(policy, "Name", *name ? name : "no");
	json_set_int(policy, "MaximumRetryCount", max_retries);
	return policy;
}

static void set_default_text(struct json *map, const char *key, const char *text)
{
	if (!json_get(map, key))
		json_set_text(map, key, text);
}

static struct json *make_host_config(const struct json *stored)
{
	static const char *const internal[] = { "TmpfsOptions",	  "UlimitOptions", "DeviceOptions",
						"SysctlOptions",  "LogMaxSize",	   "LogMaxFile",
						"HostUserns",	  "Restart",	   "HealthTest",
						"HealthInterval", "HealthTimeout", "HealthStart",
						"HealthRetries" };
	struct json *host = stored ? json_clone(stored) : json_new_map();

	json_set(host, "Tmpfs", make_tmpfs(json_get(host, "TmpfsOptions")));
	json_set(host, "Sysctls", make_sysctls(json_get(host, "SysctlOptions")));
	json_set(host, "Ulimits", make_ulimits(json_get(host, "UlimitOptions")));
	json_set(host, "Devices", make_devices(json_get(host, "DeviceOptions")));
	json_set(host, "LogConfig", make_log_config(host));
	set_io_limits(host);
	json_set(host, "RestartPolicy",
		 make_restart_policy(json_text_or(json_get(host, "Restart"), "")));
	if (json_int(json_get(host, "ShmSize"), 0) == 0)
		json_set_int(host, "ShmSize", SETTINGS_SHM_BYTES);
	if (!*json_text_or(json_get(host, "NetworkMode"), ""))
		json_set_text(host, "NetworkMode", "bridge");
	set_default_text(host, "IpcMode", "private");
	set_default_text(host, "PidMode", "");
	set_default_text(host, "UTSMode", "");
	set_default_text(host, "CgroupParent", "");
	set_default_text(host, "Runtime", "tare");
	for (size_t i = 0; i < sizeof(internal) / sizeof(*internal); i++)
		json_unset(host, internal[i]);
	return host;
}

/**
 * container_inspect() - Describe a container
 *
 * Return: a new map, or NULL
 */
struct json *container_inspect(const struct context *ctx, const struct record *r, struct error *err)
{
	autojson struct json *stored = record_read_config(&ctx->store, r->id, err);
	const char *log_store = r->auto_remove ? ctx->runroot : ctx->root;
	struct json *doc = json_new_map();
	struct json *state, *report;
	const struct json *value;
	const char *key;

	if (!stored) {
		json_free(doc);
		return NULL;
	}
	json_set_text(doc, "Id", r->id);
	set_time(doc, "Created", r->created_ns);
	json_set_text(doc, "Name", r->name);
	json_set_text(doc, "ImageName", r->image);
	json_take_text(doc, "Image",
		       *r->image_id ? xasprintf("sha256:%s", r->image_id) : xstrdup(""));
	state = make_state(r);
	/* Nothing, not absent: scripts ask {{if .State.Health}}. */
	json_set(state, "Health", *r->health ? make_health(ctx, r) : json_new_nil());
	report = report_read_stored(&ctx->store, r);
	json_set(state, "Report", report ? report : json_new_nil());
	json_set(doc, "State", state);
	for (void *it = NULL; json_next(stored, &it, &key, &value);)
		if (!json_get(doc, key) && strcmp(key, "HostConfig") != 0 &&
		    strcmp(key, "ImageID") != 0) /* docker's name for it is Image */
			json_set(doc, key, json_clone(value));
	json_set(doc, "HostConfig", make_host_config(json_get(stored, "HostConfig")));
	json_set(doc, "NetworkSettings", make_network(ctx, r));
	json_set(doc, "GraphDriver",
		 make_graph_driver(ctx, r, json_text(json_get(stored, "ImageStore"))));
	json_set_text(doc, "Driver", "overlay");
	json_set_int(doc, "RestartCount", r->restarts);
	json_set(doc, "ExecIDs", json_new_list());
	set_path(doc, "LogPath", log_store, r->id, "log/container.log");
	set_path(doc, "HostnamePath", ctx->root, r->id, "hostname");
	set_path(doc, "HostsPath", ctx->root, r->id, "hosts");
	set_path(doc, "ResolvConfPath", ctx->root, r->id, "resolv.conf");
	json_set_text(doc, "CgroupPath", r->cgroup);
	json_set_text(doc, "Slice",
		      json_text_or(json_get(json_get(stored, "HostConfig"), "Slice"), ""));
	json_set_int(doc, "IdmapBase", r->idmap_base);
	return doc;
}
