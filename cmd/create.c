// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/create.c - tare create: a new container, to be started later
 */
#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "cmd/birth.h"
#include "cmd/message.h"
#include "cmd/report/report.h"
#include "cmd/report/sampler.h"

/* Better now than at the first start. */
static int check_report(const struct settings *s, struct error *err)
{
	struct report report = REPORT_NONE;
	int r = report_open_verdicts(&report, &s->asserts, s->assert_format, err);

	if (r == 0 && s->report && report_sink_is_stream(s->report)) {
		error_set(err, EINVAL, "--report %s is of no use to a later 'start'", s->report);
		r = error_hint(err, "name a file, or give --report to 'start'");
	} else if (r == 0 && s->report) {
		r = report_open(&report, s->report, err);
	}
	report_done(&report);
	return r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct run_options *o = ctx->options;
	struct birth b;
	int r;

	(void)argc;
	/* A --rm container lives in RUNROOT alone, with its supervisor: there is none yet. */
	if (o->settings.auto_remove)
		return error_set(err, EINVAL, "create and --rm exclude each other: use run --rm");
	r = check_report(&o->settings, err);
	if (r < 0)
		return r;
	if (o->settings.sample && sampler_is_stream(o->settings.sample)) {
		error_set(err, EINVAL, "--sample %s is of no use to a later 'start'",
			  o->settings.sample);
		return error_hint(err, "name a file: --sample 20ms:FILE");
	}
	r = birth_begin(&b, ctx, o, argv, err);
	if (r == 0)
		r = birth_write_cidfile(&b, o->cidfile, err);
	if (r < 0)
		birth_undo(&b, ctx);
	if (r < 0 && b.limit_missing)
		r = birth_refuse(ctx, err);
	else if (r == 0)
		message_name(ctx, b.record.id);
	birth_done(&b);
	return r;
}

const struct command cmd_create = {
	.name = "create",
	.args = "IMAGE|ARCHIVE|DIR [COMMAND [ARG...]]",
	.summary = "Create a container without starting it",
	.details = "Prints the id; 'tare start' starts it.",
	.options = run_option_defs + RUN_ONLY_OPTIONS,
	COMMAND_OPTIONS(struct run_options, .detach = false),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE | COMMAND_ROOT | COMMAND_PREFIX,
	.run = run,
};
