// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/resources.c - linux.resources of an OCI config: limits and device rules
 *
 * runtime-spec config-linux.md, "Control groups". The fields are cgroup v1's;
 * limits_plan.c translates. Where v2 has no such thing, the field is refused if
 * its absence would be noticed; the memory fields that runc passes over there
 * (kernel, kernelTCP, swappiness, disableOOMKiller) are passed over here too,
 * since engines go on sending them.
 */
#include "cgroups/resources.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "cgroups/devices.h"
#include "cgroups/hierarchy.h"
#include "cgroups/limits.h"

#define PREFIX		"linux.resources."
#define MAX_ENTRIES	256 /* of each list; far more than any machine has devices */
#define MAX_NAME_BYTES	255
#define MAX_LIST_BYTES	4096 /* of cpus and mems */
#define MAX_UNIFIED	256
#define MAX_VALUE_BYTES 4096

static int wrong(struct error *err, const char *where, const char *field, const char *what)
{
	return error_set(err, EINVAL, PREFIX "%s.%s: %s", where, field, what);
}

/*
 * A number of @map, @min to INT64_MAX; @out is left as it is where there is
 * none. What is larger is cut off there: nothing is counted that far.
 */
static int get_int(const struct json *map, const char *where, const char *field, int64_t min,
		   int64_t *out, struct error *err)
{
	const struct json *v = json_get(map, field);
	enum json_kind kind = json_kind_of(v);
	int64_t n;

	if (!json_is_given(v))
		return 0;
	if (kind != JSON_INT && kind != JSON_FLOAT)
		return wrong(err, where, field, "must be a number");
	n = json_int(v, INT64_MIN);
	if (n == INT64_MIN && json_u64(v, 0) > INT64_MAX)
		n = INT64_MAX;
	if (n == INT64_MIN)
		return wrong(err, where, field, "must be an integer");
	if (n < min)
		return error_set(err, EINVAL, PREFIX "%s.%s: must be at least %" PRId64, where,
				 field, min);
	*out = n;
	return 0;
}

static int get_u64(const struct json *map, const char *where, const char *field, uint64_t *out,
		   struct error *err)
{
	int64_t n = (int64_t)*out;
	int r = get_int(map, where, field, 0, &n, err);

	*out = (uint64_t)n;
	return r;
}

/* *@out is NULL where there is none; 0 or -EINVAL. */
static int get_kind(const struct json *map, const char *field, enum json_kind wanted,
		    const struct json **out, struct error *err)
{
	const struct json *v = json_get(map, field);

	*out = NULL;
	if (!json_is_given(v))
		return 0;
	if (json_kind_of(v) != wanted)
		return error_set(err, EINVAL, PREFIX "%s: must be an %s", field,
				 wanted == JSON_MAP ? "object" : "array");
	if (json_count(v) > MAX_ENTRIES)
		return error_set(err, EINVAL, PREFIX "%s: more than %d entries", field,
				 MAX_ENTRIES);
	*out = v;
	return 0;
}

static int parse_memory(const struct json *resources, struct cgroup_limits *l, struct error *err)
{
	static const char *const passed_over[] = { "kernel", "kernelTCP", "swappiness",
						   "disableOOMKiller", "useHierarchy" };
	const struct json *m;
	int r = get_kind(resources, "memory", JSON_MAP, &m, err);

	if (r < 0 || !m)
		return r;
	r = get_int(m, "memory", "limit", -1, &l->memory_bytes, err);
	if (r == 0)
		r = get_int(m, "memory", "swap", -1, &l->memory_swap_bytes, err);
	if (r == 0)
		r = get_int(m, "memory", "reservation", -1, &l->memory_reservation_bytes, err);
	l->memory_check_before = json_is_true(json_get(m, "checkBeforeUpdate"));
	for (size_t i = 0; i < sizeof(passed_over) / sizeof(passed_over[0]); i++)
		if (json_is_given(json_get(m, passed_over[i])))
			log_debug(PREFIX "memory.%s: cgroup v2 has no such limit, passed over",
				  passed_over[i]);
	return r;
}

