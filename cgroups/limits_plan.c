// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/limits_plan.c - From limits to control files and values
 *
 * Pure. Two dialects ask for limits, and an error is to say what the user
 * wrote: each limit has a name in both.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/hierarchy.h"
#include "cgroups/limits.h"
#include "cgroups/setting.h"

#define MIN_PERIOD_US  1000
#define MAX_PERIOD_US  1000000
#define MAX_IO	       256
#define FIXED_SETTINGS 22 /* at least as many as plan_*() can add without the lists */

enum limit {
	MEMORY,
	MEMORY_SWAP,
	MEMORY_RESERVATION,
	MEMORY_MIN,
	MEMORY_HIGH,
	OOM_GROUP,
	CPUS,
	CPU_PERIOD,
	CPU_QUOTA,
	CPU_SHARES,
	CPU_WEIGHT,
	CPU_BURST,
	CPU_IDLE,
	CPUSET_CPUS,
	VCPUS,
	CPUSET_MEMS,
	IO_WEIGHT,
	IO_WEIGHT_DEVICE,
	IO_THROTTLE, /* first of CGROUP_IO_KINDS */
	PIDS = IO_THROTTLE + CGROUP_IO_KINDS,
	HUGEPAGES,
	RDMA,
	BY_HAND,
	N_LIMITS,
};

#define R "linux.resources."
static const char *const names[N_LIMITS][CGROUP_DIALECTS] = {
	[MEMORY] = { "--memory", R "memory.limit" },
	[MEMORY_SWAP] = { "--memory-swap", R "memory.swap" },
	[MEMORY_RESERVATION] = { "--memory-reservation", R "memory.reservation" },
	[MEMORY_MIN] = { "--memory-min", "memory.min" },
	[MEMORY_HIGH] = { "--memory-high", "memory.high" },
	[OOM_GROUP] = { "--oom-group", "memory.oom.group" },
	[CPUS] = { "--cpus", R "cpu.quota" },
	[CPU_PERIOD] = { "--cpu-period", R "cpu.period" },
	[CPU_QUOTA] = { "--cpu-quota", R "cpu.quota" },
	[CPU_SHARES] = { "--cpu-shares", R "cpu.shares" },
	[CPU_WEIGHT] = { "--cpu-weight", "cpu.weight" },
	[CPU_BURST] = { "--cpu-burst", R "cpu.burst" },
	[CPU_IDLE] = { "--cpu-idle", R "cpu.idle" },
	[VCPUS] = { "--vcpus", R "cpu.cpus" },
	[CPUSET_CPUS] = { "--cpuset-cpus", R "cpu.cpus" },
	[CPUSET_MEMS] = { "--cpuset-mems", R "cpu.mems" },
	[IO_WEIGHT] = { "--blkio-weight", R "blockIO.weight" },
	[IO_WEIGHT_DEVICE] = { "--blkio-weight-device", R "blockIO.weightDevice" },
	[IO_THROTTLE + CGROUP_IO_RBPS] = { "--device-read-bps", R "blockIO.throttleReadBpsDevice" },
	[IO_THROTTLE +
		CGROUP_IO_WBPS] = { "--device-write-bps", R "blockIO.throttleWriteBpsDevice" },
	[IO_THROTTLE +
		CGROUP_IO_RIOPS] = { "--device-read-iops", R "blockIO.throttleReadIOPSDevice" },
	[IO_THROTTLE +
		CGROUP_IO_WIOPS] = { "--device-write-iops", R "blockIO.throttleWriteIOPSDevice" },
	[PIDS] = { "--pids-limit", R "pids.limit" },
	[HUGEPAGES] = { "--hugetlb", R "hugepageLimits" },
	[RDMA] = { "--rdma", R "rdma" },
	[BY_HAND] = { "--cgroup-conf", R "unified" },
};

static const char *const io_keys[] = {
	[CGROUP_IO_RBPS] = "rbps",
	[CGROUP_IO_WBPS] = "wbps",
	[CGROUP_IO_RIOPS] = "riops",
	[CGROUP_IO_WIOPS] = "wiops",
};

