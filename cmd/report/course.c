// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/course.c - What is done and seen in the course of a run: --at and --sample
 */
#include "cmd/report/course.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cgroups/hierarchy.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/settings.h"
#include "cmd/units.h"
#include "runtime/record.h"

/** course_init() - Nothing is done, nothing seen */
void course_init(struct course *c, const struct context *ctx)
{
	c->timeline = (struct timeline){ 0 };
	c->ctx = ctx;
	c->record = NULL;
	sampler_init(&c->sampler);
}

/**
 * course_open() - Open what the samples go to
 * @id:		Of the container, which is on record
 * @is_later:	This is not the command with the flag: descriptors that it named mean nothing
 */
int course_open(struct course *c, const struct settings *s, const char *id, bool is_later,
		struct error *err)
{
	autoclose int dir = -1;

	if (!s->sample || (is_later && sampler_is_stream(s->sample)))
		return 0;
	if (!s->auto_remove) {
		dir = record_open_dir(&c->ctx->store, id, false);
		if (dir < 0)
			return error_sys(err, -dir, "open the container's directory");
	}
	return sampler_open(&c->sampler, s->sample, dir, err);
}

/**
 * course_prepare() - See that what is asked for can be done
 * @cgroup_fd:	The container's cgroup; -1: it has none
 *
 * What is counted in a container without limits is little: all controllers
 * that there are shall count for it.
 *
 * Return: 0, or -EOPNOTSUPP
 */
int course_prepare(struct course *c, const struct settings *s, const struct cgroup_root *root,
		   const char *path, int cgroup_fd, struct error *err)
{
	int r;

	if (!s->timeline.n && c->sampler.fd < 0)
		return 0;
	if (cgroup_fd >= 0)
		cgroup_offer_controllers(root, path);
	timeline_done(&c->timeline);
	r = timeline_parse(&c->timeline, &s->timeline, err);
	return r == 0 ? timeline_check_files(&c->timeline, cgroup_fd, err) : r;
}

static void tell(void *arg, const struct timeline_step *step)
{
	struct course *c = arg;

	sampler_add_step(&c->sampler, step);
	if (step->outcome == TIMELINE_FAILED)
		message_warning(c->ctx, "--at %s: %s", step->spec, step->error);
}

/* `tare pause` has it on record, where our own copy does not. */
static bool is_paused(void *arg)
{
	const struct course *c = arg;
	autorecord struct record now;
	struct error ignored;

	record_init(&now);
	return record_read(&c->ctx->store, c->record->id, &now, &ignored) == 0 &&
	       now.status == RECORD_PAUSED;
}

/** course_begin() - The program has started; the descriptors are borrowed until course_end() */
void course_begin(struct course *c, const struct record *r, int cgroup_fd, int pidfd,
		  struct deadline **deadlines)
{
	c->record = r;
	c->timeline.tell = tell;
	c->timeline.is_paused = is_paused;
	c->timeline.arg = c;
	sampler_begin(&c->sampler, r, cgroup_fd, deadlines);
	timeline_begin(&c->timeline, cgroup_fd, pidfd, deadlines);
}

/** course_end() - It has ended, as @r says */
void course_end(struct course *c, const struct record *r)
{
	timeline_end(&c->timeline);
	sampler_end(&c->sampler, r);
	for (size_t i = 0; i < c->timeline.n; i++) {
		const struct timeline_step *step = &c->timeline.steps[i];

		if (step->outcome == TIMELINE_NOT_REACHED)
			message_warning(c->ctx, "--at %s: it had ended before", step->spec);
	}
}

static struct json *step_json(const struct timeline_step *step)
{
	bool reached = step->outcome != TIMELINE_NOT_REACHED;
	struct json *map = json_new_map();

	json_set_int(map, "at_us", step->at_ms * UNITS_US_PER_MS);
	json_set_text(map, "step", step->text);
	json_set_text(map, "outcome", timeline_outcome_name(step->outcome));
	json_set(map, "began_us", reached ? json_new_int(step->began_us) : json_new_nil());
	json_set(map, "took_us", reached ? json_new_int(step->took_us) : json_new_nil());
	json_set_text(map, "error", step->error);
	return map;
}

/** course_report() - Add to the report of a run what became of each step; NULL: nobody wants it */
void course_report(const struct course *c, struct json *report)
{
	struct json *list;

	if (!report || !c->timeline.n)
		return;
	list = json_new_list();
	for (size_t i = 0; i < c->timeline.n; i++)
		json_add(list, step_json(&c->timeline.steps[i]));
	json_set(report, "timeline", list);
}

/** course_done() - Release all; safe twice */
void course_done(struct course *c)
{
	timeline_done(&c->timeline);
	sampler_done(&c->sampler);
}
