// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/timeline.c - What a run does to its container at given times: --at
 *
 * Theory of operation:
 * Each step is a deadline of the supervisor's poll loop, so a run without steps
 * has nothing to do with it. A step must not keep the loop from carrying
 * streams: a freeze is asked for and its end is the step's next deadline; what
 * is to be reclaimed is reclaimed in pieces, one for each turn of the loop. A
 * limit below what is in use makes the kernel reclaim while it is written,
 * which is not in our hands.
 */
#include "cmd/report/timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/hierarchy.h"
#include "cgroups/setting.h"
#include "cmd/report/timeline_value.h"
#include "cmd/signals.h"
#include "cmd/units.h"

#define MAX_STEPS     256
#define MAX_MS	      (INT64_C(366) * 24 * 3600 * 1000)
#define RECLAIM_PIECE (INT64_C(4) << 20)
#define RECLAIM_FILE  "memory.reclaim"
#define FREEZE_FILE   "cgroup.freeze"

/* ---- parsing ------------------------------------------------------------ */

static int parse_duration(const char *text, int64_t *ms, struct error *err)
{
	if (units_parse_duration(text, ms) < 0)
		return error_set(err, EINVAL, "'%s' is no time, as 5s or 250ms", text);
	return *ms > MAX_MS ? error_set(err, ERANGE, "'%s' is more than a year", text) : 0;
}

static int parse_freeze(struct timeline_step *s, const char *value, struct error *err)
{
	int r = parse_duration(value, &s->amount, err);

	if (r == 0 && s->amount == 0)
		r = error_set(err, ERANGE, "a freeze of no time is none");
	return r;
}

static int parse_signal(struct timeline_step *s, const char *value, struct error *err)
{
	int sig = signals_parse(value, err);

	s->amount = sig;
	return sig < 0 ? sig : 0;
}

static int parse_reclaim(struct timeline_step *s, const char *value, struct error *err)
{
	if (units_parse_size(value, &s->amount) < 0 || s->amount == 0)
		return error_set(err, EINVAL, "'%s' is no size, as 50m", value);
	s->left_bytes = s->amount;
	return 0;
}

static const struct {
	const char *name;
	enum timeline_verb verb;
	int (*parse)(struct timeline_step *s, const char *value, struct error *err);
} verbs[] = {
	{ "freeze", TIMELINE_FREEZE, parse_freeze },
	{ "kill", TIMELINE_KILL, parse_signal },
	{ "reclaim", TIMELINE_RECLAIM, parse_reclaim },
	{ RECLAIM_FILE, TIMELINE_RECLAIM, parse_reclaim },
};

static int parse_what(struct timeline_step *s, const char *name, const char *value,
		      struct error *err)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (strcmp(name, verbs[i].name) != 0)
			continue;
		s->verb = verbs[i].verb;
		return verbs[i].parse(s, value, err);
	}
	s->verb = TIMELINE_SET;
	if (!strchr(name, '.')) {
		error_set(err, EINVAL,
			  "'%s' is neither a control file nor one of freeze, kill, reclaim", name);
		return error_hint(err, "for example: --at 5s memory.max=64M --at 8s freeze=500ms");
	}
	s->file = xstrdup(name);
	s->value = timeline_value(name, value, err);
	return s->value ? 0 : -err->code;
}

/* "5s memory.max=64M" or "5s:memory.max=64M" */
static int parse_step(struct timeline_step *s, const char *spec, struct error *err)
{
	autofree char *when = xstrdup(spec);
	char *what = strpbrk(when, " :"), *value;
	int r;

	if (!what)
		return error_set(err, EINVAL, "it needs a time and what is to be done then");
	*what++ = '\0';
	s->spec = xasprintf("%s %s", when, what);
	s->text = s->spec + strlen(when) + 1;
	r = parse_duration(when, &s->at_ms, err);
	if (r < 0)
		return r;
	value = strchr(what, '=');
	if (!value || value == what)
		return error_set(err, EINVAL, "'%s' is not WHAT=VALUE", what);
	*value++ = '\0';
	return parse_what(s, what, value, err);
}

static int by_time(const void *a, const void *b)
{
	const struct timeline_step *x = a, *y = b;

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? -1 : 1;
	return x->began_us < y->began_us ? -1 : 1; /* the order of the command line */
}

/**
 * timeline_parse() - The steps of the flags, sorted
 * @t:		Zeroed; timeline_done() releases it, also after a failure
 *
 * Return: 0, -EINVAL or -ERANGE naming the flag
 */
