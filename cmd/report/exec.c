// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/report/exec.c - exec --report, --assert: what a command did in a container that goes on
 *
 * The command shares the container's cgroup, which cannot be divided: the
 * figures are those of the whole container, from the command's start to its
 * end. Its own time and its largest process are in "process".
 */
#include "cmd/report/exec.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/report/oom.h"
#include "cmd/units.h"
#include "runtime/record.h"

#define BYTES_PER_KB 1024

/** exec_report_begin() - The command is about to start; @cgroup_fd: -1: none */
void exec_report_begin(struct exec_report *r, int cgroup_fd)
{
	if (!r->report.wanted)
		return;
	if (cgroup_fd >= 0)
		cgroup_account_begin_part(&r->part, cgroup_fd);
	(void)getrusage(RUSAGE_CHILDREN, &r->children);
	r->started_ns = units_now_ns();
	report_began(&r->report, clock_monotonic_ns());
}

static int64_t since(const struct timeval *before, const struct timeval *now)
{
	return (now->tv_sec - before->tv_sec) * UNITS_US_PER_S + now->tv_usec - before->tv_usec;
}

static struct json *process(const struct exec_report *r)
{
	struct json *map = json_new_map();
	struct rusage now;

	(void)getrusage(RUSAGE_CHILDREN, &now);
	json_set_int(map, "user_us", since(&r->children.ru_utime, &now.ru_utime));
	json_set_int(map, "system_us", since(&r->children.ru_stime, &now.ru_stime));
	json_set_int(map, "max_rss_bytes", now.ru_maxrss * BYTES_PER_KB);
	return map;
}

static void look_for_kills(struct exec_report *r, const struct exec_report_end *end,
			   struct oom *oom)
{
	const struct json *events = json_get(json_get(r->part.before, "memory"), "events");
	const struct oom_query q = {
		.root = end->root,
		.group = end->cgroup_fd >= 0 ? end->record->cgroup : "",
		.cgroup_fd = end->cgroup_fd,
		.pid = end->pid,
		.killed = WIFSIGNALED(end->wait_status) && WTERMSIG(end->wait_status) == SIGKILL,
		.began_ns = r->report.began_ns,
		.ended_ns = r->report.ended_ns,
		.earlier_kills = json_u64(json_get(events, "oom_kill"), 0),
	};

	oom_look(oom, &q);
}

static const char *reason(const struct exec_report_end *end, const struct oom *oom)
{
	if (end->failed)
		return "start-failed";
	if (WIFEXITED(end->wait_status))
		return "exit";
	return oom->kills && oom->first != OOM_NO ? "oom" : "signal";
}

/* What never ran has broken no promise. */
static int judge(struct exec_report *r, const struct context *ctx,
		 const struct exec_report_end *end, int code)
{
	struct error why;

	if (end->failed || !end->asserts->n)
		return code;
	code = report_judge(&r->report, end->asserts, code, &why);
	if (why.code)
		message_error(ctx, &why);
	return code;
}

/**
 * exec_report_end() - The command has ended, or could not be started: write the report
 *
 * Return: the exit code to end with: its own, or what the assertions make of it
 */
int exec_report_end(struct exec_report *r, const struct context *ctx,
		    const struct exec_report_end *end)
{
	int sig = !end->failed && WIFSIGNALED(end->wait_status) ? WTERMSIG(end->wait_status) : 0;
	autofree char *command = strlist_join(end->args, " ");
	autooom struct oom oom = { .known = false };
	struct report_end how = {
		.kind = "exec",
		.record = end->record,
		.command = command,
		.error = end->failed ? end->why->msg : "",
		.code = end->failed ? end->failed
			: sig	    ? 128 + sig
				    : WEXITSTATUS(end->wait_status),
		.signal = sig,
		.started_ns = end->failed ? 0 : r->started_ns,
		.finished_ns = units_now_ns(),
	};
	struct error err;
	int code;

	report_read_part(&r->report, &r->part, r->part.before ? end->cgroup_fd : -1);
	look_for_kills(r, end, &oom);
	report_oom(&r->report, &oom);
	how.reason = reason(end, &oom);
	report_finish(&r->report, &how);
	json_set(r->report.doc, "process", process(r));
	code = judge(r, ctx, end, how.code);
	if (report_deliver(&r->report, NULL, end->record, &err) < 0) {
		message_error(ctx, &err);
		code = code ? code : EXIT_TARE;
	}
	return code;
}

/** exec_report_done() - Release; safe twice */
void exec_report_done(struct exec_report *r)
{
	cgroup_account_done_part(&r->part);
	report_done(&r->report);
}
