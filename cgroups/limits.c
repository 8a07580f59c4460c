// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/limits.c - What a container may use at most
 *
 * Planning (limits_plan.c) is pure: a struct cgroup_limits becomes a list of
 * control files and values, in the order in which they have to be written.
 * Applying walks it.
 */
#include "cgroups/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/hierarchy.h"
#include "cgroups/setting.h"

#define MAX_CPUS       8192
#define MAX_CONF       64 /* files, and bytes of a value below */
#define MAX_CONF_BYTES 256

/** cgroup_limits_done() - Free what @limits owns, leaving { 0 } */
void cgroup_limits_done(struct cgroup_limits *limits)
{
	free(limits->cpuset_cpus);
	free(limits->cpuset_mems);
	free(limits->io);
	free(limits->io_weights);
	for (size_t i = 0; i < limits->n_hugepages; i++)
		free(limits->hugepages[i].size);
	free(limits->hugepages);
	for (size_t i = 0; i < limits->n_rdma; i++)
		free(limits->rdma[i].device);
	free(limits->rdma);
	for (size_t i = 0; i < limits->n_conf; i++) {
		free(limits->conf[i].file);
		free(limits->conf[i].value);
	}
	free(limits->conf);
	*limits = (struct cgroup_limits){ 0 };
}

/* A copy of an array, NULL of none; what its members point to is still the original's. */
static void *copy_array(const void *from, size_t n, size_t size)
{
	void *to;

	if (n == 0)
		return NULL;
	to = xcalloc(n, size);
	memcpy(to, from, n * size);
	return to;
}

/** cgroup_limits_copy() - A deep copy; what @to held before is not freed */
void cgroup_limits_copy(struct cgroup_limits *to, const struct cgroup_limits *from)
{
	*to = *from;
	to->cpuset_cpus = xstrdup(from->cpuset_cpus);
	to->cpuset_mems = xstrdup(from->cpuset_mems);
	to->io = copy_array(from->io, from->n_io, sizeof(*to->io));
	to->io_weights = copy_array(from->io_weights, from->n_io_weights, sizeof(*to->io_weights));
	to->hugepages = copy_array(from->hugepages, from->n_hugepages, sizeof(*to->hugepages));
	for (size_t i = 0; i < from->n_hugepages; i++)
		to->hugepages[i].size = xstrdup(from->hugepages[i].size);
	to->rdma = copy_array(from->rdma, from->n_rdma, sizeof(*to->rdma));
	for (size_t i = 0; i < from->n_rdma; i++)
		to->rdma[i].device = xstrdup(from->rdma[i].device);
	to->conf = copy_array(from->conf, from->n_conf, sizeof(*to->conf));
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
	if (!(cpus >= (double)CGROUP_QUOTA_MIN_US / CGROUP_PERIOD_US && cpus <= MAX_CPUS))
		return error_set(err, EINVAL, "--cpus: must be between 0.01 and %d", MAX_CPUS);
	limits->cpu_period_us = CGROUP_PERIOD_US;
	limits->cpu_quota_us = (int64_t)(cpus * CGROUP_PERIOD_US + 0.5);
	limits->quota_is_cpus = true;
	return 0;
}

/** cgroup_limits_add_io() - Add the limit of one kind for one device */
void cgroup_limits_add_io(struct cgroup_limits *limits, const struct cgroup_io_limit *io)
{
	limits->io = xrealloc(limits->io, (limits->n_io + 1) * sizeof(*io));
	limits->io[limits->n_io++] = *io;
}

/** cgroup_limits_add_io_weight() - Add the weight for one device */
void cgroup_limits_add_io_weight(struct cgroup_limits *limits,
				 const struct cgroup_io_weight *weight)
{
	limits->io_weights = xrealloc(limits->io_weights,
				      (limits->n_io_weights + 1) * sizeof(*weight));
	limits->io_weights[limits->n_io_weights++] = *weight;
}

/** cgroup_limits_add_hugepages() - Limit the huge pages of one size, as "2MB" */
void cgroup_limits_add_hugepages(struct cgroup_limits *limits, const char *size, uint64_t bytes)
{
	struct cgroup_hugepage_limit limit = { .size = xstrdup(size), .bytes = bytes };

	limits->hugepages = xrealloc(limits->hugepages, (limits->n_hugepages + 1) * sizeof(limit));
	limits->hugepages[limits->n_hugepages++] = limit;
}

/** cgroup_limits_add_rdma() - Limit the handles and objects of one RDMA device; -1: leave it */
void cgroup_limits_add_rdma(struct cgroup_limits *limits, const char *device, int64_t handles,
			    int64_t objects)
{
	struct cgroup_rdma_limit limit = { xstrdup(device), handles, objects };

	limits->rdma = xrealloc(limits->rdma, (limits->n_rdma + 1) * sizeof(limit));
	limits->rdma[limits->n_rdma++] = limit;
}

/** cgroup_limits_add_unified() - Add one line for a control file; the caller has checked both */
void cgroup_limits_add_unified(struct cgroup_limits *limits, const char *file, const char *line)
{
	limits->conf = xrealloc(limits->conf, (limits->n_conf + 1) * sizeof(*limits->conf));
	limits->conf[limits->n_conf].file = xstrdup(file);
	limits->conf[limits->n_conf++].value = xstrdup(line);
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
	cgroup_limits_add_unified(limits, file, value);
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

/** cgroup_limits_any() - Whether anything at all was asked for */
bool cgroup_limits_any(const struct cgroup_limits *limits)
{
	struct cgroup_setting *settings = NULL;
	struct error ignored; /* impossible limits are limits; applying them says more */
	size_t n = 0;

	if (cgroup_limits_plan(limits, &settings, &n, &ignored) < 0)
		return true;
	cgroup_settings_free(settings, n);
	return n > 0;
}

/**
 * cgroup_limits_check() - Whether limits make sense and can be enforced
 * @available:	Controllers that there are, from cgroup_read_controllers(); 0: no cgroup2
 *
 * cgroup_create() does this itself; for callers that want to know before.
 *
 * Return: 0, -EINVAL, or -EOPNOTSUPP naming the flag or field and the controller
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
 * For a new cgroup: the first that fails ends it, those before stay. The limits
 * of a running container are changed by cgroup_update().
 *
 * Return: 0, or -errno, naming the flag or field in @err
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
