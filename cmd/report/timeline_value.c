// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/timeline_value.c - What may be written to a control file, checked beforehand
 *
 * A mistake in the value of a step shall be told before anything starts and not
 * when its time has come. Of files that are not listed here any value is taken;
 * the kernel judges it.
 */
#include "cmd/report/timeline_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/limits.h"
#include "cmd/units.h"

#define MIN_QUOTA_US  1000 /* the kernel's, of cpu.max */
#define MIN_PERIOD_US 1000
#define MAX_PERIOD_US 1000000

enum kind {
	KIND_SIZE,   /* bytes, or max */
	KIND_COUNT,  /* a number, or max */
	KIND_NUMBER, /* a number within bounds */
	KIND_QUOTA,  /* "QUOTA [PERIOD]", the former may be max */
	KIND_READ_ONLY,
};

static const struct rule {
	const char *file; /* with a dot at its end: all that begin so */
	enum kind kind;
	int64_t min, max;
} rules[] = {
	{ "memory.max", KIND_SIZE, 0, 0 },
	{ "memory.high", KIND_SIZE, 0, 0 },
	{ "memory.low", KIND_SIZE, 0, 0 },
	{ "memory.min", KIND_SIZE, 0, 0 },
	{ "memory.swap.max", KIND_SIZE, 0, 0 },
	{ "memory.swap.high", KIND_SIZE, 0, 0 },
	{ "memory.zswap.max", KIND_SIZE, 0, 0 },
	{ "memory.oom.group", KIND_NUMBER, 0, 1 },
	{ "memory.current", KIND_READ_ONLY, 0, 0 },
	{ "memory.stat", KIND_READ_ONLY, 0, 0 },
	{ "memory.events", KIND_READ_ONLY, 0, 0 },
	{ "pids.max", KIND_COUNT, 0, 0 },
	{ "pids.current", KIND_READ_ONLY, 0, 0 },
	{ "cpu.max", KIND_QUOTA, 0, 0 },
	{ "cpu.max.burst", KIND_NUMBER, 0, MAX_PERIOD_US *INT64_C(1000) },
	{ "cpu.weight", KIND_NUMBER, 1, 10000 },
	{ "cpu.weight.nice", KIND_NUMBER, -20, 19 },
	{ "cpu.idle", KIND_NUMBER, 0, 1 },
	{ "cpu.stat", KIND_READ_ONLY, 0, 0 },
	{ "io.stat", KIND_READ_ONLY, 0, 0 },
	{ "cgroup.max.", KIND_COUNT, 0, 0 },
	{ "hugetlb.", KIND_SIZE, 0, 0 },
};

static const struct rule *rule_of(const char *file)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (str_ends(rules[i].file, ".") ? str_starts(file, rules[i].file)
						 : !strcmp(file, rules[i].file))
			return &rules[i];
	return NULL;
}

static int wrong(const char *file, const char *value, const char *expected, struct error *err)
{
	return error_set(err, EINVAL, "'%s' takes %s, not '%s'", file, expected, value);
}

/* "64M" becomes bytes: the kernel knows no "1.5g". */
static char *size_value(const char *file, const char *value, struct error *err)
{
	int64_t bytes;

	if (!strcmp(value, "max"))
		return xstrdup(value);
	if (units_parse_size(value, &bytes) == 0)
		return xasprintf("%" PRId64, bytes);
	(void)wrong(file, value, "a size such as 512m or 1.5g, or max", err);
	return NULL;
}

static char *number_value(const char *file, const char *value, const struct rule *r,
			  struct error *err)
{
	autofree char *bounds = NULL;
	int64_t n;

	if (r->kind == KIND_COUNT && !strcmp(value, "max"))
		return xstrdup(value);
	if (str_parse_i64(value, r->min, r->kind == KIND_COUNT ? INT64_MAX : r->max, &n) == 0)
		return xstrdup(value);
	bounds = xasprintf("a number from %" PRId64 " to %" PRId64, r->min, r->max);
	(void)wrong(file, value, r->kind == KIND_COUNT ? "a number, or max" : bounds, err);
	return NULL;
}

static char *quota_value(const char *file, const char *value, struct error *err)
{
	autofree char *quota = xstrdup(value);
	char *period = strchr(quota, ' ');
	int64_t n;

	if (period)
		*period++ = '\0';
	if ((!strcmp(quota, "max") || str_parse_i64(quota, MIN_QUOTA_US, INT64_MAX, &n) == 0) &&
	    (!period || str_parse_i64(period, MIN_PERIOD_US, MAX_PERIOD_US, &n) == 0))
		return period ? xstrdup(value) : xasprintf("%s %d", value, 100000);
	(void)wrong(file, value, "'QUOTA PERIOD' in microseconds, as '50000 100000', or max", err);
	return NULL;
}

/* Those of --cgroup-conf, which says what is no limit. */
static int check_file(const char *file, const char *value, struct error *err)
{
	struct cgroup_limits limits = { 0 };
	int r;

	if (!strcmp(file, "cgroup.freeze"))
		return error_set(err, EINVAL, "say 'freeze=DURATION' instead of '%s'", file);
	if (!strcmp(file, "cgroup.kill"))
		return error_set(err, EINVAL, "say 'kill=KILL' instead of '%s'", file);
	if (str_ends(file, ".pressure"))
		return error_set(err, EINVAL, "nothing is to be set in '%s'", file);
	r = cgroup_limits_add_conf(&limits, file, value, err);
	cgroup_limits_done(&limits);
	if (r < 0 && *value)
		return error_set(err, EINVAL, "'%s' is no control file of a limit", file);
	return r < 0 ? error_set(err, EINVAL, "'%s' needs a value", file) : 0;
}

/**
 * timeline_value() - The text to write to a control file
 * @file:	As "memory.max"
 * @value:	As the user gave it
 *
 * Return: the text, to be freed; NULL with @err set
 */
char *timeline_value(const char *file, const char *value, struct error *err)
{
	const struct rule *r = rule_of(file);

	if (check_file(file, value, err) < 0)
		return NULL;
	if (!r)
		return xstrdup(value);
	switch (r->kind) {
	case KIND_SIZE:
		return size_value(file, value, err);
	case KIND_QUOTA:
		return quota_value(file, value, err);
	case KIND_READ_ONLY:
		(void)error_set(err, EINVAL, "'%s' is only to be read", file);
		return NULL;
	default:
		return number_value(file, value, r, err);
	}
}
