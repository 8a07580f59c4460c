/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/limits.h - What a container may use at most
 *
 * { 0 } asks for nothing. A limit that was asked for and cannot be enforced is
 * an error. All numbers are in the units of the flags and of the OCI runtime
 * specification (cgroup v1's, where they differ); they are translated to
 * cgroup v2 here and nowhere else.
 */
#ifndef CGROUPS_LIMITS_H
#define CGROUPS_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cgroup_setting;
struct error;

/* For the signed fields: 0 is "not asked for", this is "explicitly none". */
#define CGROUP_UNLIMITED (-1)

enum cgroup_io_kind {
	CGROUP_IO_RBPS,
	CGROUP_IO_WBPS,
	CGROUP_IO_RIOPS,
	CGROUP_IO_WIOPS,
	CGROUP_IO_KINDS,
};

struct cgroup_io_limit {
	unsigned int major, minor; /* the whole disk, not a partition */
	enum cgroup_io_kind kind;
	uint64_t per_second; /* bytes or operations; 0: no limit */
};

struct cgroup_limits {
	int64_t memory_bytes;
	int64_t memory_swap_bytes; /* memory and swap together; 0: twice the memory */
	int64_t memory_reservation_bytes;
	bool memory_oom_group; /* out of memory kills all processes, not one */

	int64_t cpu_quota_us;
	uint64_t cpu_period_us; /* 0: 100000 */
	uint64_t cpu_shares;	/* 2 to 262144, 1024 is normal */
	char *cpuset_cpus;	/* owned, as "0-2,4"; NULL or "": not asked for */
	char *cpuset_mems;

	int64_t pids_max;
	bool pids_is_default; /* nobody asked: left out where there is no such controller */

	unsigned int io_weight; /* 10 to 1000, 500 is normal */
	struct cgroup_io_limit *io;
	size_t n_io;

	struct {
		char *file, *value;
	} * conf; /* control files set by hand */
	size_t n_conf;
};

void cgroup_limits_done(struct cgroup_limits *limits);
void cgroup_limits_copy(struct cgroup_limits *to, const struct cgroup_limits *from);
int cgroup_limits_set_cpus(struct cgroup_limits *limits, double cpus, struct error *err);
void cgroup_limits_add_io(struct cgroup_limits *limits, const struct cgroup_io_limit *io);
int cgroup_limits_add_conf(struct cgroup_limits *limits, const char *file, const char *value,
			   struct error *err);
unsigned int cgroup_weight_of_shares(uint64_t shares);

int cgroup_limits_plan(const struct cgroup_limits *limits, struct cgroup_setting **settings,
		       size_t *n, struct error *err);
int cgroup_limits_check(const struct cgroup_limits *limits, unsigned int available,
			struct error *err);
unsigned int cgroup_limits_controllers(const struct cgroup_limits *limits, unsigned int available);
int cgroup_limits_apply(int dirfd, const struct cgroup_limits *limits, struct error *err);

#endif
