// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/limits.c - The limits of a container, from flags to what cgroups/ takes
 *
 * docs/limits.md says what each flag becomes, and why.
 */
#include "cmd/limits.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/cpulist.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/group.h"
#include "cgroups/setting.h"
#include "cmd/io_limit.h"
#include "cmd/units.h"

#define DEFAULT_PIDS_LIMIT 2048
#define MAX_BURST_US	   INT64_C(1000000000)
#define MAX_QUOTA_US	   ((INT64_C(1) << 44) - 1) /* the kernel's: MAX_BW */
#define MAX_PIDS	   INT64_C(4194304)	    /* PID_MAX_LIMIT */

/** limits_parse_cpus() - --cpus: a decimal; 0 asks for nothing, as with docker, -1 for no limit */
int limits_parse_cpus(void *member, const char *value, struct error *err)
{
	if (!strcmp(value, "0") || !strcmp(value, "-1"))
		*(int64_t *)member = *value == '0' ? 0 : -1;
	else if (units_parse_cpus(value, member) < 0)
		return error_set(err, EINVAL, "'%s' is no number of CPUs", value);
	return 0;
}

/** limits_parse_burst() - --cpu-burst: microseconds; none is -1 in the settings */
int limits_parse_burst(void *member, const char *value, struct error *err)
{
	int64_t us;

	if (str_parse_i64(value, 0, MAX_BURST_US, &us) < 0)
		return error_set(err, EINVAL, "'%s' is no number of microseconds", value);
	*(int64_t *)member = us ? us : -1;
	return 0;
}

/** limits_parse_group() - --oom-group, --oom-group=false; the latter is -1 in the settings */
int limits_parse_group(void *member, const char *value, struct error *err)
{
	bool on = !value || !strcmp(value, "true") || !strcmp(value, "1");

	if (!on && strcmp(value, "false") != 0 && strcmp(value, "0") != 0)
		return error_set(err, EINVAL, "'%s' is neither true nor false", value);
	*(int64_t *)member = on ? 1 : -1;
	return 0;
}

/** limits_are_asked() - Whether the user asked for any limit */
bool limits_are_asked(const struct settings *s)
{
	return s->memory_bytes || s->memory_swap_bytes || s->memory_reservation_bytes ||
	       s->memory_min_bytes || s->memory_high_bytes || s->oom_group || s->nano_cpus ||
	       s->cpu_shares || s->cpu_weight || s->cpu_quota_us || s->cpu_period_us ||
	       s->cpu_burst_us || s->pids_max || s->io_weight || s->io_weights.n ||
	       s->cpuset_cpus || s->cpuset_mems || s->vcpus || s->hugetlb.n || s->cgroup_conf.n ||
	       s->timeline.n || io_limit_count(s->io_limits);
}

/** limits_reach_memory() - Whether the user had its memory limited, so that kills are likely */
bool limits_reach_memory(const struct settings *s)
{
	bool asked = s->memory_bytes || s->slice || s->cgroup_parent || s->timeline.n;

	for (size_t i = 0; !asked && i < s->cgroup_conf.n; i++)
		asked = str_starts(s->cgroup_conf.items[i], "memory.");
	return asked;
}

struct range {
	const char *flag;
	int64_t value, min, max;
	bool or_none; /* -1 is "no limit" */
};

static int check_range(const struct range *r, struct error *err)
{
	if (!r->value || (r->or_none && r->value == -1) ||
	    (r->value >= r->min && r->value <= r->max))
		return 0;
	return error_set(err, ERANGE, "%s must be %lld to %lld%s", r->flag, (long long)r->min,
			 (long long)r->max, r->or_none ? ", or -1 for no limit" : "");
}