static int get_cpuset(const struct json *cpu, const char *field, char **out, struct error *err)
{
	const struct json *v = json_get(cpu, field);
	const char *text = json_text(v);

	if (!json_is_given(v) || (text && !*text))
		return 0;
	if (!text || text[strspn(text, "0123456789-,")] || strlen(text) > MAX_LIST_BYTES)
		return wrong(err, "cpu", field, "must be a list as '0-2,4'");
	str_replace(out, text);
	return 0;
}

static int refuse_realtime(const struct json *cpu, struct error *err)
{
	static const char *const fields[] = { "realtimePeriod", "realtimeRuntime" };

	for (size_t i = 0; i < 2; i++) {
		int64_t n = 0;
		int r = get_int(cpu, "cpu", fields[i], INT64_MIN + 1, &n, err);

		if (r < 0)
			return r;
		if (n)
			return wrong(err, "cpu", fields[i], "cgroup v2 has no such limit");
	}
	return 0;
}

static int parse_cpu(const struct json *resources, struct cgroup_limits *l, struct error *err)
{
	const struct json *c;
	int r = get_kind(resources, "cpu", JSON_MAP, &c, err);

	if (r < 0 || !c)
		return r;
	l->has_cpu_burst = json_is_given(json_get(c, "burst"));
	l->has_cpu_idle = json_is_given(json_get(c, "idle"));
	r = get_u64(c, "cpu", "shares", &l->cpu_shares, err);
	if (r == 0)
		r = get_int(c, "cpu", "quota", INT64_MIN + 1, &l->cpu_quota_us, err);
	if (r == 0)
		r = get_u64(c, "cpu", "period", &l->cpu_period_us, err);
	if (r == 0)
		r = get_u64(c, "cpu", "burst", &l->cpu_burst_us, err);
	if (r == 0)
		r = get_int(c, "cpu", "idle", INT64_MIN + 1, &l->cpu_idle, err);
	if (r == 0)
		r = get_cpuset(c, "cpus", &l->cpuset_cpus, err);
	if (r == 0)
		r = get_cpuset(c, "mems", &l->cpuset_mems, err);
	return r == 0 ? refuse_realtime(c, err) : r;
}

/* 0 became "no process may be made" with runtime-spec 1.3: that is pids.max 1, as with runc. */
static int parse_pids(const struct json *resources, struct cgroup_limits *l, struct error *err)
{
	const struct json *p;
	int64_t limit = 0;
	int r = get_kind(resources, "pids", JSON_MAP, &p, err);

	if (r < 0 || !json_is_given(json_get(p, "limit")))
		return r;
	r = get_int(p, "pids", "limit", INT64_MIN + 1, &limit, err);
	l->pids_max = limit < 0 ? CGROUP_UNLIMITED : limit ? limit : 1;
	return r;
}

static int get_device(const struct json *entry, const char *where, unsigned int *major,
		      unsigned int *minor, struct error *err)
{
	int64_t numbers[2] = { -1, -1 };
	int r;

	r = get_int(entry, where, "major", 0, &numbers[0], err);
	if (r == 0)
		r = get_int(entry, where, "minor", 0, &numbers[1], err);
	if (r < 0)
		return r;
	if (numbers[0] < 0 || numbers[1] < 0 || numbers[0] > UINT32_MAX || numbers[1] > UINT32_MAX)
		return error_set(err, EINVAL,
				 PREFIX "%s: needs the major and minor number "
					"of a device",
				 where);
	*major = (unsigned int)numbers[0];
	*minor = (unsigned int)numbers[1];
	return 0;
}

static int get_list(const struct json *block, const char *field, const struct json **out,
		    struct error *err)
{
	int r = get_kind(block, field, JSON_LIST, out, err);

	return r < 0 ? error_set(err, EINVAL, PREFIX "blockIO.%s: must be an array of at most %d",
				 field, MAX_ENTRIES)
		     : 0;
}

