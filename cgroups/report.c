// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/report.c - All figures of a cgroup, as "events --stats" of runc prints them
 *
 * The names and units are runc's, which are cgroup v1's: time in nanoseconds,
 * swap as the sum of memory and swap. What has no counterpart in cgroup v2 is
 * there as 0 where runc has it so. "No limit" is 2^63-1 here, the largest
 * number of our JSON library, where runc has 2^64-1.
 */
#include "cgroups/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cgroups/pids.h"
#include "cgroups/stats.h"

/* Hundredths, as in "avg10=1.25". */
static double average(const char *line, const char *key)
{
	const char *p = strstr(line, key);

	return p ? strtod(p + strlen(key), NULL) : 0;
}

static struct json *pressure_json(const char *line)
{
	struct json *map = json_new_map();

	json_set(map, "avg10", json_new_float(average(line, "avg10=")));
	json_set(map, "avg60", json_new_float(average(line, "avg60=")));
	json_set(map, "avg300", json_new_float(average(line, "avg300=")));
	json_set_u64(map, "total", cgroup_nested_sum(line, "total"));
	return map;
}

/* Left out where the kernel doesn't count it. */
static void add_pressure(struct json *map, int dirfd, const char *file, int *r, struct error *err)
{
	autofree char *text = cgroup_read_stat(dirfd, file, r, err);
	autostrlist struct strlist lines = { 0 };
	struct json *psi;

	if (!text)
		return;
	psi = json_new_map();
	strlist_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		if (str_starts(lines.items[i], "some "))
			json_set(psi, "some", pressure_json(lines.items[i]));
		if (str_starts(lines.items[i], "full "))
			json_set(psi, "full", pressure_json(lines.items[i]));
	}
	json_set(map, "psi", psi);
}

static struct json *cpu_json(int dirfd, int *r, struct error *err)
{
	static const struct {
		const char *group, *name, *key;
		unsigned int factor;
	} fields[] = {
		{ "usage", "total", "usage_usec", 1000 },
		{ "usage", "kernel", "system_usec", 1000 },
		{ "usage", "user", "user_usec", 1000 },
		{ "throttling", "periods", "nr_periods", 1 },
		{ "throttling", "throttledPeriods", "nr_throttled", 1 },
		{ "throttling", "throttledTime", "throttled_usec", 1000 },
		{ "burst", "burstsPeriods", "nr_bursts", 1 },
		{ "burst", "burstTime", "burst_usec", 1000 },
	};
	autofree char *stat = cgroup_read_stat(dirfd, "cpu.stat", r, err);
	struct json *cpu = json_new_map(), *group = NULL;
	const char *last = "";

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(last, fields[i].group) != 0) {
			group = json_new_map();
			json_set(cpu, fields[i].group, group);
		}
		last = fields[i].group;
		json_set_u64(group, fields[i].name,
			     cgroup_keyed_value(stat, fields[i].key) * fields[i].factor);
	}
	add_pressure(cpu, dirfd, "cpu.pressure", r, err);
	return cpu;
}

/* Nothing of cgroup v1's cpuset is in v2's, yet runc prints it. */
static struct json *cpuset_json(void)
{
	static const char *const names[] = {
		"cpu_exclusive",   "mem_hardwall",	 "mem_exclusive",
		"memory_migrate",  "memory_spread_page", "memory_spread_slab",
		"memory_pressure", "sched_load_balance", "sched_relax_domain_level",
	};
	struct json *map = json_new_map();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_set_int(map, names[i], 0);
	return map;
}

static struct json *entry_json(uint64_t limit, uint64_t usage, uint64_t max, uint64_t failures)
{
	struct json *map = json_new_map();

	json_set_u64(map, "limit", limit);
	if (usage)
		json_set_u64(map, "usage", usage);
	if (max)
		json_set_u64(map, "max", max);
	json_set_u64(map, "failcnt", failures);
	return map;
}

static struct json *memory_json(int dirfd, int *r, struct error *err)
{
	autofree char *stat = cgroup_read_stat(dirfd, "memory.stat", r, err);
	autofree char *events = cgroup_read_stat(dirfd, "memory.events", r, err);
	uint64_t usage = cgroup_read_value(dirfd, "memory.current", r, err);
	uint64_t limit = cgroup_read_value(dirfd, "memory.max", r, err);
	uint64_t swap_usage = cgroup_read_value(dirfd, "memory.swap.current", r, err);
	uint64_t swap_limit = cgroup_read_value(dirfd, "memory.swap.max", r, err);
	struct json *memory = json_new_map();

	if (cgroup_keyed_value(stat, "file"))
		json_set_u64(memory, "cache", cgroup_keyed_value(stat, "file"));
	json_set(memory, "usage",
		 entry_json(limit, usage, cgroup_read_value(dirfd, "memory.peak", r, err),
			    cgroup_keyed_value(events, "max")));
	if (swap_limit != CGROUP_NO_LIMIT)
		swap_limit = limit == CGROUP_NO_LIMIT ? limit : swap_limit + limit;
	json_set(memory, "swap", entry_json(swap_limit, swap_usage + usage, 0, 0));
	json_set(memory, "kernel", entry_json(0, 0, 0, 0));
	json_set(memory, "kernelTCP", entry_json(0, 0, 0, 0));
	json_set(memory, "raw", cgroup_keyed_json(stat));
	add_pressure(memory, dirfd, "memory.pressure", r, err);
	return memory;
}

static struct json *pids_json(int dirfd, int *r, struct error *err)
{
	autofree char *current = cgroup_read_stat(dirfd, "pids.current", r, err);
	uint64_t limit = cgroup_read_value(dirfd, "pids.max", r, err);
	struct json *map = json_new_map();

