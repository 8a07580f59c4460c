/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/stats.h - What a cgroup uses, and what its limits did
 */
#ifndef CGROUPS_STATS_H
#define CGROUPS_STATS_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct json;

#define CGROUP_NO_LIMIT UINT64_MAX

struct cgroup_memory_stats {
	bool present; /* false: no such controller in this cgroup, the rest is 0 */
	uint64_t current_bytes, inactive_file_bytes, swap_bytes;
	uint64_t peak_bytes;	/* 0 before Linux 5.19 */
	uint64_t max_bytes;	/* CGROUP_NO_LIMIT: none */
	uint64_t oom, oom_kill; /* events, this cgroup and those below it */
	uint64_t high, max;
};

struct cgroup_cpu_stats {
	uint64_t usage_us;
	uint64_t periods, throttled, throttled_us; /* 0 without the controller */
};

struct cgroup_pids_stats {
	bool present;
	uint64_t current, peak; /* peak: 0 before Linux 6.1 */
	uint64_t max;		/* CGROUP_NO_LIMIT: none */
	uint64_t refused;	/* forks that failed at the limit */
};

struct cgroup_io_stats {
	bool present;
	uint64_t read_bytes, written_bytes;
};

struct cgroup_stats {
	struct cgroup_memory_stats memory;
	struct cgroup_cpu_stats cpu;
	struct cgroup_pids_stats pids;
	struct cgroup_io_stats io;
	/* Time in which some process waited for it; 0 where pressure is not counted. */
	uint64_t memory_pressure_us, cpu_pressure_us, io_pressure_us;
};

int cgroup_read_stats(int dirfd, struct cgroup_stats *stats, struct error *err);
uint64_t cgroup_memory_usage(const struct cgroup_stats *stats);

char *cgroup_read_stat(int dirfd, const char *file, int *r, struct error *err);
uint64_t cgroup_read_value(int dirfd, const char *file, int *r, struct error *err);
const char *cgroup_find_key(const char *text, const char *key);
struct json *cgroup_keyed_json(const char *text);
uint64_t cgroup_keyed_value(const char *text, const char *key);
uint64_t cgroup_nested_sum(const char *text, const char *key);

#endif