int timeline_parse(struct timeline *t, const struct strlist *specs, struct error *err)
{
	if (specs->n > MAX_STEPS)
		return error_set(err, EINVAL, "--at: more than %d steps", MAX_STEPS);
	if (!specs->n)
		return 0;
	t->steps = xcalloc(specs->n, sizeof(*t->steps));
	for (size_t i = 0; i < specs->n; i++) {
		struct timeline_step *s = &t->steps[t->n++];
		int r = parse_step(s, specs->items[i], err);

		if (r < 0)
			return error_wrap(err, "--at '%s'", specs->items[i]);
		s->began_us = (int64_t)i;
	}
	qsort(t->steps, t->n, sizeof(*t->steps), by_time);
	return 0;
}

/** timeline_check() - Whether the flags make sense by themselves; as timeline_parse() */
int timeline_check(const struct strlist *specs, struct error *err)
{
	struct timeline t = { 0 };
	int r = timeline_parse(&t, specs, err);

	timeline_done(&t);
	return r;
}

/** timeline_done() - Release what it owns, leaving { 0 } */
void timeline_done(struct timeline *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->steps[i].spec);
		free(t->steps[i].file);
		free(t->steps[i].value);
		free(t->steps[i].error);
	}
	free(t->steps);
	*t = (struct timeline){ 0 };
}

/** timeline_touches_memory() - Whether it matters to it what memory the container is charged for */
bool timeline_touches_memory(const struct timeline *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->steps[i].verb == TIMELINE_RECLAIM ||
		    (t->steps[i].file && str_starts(t->steps[i].file, "memory.")))
			return true;
	return false;
}

/* ---- before the start --------------------------------------------------- */

/* The file that a step writes; NULL: none. */
static const char *file_of(const struct timeline_step *s)
{
	switch (s->verb) {
	case TIMELINE_FREEZE:
		return FREEZE_FILE;
	case TIMELINE_RECLAIM:
		return RECLAIM_FILE;
	case TIMELINE_SET:
		return s->file;
	default:
		return NULL;
	}
}

static int missing_file(const char *file, int cgroup_fd, const char *option, struct error *err)
{
	int controller = cgroup_controller_of_file(file);
	unsigned int here = 0;

	(void)cgroup_read_controllers(cgroup_fd, "cgroup.controllers", &here, &(struct error){ 0 });
	if (controller >= 0 && !(here & CGROUP_BIT((unsigned int)controller)))
		return cgroup_missing_controller((enum cgroup_controller)controller, option, err);
	return error_set(err, EOPNOTSUPP, "%s on this host: the kernel has no '%s'", option, file);
}

/**
 * timeline_check_files() - Whether the steps can be done in a container's cgroup
 * @cgroup_fd:	With all controllers that it will have; -1: there is none
 *
 * Return: 0, or -EOPNOTSUPP naming the step
 */
int timeline_check_files(const struct timeline *t, int cgroup_fd, struct error *err)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct timeline_step *s = &t->steps[i];
		const char *file = file_of(s);
		autofree char *option = xasprintf("--at %s", s->spec);
		struct stat st;

		if (!file)
			continue;
		if (cgroup_fd < 0)
			return error_set(err, EOPNOTSUPP, "%s: there is no cgroup v2 here", option);
		if (fstatat(cgroup_fd, file, &st, 0) < 0)
			return missing_file(file, cgroup_fd, option, err);
		if (!(st.st_mode & 0222))
			return error_set(err, EOPNOTSUPP, "%s: '%s' is only to be read", option,
					 file);
	}
	return 0;
}

/** timeline_outcome_name() - As series and reports have it */
const char *timeline_outcome_name(enum timeline_outcome outcome)
{
	static const char *const names[] = {
		[TIMELINE_NOT_REACHED] = "not-reached",
		[TIMELINE_BEGUN] = "begun",
		[TIMELINE_DONE] = "done",
		[TIMELINE_FAILED] = "failed",
	};

	return names[outcome];
}

/* ---- while it runs ------------------------------------------------------ */

static void finish(struct timeline_step *s, int64_t now_ns, const struct error *failure)
{
	struct timeline *t = s->timeline;

	s->outcome = failure ? TIMELINE_FAILED : TIMELINE_DONE;
	s->took_us = (now_ns - t->start_ns) / UNITS_NS_PER_US - s->began_us;
	if (failure)
		s->error = xstrdup(failure->msg);
	if (t->tell)
		t->tell(t->arg, s);
}

static int64_t set(struct timeline_step *s)
{
	int controller = cgroup_controller_of_file(s->file);
	const struct cgroup_setting setting = {
		.file = s->file,
		.value = s->value,
		.option = "--at",
		.controller = controller < 0 ? CGROUP_N_CONTROLLERS
					     : (enum cgroup_controller)controller,
	};
	struct error err;
	int r = cgroup_setting_apply(s->timeline->cgroup_fd, &setting, &err);

	finish(s, clock_monotonic_ns(), r < 0 ? &err : NULL);
	return 0;
}

