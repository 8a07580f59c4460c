/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/slice/slice.h - A slice: one envelope for many containers, with a lease
 *
 * ROOT/slices/NAME.json says what it is; its cgroup, beside the cgroups of
 * containers, is made when the first of its containers needs it, and its
 * containers' cgroups are below it. { 0 } in the limits is "not limited".
 */
#ifndef CMD_SLICE_SLICE_H
#define CMD_SLICE_SLICE_H

#include <stdbool.h>
#include <stdint.h>

#include "cgroups/limits.h"
#include "cmd/slice/io.h"

struct cgroup_root;
struct context;
struct error;
struct json;

#define SLICE_NAME_MAX	   48
#define SLICE_CPUSET_MAX   200
#define SLICE_CGROUP_MAX   80
#define SLICE_LEASE_MAX_MS (INT64_C(3660) * 24 * 3600 * 1000)

struct slice_limits {
	int64_t memory_bytes, memory_high_bytes;
	int64_t memory_swap_bytes; /* memory and swap together; -1: no limit */
	int64_t nano_cpus, pids;
	int64_t weight;	   /* of CPU time beside other slices and containers: 1 to 10000, 100 */
	int64_t io_weight; /* the same of disks' time: 10 to 1000 */
	char cpuset_cpus[SLICE_CPUSET_MAX];
	struct slice_io io;
	int64_t lease_ms; /* from its creation or renewal; 0: for ever */
};

struct slice {
	char name[SLICE_NAME_MAX + 1];
	char cgroup[SLICE_CGROUP_MAX]; /* below the cgroup2 mount */
	struct slice_limits limits;
	int64_t created_ns, expires_ns; /* since the epoch; expires 0: never */
	int64_t ended_ns;		/* its lease has ended, and so have its containers; or 0 */
	struct json *report;		/* what it had used then; owned */
};

void slice_done(struct slice *s);
#define autoslice __attribute__((cleanup(slice_done)))

/* The pure parts. */
int slice_check_name(const char *name, struct error *err);
int slice_check_keys(const struct json *map, const char *const *known, const char *what,
		     struct error *err);
int slice_limits_from_json(const struct json *v, struct slice_limits *limits, struct error *err);
void slice_limits_to_json(const struct slice_limits *limits, struct json *map);
int slice_limits_check(const struct slice_limits *limits, struct error *err);
bool slice_limits_equal(const struct slice_limits *a, const struct slice_limits *b);
int slice_limits_to_cgroup(const struct slice_limits *limits, const struct slice_limits *before,
			   const char *all_cpus, struct cgroup_limits *out, struct error *err);
char *slice_all_cpus(const struct cgroup_root *root);
struct json *slice_to_json(const struct slice *s);
int slice_from_json(const struct json *v, struct slice *s, struct error *err);
void slice_start_lease(struct slice *s, int64_t now_ns);
bool slice_is_over(const struct slice *s, int64_t now_ns);

#endif