struct plan {
	struct cgroup_setting *settings;
	size_t n, cap;
	enum cgroup_dialect dialect;
};

static const char *name_of(const struct plan *plan, enum limit limit)
{
	return names[limit][plan->dialect];
}

static struct cgroup_setting *add(struct plan *plan, const char *file, enum limit limit,
				  char *value)
{
	struct cgroup_setting *s = &plan->settings[plan->n++];
	int controller = cgroup_controller_of_file(file);

	if (plan->n > plan->cap)
		abort();
	s->file = xstrdup(file);
	s->value = value;
	s->option = name_of(plan, limit);
	s->controller = controller < 0 ? CGROUP_N_CONTROLLERS : (enum cgroup_controller)controller;
	return s;
}

static char *number_or_max(int64_t n)
{
	return n < 0 ? xstrdup("max") : xasprintf("%" PRId64, n);
}

/*
 * Both dialects count memory and swap together, the kernel swap alone. Of what
 * is left out, each has its own idea: with the flags, memory alone means as
 * much swap again, as with docker; in a config it means nothing, unless the
 * memory is explicitly without limit, as with runc. What is no limit or no
 * swap is optional, for hosts without swap accounting.
 */
static int plan_swap(struct plan *plan, const struct cgroup_limits *l, struct error *err)
{
	int64_t memory = l->memory_bytes, both = l->memory_swap_bytes;
	bool config = l->dialect == CGROUP_RESOURCES;
	struct cgroup_setting *s;

	if (both == 0 && (config ? memory >= 0 : memory == 0))
		return 0;
	if (both == 0) {
		s = add(plan, "memory.swap.max", MEMORY, number_or_max(memory));
		s->optional = s->derived = true;
		return 0;
	}
	if (both < 0) {
		s = add(plan, "memory.swap.max", MEMORY_SWAP, number_or_max(both));
		s->optional = true;
		return 0;
	}
	if (config && memory < 0)
		memory = 0;
	else if (memory <= 0)
		return error_set(err, EINVAL, "%s: needs %s", name_of(plan, MEMORY_SWAP),
				 name_of(plan, MEMORY));
	if (both < memory)
		return error_set(err, EINVAL, "%s: is memory plus swap, so at least as much as %s",
				 name_of(plan, MEMORY_SWAP), name_of(plan, MEMORY));
	s = add(plan, "memory.swap.max", MEMORY_SWAP, number_or_max(both - memory));
	s->optional = config && both == memory;
	return 0;
}

/* What is beyond the limit has no effect. In a config runc and crun take it as it comes. */
static int check_below_memory(const struct plan *plan, const struct cgroup_limits *l,
			      struct error *err)
{
	const struct {
		enum limit limit;
		int64_t bytes;
	} below[] = {
		{ MEMORY_RESERVATION, l->memory_reservation_bytes },
		{ MEMORY_MIN, l->memory_min_bytes },
		{ MEMORY_HIGH, l->memory_high_bytes },
	};

	if (l->dialect != CGROUP_FLAGS || l->memory_bytes <= 0)
		return 0;
	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++)
		if (below[i].bytes > l->memory_bytes)
			return error_set(err, EINVAL, "%s: is more than %s",
					 name_of(plan, below[i].limit), name_of(plan, MEMORY));
	return 0;
}

/* With the flags, -1 is none; in a config it is all, as with runc. */
static void add_protection(struct plan *plan, const char *file, enum limit limit, int64_t bytes)
{
	bool none = plan->dialect == CGROUP_FLAGS && bytes < 0;

	add(plan, file, limit, none ? xstrdup("0") : number_or_max(bytes))->optional = none;
}

