// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/restart.c - --restart: what a monitor does when its container has ended
 *
 * Theory of operation:
 * The container's lock stays with the monitor all along, and its record says
 * "restarting" in the pauses between runs. Whoever wants it to end for good
 * leaves a mark in its directory first and looks for its process afterwards; the
 * monitor looks for marks after its pause, which a mark cuts short, and again
 * once the next run is on record. So one of the two always sees the other. With
 * other settings it is the same, see cmd/update.c.
 */
#include "cmd/restart.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/sys.h"
#include "cmd/appliance.h"
#include "cmd/ending.h"
#include "cmd/launch.h"
#include "cmd/settings.h"
#include "cmd/units.h"
#include "cmd/update.h"

/* docker's: twice as long each time, from the beginning after a run that lasted. */
#define FIRST_PAUSE_MS 100
#define LAST_PAUSE_MS  60000
#define GOOD_RUN_NS    (10 * UNITS_NS_PER_S)

/* Somebody may have changed the settings since they were read. */
static void look_for_update(struct launch *l)
{
	struct settings *next;
	struct error ignored; /* then it goes on with those it has */

	if (!record_is_updated(l->lock_fd))
		return;
	record_forget_updated(l->lock_fd);
	next = xcalloc(1, sizeof(*next));
	if (settings_load(next, &l->ctx->store, l->record->id, &ignored) < 0) {
		settings_done(next);
		free(next);
		return;
	}
	if (l->next)
		settings_done(l->next);
	free(l->next);
	l->next = next;
}

/** restart_is_wanted() - Whether the container may be started again when it ends */
bool restart_is_wanted(const struct settings *s)
{
	return s->restart && strcmp(s->restart, "no") != 0;
}

/**
 * restart_is_due_at_boot() - Whether a container is to run again now that the machine does
 * @r:	As record_read() gave it
 *
 * As docker's daemon has it when it starts: what was running is started again,
 * and with "always" also what somebody stopped. What was running has either been
 * told to end, or did so with its supervisor.
 */
bool restart_is_due_at_boot(const struct settings *s, const struct record *r)
{
	if (!restart_is_wanted(s) || !r->started_ns || r->status != RECORD_EXITED)
		return false;
	return !strcmp(s->restart, "always") || !strcmp(r->reason, RECORD_LOST) ||
	       !strcmp(r->reason, RECORD_SHUTDOWN);
}

static bool is_due(const struct launch *l)
{
	const struct settings *s = l->next ? l->next : l->settings;
	const struct record *r = l->record;
	int64_t max_retries = 0;
	struct error ignored;

	if (!restart_is_wanted(s) || record_is_ending(l->lock_fd) || l->streams.lease_ended)
		return false;
	if (!str_starts(s->restart, "on-failure"))
		return true;
	(void)appliance_parse_restart(s->restart, &max_retries, &ignored);
	return r->exit_code != 0 && (!max_retries || r->restarts < max_retries);
}

/* An inotify fd that tells of new files in the container's state directory. */
static int watch(int lock_fd)
{
	char path[32];
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", lock_fd);
	if (fd >= 0)
		(void)inotify_add_watch(fd, path, IN_CREATE | IN_ONLYDIR);
	return fd;
}

/* SIGTERM is for whoever waits for the next run, too. That one comes after the next boot. */
static bool is_shutting_down(struct launch *l)
{
	if (!l->streams.shut_down && !record_is_shutting_down(l->lock_fd) &&
	    !supervise_is_terminated(l->signal_fd))
		return false;
	l->streams.shut_down = true;
	str_replace(&l->record->reason, RECORD_SHUTDOWN);
	return true;
}

/* False when somebody wants it to end. */
static bool pause_for(struct launch *l, int64_t ms)
{
	autoclose int fd = watch(l->lock_fd);
	int64_t end_ns = clock_monotonic_ns() + ms * UNITS_NS_PER_MS;
	char events[4096];

	while (!record_is_ending(l->lock_fd) && !is_shutting_down(l)) {
		struct pollfd p[] = { { .fd = fd, .events = POLLIN },
				      { .fd = l->signal_fd, .events = POLLIN } };
		int64_t left = (end_ns - clock_monotonic_ns()) / UNITS_NS_PER_MS;

		if (left <= 0)
			return true;
		if (poll(p, 2, (int)(left < ms ? left : ms)) > 0)
			while (read(fd, events, sizeof(events)) > 0)
				;
	}
	return false;
}

static void publish(struct launch *l)
{
	struct error ignored; /* then it reads as running for a while longer */

	l->record->status = RECORD_RESTARTING;
	(void)record_write_running(l->lock_fd, l->record, &ignored);
	l->record->status = RECORD_EXITED;
}

/* Returns 0 when it has run, and what is on record is how that ended. */
static int run_again(struct launch *l)
{
	struct error err = { 0 };
	int r = launch_restart(l, &err);

	if (r < 0) {
		ending_fail(l->record, r, &err);
		return r;
	}
	r = launch_await_exec(l, &err);
	if (r == 0 && (record_is_ending(l->lock_fd) || record_is_shutting_down(l->lock_fd)))
		(void)sys_pidfd_send_signal(l->container.pidfd, SIGKILL, NULL, 0);
	if (r == 0 && record_is_updated(l->lock_fd)) /* who cannot have it stays as it is */
		(void)update_running(&l->ctx->store, l->record, &(struct error){ 0 });
	(void)launch_wait(l, &err);
	if (r != 0)
		ending_fail(l->record, r, &err);
	return r;
}

/** restart_while_due() - Run a container that has ended again, as often as its policy says */
void restart_while_due(struct launch *l)
{
	int64_t pause_ms = FIRST_PAUSE_MS;

	for (look_for_update(l); is_due(l); look_for_update(l)) {
		struct record *r = l->record;

		if (r->finished_ns - r->started_ns >= GOOD_RUN_NS)
			pause_ms = FIRST_PAUSE_MS;
		publish(l);
		if (!pause_for(l, pause_ms))
			return;
		look_for_update(l);
		if (!is_due(l))
			return;
		pause_ms = pause_ms * 2 < LAST_PAUSE_MS ? pause_ms * 2 : LAST_PAUSE_MS;
		r->restarts++;
		if (run_again(l) != 0)
			return;
	}
}
