// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/stats.c - What a cgroup uses, and what its limits did
 *
 * A file that does not exist (no such controller here, or an older kernel)
 * leaves its figures 0; any other failure ends the reading.
 */
#include "cgroups/stats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"

/* io.stat has a line per device, 100 bytes or so each. */
#define STAT_MAX_BYTES (1U << 20)

/**
 * cgroup_read_stat() - Read one file of figures
 * @r:		Nothing is done if it is negative; so a row of reads needs one check
 *
 * Return: the text, to be freed; NULL with *@r == 0: there is no such file
 */
char *cgroup_read_stat(int dirfd, const char *file, int *r, struct error *err)
{
	char *text = NULL;
	size_t len;

	if (*r < 0)
		return NULL;
	*r = file_read_at(dirfd, file, STAT_MAX_BYTES, &text, &len, err);
	/* EOPNOTSUPP: pressure with psi=0; ENODEV: the cgroup is just being removed. */
	if (*r == -ENOENT || *r == -EOPNOTSUPP)
		*r = 0;
	return text;
}

static uint64_t parse_value(const char *text)
{
	if (!strncmp(text, "max", 3))
		return CGROUP_NO_LIMIT;
	return strtoull(text, NULL, 10); /* written by the kernel */
}

/** cgroup_read_value() - The number in a file that has only that; 0 if there is none */
uint64_t cgroup_read_value(int dirfd, const char *file, int *r, struct error *err)
{
	autofree char *text = cgroup_read_stat(dirfd, file, r, err);

	return text ? parse_value(text) : 0;
}

/**
 * cgroup_find_key() - The rest of the line that begins with a key and a blank
 * @text:	Lines as "oom_kill 3", or NULL
 *
 * Return: NULL if there is none
 */
const char *cgroup_find_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line && *line;) {
		if (!strncmp(line, key, len) && line[len] == ' ')
			return line + len + 1;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return NULL;
}

/** cgroup_keyed_value() - A number by its key in a flat-keyed file; 0 if that is not there */
uint64_t cgroup_keyed_value(const char *text, const char *key)
{
	const char *value = cgroup_find_key(text, key);

	return value ? parse_value(value) : 0;
}

/** cgroup_keyed_json() - All keys of a flat-keyed file; of NULL: none */
struct json *cgroup_keyed_json(const char *text)
{
	struct json *map = json_new_map();
	autostrlist struct strlist lines = { 0 };

	strlist_split(&lines, text ? text : "", '\n');
	for (size_t i = 0; i < lines.n; i++) {
		char *space = strchr(lines.items[i], ' ');

		if (!space)
			continue;
		*space = '\0';
		json_set_u64(map, lines.items[i], strtoull(space + 1, NULL, 10));
	}
	return map;
}

/**
 * cgroup_nested_sum() - Sum one key over all lines of a nested-keyed file
 * @text:	Lines as "8:0 rbytes=1 wbytes=2", or NULL
 * @key:	As "rbytes"
 */
uint64_t cgroup_nested_sum(const char *text, const char *key)
{
	size_t len = strlen(key);
	uint64_t sum = 0;

	for (const char *p = text ? strstr(text, key) : NULL; p; p = strstr(p + len, key))
		if (p > text && p[-1] == ' ' && p[len] == '=')
			sum += parse_value(p + len + 1);
	return sum;
}

static int read_memory(int dirfd, struct cgroup_memory_stats *m, struct error *err)
{
	autofree char *current = NULL, *stat = NULL, *events = NULL;
	int r = 0;

	current = cgroup_read_stat(dirfd, "memory.current", &r, err);
	if (!current)
		return r;
	m->present = true;
	m->current_bytes = parse_value(current);
	stat = cgroup_read_stat(dirfd, "memory.stat", &r, err);
	m->inactive_file_bytes = cgroup_keyed_value(stat, "inactive_file");
	m->swap_bytes = cgroup_read_value(dirfd, "memory.swap.current", &r, err);
	m->peak_bytes = cgroup_read_value(dirfd, "memory.peak", &r, err);
	m->max_bytes = cgroup_read_value(dirfd, "memory.max", &r, err);
	events = cgroup_read_stat(dirfd, "memory.events", &r, err);
	m->oom = cgroup_keyed_value(events, "oom");
	m->oom_kill = cgroup_keyed_value(events, "oom_kill");
	m->high = cgroup_keyed_value(events, "high");
	m->max = cgroup_keyed_value(events, "max");
	return r;
}