static int plan_memory(struct plan *plan, const struct cgroup_limits *l, struct error *err)
{
	int r = check_below_memory(plan, l, err);

	if (r == 0)
		r = plan_swap(plan, l, err);
	if (r < 0)
		return r;
	if (l->memory_min_bytes)
		add_protection(plan, "memory.min", MEMORY_MIN, l->memory_min_bytes);
	if (l->memory_reservation_bytes)
		add_protection(plan, "memory.low", MEMORY_RESERVATION, l->memory_reservation_bytes);
	if (l->memory_high_bytes) /* no limit is what a missing controller gives as well */
		add(plan, "memory.high", MEMORY_HIGH, number_or_max(l->memory_high_bytes))
			->optional = l->memory_high_bytes < 0;
	if (l->memory_oom_group)
		add(plan, "memory.oom.group", OOM_GROUP,
		    xstrdup(l->memory_oom_group > 0 ? "1" : "0"))
			->optional = l->memory_oom_group < 0;
	if (l->memory_bytes)
		add(plan, "memory.max", MEMORY, number_or_max(l->memory_bytes))->optional =
			l->memory_bytes < 0;
	return 0;
}

static int plan_quota(struct plan *plan, const struct cgroup_limits *l, struct error *err)
{
	uint64_t period = l->cpu_period_us ? l->cpu_period_us : CGROUP_PERIOD_US;
	autofree char *quota = NULL;

	if (period < MIN_PERIOD_US || period > MAX_PERIOD_US)
		return error_set(err, EINVAL, "%s: must be between %d and %d microseconds",
				 name_of(plan, CPU_PERIOD), MIN_PERIOD_US, MAX_PERIOD_US);
	if (l->cpu_quota_us > 0 && l->cpu_quota_us < CGROUP_QUOTA_MIN_US)
		return error_set(err, EINVAL, "%s: must be at least %d microseconds",
				 name_of(plan, CPU_QUOTA), CGROUP_QUOTA_MIN_US);
	if (l->cpu_quota_us || l->cpu_period_us) {
		struct cgroup_setting *s;

		quota = number_or_max(l->cpu_quota_us ? l->cpu_quota_us : -1);
		s = add(plan, "cpu.max",
			l->quota_is_cpus  ? CPUS
			: l->cpu_quota_us ? CPU_QUOTA
					  : CPU_PERIOD,
			xasprintf("%s %" PRIu64, quota, period));
		s->optional = l->cpu_quota_us < 0 ||
			      (!l->cpu_quota_us && l->dialect == CGROUP_RESOURCES);
	}
	/* After the quota, of which it must not be more. */
	if (l->has_cpu_burst)
		add(plan, "cpu.max.burst", CPU_BURST, xasprintf("%" PRIu64, l->cpu_burst_us));
	return 0;
}

static int plan_cpu(struct plan *plan, const struct cgroup_limits *l, struct error *err)
{
	int r = plan_quota(plan, l, err);

	if (r < 0)
		return r;
	if (l->has_cpu_idle && l->cpu_idle != 0 && l->cpu_idle != 1)
		return error_set(err, EINVAL, "%s: must be 0 or 1", name_of(plan, CPU_IDLE));
	if (l->has_cpu_idle)
		add(plan, "cpu.idle", CPU_IDLE, xasprintf("%" PRId64, l->cpu_idle));
	if (l->cpu_weight > 10000)
		return error_set(err, EINVAL, "%s: must be between 1 and 10000",
				 name_of(plan, CPU_WEIGHT));
	if (l->cpu_weight)
		add(plan, "cpu.weight", CPU_WEIGHT, xasprintf("%" PRIu64, l->cpu_weight));
	/* An idle cgroup has no weight: the kernel refuses to set one. */
	if (l->cpu_shares && !(l->has_cpu_idle && l->cpu_idle))
		add(plan, "cpu.weight", CPU_SHARES,
		    xasprintf("%u", cgroup_weight_of_shares(l->cpu_shares)));
	if (l->cpuset_cpus && *l->cpuset_cpus)
		add(plan, "cpuset.cpus", l->cpus_are_chosen ? VCPUS : CPUSET_CPUS,
		    xstrdup(l->cpuset_cpus));
	if (l->cpuset_mems && *l->cpuset_mems)
		add(plan, "cpuset.mems", CPUSET_MEMS, xstrdup(l->cpuset_mems));
	return 0;
}

