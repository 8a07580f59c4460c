// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/run.c - tare run: a new container, started
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/birth.h"
#include "cmd/launch.h"
#include "cmd/message.h"
#include "cmd/monitor.h"
#include "cmd/reclaim.h"
#include "cmd/report/repeat.h"
#include "cmd/report/report.h"

static int check_streams(const struct run_options *o, struct error *err)
{
	if (o->settings.tty && o->settings.interactive && !o->detach && !isatty(0)) {
		error_set(err, ENOTTY, "the input device is no terminal");
		return error_hint(err, "leave out -t when standard input is a file or a pipe");
	}
	if (o->settings.report && !strcmp(o->settings.report, "-") && o->detach) {
		error_set(err, EINVAL, "--report - and -d exclude each other: -d prints the id");
		return error_hint(err, "name a file, or a descriptor: --report fd:3");
	}
	if (o->settings.restart && strcmp(o->settings.restart, "no") != 0 && !o->detach) {
		error_set(err, EINVAL, "--restart needs -d: in the foreground you see it end");
		return error_hint(err, "add -d, and look at it with 'tare logs -f'");
	}
	return 0;
}

static int run_detached(struct launch *l, struct birth *b, const struct context *ctx,
			struct error *err)
{
	int r = monitor_start(l, err);

	if (r == 0) {
		message_name(ctx, b->record.id);
	} else if (r < 0) {
		reclaim_failed(ctx, b->record.id, &l->lock_fd);
		birth_undo(b, ctx);
	} else {
		message_error(ctx, err);
	}
	return r;
}

static int run_foreground(struct launch *l, struct birth *b, const struct context *ctx,
			  struct error *err)
{
	int r = launch_start(l, err);

	if (r < 0) {
		birth_undo(b, ctx);
		return r;
	}
	reclaim_sweep(ctx); /* while the container gets going, this process is idle */
	err->code = 0;
	r = launch_wait(l, err);
	launch_finish(l);
	if (r < 0)
		birth_undo(b, ctx);
	else if (err->code)
		message_error(ctx, err);
	return r;
}

/* The container is on record: make it run. */
static int run_born(struct birth *b, const struct context *ctx, const struct run_options *o,
		    struct report *report, struct error *err)
{
	struct launch l;
	int r;

	launch_init(&l, ctx, &b->settings, b->has_image ? &b->image : NULL, &b->record);
	l.foreground = !o->detach;
	l.pass_signals = o->sig_proxy;
	l.ephemeral = o->ephemeral ? &b->ephemeral : NULL;
	l.report = *report;
	r = course_open(&l.course, &b->settings, b->record.id, false, err);
	if (r == 0) {
		l.lock_fd = birth_lock(b, ctx, err);
		r = l.lock_fd < 0 ? l.lock_fd : 0;
	}
	if (r < 0) {
		birth_undo(b, ctx);
	} else {
		r = o->detach ? run_detached(&l, b, ctx, err) : run_foreground(&l, b, ctx, err);
		b->limit_missing = l.limit_failed;
	}
	*report = l.report;
	l.report = REPORT_NONE;
	launch_done(&l);
	return r;
}

static int run_reported(struct context *ctx, char **argv, struct report *report, struct error *err)
{
	const struct run_options *o = ctx->options;
	struct error why;
	struct birth b;
	int r;

	r = birth_begin(&b, ctx, o, argv, err);
	if (r == 0)
		r = birth_write_cidfile(&b, o->cidfile, err);
	if (r == 0)
		r = run_born(&b, ctx, o, report, err);
	else
		birth_undo(&b, ctx);
	if (r < 0 &&
	    report_fail(report, &b.record, b.limit_missing ? EXIT_LIMIT : EXIT_TARE, err, &why) < 0)
		message_error(ctx, &why);
	if (r < 0 && b.limit_missing)
		r = birth_refuse(ctx, err);
	birth_done(&b);
	return r;
}

static int check_repeat(const struct run_options *o, struct error *err)
{
	if (!o->repeat)
		return 0;
	if (o->repeat < 1 || o->repeat > REPEAT_MAX)
		return error_set(err, ERANGE, "--repeat must be 1 to %d", REPEAT_MAX);
	if (o->detach || o->cidfile)
		return error_set(err, EINVAL, "--repeat and %s exclude each other",
				 o->detach ? "-d" : "--cidfile");
	if (!o->settings.auto_remove && !o->ephemeral) {
		error_set(err, EINVAL, "--repeat needs --rm");
		return error_hint(err, "else as many containers would stay");
	}
	return 0;
}

