// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/fit/fit.c - tare fit: the smallest limits under which a command passes
 *
 * Theory of operation:
 * One resource after the other is bisected, with the others at their upper
 * ends; then all knees are tried together. Each limit is tried several times,
 * and only what passes each time is good enough: what passes now and then is
 * what makes tests flaky, and is said.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/fit/print.h"
#include "cmd/fit/trial.h"
#include "cmd/units.h"

#define MAX_REPEAT    1000
#define MAX_PRECISION 50

struct fit_options {
	const char *memory, *cpus, *pids, *format;
	int64_t repeat, precision, timeout_ms;
};

#define O(...) OPTION(struct fit_options, __VA_ARGS__)

static const struct option_def options[] = {
	O(0, "cpus", "A..B", OPTION_TEXT, cpus, "Fit --cpus, as 0.1..2; needs --timeout"),
	O(0, "format", "FORMAT", OPTION_TEXT, format, "table or json"),
	O(0, "memory", "A..B", OPTION_TEXT, memory, "Fit --memory, as 8m..1g (without swap)"),
	O(0, "pids", "A..B", OPTION_TEXT, pids, "Fit --pids-limit, as 1..200"),
	O(0, "precision", "PERCENT", OPTION_INT, precision, "Of the answer (5)"),
	O(0, "repeat", "N", OPTION_INT, repeat,
	  "Runs under each limit, all of which must pass (3)"),
	O(0, "timeout", "TIME", OPTION_DURATION, timeout_ms,
	  "A run that takes longer does not pass"),
	{ 0 },
};

/* One command line and the limits that it is tried under. */
struct fit {
	const struct context *ctx;
	const struct fit_options *o;
	char *const *operands;
	struct fit_resource resources[FIT_RESOURCES];
	struct fit_resource *varied; /* NULL: none, all are at their current limit */
};

/* ---- ranges ------------------------------------------------------------- */

static int parse_limit(enum fit_kind kind, const char *text, int64_t *limit)
{
	int64_t value;
	int r;

	switch (kind) {
	case FIT_MEMORY:
		r = units_parse_size(text, &value);
		break;
	case FIT_CPUS: /* thousandths */
		r = units_parse_cpus(text, &value);
		value = r == 0 ? value / 1000000 : 0;
		break;
	default:
		r = str_parse_i64(text, 1, INT32_MAX, &value);
	}
	if (r == 0)
		*limit = value;
	return r;
}

/* "8m..1g", rounded to whole units: up below, down above. */
static int parse_range(struct fit_resource *f, const char *spec, struct error *err)
{
	autofree char *low = xstrdup(spec);
	char *high = strstr(low, "..");
	struct fit_search *s = &f->search;

	if (!high)
		return error_set(err, EINVAL, "--%s '%s' is no range, as %s", f->name, spec,
				 f->example);
	*high = '\0';
	high += strlen("..");
	if (parse_limit(f->kind, low, &s->low) < 0 || parse_limit(f->kind, high, &s->high) < 0)
		return error_set(err, EINVAL, "--%s '%s' is no range, as %s", f->name, spec,
				 f->example);
	s->low = (s->low + s->unit - 1) / s->unit * s->unit;
	s->high = s->high / s->unit * s->unit;
	if (s->low < s->unit || s->low > s->high)
		return error_set(err, ERANGE, "--%s '%s': the first limit must be less", f->name,
				 spec);
	f->is_asked = true;
	f->limit = s->high;
	return 0;
}

/* Without a time, any share of a processor passes in the end. */
static bool has_condition(char *const *operands)
{
	for (; *operands && **operands == '-'; operands++)
		if (str_starts(*operands, "--timeout") || str_starts(*operands, "--assert"))
			return true;
	return false;
}

static int read_options(struct fit *f, struct error *err)
{
	const struct fit_options *o = f->o;
	const char *const specs[FIT_RESOURCES] = { o->memory, o->cpus, o->pids };
	bool any = false;
	int r = 0;

	if (o->repeat < 1 || o->repeat > MAX_REPEAT)
		return error_set(err, ERANGE, "--repeat must be 1 to %d", MAX_REPEAT);
	if (o->precision < 0 || o->precision > MAX_PRECISION)
		return error_set(err, ERANGE, "--precision must be 0 to %d", MAX_PRECISION);
	if (o->format && strcmp(o->format, "table") != 0 && strcmp(o->format, "json") != 0)
		return error_set(err, EINVAL, "--format is table or json, not '%s'", o->format);
	fit_resources_init(f->resources);
	for (size_t i = 0; r == 0 && i < FIT_RESOURCES; i++) {
		if (!specs[i])
			continue;
		any = true;
		r = parse_range(&f->resources[i], specs[i], err);
		f->resources[i].search.precision = (unsigned int)o->precision;
	}
	if (r == 0 && !any) {
		error_set(err, EINVAL, "nothing to fit");
		return error_hint(err, "for example: tare fit --memory 8m..1g IMAGE COMMAND");
	}
	if (r == 0 && o->cpus && !o->timeout_ms && !has_condition(f->operands)) {
		error_set(err, EINVAL, "--cpus without a time: every share of a processor passes");
		return error_hint(err, "say how long it may take: --timeout 30s");
	}
	return r;
}

/* ---- trying ------------------------------------------------------------- */

