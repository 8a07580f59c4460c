/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/report/course.h - What is done and seen in the course of a run: --at and --sample
 *
 *	course_open()		by whoever launches, before there is a monitor
 *	course_prepare()	the cgroup is there, the program not yet
 *	course_begin()		the program has started
 *	course_end()		it has ended, the cgroup is still there
 *	course_done()
 *
 * A run that asks for neither is none the slower.
 */
#ifndef CMD_REPORT_COURSE_H
#define CMD_REPORT_COURSE_H

#include "cmd/report/sampler.h"
#include "cmd/report/timeline.h"

struct cgroup_root;
struct context;
struct error;
struct json;
struct record;
struct settings;

struct course {
	struct timeline timeline;
	struct sampler sampler;
	const struct context *ctx;   /* for messages */
	const struct record *record; /* of the run; borrowed between begin and end */
};

void course_init(struct course *c, const struct context *ctx);
int course_open(struct course *c, const struct settings *s, const char *id, bool is_later,
		struct error *err);
int course_prepare(struct course *c, const struct settings *s, const struct cgroup_root *root,
		   const char *path, int cgroup_fd, struct error *err);
void course_begin(struct course *c, const struct record *r, int cgroup_fd, int pidfd,
		  struct deadline **deadlines);
void course_end(struct course *c, const struct record *r);
void course_report(const struct course *c, struct json *report);
void course_done(struct course *c);

#endif