/* Once all runs are over: the document where it is wanted, and on stderr how they vary. */
static int tell_repeat(const struct repeat *all, const struct report *report, struct error *err)
{
	autojson struct json *doc = repeat_document(all);
	autofree char *text = json_print_pretty(doc);
	autofree char *line = xasprintf("%s\n", text);
	autostr struct str table = { 0 };
	int r;

	repeat_table(doc, &table);
	(void)fflush(stdout);
	(void)file_write_fd(STDERR_FILENO, table.data, table.len);
	r = repeat_tell(all, &report->verdicts, err);
	return r == 0 ? report_sink_write(&report->sink, line, strlen(line), err) : r;
}

/* The code: a broken assertion's, else that of the first run that did not end with 0. */
static int run_repeated(struct context *ctx, char **argv, const struct report *report,
			struct error *err)
{
	const struct run_options *o = ctx->options;
	struct error why;
	struct repeat all;
	int code = 0;

	repeat_init(&all);
	for (int64_t i = 0; i < o->repeat; i++) {
		struct report one = REPORT_NONE;
		bool over;
		int r;

		one.wanted = one.asked_for = one.verdicts.mute = true;
		r = run_reported(ctx, argv, &one, err);
		over = r < 0 || repeat_is_over(one.doc);
		if (one.doc)
			repeat_add(&all, one.doc);
		report_done(&one);
		if (r < 0 || !code || r == EXIT_ASSERT)
			code = r;
		if (over)
			break;
	}
	if (tell_repeat(&all, report, &why) < 0)
		message_error(ctx, &why);
	repeat_done(&all);
	return code;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct run_options *o = ctx->options;
	struct report report = REPORT_NONE;
	int r;

	(void)argc;
	r = check_streams(o, err);
	if (r < 0)
		return r;
	r = check_repeat(o, err);
	if (r == 0)
		r = run_options_protect(o, err);
	if (r < 0)
		return r;
	if (o->settings.report)
		r = report_open(&report, o->settings.report, err);
	if (r == 0)
		r = report_open_verdicts(&report, &o->settings.asserts, o->settings.assert_format,
					 err);
	if (r == 0)
		r = o->repeat ? run_repeated(ctx, argv, &report, err)
			      : run_reported(ctx, argv, &report, err);
	report_done(&report);
	return r;
}

const struct command cmd_run = {
	.name = "run",
	.args = "IMAGE|ARCHIVE|DIR [COMMAND [ARG...]]",
	.summary = "Create a container and start it",
	.details =
		"IMAGE is a path (/…, ./… or ../…) to an archive (OCI or docker save) or an OCI "
		"layout, else a reference in the store, else an id prefix, else a path without one "
		"of these in front. With --rootfs it is a directory that "
		"is used in place.\n\n"
		"The exit code is that of the container's program, 128+n when signal n ended it, "
		"125 when tare failed, 126 when the program cannot be run, 127 when it is not there, "
		"124 when --timeout ran out, and 122 when it is --strict and a limit cannot be had.\n\n"
		"--assert fails a run (123) that is not as it was said to be. If all hold and one of "
		"them foretold the end (oom, code==3, reason==timeout) the code is 0. Fields: reason "
		"code signal wall oom[.kills|.init|.group|.level] "
		"cpu.usage|user|system|periods|throttled|throttled_time "
		"memory.peak|end|swap_peak|swap_end memory.events.low|high|max|oom pids.peak|refused "
		"io.read|written|reads|writes|discarded pressure.cpu|memory|io.some|full "
		"network.received|sent. Values: 100M, 30s, 250ms, 8.\n\n"
		"Labels of the image may ask for limits, a health check, restarts, ports and volumes "
		"(tare.memory, tare.ports, …). Ports and volumes of the host are given with --accept "
		"only; flags win. 'tare show' shows them all.\n\n"
		"A --rm container writes to memory (at most half of the machine's) unless it has "
		"a memory limit; --storage-opt upper=disk makes it write to disk.\n\n"
		"An archive of layers that are not compressed is used where it lies, once it was "
		"verified, if the kernel can (Linux 6.12); others are loaded into the store. "
		"--import loads it in any case: then it may be changed or removed.\n\n"
		"With --ephemeral an archive's image is not kept in the store either: when the "
		"container has ended, nothing is left but what it wrote to volumes.\n\n"
		"  tare run -d --name web --memory 256m -p 8080:80 ./nginx.tar\n"
		"  tare run --rm -it -v ./src:/src -w /src debian bash\n"
		"  tar c src | tare run -i --rm -v results:/out debian tar x -C /out",
	.options = run_option_defs,
	COMMAND_OPTIONS(struct run_options, .sig_proxy = true),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE | COMMAND_ROOT | COMMAND_PREFIX,
	.run = run,
};
