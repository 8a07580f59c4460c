// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/io_limit.c - --device-read-bps and its like: PATH:RATE
 */
#include "cmd/io_limit.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/units.h"

/* 0 is no limit, and written as -1. The kernel refuses 1. */
static int parse_rate(enum cgroup_io_kind kind, const char *text, uint64_t *rate)
{
	int64_t bytes;
	int r;

	if (!strcmp(text, "-1")) {
		*rate = 0;
		return 0;
	}
	if (kind == CGROUP_IO_RIOPS || kind == CGROUP_IO_WIOPS)
		r = str_parse_i64(text, 0, INT64_MAX, &bytes);
	else
		r = units_parse_size(text, &bytes);
	if (r == 0)
		*rate = (uint64_t)bytes;
	return r == 0 && bytes < 2 ? -EINVAL : r;
}

/**
 * io_limit_parse() - Take PATH:RATE apart
 * @kind:	Rates of bytes may have a suffix, as 1m; -1, which becomes 0, is no limit
 * @path:	Freed by the caller
 *
 * Return: 0, or -EINVAL
 */
int io_limit_parse(enum cgroup_io_kind kind, const char *spec, char **path, uint64_t *rate,
		   struct error *err)
{
	const char *colon = strrchr(spec, ':');
	uint64_t value = 0;

	if (!colon || spec[0] != '/' || parse_rate(kind, colon + 1, &value) < 0)
		return error_set(err, EINVAL,
				 "disk limit '%s' is not PATH:RATE, as '/dev/sda:%s', at least 2",
				 spec,
				 kind == CGROUP_IO_RBPS || kind == CGROUP_IO_WBPS ? "1m" : "100");
	*path = xstrndup(spec, (size_t)(colon - spec));
	*rate = value;
	return 0;
}

/* The kernel counts by disk, and knows no limit for a part of one. */
static int check_whole_disk(const char *path, dev_t device, struct error *err)
{
	autofree char *partition = xasprintf("/sys/dev/block/%u:%u/partition", major(device),
					     minor(device));

	if (access(partition, F_OK) < 0)
		return 0;
	error_set(err, EINVAL, "limit disk '%s': it is a partition", path);
	return error_hint(err, "limits are for whole disks: name the one that it is on");
}

static int find_disk(const char *path, unsigned int *major_out, unsigned int *minor_out,
		     struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return error_sys(err, errno, "limit disk '%s'", path);
	if (!S_ISBLK(st.st_mode))
		return error_set(err, ENOTBLK, "limit disk '%s': it is no block device", path);
	*major_out = major(st.st_rdev);
	*minor_out = minor(st.st_rdev);
	return check_whole_disk(path, st.st_rdev, err);
}

/** io_limit_add() - Look the disk of PATH:RATE up and add its limit */
int io_limit_add(struct cgroup_limits *to, enum cgroup_io_kind kind, const char *spec,
		 struct error *err)
{
	struct cgroup_io_limit limit = { .kind = kind };
	autofree char *path = NULL;
	int r;

	r = io_limit_parse(kind, spec, &path, &limit.per_second, err);
	if (r == 0)
		r = find_disk(path, &limit.major, &limit.minor, err);
	if (r == 0)
		cgroup_limits_add_io(to, &limit);
	return r;
}

/** io_limit_parse_weight() - Take PATH:WEIGHT apart; as io_limit_parse() */
int io_limit_parse_weight(const char *spec, char **path, unsigned int *weight, struct error *err)
{
	const char *colon = strrchr(spec, ':');
	uint64_t value = 0;

	if (!colon || spec[0] != '/' || str_parse_u64(colon + 1, 1000, &value) < 0 || value < 10)
		return error_set(err, EINVAL,
				 "disk weight '%s' is not PATH:WEIGHT, as '/dev/sda:500', with 10 "
				 "to 1000",
				 spec);
	*path = xstrndup(spec, (size_t)(colon - spec));
	*weight = (unsigned int)value;
	return 0;
}

/** io_limit_add_weight() - Look the disk of PATH:WEIGHT up and add its weight */
int io_limit_add_weight(struct cgroup_limits *to, const char *spec, struct error *err)
{
	struct cgroup_io_weight weight = { 0 };
	autofree char *path = NULL;
	int r;

	r = io_limit_parse_weight(spec, &path, &weight.weight, err);
	if (r == 0)
		r = find_disk(path, &weight.major, &weight.minor, err);
	if (r == 0)
		cgroup_limits_add_io_weight(to, &weight);
	return r;
}

/** io_limit_count() - How many limits of disks were asked for */
size_t io_limit_count(const struct strlist limits[CGROUP_IO_KINDS])
{
	size_t n = 0;

	for (size_t i = 0; i < CGROUP_IO_KINDS; i++)
		n += limits[i].n;
	return n;
}

/** io_limit_add_all() - Look the disks up and add their limits to those of the cgroup */
int io_limit_add_all(struct cgroup_limits *to, const struct strlist limits[CGROUP_IO_KINDS],
		     struct error *err)
{
	int r = 0;

	for (enum cgroup_io_kind kind = 0; kind < CGROUP_IO_KINDS; kind++)
		for (size_t i = 0; r == 0 && i < limits[kind].n; i++)
			r = io_limit_add(to, kind, limits[kind].items[i], err);
	return r;
}
