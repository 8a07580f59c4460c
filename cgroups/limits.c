// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/limits.c - What a container may use at most
 *
 * Planning is pure: a struct cgroup_limits becomes a list of control files and
 * values, in the order in which they have to be written. Applying walks it.
 */
#include "cgroups/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/hierarchy.h"
#include "cgroups/setting.h"

#define DEFAULT_PERIOD_US 100000 /* the kernel's, of cpu.max */
#define MIN_QUOTA_US	  1000	 /* the kernel refuses less: min_cfs_quota_period */
#define MIN_PERIOD_US	  1000
#define MAX_PERIOD_US	  1000000
#define MAX_CPUS	  8192
#define MAX_CONF	  64 /* files, and bytes of a value below */
#define MAX_CONF_BYTES	  256
#define MAX_IO		  256
#define FIXED_SETTINGS	  16 /* at least as many as plan_*() can add without io and conf */

struct plan {
	struct cgroup_setting *settings;
	size_t n, cap;
};

/** cgroup_limits_done() - Free what @limits owns, leaving { 0 } */
void cgroup_limits_done(struct cgroup_limits *limits)
{
	free(limits->cpuset_cpus);
	free(limits->cpuset_mems);
	free(limits->io);
	for (size_t i = 0; i < limits->n_conf; i++) {
		free(limits->conf[i].file);
		free(limits->conf[i].value);
	}
	free(limits->conf);
	*limits = (struct cgroup_limits){ 0 };
}

/** cgroup_limits_copy() - A deep copy; what @to held before is not freed */
void cgroup_limits_copy(struct cgroup_limits *to, const struct cgroup_limits *from)
{
	*to = *from;
	to->cpuset_cpus = from->cpuset_cpus ? xstrdup(from->cpuset_cpus) : NULL;
	to->cpuset_mems = from->cpuset_mems ? xstrdup(from->cpuset_mems) : NULL;
	to->io = NULL;
	if (from->n_io) {
		to->io = xcalloc(from->n_io, sizeof(*to->io));
		memcpy(to->io, from->io, from->n_io * sizeof(*to->io));
	}
	to->conf = NULL;
	if (from->n_conf)
		to->conf = xcalloc(from->n_conf, sizeof(*to->conf));
	for (size_t i = 0; i < from->n_conf; i++) {
		to->conf[i].file = xstrdup(from->conf[i].file);
		to->conf[i].value = xstrdup(from->conf[i].value);
	}
}

/**
 * cgroup_limits_set_cpus() - Limit to a number of processors' worth of time
 * @cpus:	At least 0.01, as in "--cpus 1.5"
 *
 * Return: 0, or -EINVAL
 */
int cgroup_limits_set_cpus(struct cgroup_limits *limits, double cpus, struct error *err)
{
	if (!(cpus >= (double)MIN_QUOTA_US / DEFAULT_PERIOD_US && cpus <= MAX_CPUS))
		return error_set(err, EINVAL, "--cpus: must be between 0.01 and %d", MAX_CPUS);
	limits->cpu_period_us = DEFAULT_PERIOD_US;
	limits->cpu_quota_us = (int64_t)(cpus * DEFAULT_PERIOD_US + 0.5);
	return 0;
}

/** cgroup_limits_add_io() - Add the limit of one kind for one device */
void cgroup_limits_add_io(struct cgroup_limits *limits, const struct cgroup_io_limit *io)
{
	limits->io = xrealloc(limits->io, (limits->n_io + 1) * sizeof(*io));
	limits->io[limits->n_io++] = *io;
}

/**
 * cgroup_limits_add_conf() - Add a control file to be set by hand ("--cgroup-conf")
 * @file:	As "memory.high": of a controller, or one of cgroup.max.*
 * @value:	One line
 *
 * The cgroup.* files that move, kill and delegate are not limits, and refused.
 *
 * Return: 0, or -EINVAL
 */