/* 10..1000 of v1 spread over 1..10000 of v2, as crun and runc do. */
static char *io_weight_value(const char *key, unsigned int weight)
{
	return xasprintf("%s%u", key,
			 weight == CGROUP_IO_WEIGHT_DEFAULT ? 100 : 1 + (weight - 10) * 9999 / 990);
}

/*
 * The two schedulers that heed weights have a file each. A config sets bfq's where
 * there is one, as with runc and crun; the flags set all that there are.
 */
static void add_io_weight(struct plan *plan, enum limit limit, const char *key, unsigned int weight)
{
	unsigned int bfq = weight == CGROUP_IO_WEIGHT_DEFAULT ? 100 : weight;
	struct cgroup_setting *s;

	s = add(plan, "io.bfq.weight", limit, xasprintf("%s%u", key, bfq));
	if (plan->dialect == CGROUP_RESOURCES) {
		s->fallback_file = xstrdup("io.weight");
		s->fallback_value = io_weight_value(key, weight);
		return;
	}
	s->file_is_optional = true;
	s = add(plan, "io.weight", limit, io_weight_value(key, weight));
	s->fallback_file = xstrdup("io.bfq.weight");
	s->fallback_value = xasprintf("%s%u", key, bfq);
}

static int check_io_weight(const struct plan *plan, enum limit limit, unsigned int weight,
			   struct error *err)
{
	if ((weight >= 10 && weight <= 1000) || weight == CGROUP_IO_WEIGHT_DEFAULT)
		return 0;
	return error_set(err, EINVAL, "%s: must be between 10 and 1000", name_of(plan, limit));
}

static int plan_io_weights(struct plan *plan, const struct cgroup_limits *l, struct error *err)
{
	int r = l->io_weight ? check_io_weight(plan, IO_WEIGHT, l->io_weight, err) : 0;

	if (r == 0 && l->io_weight)
		add_io_weight(plan, IO_WEIGHT, "", l->io_weight);
	for (size_t i = 0; r == 0 && i < l->n_io_weights; i++) {
		const struct cgroup_io_weight *w = &l->io_weights[i];
		autofree char *key = xasprintf("%u:%u ", w->major, w->minor);

		r = check_io_weight(plan, IO_WEIGHT_DEVICE, w->weight, err);
		if (r == 0)
			add_io_weight(plan, IO_WEIGHT_DEVICE, key, w->weight);
	}
	return r;
}

static int plan_io(struct plan *plan, const struct cgroup_limits *l, struct error *err)
{
	int r = plan_io_weights(plan, l, err);

	for (size_t i = 0; r == 0 && i < l->n_io; i++) {
		const struct cgroup_io_limit *io = &l->io[i];
		autofree char *rate = io->per_second ? xasprintf("%" PRIu64, io->per_second)
						     : xstrdup("max");

		add(plan, "io.max", IO_THROTTLE + io->kind,
		    xasprintf("%u:%u %s=%s", io->major, io->minor, io_keys[io->kind], rate));
	}
	return r;
}

static void plan_pids(struct plan *plan, const struct cgroup_limits *l)
{
	struct cgroup_setting *s;

	if (!l->pids_max)
		return;
	s = add(plan, "pids.max", PIDS, number_or_max(l->pids_max));
	/* No limit is what a missing controller gives as well. */
	s->optional = l->pids_is_default || l->pids_max < 0;
	s->derived = l->pids_is_default;
}

/* The bytes of "2MB", 0 if it is no page size. */
static uint64_t page_size(const char *text)
{
	static const char units[] = "KMG";
	autofree char *number = xstrdup(text);
	size_t len = strlen(number);
	const char *unit;
	uint64_t n;

	if (len < 3 || number[len - 1] != 'B')
		return 0;
	unit = strchr(units, number[len - 2]);
	number[len - 2] = '\0';
	if (!unit || str_parse_u64(number, 1U << 20, &n) < 0)
		return 0;
	return n << (10 * (unit - units + 1));
}