static int read_cpu(int dirfd, struct cgroup_cpu_stats *c, struct error *err)
{
	autofree char *stat = NULL;
	int r = 0;

	stat = cgroup_read_stat(dirfd, "cpu.stat", &r, err);
	c->usage_us = cgroup_keyed_value(stat, "usage_usec");
	c->periods = cgroup_keyed_value(stat, "nr_periods");
	c->throttled = cgroup_keyed_value(stat, "nr_throttled");
	c->throttled_us = cgroup_keyed_value(stat, "throttled_usec");
	return r;
}

static int read_pids(int dirfd, struct cgroup_pids_stats *p, struct error *err)
{
	autofree char *current = NULL, *events = NULL;
	int r = 0;

	current = cgroup_read_stat(dirfd, "pids.current", &r, err);
	if (!current)
		return r;
	p->present = true;
	p->current = parse_value(current);
	p->peak = cgroup_read_value(dirfd, "pids.peak", &r, err);
	p->max = cgroup_read_value(dirfd, "pids.max", &r, err);
	events = cgroup_read_stat(dirfd, "pids.events", &r, err);
	p->refused = cgroup_keyed_value(events, "max");
	return r;
}

static int read_io(int dirfd, struct cgroup_io_stats *io, struct error *err)
{
	autofree char *stat = NULL;
	int r = 0;

	stat = cgroup_read_stat(dirfd, "io.stat", &r, err);
	if (!stat)
		return r;
	io->present = true;
	io->read_bytes = cgroup_nested_sum(stat, "rbytes");
	io->written_bytes = cgroup_nested_sum(stat, "wbytes");
	return r;
}

/* The total of the line "some avg10=0.00 avg60=0.00 avg300=0.00 total=123". */
static uint64_t read_pressure(int dirfd, const char *file, int *r, struct error *err)
{
	autofree char *text = cgroup_read_stat(dirfd, file, r, err);
	char *end = text ? strchr(text, '\n') : NULL;

	if (end)
		*end = '\0';
	return cgroup_nested_sum(text, "total");
}

/**
 * cgroup_read_stats() - Read all figures of a cgroup
 * @stats:	Written on success
 *
 * Works on an empty cgroup too: what a container used is read after its end
 * and before cgroup_remove().
 *
 * Return: 0, -ENODEV if the cgroup is gone, or -errno
 */
int cgroup_read_stats(int dirfd, struct cgroup_stats *stats, struct error *err)
{
	struct cgroup_stats s = { 0 };
	int r;

	r = read_memory(dirfd, &s.memory, err);
	if (r == 0)
		r = read_cpu(dirfd, &s.cpu, err);
	if (r == 0)
		r = read_pids(dirfd, &s.pids, err);
	if (r == 0)
		r = read_io(dirfd, &s.io, err);
	s.memory_pressure_us = read_pressure(dirfd, "memory.pressure", &r, err);
	s.cpu_pressure_us = read_pressure(dirfd, "cpu.pressure", &r, err);
	s.io_pressure_us = read_pressure(dirfd, "io.pressure", &r, err);
	if (r == 0)
		*stats = s;
	return r;
}

/**
 * cgroup_memory_usage() - Memory in use, in bytes, as docker counts it
 *
 * Without the file cache that the kernel would give up first.
 */
uint64_t cgroup_memory_usage(const struct cgroup_stats *stats)
{
	const struct cgroup_memory_stats *m = &stats->memory;

	return m->current_bytes > m->inactive_file_bytes ? m->current_bytes - m->inactive_file_bytes
							 : m->current_bytes;
}
