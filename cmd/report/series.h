/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/series.h - A time series of --sample, read back
 *
 * The lines may come from anywhere: whatever is in them, memory stays bounded.
 * A series that is long is kept coarser, not in part.
 */
#ifndef CMD_REPORT_SERIES_H
#define CMD_REPORT_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cgroups/sample.h"

#define SERIES_MAX_POINTS 8192
#define SERIES_MAX_STEPS  256
#define SERIES_MAX_LINE	  (64U << 10)

/* The members of a line; cmd/report/sampler.c writes them from this table. */
struct series_figure {
	const char *name;
	size_t offset; /* in struct cgroup_sample */
	bool is_total; /* grows; else it is what there is at the moment */
};

enum series_figure_index {
	SERIES_MEMORY,
	SERIES_ANON,
	SERIES_FILE,
	SERIES_MEMORY_LIMIT,
	SERIES_SWAP,
	SERIES_CPU,
	SERIES_THROTTLED,
	SERIES_PIDS,
	SERIES_IO_READ,
	SERIES_IO_WRITTEN,
	SERIES_MEMORY_PRESSURE,
	SERIES_CPU_PRESSURE,
	SERIES_IO_PRESSURE,
	SERIES_FIGURES,
};

extern const struct series_figure series_figures[SERIES_FIGURES];

struct series_point {
	int64_t t_us;		     /* of the last look in it */
	struct cgroup_sample sample; /* totals: the last; others: the most */
};

struct series_step {
	int64_t t_us, took_us;
	char *text, *outcome, *error;
};

/* The last run in the file. */
struct series {
	char *name, *image, *command; /* NULL: not told */
	struct series_point *points;
	size_t n, stride, in_last; /* looks per point, and those in the last one so far */
	struct series_step *steps;
	size_t n_steps;
	char *end; /* NULL: it still runs, or nobody was there to tell */
	int64_t code;
	uint64_t runs, looks, dropped, malformed;
};

int64_t series_value(const struct series_point *p, enum series_figure_index figure);
void series_init(struct series *s);
void series_add_line(struct series *s, const char *line, size_t len);
void series_done(struct series *s);

#endif
