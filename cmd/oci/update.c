// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/update.c - tare-oci update: other limits for a container that runs
 *
 * Flags become the same object that --resources reads, so that there is one way
 * from there to the cgroup.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cgroups/devices.h"
#include "cgroups/limits.h"
#include "cgroups/resources.h"
#include "cgroups/systemd.h"
#include "cgroups/update.h"
#include "cmd/oci/cgroup.h"
#include "cmd/oci/oci.h"
#include "cmd/units.h"

struct update_options {
	const char *resources;
	const char *blkio_weight, *cpu_period, *cpu_quota, *cpu_burst, *cpu_share, *cpu_idle;
	const char *cpu_rt_period, *cpu_rt_runtime, *cpuset_cpus, *cpuset_mems;
	const char *memory, *memory_reservation, *memory_swap, *pids_limit;
};

#define O(...) OPTION(struct update_options, __VA_ARGS__)

static const struct option_def options[] = {
	O('r', "resources", "FILE", OPTION_TEXT, resources,
	  "An object like linux.resources; - for standard input"),
	O(0, "blkio-weight", "N", OPTION_TEXT, blkio_weight, "10 to 1000"),
	O(0, "cpu-period", "US", OPTION_TEXT, cpu_period, "Period of the quota"),
	O(0, "cpu-quota", "US", OPTION_TEXT, cpu_quota, "CPU time in a period"),
	O(0, "cpu-burst", "US", OPTION_TEXT, cpu_burst, "What may be saved up"),
	O(0, "cpu-share", "N", OPTION_TEXT, cpu_share, "Share against others (1024 is usual)"),
	O(0, "cpu-idle", "0|1", OPTION_TEXT, cpu_idle, "Run only when nobody else does"),
	O(0, "cpu-rt-period", "US", OPTION_TEXT, cpu_rt_period, "Cgroup v1 only"),
	O(0, "cpu-rt-runtime", "US", OPTION_TEXT, cpu_rt_runtime, "Cgroup v1 only"),
	O(0, "cpuset-cpus", "LIST", OPTION_TEXT, cpuset_cpus, "CPUs to use"),
	O(0, "cpuset-mems", "LIST", OPTION_TEXT, cpuset_mems, "Memory nodes to use"),
	O(0, "memory", "BYTES", OPTION_TEXT, memory, "Memory limit; -1 for none"),
	O(0, "memory-reservation", "BYTES", OPTION_TEXT, memory_reservation,
	  "Kept when it is scarce"),
	O(0, "memory-swap", "BYTES", OPTION_TEXT, memory_swap, "Memory and swap; -1 for no limit"),
	O(0, "pids-limit", "N", OPTION_TEXT, pids_limit, "Processes; -1 for no limit"),
	OPTION_REFUSE("l3-cache-schema", "write the schemata of the container's resctrl group"),
	OPTION_REFUSE("mem-bw-schema", "write the schemata of the container's resctrl group"),
	OPTION_REFUSE("kernel-memory", "the kernel has no such limit any more"),
	OPTION_REFUSE("kernel-memory-tcp", "the kernel has no such limit any more"),
	{ 0 },
};

enum value_kind { NUMBER, SIZE, TEXT };

/* Where a flag's value goes in linux.resources. */
static int set_member(struct json *resources, const char *group, const char *key, const char *text,
		      enum value_kind kind, struct error *err)
{
	struct json *value, *map;
	int64_t number = 0;

	if (!text || !*text)
		return 0;
	if (kind != TEXT && str_parse_i64(text, INT64_MIN + 1, INT64_MAX, &number) < 0 &&
	    (kind != SIZE || units_parse_size(text, &number) < 0))
		return error_set(err, EINVAL, "%s.%s: '%s' is no number", group, key, text);
	value = kind == TEXT ? json_new_text(text) : json_new_int(number);
	map = json_get(resources, group) ? json_clone(json_get(resources, group)) : json_new_map();
	json_set(map, key, value);
	json_set(resources, group, map);
	return 0;
}

