// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/sample.c - What a cgroup uses at one moment, read often
 */
#include "cgroups/sample.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroups/stats.h"

/* memory.stat has 2 KiB; of io.stat this is a line for each of some 80 disks. */
#define READ_MAX_BYTES 8192

static const char *const names[CGROUP_SAMPLE_FILES] = {
	[CGROUP_SAMPLE_MEMORY] = "memory.current",
	[CGROUP_SAMPLE_MEMORY_STAT] = "memory.stat",
	[CGROUP_SAMPLE_MEMORY_LIMIT] = "memory.max",
	[CGROUP_SAMPLE_SWAP] = "memory.swap.current",
	[CGROUP_SAMPLE_CPU] = "cpu.stat",
	[CGROUP_SAMPLE_PIDS] = "pids.current",
	[CGROUP_SAMPLE_IO] = "io.stat",
	[CGROUP_SAMPLE_MEMORY_PRESSURE] = "memory.pressure",
	[CGROUP_SAMPLE_CPU_PRESSURE] = "cpu.pressure",
	[CGROUP_SAMPLE_IO_PRESSURE] = "io.pressure",
};

/** cgroup_sampler_init() - A sampler that has nothing open */
void cgroup_sampler_init(struct cgroup_sampler *s)
{
	for (size_t i = 0; i < CGROUP_SAMPLE_FILES; i++)
		s->fds[i] = -1;
}

/** cgroup_sampler_open() - Open what files of figures there are in a cgroup */
void cgroup_sampler_open(struct cgroup_sampler *s, int dirfd)
{
	for (size_t i = 0; i < CGROUP_SAMPLE_FILES; i++)
		s->fds[i] = openat(dirfd, names[i], O_RDONLY | O_CLOEXEC);
}

/** cgroup_sampler_close() - The second call finds nothing to do */
void cgroup_sampler_close(struct cgroup_sampler *s)
{
	for (size_t i = 0; i < CGROUP_SAMPLE_FILES; i++)
		cleanup_close(&s->fds[i]);
}

/** cgroup_sample_clear() - Nothing is known */
void cgroup_sample_clear(struct cgroup_sample *sample)
{
	memset(sample, 0xff, sizeof(*sample)); /* CGROUP_SAMPLE_NONE in each */
}

static int64_t figure(uint64_t n)
{
	return n > INT64_MAX ? CGROUP_SAMPLE_NONE : (int64_t)n; /* "max", too */
}

static int64_t number(const char *text)
{
	return strncmp(text, "max", 3) ? figure(strtoull(text, NULL, 10)) : CGROUP_SAMPLE_NONE;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=123": the first line of two. */
static int64_t pressure(const char *text)
{
	const char *total = strstr(text, "total=");

	return total ? number(total + strlen("total=")) : CGROUP_SAMPLE_NONE;
}

/**
 * cgroup_sample_parse() - Put what one file says into a sample
 * @text:	The file's content, whole lines of it
 */
void cgroup_sample_parse(struct cgroup_sample *sample, enum cgroup_sample_file file,
			 const char *text)
{
	switch (file) {
	case CGROUP_SAMPLE_MEMORY:
		sample->memory_bytes = number(text);
		break;
	case CGROUP_SAMPLE_MEMORY_STAT:
		sample->anon_bytes = figure(cgroup_keyed_value(text, "anon"));
		sample->file_bytes = figure(cgroup_keyed_value(text, "file"));
		break;
	case CGROUP_SAMPLE_MEMORY_LIMIT:
		sample->memory_limit_bytes = number(text);
		break;
	case CGROUP_SAMPLE_SWAP:
		sample->swap_bytes = number(text);
		break;
	case CGROUP_SAMPLE_CPU:
		sample->cpu_us = figure(cgroup_keyed_value(text, "usage_usec"));
		sample->throttled_us = figure(cgroup_keyed_value(text, "throttled_usec"));
		break;
	case CGROUP_SAMPLE_PIDS:
		sample->pids = number(text);
		break;
	case CGROUP_SAMPLE_IO:
		sample->io_read_bytes = figure(cgroup_nested_sum(text, "rbytes"));
		sample->io_written_bytes = figure(cgroup_nested_sum(text, "wbytes"));
		break;
	case CGROUP_SAMPLE_MEMORY_PRESSURE:
		sample->memory_pressure_us = pressure(text);
		break;
	case CGROUP_SAMPLE_CPU_PRESSURE:
		sample->cpu_pressure_us = pressure(text);
		break;
	case CGROUP_SAMPLE_IO_PRESSURE:
		sample->io_pressure_us = pressure(text);
		break;
	case CGROUP_SAMPLE_FILES:
		break;
	}
}

/** cgroup_sampler_read() - One look at all files */
void cgroup_sampler_read(const struct cgroup_sampler *s, struct cgroup_sample *sample)
{
	char text[READ_MAX_BYTES];

	cgroup_sample_clear(sample);
	for (size_t i = 0; i < CGROUP_SAMPLE_FILES; i++) {
		ssize_t n = s->fds[i] < 0 ? -1 : pread(s->fds[i], text, sizeof(text) - 1, 0);

		if (n < 0) /* not there, or just being removed */
			continue;
		while (n > 0 && text[n - 1] != '\n')
			n--;
		text[n] = '\0';
		cgroup_sample_parse(sample, (enum cgroup_sample_file)i, text);
	}
}
