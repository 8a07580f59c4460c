/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/sample.h - What a cgroup uses at one moment, read often
 *
 * The control files stay open, and one look is one read of each: no
 * allocation, no path, and a bound on what is read. For a single look see
 * cgroups/stats.h.
 */
#ifndef CGROUPS_SAMPLE_H
#define CGROUPS_SAMPLE_H

#include <stdint.h>

enum cgroup_sample_file {
	CGROUP_SAMPLE_MEMORY,
	CGROUP_SAMPLE_MEMORY_STAT,
	CGROUP_SAMPLE_MEMORY_LIMIT,
	CGROUP_SAMPLE_SWAP,
	CGROUP_SAMPLE_CPU,
	CGROUP_SAMPLE_PIDS,
	CGROUP_SAMPLE_IO,
	CGROUP_SAMPLE_MEMORY_PRESSURE,
	CGROUP_SAMPLE_CPU_PRESSURE,
	CGROUP_SAMPLE_IO_PRESSURE,
	CGROUP_SAMPLE_FILES,
};

#define CGROUP_SAMPLE_NONE (-1) /* of a figure: there is no such file or no limit */

/* Bytes, and microseconds since the cgroup was made; CGROUP_SAMPLE_NONE where unknown. */
struct cgroup_sample {
	int64_t memory_bytes, anon_bytes, file_bytes, memory_limit_bytes, swap_bytes;
	int64_t cpu_us, throttled_us;
	int64_t pids;
	int64_t io_read_bytes, io_written_bytes;
	int64_t memory_pressure_us, cpu_pressure_us, io_pressure_us;
};

struct cgroup_sampler {
	int fds[CGROUP_SAMPLE_FILES]; /* -1: there is no such file */
};

void cgroup_sampler_init(struct cgroup_sampler *s);
void cgroup_sampler_open(struct cgroup_sampler *s, int dirfd);
void cgroup_sampler_read(const struct cgroup_sampler *s, struct cgroup_sample *sample);
void cgroup_sampler_close(struct cgroup_sampler *s);

/* The pure part: what one file says. */
void cgroup_sample_parse(struct cgroup_sample *sample, enum cgroup_sample_file file,
			 const char *text);
void cgroup_sample_clear(struct cgroup_sample *sample);

#endif
