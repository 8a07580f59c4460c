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

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cgroup_setting;
struct error;

#define CGROUP_PERIOD_US    100000 /* the kernel's default, of cpu.max */
#define CGROUP_QUOTA_MIN_US 1000   /* it refuses less: min_cfs_quota_period */

/* For the signed fields: 0 is "not asked for", this is "explicitly none". */
#define CGROUP_UNLIMITED	 (-1)
#define CGROUP_IO_WEIGHT_DEFAULT UINT_MAX /* the kernel's, 100 of 10000 */

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

struct cgroup_io_weight {
	unsigned int major, minor;
	unsigned int weight; /* 10 to 1000 */
};

struct cgroup_hugepage_limit {
	char *size; /* as "2MB" */
	uint64_t bytes;
};

struct cgroup_rdma_limit {
	char *device;
	int64_t handles, objects; /* -1: not asked for */
};

/* Who asked: decides what messages call a limit, and what is meant by what was left out. */
enum cgroup_dialect {
	CGROUP_FLAGS,	  /* of "tare run": "--memory" */
	CGROUP_RESOURCES, /* of an OCI config: "linux.resources.memory.limit" */
	CGROUP_DIALECTS,
};

struct cgroup_limits {
	enum cgroup_dialect dialect;

	int64_t memory_bytes;
	int64_t memory_swap_bytes;	  /* memory and swap together; 0: see plan_swap() */
	int64_t memory_reservation_bytes; /* memory.low */
	int64_t memory_min_bytes, memory_high_bytes;
	int memory_oom_group;	  /* 1: out of memory kills all processes; -1: one of them */
	bool memory_check_before; /* no limit below what is in use: nothing shall be killed */

	int64_t cpu_quota_us;
	uint64_t cpu_period_us; /* 0: CGROUP_PERIOD_US */
	bool quota_is_cpus;	/* for --cpus, which is then what messages name */
	uint64_t cpu_shares;	/* 2 to 262144, 1024 is normal */
	uint64_t cpu_weight;	/* 1 to 10000, 100 is normal; instead of shares */
	bool has_cpu_burst, has_cpu_idle;
	uint64_t cpu_burst_us;
	int64_t cpu_idle;
	char *cpuset_cpus; /* owned, as "0-2,4"; NULL or "": not asked for */
	char *cpuset_mems;
	bool cpus_are_chosen; /* for --vcpus, which is then what messages name */

	int64_t pids_max;
	bool pids_is_default; /* nobody asked: left out where there is no such controller */

	unsigned int io_weight; /* 10 to 1000, or CGROUP_IO_WEIGHT_DEFAULT */
	struct cgroup_io_limit *io;
	size_t n_io;
	struct cgroup_io_weight *io_weights;
	size_t n_io_weights;

	struct cgroup_hugepage_limit *hugepages;
	size_t n_hugepages;
	struct cgroup_rdma_limit *rdma;
	size_t n_rdma;

	struct {
		char *file, *value;
	} * conf; /* control files set by hand, one line each; of more lines: more entries */
	size_t n_conf;
};

void cgroup_limits_done(struct cgroup_limits *limits);
void cgroup_limits_copy(struct cgroup_limits *to, const struct cgroup_limits *from);
int cgroup_limits_set_cpus(struct cgroup_limits *limits, double cpus, struct error *err);
void cgroup_limits_add_io_weight(struct cgroup_limits *limits,
				 const struct cgroup_io_weight *weight);
void cgroup_limits_add_hugepages(struct cgroup_limits *limits, const char *size, uint64_t bytes);
void cgroup_limits_add_rdma(struct cgroup_limits *limits, const char *device, int64_t handles,
			    int64_t objects);
void cgroup_limits_add_io(struct cgroup_limits *limits, const struct cgroup_io_limit *io);
int cgroup_limits_add_conf(struct cgroup_limits *limits, const char *file, const char *value,
			   struct error *err);
void cgroup_limits_add_unified(struct cgroup_limits *limits, const char *file, const char *line);
unsigned int cgroup_weight_of_shares(uint64_t shares);

int cgroup_limits_plan(const struct cgroup_limits *limits, struct cgroup_setting **settings,
		       size_t *n, struct error *err);
bool cgroup_limits_any(const struct cgroup_limits *limits);
int cgroup_limits_check(const struct cgroup_limits *limits, unsigned int available,
			struct error *err);
unsigned int cgroup_limits_controllers(const struct cgroup_limits *limits, unsigned int available);
int cgroup_limits_apply(int dirfd, const struct cgroup_limits *limits, struct error *err);

#endif