static int check_ranges(const struct settings *s, struct error *err)
{
	const struct range ranges[] = {
		{ "--cpu-shares", s->cpu_shares, 2, 262144, false },
		{ "--cpu-weight", s->cpu_weight, 1, 10000, false },
		{ "--vcpus", s->vcpus, 1, CPULIST_MAX, false },
		{ "--blkio-weight", s->io_weight, 10, 1000, true },
		{ "--cpu-period", s->cpu_period_us, 1000, 1000000, false },
		{ "--cpu-quota", s->cpu_quota_us, 1000, MAX_QUOTA_US, true },
		{ "--pids-limit", s->pids_max, 1, MAX_PIDS, true },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(ranges) / sizeof(*ranges); i++)
		r = check_range(&ranges[i], err);
	return r;
}

static int check_together(const struct settings *s, struct error *err)
{
	if (s->memory_swap_bytes > 0 && !s->memory_bytes)
		return error_set(err, EINVAL, "--memory-swap needs --memory");
	if (s->memory_swap_bytes > 0 && s->memory_swap_bytes < s->memory_bytes)
		return error_set(err, EINVAL,
				 "--memory-swap is memory and swap together: it cannot "
				 "be less than --memory");
	if (s->nano_cpus && (s->cpu_quota_us || s->cpu_period_us))
		return error_set(err, EINVAL,
				 "--cpus and --cpu-quota/--cpu-period exclude each other");
	if (s->cpu_shares && s->cpu_weight)
		return error_set(err, EINVAL, "--cpu-shares and --cpu-weight exclude each other");
	if (s->cpu_burst_us > 0 && s->nano_cpus <= 0 && s->cpu_quota_us <= 0)
		return error_set(err, EINVAL, "--cpu-burst needs --cpus or --cpu-quota");
	return 0;
}

/* "2MB=64m"; what sizes of page there are, cgroups/ and the kernel know. */
static int add_hugetlb(struct cgroup_limits *limits, const char *spec, struct error *err)
{
	autofree char *size = xstrdup(spec);
	char *value = strchr(size, '=');
	int64_t bytes = -1; /* no limit */

	if (!value || value == size)
		return error_set(err, EINVAL, "--hugetlb '%s' is not SIZE=LIMIT, as 2MB=64m", spec);
	*value++ = '\0';
	if (strcmp(value, "-1") != 0 && units_parse_size(value, &bytes) < 0)
		return error_set(err, EINVAL, "--hugetlb '%s': '%s' is no size", spec, value);
	cgroup_limits_add_hugepages(limits, size, (uint64_t)bytes);
	return 0;
}

static int add_conf(struct cgroup_limits *limits, const char *spec, struct error *err)
{
	autofree char *file = xstrdup(spec);
	char *value = strchr(file, '=');

	if (!value)
		return error_set(err, EINVAL, "--cgroup-conf '%s' is not FILE=VALUE", spec);
	*value++ = '\0';
	return cgroup_limits_add_conf(limits, file, value, err);
}

static int add_lists(const struct settings *s, struct cgroup_limits *limits, struct error *err)
{
	int r = io_limit_add_all(limits, s->io_limits, err);

	for (size_t i = 0; r == 0 && i < s->io_weights.n; i++)
		r = io_limit_add_weight(limits, s->io_weights.items[i], err);
	for (size_t i = 0; r == 0 && i < s->hugetlb.n; i++)
		r = add_hugetlb(limits, s->hugetlb.items[i], err);
	for (size_t i = 0; r == 0 && i < s->cgroup_conf.n; i++)
		r = add_conf(limits, s->cgroup_conf.items[i], err);
	return r;
}

/**
 * limits_of_settings() - The cgroup limits of a container
 * @limits:	Zeroed; cgroup_limits_done() releases it, also after a failure
 *
 * The disks are looked up now.
 *
 * Return: 0, -EINVAL or -ERANGE for what makes no sense, or -errno of a disk
 */
