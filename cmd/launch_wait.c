// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/launch_wait.c - One run of a container, from its first instruction to what is known of its end
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "cgroups/oom.h"
#include "cmd/ending.h"
#include "cmd/launch.h"
#include "cmd/launch_cgroup.h"
#include "cmd/limits.h"
#include "cmd/signals.h"
#include "cmd/streams.h"
#include "runtime/console.h"
#include "runtime/record.h"

static void set_timeout(struct launch *l)
{
	const struct settings *s = l->settings;
	struct error ignored; /* it was looked at when the settings were made */
	int sig = s->stop_signal ? signals_parse(s->stop_signal, &ignored) : SIGTERM;

	l->streams.timeout_ms = s->timeout_ms;
	l->streams.grace_ms = 1000 *
			      (s->stop_timeout_s ? s->stop_timeout_s : SETTINGS_STOP_TIMEOUT_S);
	l->streams.stop_signal = sig > 0 ? sig : SIGTERM;
}

static void set_lease(struct launch *l)
{
	l->streams.lease_left_ms = slice_lease_left;
	l->streams.lease_arg = &l->member;
	l->streams.lease_fd = l->member.watch_fd;
}

static void settle_end(struct launch *l, int wait_status, int failed, struct error *err)
{
	bool timed_out = l->streams.timed_out || l->streams.lease_ended;
	bool marked = record_is_marked(l->lock_fd);
	bool stopped = l->streams.asked_to_end || (marked && record_is_stopping(l->lock_fd));
	bool shut_down = (l->streams.shut_down && !l->foreground) ||
			 (marked && record_is_shutting_down(l->lock_fd));
	bool told;
	const struct ending e = {
		.ctx = l->ctx,
		.record = l->record,
		.report = &l->report,
		.asserts = &l->settings->asserts,
		.wait_status = wait_status,
		.failed = failed,
		.timed_out = timed_out,
		.slice = l->streams.lease_ended ? l->settings->slice : NULL,
		.stopped = stopped,
		.shut_down = shut_down,
		.look = limits_reach_memory(l->settings) || !l->foreground ||
			!l->settings->auto_remove ||
			(marked && record_is_updated(l->lock_fd)),
		.netns_fd = l->container.netns,
		.oom = {
			.root = &l->cgroup_root,
			.group = l->cgroup_fd >= 0 ? l->record->cgroup : "",
			.cgroup_fd = l->cgroup_fd,
			.pid = l->container.pid,
			.killed = WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL,
			.by_us = timed_out || stopped || shut_down,
			.began_ns = l->began_ns,
			.ended_ns = clock_monotonic_ns(),
			.watched = l->streams.news != NULL,
			.seen_dying = l->dying,
			.seen_kills = l->kills,
			.seen_ns = l->killed_ns,
		},
	};

	ending_record(&e, err);
	if (!failed)
		course_end(&l->course, l->record);
	told = ending_report(&e);
	course_report(&l->course, l->report.doc);
	if (!(ending_deliver(&e) && told) && l->foreground && !l->record->exit_code)
		l->record->exit_code = EXIT_TARE;
	cgroup_oom_watch_close(&l->oom_watch);
}

/**
 * launch_wait() - Supervise the container until it ends
 *
 * Return: its exit code (128+n for a signal; also 126 and 127, with @err set,
 * if it could not be executed), or -errno
 */
int launch_wait(struct launch *l, struct error *err)
{
	struct console_mode terminal = { .saved = false };
	int failed = launch_await_exec(l, err);
	int wait_status, r;

	connect_started(&l->network);
	l->streams.pidfd = l->container.pidfd;
	l->streams.signal_fd = l->signal_fd;
	l->streams.log = l->has_log ? &l->log : NULL;
	l->streams.write_streams = l->foreground;
	l->streams.pass_signals = l->foreground && l->pass_signals; /* a monitor's are its own */
	l->streams.ends_on_term = !l->foreground || l->pass_signals;
	l->streams.thaw_fd = l->cgroup_fd;
	l->streams.pid = l->container.pid;
	l->streams.read_stdin = l->foreground && l->settings->interactive;
	set_timeout(l);
	if (l->settings->slice)
		set_lease(l);
	if (!failed)
		launch_watch_kills(l);
	if (!failed && l->streams.read_stdin && l->settings->tty && isatty(0))
		(void)console_make_raw(0, &terminal);
	if (!failed)
		course_begin(&l->course, l->record, l->cgroup_fd, l->container.pidfd,
			     &l->streams.deadlines);
	r = supervise_run(&l->streams, &wait_status, failed ? &(struct error){ 0 } : err);
	console_restore(&terminal);
	if (r < 0)
		return r;
	settle_end(l, wait_status, failed, err);
	return failed < 0 ? failed : streams_judge(&l->streams, l->record->exit_code, err);
}