/*
 * The kernel counts whole pages and rounds down, which a user is told of; an
 * engine that asks has it rounded before. Pages that were reserved but
 * not touched are limited too, since mmap() takes them from everybody: there
 * since Linux 5.7.
 */
static int plan_hugepages(struct plan *plan, const struct cgroup_limits *l, struct error *err)
{
	for (size_t i = 0; i < l->n_hugepages; i++) {
		const struct cgroup_hugepage_limit *h = &l->hugepages[i];
		uint64_t page = page_size(h->size), bytes = h->bytes;
		autofree char *file = xasprintf("hugetlb.%s.max", h->size);
		autofree char *reserved = xasprintf("hugetlb.%s.rsvd.max", h->size);
		autofree char *value = NULL;

		if (page == 0)
			return error_set(err, EINVAL, "%s: '%s' is no page size",
					 name_of(plan, HUGEPAGES), h->size);
		if (plan->dialect == CGROUP_RESOURCES)
			bytes -= bytes % page;
		value = number_or_max(h->bytes > INT64_MAX / page * page ? -1 : (int64_t)bytes);
		add(plan, file, HUGEPAGES, xstrdup(value));
		add(plan, reserved, HUGEPAGES, xstrdup(value))->file_is_optional = true;
	}
	return 0;
}

static void plan_rdma(struct plan *plan, const struct cgroup_limits *l)
{
	for (size_t i = 0; i < l->n_rdma; i++) {
		const struct cgroup_rdma_limit *d = &l->rdma[i];
		struct str value = { 0 };

		str_puts(&value, d->device);
		if (d->handles >= 0)
			str_printf(&value, " hca_handle=%" PRId64, d->handles);
		if (d->objects >= 0)
			str_printf(&value, " hca_object=%" PRId64, d->objects);
		add(plan, "rdma.max", RDMA, str_take(&value));
	}
}

/* Last, since they override the others. */
static void plan_by_hand(struct plan *plan, const struct cgroup_limits *l)
{
	for (size_t i = 0; i < l->n_conf; i++) {
		struct cgroup_setting *s;

		s = add(plan, l->conf[i].file, BY_HAND, xstrdup(l->conf[i].value));
		/* Any file: what it says when read need not be what was written. */
		s->unchecked = l->dialect == CGROUP_RESOURCES;
	}
}

/**
 * cgroup_limits_plan() - Translate limits to control files
 * @settings:	List in the order to write; free with cgroup_settings_free()
 * @n:		Its length, 0 if nothing was asked for
 *
 * Return: 0, or -EINVAL if the limits contradict each other or are out of range
 */
int cgroup_limits_plan(const struct cgroup_limits *limits, struct cgroup_setting **settings,
		       size_t *n, struct error *err)
{
	struct plan plan = {
		.cap = FIXED_SETTINGS + limits->n_io + 2 * limits->n_io_weights +
		       2 * limits->n_hugepages + limits->n_rdma + limits->n_conf,
		.dialect = limits->dialect,
	};
	int r;

	if (limits->n_io > MAX_IO)
		return error_set(err, EINVAL, "%s and its like: more than %d limits",
				 name_of(&plan, IO_THROTTLE), MAX_IO);
	plan.settings = xcalloc(plan.cap, sizeof(*plan.settings));
	r = plan_memory(&plan, limits, err);
	if (r == 0)
		r = plan_cpu(&plan, limits, err);
	if (r == 0)
		r = plan_io(&plan, limits, err);
	if (r == 0)
		r = plan_hugepages(&plan, limits, err);
	if (r < 0) {
		cgroup_settings_free(plan.settings, plan.n);
		return r;
	}
	plan_rdma(&plan, limits);
	plan_pids(&plan, limits);
	plan_by_hand(&plan, limits);
	*settings = plan.settings;
	*n = plan.n;
	return 0;
}
