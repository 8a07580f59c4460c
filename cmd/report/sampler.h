/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/sampler.h - The time series of a run: --sample INTERVAL[:FILE|:fd:N]
 *
 * JSON lines. The first of a run says what it is of, then there is one for each
 * look at the container's cgroup and for each step of --at, and a last one for
 * its end. docs/timeline.md describes them; cmd/report/series.h reads them.
 */
#ifndef CMD_REPORT_SAMPLER_H
#define CMD_REPORT_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "cgroups/sample.h"
#include "runtime/deadline.h"

struct error;
struct record;
struct timeline_step;

#define SAMPLER_FILE "samples.jsonl" /* beside a container that is kept */

struct sampler {
	int fd; /* -1: no samples are wanted */
	bool may_block;
	int64_t interval_ns, start_ns;
	uint64_t written, room; /* bytes; those until the next doubling of the interval */
	uint64_t dropped;	/* lines that nobody took in time */
	struct cgroup_sampler files;
	struct deadline deadline;
};

int sampler_check(const char *spec, bool is_kept, struct error *err);
bool sampler_is_stream(const char *spec);
char *sampler_absolute(const char *spec);

void sampler_init(struct sampler *s);
int sampler_open(struct sampler *s, const char *spec, int container_dir, struct error *err);
void sampler_begin(struct sampler *s, const struct record *r, int cgroup_fd,
		   struct deadline **deadlines);
void sampler_add_step(struct sampler *s, const struct timeline_step *step);
void sampler_end(struct sampler *s, const struct record *r);
void sampler_done(struct sampler *s);

#endif