int limits_of_settings(const struct settings *s, struct cgroup_limits *limits, struct error *err)
{
	int r = check_ranges(s, err);

	if (r == 0)
		r = check_together(s, err);
	if (r < 0)
		return r;
	limits->memory_bytes = s->memory_bytes;
	limits->memory_swap_bytes = s->memory_swap_bytes;
	limits->memory_reservation_bytes = s->memory_reservation_bytes;
	limits->memory_min_bytes = s->memory_min_bytes;
	limits->memory_high_bytes = s->memory_high_bytes;
	limits->memory_oom_group = (int)s->oom_group;
	limits->cpu_quota_us = s->cpu_quota_us;
	limits->cpu_period_us = (uint64_t)s->cpu_period_us;
	limits->cpu_shares = (uint64_t)s->cpu_shares;
	limits->cpu_weight = (uint64_t)s->cpu_weight;
	limits->has_cpu_burst = s->cpu_burst_us != 0;
	limits->cpu_burst_us = s->cpu_burst_us > 0 ? (uint64_t)s->cpu_burst_us : 0;
	limits->cpuset_cpus = xstrdup(s->cpuset_cpus);
	limits->cpuset_mems = xstrdup(s->cpuset_mems);
	limits->io_weight = (unsigned int)s->io_weight;
	limits->pids_is_default = !s->pids_max;
	limits->pids_max = s->pids_max ? s->pids_max : DEFAULT_PIDS_LIMIT;
	if (s->nano_cpus < 0)
		limits->cpu_quota_us = CGROUP_UNLIMITED;
	if (s->nano_cpus > 0)
		r = cgroup_limits_set_cpus(limits, (double)s->nano_cpus / 1e9, err);
	return r == 0 ? add_lists(s, limits, err) : r;
}

static bool is_plain_path(const struct strlist *parts)
{
	for (size_t i = 0; i < parts->n; i++)
		if (!*parts->items[i] || !strcmp(parts->items[i], ".") ||
		    !strcmp(parts->items[i], ".."))
			return false;
	return parts->n > 0;
}

/* A path below the cgroup root, and none of ours. */
static int check_parent(const char *parent, struct error *err)
{
	autostrlist struct strlist parts = { 0 };

	if (!parent)
		return 0;
	strlist_split(&parts, parent + (*parent == '/'), '/');
	if (!is_plain_path(&parts))
		return error_set(err, EINVAL, "--cgroup-parent '%s' is no path of a cgroup",
				 parent);
	if (!strcmp(parts.items[0], CGROUP_PARENT) && parts.n > 1)
		return error_set(err, EINVAL,
				 "--cgroup-parent '%s': what is below '%s' belongs to containers",
				 parent, CGROUP_PARENT);
	return 0;
}

/** limits_check() - Whether the limits make sense by themselves; 0 or as limits_of_settings() */
int limits_check(const struct settings *s, struct error *err)
{
	struct cgroup_limits limits = { 0 };
	struct cgroup_setting *plan = NULL;
	size_t n = 0;
	int r = check_parent(s->cgroup_parent, err);

	if (r < 0 || !limits_are_asked(s))
		return r;
	r = limits_of_settings(s, &limits, err);
	if (r == 0)
		r = cgroup_limits_plan(&limits, &plan, &n, err);
	cgroup_settings_free(plan, n);
	cgroup_limits_done(&limits);
	return r;
}

/** limits_cgroup_path() - Where the cgroup of a container is, below the root; freed by the caller */
char *limits_cgroup_path(const struct settings *s, const char *id)
{
	const char *parent = s->cgroup_parent ? s->cgroup_parent : CGROUP_PARENT;

	return xasprintf("%s/%s", parent + (*parent == '/'), id);
}

/** limits_refuse() - The error of --strict, for what cgroup_limits_remark() found */
int limits_refuse(const struct strlist *remarks, struct error *err)
{
	autofree char *all = strlist_join(remarks, "; ");

	error_set(err, ERANGE, "the limits would not hold as asked for: %s", all);
	return error_hint(err, "without --strict it starts, with a warning");
}