static void make_flags(const struct fit *f, struct strlist *flags)
{
	for (size_t i = 0; i < FIT_RESOURCES; i++)
		if (f->resources[i].is_asked)
			fit_add_flags(&f->resources[i], f->resources[i].limit, flags);
	if (!f->o->timeout_ms)
		return;
	strlist_take(flags, xasprintf("--timeout=%" PRId64 "ms", f->o->timeout_ms));
	strlist_add(flags, "--stop-signal=KILL"); /* its last words are of no interest */
}

static void note_most(int64_t *most, int64_t value)
{
	if (value > *most)
		*most = value;
}

static void note_run(const struct fit *f, struct fit_try *t, const struct fit_trial *trial)
{
	t->runs++;
	t->passed += trial->code == 0;
	note_most(&t->slowest_us, json_int(json_get(trial->report, "wall_us"), -1));
	if (f->varied)
		note_most(&t->peak, fit_peak(f->varied, trial->report));
	if (trial->code == EXIT_ASSERT)
		snprintf(t->reason, sizeof(t->reason), "assertion failed");
	else if (trial->code)
		snprintf(t->reason, sizeof(t->reason), "%.20s, code %d",
			 json_text_or(json_get(trial->report, "reason"), "failed"), trial->code);
}

/* Not one that a limit made fail: with more of it, it will not be otherwise. */
static bool is_mistake(const struct fit *f, int code)
{
	return code >= EXIT_TARE && code <= EXIT_NOT_FOUND && f->varied &&
	       f->varied->limit == f->varied->search.high;
}

static int try_once(struct fit *f, const struct strlist *flags, struct fit_try *t,
		    struct error *err)
{
	struct fit_trial trial;
	int r = fit_trial_run(f->ctx, flags, f->operands, &trial, err);

	if (r < 0)
		return r;
	if (is_mistake(f, trial.code)) {
		r = error_set(err, EINVAL, "it does not start: %s",
			      trial.message ? trial.message : "it said nothing");
	} else {
		note_run(f, t, &trial);
	}
	fit_trial_done(&trial);
	return r;
}

static int try_limit(void *arg, struct fit_try *t, struct error *err)
{
	autostrlist struct strlist flags = { 0 };
	struct fit *f = arg;
	int r = 0;

	if (f->varied)
		f->varied->limit = t->limit;
	make_flags(f, &flags);
	for (int64_t i = 0; r == 0 && i < f->o->repeat; i++)
		r = try_once(f, &flags, t, err);
	if (r == 0 && f->varied && isatty(STDERR_FILENO))
		fit_print_progress(f->varied, t);
	return r;
}

/* Then the others go on with their upper ends. */
static int fit_one(struct fit *f, struct fit_resource *resource, struct error *err)
{
	int r;

	f->varied = resource;
	r = fit_search(&resource->search, try_limit, f, err);
	resource->limit = resource->search.high;
	f->varied = NULL;
	return r;
}

static int fit_together(struct fit *f, struct fit_try *together, struct error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < FIT_RESOURCES; i++) {
		struct fit_resource *r = &f->resources[i];

		if (!r->is_asked)
			continue;
		if (!r->search.found)
			return 0;
		r->limit = r->search.knee;
		n++;
	}
	return n > 1 ? try_limit(f, together, err) : 0;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	struct fit f = { .ctx = ctx, .o = ctx->options, .operands = argv };
	struct fit_try together = { .peak = -1, .slowest_us = -1 };
	bool found = true;
	int r = read_options(&f, err);

	(void)argc;
	for (size_t i = 0; r == 0 && i < FIT_RESOURCES; i++)
		if (f.resources[i].is_asked) {
			r = fit_one(&f, &f.resources[i], err);
			found &= f.resources[i].search.found;
		}
	if (r == 0)
		r = fit_together(&f, &together, err);
	if (r < 0)
		return r;
	if (f.o->format && !strcmp(f.o->format, "json"))
		fit_print_json(f.resources, &together, argv);
	else
		fit_print_table(f.resources, &together);
	return found && fit_passes(&together) ? 0 : EXIT_FAULTY;
}

const struct command cmd_fit = {
	.name = "fit",
	.args = "[-- RUN-FLAG...] IMAGE|ARCHIVE|DIR [COMMAND [ARG...]]",
	.summary = "Find the smallest limits under which a command passes",
	.details =
		"Runs the command again and again, as 'tare run --rm' does, and bisects. It passes if "
		"it ends with 0, within --timeout, and fulfils what --assert says; flags for run stand "
		"between -- and the image. Its output is not shown.\n\n"
		"Only a limit under which it passes each time is good enough. Those under which it does "
		"so now and then are called flaky: keep clear of them. Of several resources each is "
		"fitted with the others at their upper ends, and then all are tried together.\n\n"
		"Memory is fitted without swap.\n\n"
		"  tare fit --memory 8m..1g ./app.tar make check\n"
		"  tare fit --cpus 0.1..2 --timeout 60s --repeat 5 -- -v ./src:/src debian make -C /src\n\n"
		"The exit code is 0 if there is an answer, 1 if the command does not pass even with the "
		"largest limits, or not with all answers together.",
	.options = options,
	COMMAND_OPTIONS(struct fit_options, .repeat = 3, .precision = 5),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_ROOT | COMMAND_PREFIX,
	.run = run,
};