	if (current) {
		json_set_u64(map, "current", strtoull(current, NULL, 10));
	} else if (*r == 0) {
		autofree pid_t *pids = NULL;
		size_t n = 0;

		*r = cgroup_pids(dirfd, &pids, &n, err);
		json_set_u64(map, "current", n);
	}
	if (limit && limit != CGROUP_NO_LIMIT)
		json_set_u64(map, "limit", limit);
	return map;
}

static void add_io(struct json *list, const char *line, const char *key, const char *op)
{
	char *end;
	unsigned long major = strtoul(line, &end, 10);
	struct json *map = json_new_map();

	json_set_u64(map, "major", major);
	json_set_u64(map, "minor", *end == ':' ? strtoul(end + 1, NULL, 10) : 0);
	json_set_text(map, "op", op);
	json_set_u64(map, "value", cgroup_nested_sum(line, key));
	json_add(list, map);
}

static struct json *blkio_json(int dirfd, int *r, struct error *err)
{
	autofree char *stat = cgroup_read_stat(dirfd, "io.stat", r, err);
	struct json *bytes = json_new_list(), *operations = json_new_list();
	struct json *map = json_new_map();
	autostrlist struct strlist lines = { 0 };

	strlist_split(&lines, stat ? stat : "", '\n');
	for (size_t i = 0; i < lines.n; i++) {
		if (!strchr(lines.items[i], '='))
			continue; /* a device without any figures */
		add_io(bytes, lines.items[i], "rbytes", "Read");
		add_io(bytes, lines.items[i], "wbytes", "Write");
		add_io(bytes, lines.items[i], "dbytes", "Discard");
		add_io(operations, lines.items[i], "rios", "Read");
		add_io(operations, lines.items[i], "wios", "Write");
		add_io(operations, lines.items[i], "dios", "Discard");
	}
	json_set(map, "ioServiceBytesRecursive", bytes);
	json_set(map, "ioServicedRecursive", operations);
	add_pressure(map, dirfd, "io.pressure", r, err);
	return map;
}

static void add_hugepages(struct json *map, int dirfd, const char *size, int *r, struct error *err)
{
	autofree char *current = xasprintf("hugetlb.%s.current", size);
	autofree char *events = xasprintf("hugetlb.%s.events", size);
	uint64_t usage = cgroup_read_value(dirfd, current, r, err);
	autofree char *text = cgroup_read_stat(dirfd, events, r, err);
	struct json *entry = json_new_map();

	if (usage)
		json_set_u64(entry, "usage", usage);
	json_set_u64(entry, "failcnt", cgroup_keyed_value(text, "max"));
	json_set(map, size, entry);
}

/* The sizes are in the names of the files: "hugetlb.2MB.current". */
static struct json *hugetlb_json(int dirfd, int *r, struct error *err)
{
	struct json *map = json_new_map();
	autodir DIR *dir = dir_open(dirfd, ".", 0);
	const struct dirent *e;

	while ((e = dir_next(dir))) {
		autofree char *size = NULL;
		size_t len = strlen(e->d_name);

		if (!str_starts(e->d_name, "hugetlb.") || !str_ends(e->d_name, ".current") ||
		    str_ends(e->d_name, ".rsvd.current"))
			continue;
		size = xstrndup(e->d_name + strlen("hugetlb."),
				len - strlen("hugetlb.") - strlen(".current"));
		add_hugepages(map, dirfd, size, r, err);
	}
	return map;
}

static struct json *rdma_list(int dirfd, const char *file, int *r, struct error *err)
{
	autofree char *text = cgroup_read_stat(dirfd, file, r, err);
	autostrlist struct strlist lines = { 0 };
	struct json *list = json_new_list();

	strlist_split(&lines, text ? text : "", '\n');
	for (size_t i = 0; i < lines.n; i++) {
		struct json *map;
		size_t len = strcspn(lines.items[i], " ");

		if (!lines.items[i][len])
			continue;
		map = json_new_map();
		json_set_u64(map, "hca_handles", cgroup_nested_sum(lines.items[i], "hca_handle"));
		json_set_u64(map, "hca_objects", cgroup_nested_sum(lines.items[i], "hca_object"));
		lines.items[i][len] = '\0';
		json_set_text(map, "device", lines.items[i]);
		json_add(list, map);
	}
	return list;
}

static struct json *rdma_json(int dirfd, int *r, struct error *err)
{
	struct json *map = json_new_map();

	json_set(map, "rdma_limit", rdma_list(dirfd, "rdma.max", r, err));
	json_set(map, "rdma_current", rdma_list(dirfd, "rdma.current", r, err));
	return map;
}

/**
 * cgroup_stats_json() - Read all figures of a cgroup
 *
 * The "data" of an event of type "stats"; "type" and "id" are the caller's.
 *
 * Return: an object, to be freed with json_free(); or NULL, with @err set
 */
struct json *cgroup_stats_json(int dirfd, struct error *err)
{
	struct json *data = json_new_map();
	int r = 0;

	json_set(data, "cpu", cpu_json(dirfd, &r, err));
	json_set(data, "cpuset", cpuset_json());
	json_set(data, "memory", memory_json(dirfd, &r, err));
	json_set(data, "pids", pids_json(dirfd, &r, err));
	json_set(data, "blkio", blkio_json(dirfd, &r, err));
	json_set(data, "hugetlb", hugetlb_json(dirfd, &r, err));
	json_set(data, "rdma", rdma_json(dirfd, &r, err));
	json_set(data, "intel_rdt", json_new_map());
	json_set(data, "network_interfaces", json_new_nil());
	if (r < 0)
		json_done(&data);
	return data;
}
