// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/series.c - A time series of --sample, read back
 *
 * Theory of operation:
 * Looks are added one after the other. Once there are SERIES_MAX_POINTS, each
 * two neighbours become one, and from then on a point takes twice as many
 * looks. A peak stays the peak by that, and a total stays right.
 */
#include "cmd/report/series.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"

#define MAX_US (INT64_C(1) << 60)

#define FIGURE(name, member, is_total)                                 \
	{                                                              \
		name, offsetof(struct cgroup_sample, member), is_total \
	}

const struct series_figure series_figures[SERIES_FIGURES] = {
	[SERIES_MEMORY] = FIGURE("memory_bytes", memory_bytes, false),
	[SERIES_ANON] = FIGURE("anon_bytes", anon_bytes, false),
	[SERIES_FILE] = FIGURE("file_bytes", file_bytes, false),
	[SERIES_MEMORY_LIMIT] = FIGURE("memory_limit_bytes", memory_limit_bytes, false),
	[SERIES_SWAP] = FIGURE("swap_bytes", swap_bytes, false),
	[SERIES_CPU] = FIGURE("cpu_us", cpu_us, true),
	[SERIES_THROTTLED] = FIGURE("throttled_us", throttled_us, true),
	[SERIES_PIDS] = FIGURE("pids", pids, false),
	[SERIES_IO_READ] = FIGURE("io_read_bytes", io_read_bytes, true),
	[SERIES_IO_WRITTEN] = FIGURE("io_written_bytes", io_written_bytes, true),
	[SERIES_MEMORY_PRESSURE] = FIGURE("memory_pressure_us", memory_pressure_us, true),
	[SERIES_CPU_PRESSURE] = FIGURE("cpu_pressure_us", cpu_pressure_us, true),
	[SERIES_IO_PRESSURE] = FIGURE("io_pressure_us", io_pressure_us, true),
};

static int64_t *value_at(struct series_point *p, size_t figure)
{
	return (int64_t *)((char *)&p->sample + series_figures[figure].offset);
}

/** series_value() - One figure of a point, CGROUP_SAMPLE_NONE if it is not known */
int64_t series_value(const struct series_point *p, enum series_figure_index figure)
{
	return *(const int64_t *)((const char *)&p->sample + series_figures[figure].offset);
}

/** series_init() - Nothing has been read */
void series_init(struct series *s)
{
	*s = (struct series){ .stride = 1 };
}

static void step_done(struct series_step *step)
{
	free(step->text);
	free(step->outcome);
	free(step->error);
}

/** series_done() - Release all, leaving it as after series_init() */
void series_done(struct series *s)
{
	free(s->name);
	free(s->image);
	free(s->command);
	free(s->end);
	free(s->points);
	for (size_t i = 0; i < s->n_steps; i++)
		step_done(&s->steps[i]);
	free(s->steps);
	series_init(s);
}

static char *text_of(const struct json *line, const char *key)
{
	const char *text = json_text(json_get(line, key));

	return text ? str_escape(text) : NULL;
}

static void begin_run(struct series *s, const struct json *line)
{
	uint64_t runs = s->runs;

	series_done(s);
	s->runs = runs + 1;
	s->name = text_of(line, "name");
	s->image = text_of(line, "image");
	s->command = text_of(line, "command");
}

static void merge(struct series_point *into, const struct series_point *later)
{
	into->t_us = later->t_us;
	for (size_t i = 0; i < SERIES_FIGURES; i++) {
		int64_t *value = value_at(into, i), other = series_value(later, i);

		if (other != CGROUP_SAMPLE_NONE && (series_figures[i].is_total || other > *value))
			*value = other;
	}
}

static void halve(struct series *s)
{
	for (size_t i = 0; i < s->n / 2; i++) {
		s->points[i] = s->points[2 * i];
		merge(&s->points[i], &s->points[2 * i + 1]);
	}
	s->n /= 2;
	s->stride *= 2;
	s->in_last = s->stride;
}

static void add_point(struct series *s, const struct series_point *p)
{
	s->looks++;
	if (s->n && s->in_last < s->stride) {
		merge(&s->points[s->n - 1], p);
		s->in_last++;
		return;
	}
	if (s->n == SERIES_MAX_POINTS)
		halve(s);
	if (!s->points)
		s->points = xcalloc(SERIES_MAX_POINTS, sizeof(*s->points));
	s->points[s->n++] = *p;
	s->in_last = 1;
}

/* False if it is no look, or one out of order. */
static bool add_look(struct series *s, const struct json *line, int64_t t_us)
{
	struct series_point p = { .t_us = t_us };
	int64_t dropped = json_int(json_get(line, "dropped"), 0);

	if (s->n && t_us < s->points[s->n - 1].t_us)
		return false;
	for (size_t i = 0; i < SERIES_FIGURES; i++) {
		int64_t value = json_int(json_get(line, series_figures[i].name),
					 CGROUP_SAMPLE_NONE);

		*value_at(&p, i) = value < 0 ? CGROUP_SAMPLE_NONE : value;
	}
	if (dropped > 0)
		s->dropped += (uint64_t)dropped;
	add_point(s, &p);
	return true;
}

static bool add_step(struct series *s, const struct json *line, int64_t t_us)
{
	int64_t took = json_int(json_get(line, "took_us"), 0);

	if (s->n_steps == SERIES_MAX_STEPS)
		return false;
	s->steps = xrealloc(s->steps, (s->n_steps + 1) * sizeof(*s->steps));
	s->steps[s->n_steps++] = (struct series_step){
		.t_us = t_us,
		.took_us = took < 0 || took > MAX_US ? 0 : took,
		.text = text_of(line, "step"),
		.outcome = text_of(line, "outcome"),
		.error = text_of(line, "error"),
	};
	return true;
}

static bool add_end(struct series *s, const struct json *line)
{
	free(s->end);
	s->end = text_of(line, "end");
	s->code = json_int(json_get(line, "code"), 0);
	return true;
}

static bool add_document(struct series *s, const struct json *line)
{
	int64_t t_us = json_int(json_get(line, "t_us"), -1);

	if (!strcmp(json_text_or(json_get(line, "kind"), ""), "samples")) {
		begin_run(s, line);
		return true;
	}
	if (!s->runs || t_us < 0 || t_us > MAX_US)
		return false;
	if (json_text(json_get(line, "step")))
		return add_step(s, line, t_us);
	if (json_text(json_get(line, "end")))
		return add_end(s, line);
	return add_look(s, line, t_us);
}

/**
 * series_add_line() - Add one line of a file
 * @line:	Without its newline; need not end with NUL
 *
 * What makes no sense is counted in s->malformed. The first line of a run
 * begins anew.
 */
void series_add_line(struct series *s, const char *line, size_t len)
{
	autojson struct json *doc = NULL;
	struct error ignored; /* a torn line of a full disk, say */

	if (len > SERIES_MAX_LINE) {
		s->malformed++;
		return;
	}
	doc = json_parse(line, len, &ignored);
	if (json_kind_of(doc) != JSON_MAP || !add_document(s, doc))
		s->malformed++;
}