static int64_t send_signal(struct timeline_step *s)
{
	struct error err;
	int r = sys_pidfd_send_signal(s->timeline->pidfd, (int)s->amount, NULL, 0);

	if (r < 0)
		error_sys(&err, errno, "send signal %d", (int)s->amount);
	finish(s, clock_monotonic_ns(), r < 0 ? &err : NULL);
	return 0;
}

static int begin_freeze(struct timeline *t, struct error *err)
{
	autofree char *now = t->n_frozen ? NULL : cgroup_read_control(t->cgroup_fd, FREEZE_FILE);
	int r;

	if (now && !strcmp(now, "1"))
		return error_set(err, EBUSY, "it is paused already");
	r = file_write_at(t->cgroup_fd, FREEZE_FILE, "1");
	if (r < 0)
		return error_sys(err, -r, "write '%s'", FREEZE_FILE);
	t->n_frozen++;
	return 0;
}

static int end_freeze(struct timeline *t, struct error *err)
{
	int r;

	/* Another step keeps it frozen, or somebody who will let it go himself. */
	if (--t->n_frozen || (t->is_paused && t->is_paused(t->arg)))
		return 0;
	r = file_write_at(t->cgroup_fd, FREEZE_FILE, "0");
	return r < 0 ? error_sys(err, -r, "write '%s'", FREEZE_FILE) : 0;
}

static int64_t freeze(struct timeline_step *s, int64_t now_ns)
{
	struct error err;
	bool begins = s->outcome == TIMELINE_NOT_REACHED;
	int r = begins ? begin_freeze(s->timeline, &err) : end_freeze(s->timeline, &err);

	s->outcome = TIMELINE_BEGUN;
	if (r == 0 && begins)
		return now_ns + s->amount * UNITS_NS_PER_MS;
	finish(s, clock_monotonic_ns(), r < 0 ? &err : NULL);
	return 0;
}

/* EAGAIN: less than that could be had, and how much less the kernel does not say. */
static int64_t reclaim(struct timeline_step *s, int64_t now_ns)
{
	int64_t piece = s->left_bytes < RECLAIM_PIECE ? s->left_bytes : RECLAIM_PIECE;
	autofree char *text = xasprintf("%" PRId64, piece);
	struct error err;
	int r = file_write_at(s->timeline->cgroup_fd, RECLAIM_FILE, text);

	s->outcome = TIMELINE_BEGUN;
	if (r == -EAGAIN)
		error_set(&err, EAGAIN,
			  "less could be reclaimed than asked for: %" PRId64 " of %" PRId64
			  " bytes and a part of the next %" PRId64,
			  s->amount - s->left_bytes, s->amount, piece);
	else if (r < 0)
		error_sys(&err, -r, "write '%s'", RECLAIM_FILE);
	else
		s->left_bytes -= piece;
	if (r == 0 && s->left_bytes)
		return now_ns;
	finish(s, clock_monotonic_ns(), r < 0 ? &err : NULL);
	return 0;
}

static int64_t do_step(struct deadline *d, int64_t now_ns)
{
	struct timeline_step *s =
		(struct timeline_step *)((char *)d - offsetof(struct timeline_step, deadline));

	if (s->outcome == TIMELINE_NOT_REACHED)
		s->began_us = (now_ns - s->timeline->start_ns) / UNITS_NS_PER_US;
	switch (s->verb) {
	case TIMELINE_FREEZE:
		return freeze(s, now_ns);
	case TIMELINE_KILL:
		return send_signal(s);
	case TIMELINE_RECLAIM:
		return reclaim(s, now_ns);
	default:
		return set(s);
	}
}

/**
 * timeline_begin() - The container's program has started
 * @cgroup_fd:	Borrowed until timeline_end()
 * @pidfd:	Likewise
 * @deadlines:	Of the loop that waits for it
 */
void timeline_begin(struct timeline *t, int cgroup_fd, int pidfd, struct deadline **deadlines)
{
	t->cgroup_fd = cgroup_fd;
	t->pidfd = pidfd;
	t->start_ns = clock_monotonic_ns();
	t->n_frozen = 0;
	for (size_t i = 0; i < t->n; i++) {
		struct timeline_step *s = &t->steps[i];

		s->timeline = t;
		s->outcome = TIMELINE_NOT_REACHED;
		s->left_bytes = s->amount;
		free(s->error);
		s->error = NULL;
		s->deadline.due = do_step;
		deadline_add(deadlines, &s->deadline, t->start_ns + s->at_ms * UNITS_NS_PER_MS);
	}
}

/** timeline_end() - It has ended: a freeze or reclaim that it was in ends as well */
void timeline_end(struct timeline *t)
{
	int64_t now = clock_monotonic_ns();

	for (size_t i = 0; i < t->n; i++)
		if (t->steps[i].outcome == TIMELINE_BEGUN)
			finish(&t->steps[i], now, NULL);
	t->n_frozen = 0;
}