int cgroup_limits_add_conf(struct cgroup_limits *limits, const char *file, const char *value,
			   struct error *err)
{
	if (file[strspn(file, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._")] ||
	    strlen(file) > MAX_CONF_BYTES ||
	    (cgroup_controller_of_file(file) < 0 && !str_starts(file, "cgroup.max.")))
		return error_set(err, EINVAL, "--cgroup-conf: '%s' is no control file of a limit",
				 file);
	if (!*value || strlen(value) > MAX_CONF_BYTES || strchr(value, '\n'))
		return error_set(err, EINVAL, "--cgroup-conf: malformed value for '%s'", file);
	if (limits->n_conf >= MAX_CONF)
		return error_set(err, EINVAL, "--cgroup-conf: more than %d files", MAX_CONF);
	limits->conf = xrealloc(limits->conf, (limits->n_conf + 1) * sizeof(*limits->conf));
	limits->conf[limits->n_conf].file = xstrdup(file);
	limits->conf[limits->n_conf++].value = xstrdup(value);
	return 0;
}

/* Base 2 logarithm of @x >= 1 to 40 binary places: libm would be linked for this alone. */
static double log_2(double x)
{
	double result = 0, place = 0.5;

	while (x >= 2) {
		x /= 2;
		result += 1;
	}
	for (int i = 0; i < 40; i++) {
		x *= x;
		if (x >= 2) {
			result += place;
			x /= 2;
		}
		place /= 2;
	}
	return result;
}

/**
 * cgroup_weight_of_shares() - Translate CPU shares of cgroup v1 to cpu.weight
 * @shares:	2 to 262144; values outside count as the nearer end
 *
 * crun's curve (crun.1, "CPU controller"): the exponent of 10 is
 * (l² + 125 l) / 612 - 7/34 with l = log2(shares), rounded up. It passes
 * through 2 -> 1, 1024 -> 100 and 262144 -> 10000, so that both defaults meet.
 */
unsigned int cgroup_weight_of_shares(uint64_t shares)
{
	unsigned int low = 1, high = 10000;
	double l, exponent;

	if (shares <= 2)
		return low;
	if (shares >= 262144)
		return high;
	l = log_2((double)shares);
	exponent = (l * l + 125 * l) / 612 - 7.0 / 34;
	while (low < high) { /* the smallest weight whose logarithm reaches the exponent */
		unsigned int middle = (low + high) / 2;

		if (log_2(middle) / log_2(10) >= exponent - 1e-9)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static struct cgroup_setting *add(struct plan *plan, const char *file, const char *option,
				  char *value)
{
	struct cgroup_setting *s = &plan->settings[plan->n++];
	int controller = cgroup_controller_of_file(file);

	if (plan->n > plan->cap)
		abort();
	s->file = xstrdup(file);
	s->value = value;
	s->option = option;
	s->controller = controller < 0 ? CGROUP_N_CONTROLLERS : (enum cgroup_controller)controller;
	return s;
}

static char *number_or_max(int64_t n)
{
	return n < 0 ? xstrdup("max") : xasprintf("%" PRId64, n);
}

/*
 * The flag counts memory and swap together, the kernel swap alone. Asked for
 * memory only, the container gets as much swap again, as with docker; that
 * much is optional, for hosts without swap accounting.
 */
static int plan_swap(struct plan *plan, const struct cgroup_limits *l, struct error *err)
{
	int64_t memory = l->memory_bytes, both = l->memory_swap_bytes;
	struct cgroup_setting *s;

	if (both == 0 && memory <= 0)
		return 0;
	if (both == 0) {
		s = add(plan, "memory.swap.max", "--memory", number_or_max(memory));
		s->optional = true;
		return 0;
	}
	if (both < 0) {
		s = add(plan, "memory.swap.max", "--memory-swap", number_or_max(both));
		s->optional = true; /* no accounting, no limit */
		return 0;
	}
	if (memory <= 0)
		return error_set(err, EINVAL, "--memory-swap: needs --memory");
	if (both < memory)
		return error_set(
			err, EINVAL,
			"--memory-swap: is memory plus swap, so at least as much as --memory");
	add(plan, "memory.swap.max", "--memory-swap", number_or_max(both - memory));
	return 0;
}

static int plan_memory(struct plan *plan, const struct cgroup_limits *l, struct error *err)
{
	int r;

	if (l->memory_bytes > 0 && l->memory_reservation_bytes > l->memory_bytes)
		return error_set(err, EINVAL, "--memory-reservation: is more than --memory");
	r = plan_swap(plan, l, err);
	if (r < 0)
		return r;
	if (l->memory_reservation_bytes > 0)
		add(plan, "memory.low", "--memory-reservation",
		    number_or_max(l->memory_reservation_bytes));
	if (l->memory_oom_group)
		add(plan, "memory.oom.group", "--oom-group", xstrdup("1"));
	if (l->memory_bytes)
		add(plan, "memory.max", "--memory", number_or_max(l->memory_bytes));
	return 0;
}

static int plan_cpu(struct plan *plan, const struct cgroup_limits *l, struct error *err)
{
	uint64_t period = l->cpu_period_us ? l->cpu_period_us : DEFAULT_PERIOD_US;
	autofree char *quota = NULL;

	if (period < MIN_PERIOD_US || period > MAX_PERIOD_US)
		return error_set(err, EINVAL,
				 "--cpu-period: must be between %d and %d microseconds",
				 MIN_PERIOD_US, MAX_PERIOD_US);
	if (l->cpu_quota_us > 0 && l->cpu_quota_us < MIN_QUOTA_US)
		return error_set(err, EINVAL, "--cpu-quota: must be at least %d microseconds",
				 MIN_QUOTA_US);
	if (l->cpu_quota_us || l->cpu_period_us) {
		quota = number_or_max(l->cpu_quota_us ? l->cpu_quota_us : -1);
		add(plan, "cpu.max", "--cpus", xasprintf("%s %" PRIu64, quota, period));
	}
	if (l->cpu_shares)
		add(plan, "cpu.weight", "--cpu-shares",
		    xasprintf("%u", cgroup_weight_of_shares(l->cpu_shares)));
	if (l->cpuset_cpus && *l->cpuset_cpus)
		add(plan, "cpuset.cpus", "--cpuset-cpus", xstrdup(l->cpuset_cpus));
	if (l->cpuset_mems && *l->cpuset_mems)
		add(plan, "cpuset.mems", "--cpuset-mems", xstrdup(l->cpuset_mems));
	return 0;
}

static int plan_io(struct plan *plan, const struct cgroup_limits *l, struct error *err)
{
	static const struct {
		const char *key, *option;
	} kinds[] = {
		[CGROUP_IO_RBPS] = { "rbps", "--device-read-bps" },
		[CGROUP_IO_WBPS] = { "wbps", "--device-write-bps" },
		[CGROUP_IO_RIOPS] = { "riops", "--device-read-iops" },
		[CGROUP_IO_WIOPS] = { "wiops", "--device-write-iops" },
	};

	if (l->io_weight && (l->io_weight < 10 || l->io_weight > 1000))
		return error_set(err, EINVAL, "--blkio-weight: must be between 10 and 1000");
	if (l->io_weight) /* 10..1000 of v1 spread over 1..10000 of v2, as crun and runc do */
		add(plan, "io.weight", "--blkio-weight",
		    xasprintf("%u", 1 + (l->io_weight - 10) * 9999 / 990));
	for (size_t i = 0; i < l->n_io; i++) {
		const struct cgroup_io_limit *io = &l->io[i];
		autofree char *rate = io->per_second ? xasprintf("%" PRIu64, io->per_second)
						     : xstrdup("max");

		add(plan, "io.max", kinds[io->kind].option,
		    xasprintf("%u:%u %s=%s", io->major, io->minor, kinds[io->kind].key, rate));
	}
	return 0;
}

static void plan_pids(struct plan *plan, const struct cgroup_limits *l)
{
	struct cgroup_setting *s;

	if (!l->pids_max)
		return;
	s = add(plan, "pids.max", "--pids-limit", number_or_max(l->pids_max));
	/* No limit is what a missing controller gives as well. */
	s->optional = l->pids_is_default || l->pids_max < 0;
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
	struct plan plan = { .cap = FIXED_SETTINGS + limits->n_io + limits->n_conf };
	int r;

	if (limits->n_io > MAX_IO)
		return error_set(err, EINVAL, "--device-read-bps and its like: more than %d limits",
				 MAX_IO);
	plan.settings = xcalloc(plan.cap, sizeof(*plan.settings));
	r = plan_memory(&plan, limits, err);
	if (r == 0)
		r = plan_cpu(&plan, limits, err);
	if (r == 0)
		r = plan_io(&plan, limits, err);
	if (r < 0) {
		cgroup_settings_free(plan.settings, plan.n);
		return r;
	}
	plan_pids(&plan, limits);
	for (size_t i = 0; i < limits->n_conf; i++)
		add(&plan, limits->conf[i].file, "--cgroup-conf", xstrdup(limits->conf[i].value));
	*settings = plan.settings;
	*n = plan.n;
	return 0;
}

/**
 * cgroup_limits_check() - Whether limits make sense and can be enforced
 * @available:	Controllers that there are, from cgroup_read_controllers(); 0: no cgroup2
 *
 * cgroup_create() does this itself; for callers that want to know before.
 *
 * Return: 0, -EINVAL, or -EOPNOTSUPP naming the flag and the controller
 */
int cgroup_limits_check(const struct cgroup_limits *limits, unsigned int available,
			struct error *err)
{
	struct cgroup_setting *settings = NULL;
	size_t n = 0;
	int r;

	r = cgroup_limits_plan(limits, &settings, &n, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct cgroup_setting *s = &settings[i];

		if (s->optional || s->controller == CGROUP_N_CONTROLLERS)
			continue;
		if (!(available & CGROUP_BIT(s->controller)))
			r = cgroup_missing_controller(s->controller, s->option, err);
	}
	cgroup_settings_free(settings, n);
	return r;
}

/**
 * cgroup_limits_controllers() - Which controllers a cgroup needs for its limits
 * @available:	Those there are; optional settings only count with them
 */
unsigned int cgroup_limits_controllers(const struct cgroup_limits *limits, unsigned int available)
{
	struct cgroup_setting *settings = NULL;
	unsigned int wanted = 0;
	struct error ignored; /* cgroup_limits_apply() reports it */
	size_t n = 0;

	if (cgroup_limits_plan(limits, &settings, &n, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		unsigned int bit = settings[i].controller == CGROUP_N_CONTROLLERS
					   ? 0
					   : CGROUP_BIT(settings[i].controller);

		wanted |= settings[i].optional ? bit & available : bit;
	}
	/* Writes from the page cache count for the cgroup whose memory the pages are. */
	if (wanted & CGROUP_BIT(CGROUP_IO))
		wanted |= CGROUP_BIT(CGROUP_MEMORY) & available;
	cgroup_settings_free(settings, n);
	return wanted;
}

/**
 * cgroup_limits_apply() - Write all limits to a cgroup and compare what the kernel made of them
 * @dirfd:	The cgroup, with the controllers enabled that it needs
 *
 * Also changes the limits of a running container. The first that fails ends
 * it; those before stay.
 *
 * Return: 0, or -errno, naming the flag in @err
 */
int cgroup_limits_apply(int dirfd, const struct cgroup_limits *limits, struct error *err)
{
	struct cgroup_setting *settings = NULL;
	size_t n = 0;
	int r;

	r = cgroup_limits_plan(limits, &settings, &n, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = cgroup_setting_apply(dirfd, &settings[i], err);
	cgroup_settings_free(settings, n);
	return r;
}
