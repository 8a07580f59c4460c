// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/ending.c - How a run has ended: for the record, for its report, and in words
 */
#include "cmd/ending.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/units.h"
#include "runtime/record.h"

static bool is_killed(const struct ending *e)
{
	return WIFSIGNALED(e->wait_status) && WTERMSIG(e->wait_status) == SIGKILL;
}

/* timeout(1) has made 124 the code for this. */
static void end_of_time(const struct ending *e, const char *kills, struct error *err)
{
	struct record *r = e->record;

	r->exit_code = EXIT_TIMEOUT;
	str_replace(&r->reason, "timeout");
	error_set(err, ETIMEDOUT, "container '%s' has been ended: %s%s%s%s%s%s", r->name,
		  e->slice ? "the lease of slice '" : "its time ran out", e->slice ? e->slice : "",
		  e->slice ? "' has run out" : "",
		  kills ? "; before, processes of it were killed: out of memory (" : "",
		  kills ? kills : "", kills ? ")" : "");
}

/* Known from what the kernel has counted or logged, never guessed from 137. */
static void explain_kills(const struct ending *e, const struct oom *oom, struct error *err)
{
	struct record *r = e->record;
	autofree char *kills = oom_describe(oom);
	bool ended_by_it = is_killed(e) && oom->first != OOM_NO && !e->stopped && !e->shut_down &&
			   !e->timed_out;

	r->oom_killed = true;
	json_free(r->oom);
	r->oom = oom_to_json(oom);
	if (ended_by_it)
		str_replace(&r->reason, "oom");
	if (e->timed_out)
		end_of_time(e, kills, err);
	else
		error_set(err, ENOMEM, "container '%s' %s: out of memory (%s)", r->name,
			  ended_by_it ? "was killed" : "went on without some of its processes",
			  kills);
}

/* A run that nobody asked anything of, and that ended well, is not looked at. */
static bool is_to_be_looked_at(const struct ending *e)
{
	return e->look || e->report->wanted || e->wait_status != 0;
}

/**
 * ending_record() - Put the end on record
 * @err:	Gets what the exit code alone does not tell, for the user to read; of a
 *		program that never ran: has the reason already, which stays
 */
void ending_record(const struct ending *e, struct error *err)
{
	struct record *r = e->record;
	struct error spare, *words = e->failed ? &spare : err;
	autooom struct oom oom = { .known = false };

	r->status = RECORD_EXITED;
	str_replace(&r->health, "");
	r->pid = 0;
	r->finished_ns = units_now_ns();
	r->exit_code = command_exit_code(e->wait_status);
	str_replace(&r->reason, e->stopped		    ? "stopped"
				: e->shut_down		    ? RECORD_SHUTDOWN
				: WIFEXITED(e->wait_status) ? "exit"
							    : "signal");
	report_read(e->report, e->oom.cgroup_fd, e->netns_fd, r->network);
	if (is_to_be_looked_at(e))
		oom_look(&oom, &e->oom);
	if (e->timed_out)
		end_of_time(e, NULL, words);
	if (oom.kills)
		explain_kills(e, &oom, words);
	report_oom(e->report, &oom);
	if (e->failed)
		ending_fail(r, e->failed, err);
}

/* What never ran has broken no promise: why it did not is all there is to say. */
static bool judge(const struct ending *e)
{
	struct error why;

	if (e->failed || !e->asserts->n)
		return true;
	e->record->exit_code = report_judge(e->report, e->asserts, e->record->exit_code, &why);
	if (why.code)
		message_error(e->ctx, &why);
	return !why.code;
}

/** ending_report() - Complete the report, and compare it with what was asserted; whether it was
 * told */
bool ending_report(const struct ending *e)
{
	struct record *r = e->record;
	const struct report_end end = {
		.kind = "run",
		.record = r,
		.reason = r->reason,
		.error = r->error,
		.code = r->exit_code,
		.signal = !e->failed && WIFSIGNALED(e->wait_status) ? WTERMSIG(e->wait_status) : 0,
		.started_ns = e->failed ? 0 : r->started_ns,
		.finished_ns = r->finished_ns,
	};

	report_finish(e->report, &end);
	return judge(e);
}

/** ending_deliver() - Write the report, before anybody learns of the end; whether it could be */
bool ending_deliver(const struct ending *e)
{
	const struct record *r = e->record;
	struct error why;

	if (report_deliver(e->report, r->auto_remove ? NULL : &e->ctx->store, r, &why) == 0)
		return true;
	message_error(e->ctx, &why);
	return false;
}

/** ending_fail() - Have the record say that the program never ran: 126, 127 or -errno */
void ending_fail(struct record *r, int code, const struct error *err)
{
	r->exit_code = code > 0 ? code : EXIT_TARE;
	str_replace(&r->reason, "start-failed");
	str_replace(&r->error, err->msg);
}