static int parse_throttle(const struct json *block, struct cgroup_limits *l, struct error *err)
{
	static const char *const fields[CGROUP_IO_KINDS] = {
		[CGROUP_IO_RBPS] = "throttleReadBpsDevice",
		[CGROUP_IO_WBPS] = "throttleWriteBpsDevice",
		[CGROUP_IO_RIOPS] = "throttleReadIOPSDevice",
		[CGROUP_IO_WIOPS] = "throttleWriteIOPSDevice",
	};

	for (int kind = 0; kind < CGROUP_IO_KINDS; kind++) {
		const struct json *list;
		int r = get_list(block, fields[kind], &list, err);

		for (size_t i = 0; r == 0 && i < json_count(list); i++) {
			const struct json *entry = json_at(list, i);
			autofree char *where = xasprintf("blockIO.%s[%zu]", fields[kind], i);
			struct cgroup_io_limit io = { .kind = (enum cgroup_io_kind)kind };

			r = get_device(entry, where, &io.major, &io.minor, err);
			if (r == 0)
				r = get_u64(entry, where, "rate", &io.per_second, err);
			if (r == 0)
				cgroup_limits_add_io(l, &io);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* The leaf weight of a device goes beside its weight, and with it there is one. */
static int parse_weights(const struct json *block, struct cgroup_limits *l, struct error *err)
{
	const struct json *list;
	int64_t weight = 0;
	int r;

	r = get_int(block, "blockIO", "leafWeight", 0, &weight, err);
	if (r == 0 && weight)
		return wrong(err, "blockIO", "leafWeight", "cgroup v2 has no such limit");
	if (r == 0)
		r = get_int(block, "blockIO", "weight", 0, &weight, err);
	if (r == 0 && weight > 1000)
		return wrong(err, "blockIO", "weight", "must be between 10 and 1000");
	l->io_weight = (unsigned int)weight;
	if (r == 0)
		r = get_list(block, "weightDevice", &list, err);
	for (size_t i = 0; r == 0 && i < json_count(list); i++) {
		const struct json *entry = json_at(list, i);
		autofree char *where = xasprintf("blockIO.weightDevice[%zu]", i);
		struct cgroup_io_weight device = { 0 };

		weight = 0;
		r = get_device(entry, where, &device.major, &device.minor, err);
		if (r == 0)
			r = get_int(entry, where, "weight", 0, &weight, err);
		if (r == 0 && weight > 1000)
			return wrong(err, where, "weight", "must be between 10 and 1000");
		device.weight = (unsigned int)weight;
		if (r == 0 && weight)
			cgroup_limits_add_io_weight(l, &device);
	}
	return r;
}

static int parse_block_io(const struct json *resources, struct cgroup_limits *l, struct error *err)
{
	const struct json *b;
	int r = get_kind(resources, "blockIO", JSON_MAP, &b, err);

	if (r < 0 || !b)
		return r;
	r = parse_weights(b, l, err);
	return r == 0 ? parse_throttle(b, l, err) : r;
}

static int parse_hugepages(const struct json *resources, struct cgroup_limits *l, struct error *err)
{
	const struct json *list;
	int r = get_kind(resources, "hugepageLimits", JSON_LIST, &list, err);

	for (size_t i = 0; r == 0 && i < json_count(list); i++) {
		const struct json *entry = json_at(list, i);
		const char *size = json_text(json_get(entry, "pageSize"));
		autofree char *where = xasprintf("hugepageLimits[%zu]", i);
		uint64_t bytes = 0;

		if (!size || !*size || strlen(size) > MAX_NAME_BYTES ||
		    size[strspn(size, "0123456789KMGB")])
			return wrong(err, where, "pageSize", "must be a size as '2MB'");
		if (!json_is_given(json_get(entry, "limit")))
			return wrong(err, where, "limit", "is missing");
		r = get_u64(entry, where, "limit", &bytes, err);
		if (r == 0)
			cgroup_limits_add_hugepages(l, size, bytes);
	}
	return r;
}

static int parse_rdma(const struct json *resources, struct cgroup_limits *l, struct error *err)
{
	const struct json *map, *entry;
	const char *device;
	int r = get_kind(resources, "rdma", JSON_MAP, &map, err);

	if (r < 0 || !map)
		return r;
	for (void *it = NULL; json_next(map, &it, &device, &entry);) {
		int64_t handles = -1, objects = -1;
		autofree char *where = NULL;

		if (!*device || strlen(device) > MAX_NAME_BYTES || strpbrk(device, " \t\n/="))
			return error_set(err, EINVAL, PREFIX "rdma: malformed device name");
		where = xasprintf("rdma.%s", device);
		r = get_int(entry, where, "hcaHandles", 0, &handles, err);
		if (r == 0)
			r = get_int(entry, where, "hcaObjects", 0, &objects, err);
		if (r < 0)
			return r;
		if (handles >= 0 || objects >= 0)
			cgroup_limits_add_rdma(l, device, handles, objects);
	}
	return 0;
}

static int refuse_network(const struct json *resources, struct error *err)
{
	const struct json *network;
	int64_t class = 0;
	int r = get_kind(resources, "network", JSON_MAP, &network, err);

	if (r == 0)
		r = get_int(network, "network", "classID", 0, &class, err);
	if (r < 0)
		return r;
	if (class)
		return wrong(err, "network", "classID", "cgroup v2 has no network classes");
	if (json_count(json_get(network, "priorities")))
		return wrong(err, "network", "priorities", "cgroup v2 has no network priorities");
	return 0;
}

/* The same conditions as runc's, and its words. */
static int check_unified(const char *file, const char *value, struct error *err)
{
	size_t prefix = strcspn(file, ".");

	if (strchr(file, '/'))
		return error_set(err, EINVAL,
				 PREFIX "unified: '%s' must be a file name (no slashes)", file);
	if (!prefix || !file[prefix] || !file[prefix + 1] || strlen(file) > MAX_NAME_BYTES)
		return error_set(err, EINVAL,
				 PREFIX "unified: '%s' must be in the form CONTROLLER.PARAMETER",
				 file);
	if (cgroup_controller_of_file(file) < 0 && !str_starts(file, "cgroup."))
		return error_set(err, EINVAL,
				 PREFIX
				 "unified: '%s' can't be set: controller '%.*s' not available",
				 file, (int)prefix, file);
	if (!value || strlen(value) > MAX_VALUE_BYTES)
		return error_set(err, EINVAL, PREFIX "unified: the value of '%s' must be a string",
				 file);
	return 0;
}

/* A value may have several lines, each of which the kernel wants in a write of its own. */
static int parse_unified(const struct json *resources, struct cgroup_limits *l, struct error *err)
{
	const struct json *map, *value;
	const char *file;
	int r = get_kind(resources, "unified", JSON_MAP, &map, err);

	if (r < 0 || !map)
		return r;
	for (void *it = NULL; json_next(map, &it, &file, &value);) {
		autostrlist struct strlist lines = { 0 };

		r = check_unified(file, json_text(value), err);
		if (r < 0)
			return r;
		strlist_split(&lines, json_text(value), '\n');
		for (size_t i = 0; i < lines.n; i++) {
			if (!*lines.items[i])
				continue;
			if (l->n_conf >= MAX_UNIFIED)
				return error_set(err, EINVAL, PREFIX "unified: more than %d lines",
						 MAX_UNIFIED);
			cgroup_limits_add_unified(l, file, lines.items[i]);
		}
	}
	return 0;
}

static int parse_access(const char *text, unsigned int *access)
{
	static const struct {
		char letter;
		unsigned int bit;
	} letters[] = { { 'r', CGROUP_DEVICE_READ },
			{ 'w', CGROUP_DEVICE_WRITE },
			{ 'm', CGROUP_DEVICE_MKNOD } };

	for (; *text; text++) {
		unsigned int bit = 0;

		for (size_t i = 0; i < 3; i++)
			if (letters[i].letter == *text)
				bit = letters[i].bit;
		if (!bit)
			return -EINVAL;
		*access |= bit;
	}
	return *access ? 0 : -EINVAL;
}

static int parse_device(const struct json *entry, const char *where,
			struct cgroup_device_rule *rule, struct error *err)
{
	const char *type = json_text_or(json_get(entry, "type"), "");
	const char *access = json_text_or(json_get(entry, "access"), "");
	int r;

	*rule = (struct cgroup_device_rule){ .type = *type ? *type : 'a',
					     .major = CGROUP_DEVICE_ANY,
					     .minor = CGROUP_DEVICE_ANY };
	if (json_kind_of(json_get(entry, "allow")) != JSON_BOOL)
		return wrong(err, where, "allow", "must be true or false");
	rule->allow = json_is_true(json_get(entry, "allow"));
	if (strlen(type) > 1 || !strchr("abc", rule->type))
		return wrong(err, where, "type", "must be 'a', 'b' or 'c'");
	if (parse_access(access, &rule->access) < 0)
		return wrong(err, where, "access", "must be some of 'r', 'w' and 'm'");
	r = get_int(entry, where, "major", CGROUP_DEVICE_ANY, &rule->major, err);
	if (r == 0)
		r = get_int(entry, where, "minor", CGROUP_DEVICE_ANY, &rule->minor, err);
	if (r == 0 && (rule->major > UINT32_MAX || rule->minor > UINT32_MAX))
		return error_set(err, EINVAL, PREFIX "%s: there is no such device number", where);
	return r;
}

static int parse_devices(const struct json *resources, struct cgroup_device_rules *devices,
			 struct error *err)
{
	const struct json *list;
	int r = get_kind(resources, "devices", JSON_LIST, &list, err);

	for (size_t i = 0; r == 0 && i < json_count(list); i++) {
		autofree char *where = xasprintf("devices[%zu]", i);
		struct cgroup_device_rule rule;

		r = parse_device(json_at(list, i), where, &rule, err);
		if (r == 0)
			cgroup_device_rules_add(devices, &rule);
	}
	return r;
}

/**
 * cgroup_resources_add_default_devices() - Allow what every container may open
 *
 * runtime-spec config-linux.md, "Default Devices": null, zero and their like,
 * and the console; making nodes (not opening them) is allowed too. As with runc and
 * crun these come last, so that a config cannot take them away.
 */
void cgroup_resources_add_default_devices(struct cgroup_device_rules *devices)
{
	static const struct cgroup_device_rule console = { true, 'c', 5, 1, CGROUP_DEVICE_ALL };

	for (size_t i = 0; i < cgroup_n_default_devices; i++)
		cgroup_device_rules_add(devices, &cgroup_default_devices[i]);
	cgroup_device_rules_add(devices, &console);
}

/**
 * cgroup_resources_parse() - Read linux.resources
 * @resources:	The object, or NULL for none
 * @limits:	Zeroed; cgroup_limits_done() releases it, also after a failure
 * @devices:	Zeroed; the rules of the config alone, in its order; none: it
 *		says nothing about devices. cgroup_device_rules_done() releases it
 *
 * Also for "update": what is not in the object is not asked for.
 *
 * Return: 0, or -EINVAL with the field in @err
 */
int cgroup_resources_parse(const struct json *resources, struct cgroup_limits *limits,
			   struct cgroup_device_rules *devices, struct error *err)
{
	static int (*const parsers[])(const struct json *, struct cgroup_limits *,
				      struct error *) = {
		parse_memory,	 parse_cpu,  parse_pids,    parse_block_io,
		parse_hugepages, parse_rdma, parse_unified,
	};
	int r;

	limits->dialect = CGROUP_RESOURCES;
	if (json_is_given(resources) && json_kind_of(resources) != JSON_MAP)
		return error_set(err, EINVAL, "linux.resources: must be an object");
	r = refuse_network(resources, err);
	for (size_t i = 0; r == 0 && i < sizeof(parsers) / sizeof(parsers[0]); i++)
		r = parsers[i](resources, limits, err);
	return r == 0 ? parse_devices(resources, devices, err) : r;
}