static struct json *from_flags(const struct update_options *o, struct error *err)
{
	const struct {
		const char *group, *key, *text;
		enum value_kind kind;
	} members[] = {
		{ "blockIO", "weight", o->blkio_weight, NUMBER },
		{ "cpu", "period", o->cpu_period, NUMBER },
		{ "cpu", "quota", o->cpu_quota, NUMBER },
		{ "cpu", "burst", o->cpu_burst, NUMBER },
		{ "cpu", "shares", o->cpu_share, NUMBER },
		{ "cpu", "idle", o->cpu_idle, NUMBER },
		{ "cpu", "realtimePeriod", o->cpu_rt_period, NUMBER },
		{ "cpu", "realtimeRuntime", o->cpu_rt_runtime, NUMBER },
		{ "cpu", "cpus", o->cpuset_cpus, TEXT },
		{ "cpu", "mems", o->cpuset_mems, TEXT },
		{ "memory", "limit", o->memory, SIZE },
		{ "memory", "reservation", o->memory_reservation, SIZE },
		{ "memory", "swap", o->memory_swap, SIZE },
		{ "pids", "limit", o->pids_limit, NUMBER },
	};
	struct json *resources = json_new_map();

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		if (set_member(resources, members[i].group, members[i].key, members[i].text,
			       members[i].kind, err) < 0) {
			json_free(resources);
			return NULL;
		}
	}
	return resources;
}

static struct json *from_file(const char *file, struct error *err)
{
	autofree char *text = NULL;
	size_t len;
	int r;

	if (strcmp(file, "-") != 0)
		return json_read_at(AT_FDCWD, file, JSON_MAX_BYTES, err);
	r = file_read_fd(0, JSON_MAX_BYTES, &text, &len);
	if (r < 0) {
		error_sys(err, -r, "read standard input");
		return NULL;
	}
	return json_parse(text, len, err);
}

static int update_unit(const struct state *s, const struct cgroup_limits *limits, struct error *err)
{
	struct systemd_unit unit = { 0 };
	int r = 0;

	if (!s->cgroups_path || !*s->cgroups_path)
		return 0;
	r = systemd_unit_parse(&unit, strcmp(s->cgroups_path, "::") ? s->cgroups_path : NULL, s->id,
			       s->user_manager, err);
	if (r == 0)
		r = cgroup_systemd_update(&unit, limits, err);
	systemd_unit_done(&unit);
	return r;
}

static int apply(const struct state *s, const struct json *resources, struct error *err)
{
	autocgroup struct oci_cgroup cg = OCI_CGROUP_NONE;
	struct cgroup_device_rules devices = { 0 };
	struct cgroup_limits limits = { 0 };
	int r;

	r = cgroup_resources_parse(resources, &limits, &devices, err);
	if (r == 0)
		r = oci_cgroup_open(&cg, s, err);
	if (r == 0 && cg.fd < 0)
		r = error_set(err, EOPNOTSUPP, "it has no cgroup");
	if (r == 0 && devices.n)
		cgroup_resources_add_default_devices(&devices);
	if (r == 0)
		r = update_unit(s, &limits, err);
	if (r == 0)
		r = cgroup_update(&cg.root, s->cgroup,
				  &(struct cgroup_change){
					  .limits = &limits,
					  .devices = devices.n ? &devices : NULL,
				  },
				  err);
	cgroup_device_rules_done(&devices);
	cgroup_limits_done(&limits);
	return r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct update_options *o = ctx->options;
	autotarget struct oci_target t = { .dirfd = -1 };
	autojson struct json *resources = NULL;
	int r = oci_target_open(&t, ctx, argv[0], true, err);

	(void)argc;
	if (r < 0)
		return r;
	if (t.status == STATE_STOPPED)
		return error_set(err, ESRCH, "container not running");
	resources = o->resources ? from_file(o->resources, err) : from_flags(o, err);
	r = resources ? apply(&t.state, resources, err) : -err->code;
	return r < 0 ? error_wrap(err, "update container '%s'", argv[0]) : 0;
}

const struct command oci_cmd_update = {
	.name = "update",
	.args = "ID",
	.summary = "Change the limits of a running container",
	.options = options,
	COMMAND_OPTIONS(struct update_options, 0),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_ANYBODY | COMMAND_ONE_DASH,
	.run = run,
};
