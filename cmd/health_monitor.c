// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/health_monitor.c - The process that checks a container's health while it runs
 *
 * Theory of operation:
 * A container with a health check gets one more process: a fork of its
 * supervisor that dies with it. It sleeps, and for each check forks again, since
 * who has entered a container's pid namespace has no other children any more.
 * That child runs the command as `exec` would, in the container's cgroup, with
 * the container's rights. What it finds goes into memory that both share; the
 * state goes into a file that is replaced, and that lists and inspect read.
 *
 *   starting	until the first success, or until failures count and are too many
 *   healthy	the last check, or fewer than the given number before it, went well
 *   unhealthy	that many in a row did not
 */
#include "cmd/health_monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sys.h"
#include "cmd/assemble.h"
#include "cmd/command.h"
#include "cmd/health.h"
#include "cmd/settings.h"
#include "cmd/streams.h"
#include "cmd/units.h"
#include "runtime/process.h"

#define OUTPUT_MAX_BYTES 4096 /* docker's */
#define LOG_ENTRIES	 5
#define TIMED_OUT	 (-1) /* docker's exit code of a check that took too long */

/* Of one check; in shared memory. */
struct outcome {
	int exit_code;
	size_t len;
	char output[OUTPUT_MAX_BYTES + 1];
};

struct monitor {
	const struct health_check *health;
	struct config_process process;
	struct process_place place;
	int64_t idmap_base;
	int pidfd, dir_fd;

	const char *status;
	int64_t streak, started_ns; /* CLOCK_MONOTONIC */
	struct json *log;
	struct outcome *outcome;
};

/* ---- one check, in a process of its own --------------------------------- */

static void keep_output(struct outcome *out, int *fd)
{
	char data[OUTPUT_MAX_BYTES];
	ssize_t n = read(*fd, data, sizeof(data));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		(void)close(*fd);
		*fd = -1;
		return;
	}
	if ((size_t)n > OUTPUT_MAX_BYTES - out->len)
		n = (ssize_t)(OUTPUT_MAX_BYTES - out->len);
	memcpy(out->output + out->len, data, (size_t)n);
	out->len += (size_t)n;
}

static int64_t left_ms(int64_t deadline_ns)
{
	int64_t left = (deadline_ns - clock_monotonic_ns() + UNITS_NS_PER_MS - 1) / UNITS_NS_PER_MS;

	return left < 0 ? 0 : left > 60000 ? 60000 : left;
}

/* Until the command has ended; false if it took too long. */
static bool follow(struct outcome *out, struct supervise *streams, int pidfd, int64_t timeout_ms)
{
	int64_t deadline_ns = clock_monotonic_ns() + timeout_ms * UNITS_NS_PER_MS;

	for (;;) {
		struct pollfd p[] = {
			{ .fd = pidfd, .events = POLLIN },
			{ .fd = streams->stdout_from, .events = POLLIN },
			{ .fd = streams->stderr_from, .events = POLLIN },
		};
		int64_t left = left_ms(deadline_ns);

		if (!left)
			return false;
		if (poll(p, 3, (int)left) < 0 && errno != EINTR)
			return false;
		if (p[1].revents)
			keep_output(out, &streams->stdout_from);
		if (p[2].revents)
			keep_output(out, &streams->stderr_from);
		if (p[0].revents && !p[1].revents && !p[2].revents)
			return true;
	}
}

static int collect(int pidfd)
{
	siginfo_t info = { 0 };

	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0 && errno == EINTR)
		;
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

static void say(struct outcome *out, int exit_code, const char *text)
{
	out->exit_code = exit_code;
	out->len = strlen(text) < OUTPUT_MAX_BYTES ? strlen(text) : OUTPUT_MAX_BYTES;
	memcpy(out->output, text, out->len);
}

static void check(struct monitor *m)
{
	struct supervise streams = { .stdin_to = -1, .stdout_from = -1, .stderr_from = -1 };
	int64_t timeout_ms = m->health->timeout_ms ? m->health->timeout_ms : HEALTH_TIMEOUT_MS;
	struct container ct = CONTAINER_NONE;
	struct outcome *out = m->outcome;
	enum sync_step failed;
	struct error err;
	int r;

	r = streams_open(&streams, m->place.stdio, false, m->idmap_base, &err);
	if (r == 0)
		r = process_spawn(&ct, &m->process, &m->place, &err);
	streams_close_theirs(m->place.stdio);
	if (r == 0 && container_await_exec(&ct, &failed, &err) < 0)
		r = -err.code;
	if (r < 0) {
		say(out, r == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE, err.msg);
	} else if (follow(out, &streams, ct.pidfd, timeout_ms)) {
		out->exit_code = collect(ct.pidfd);
	} else {
		(void)sys_pidfd_send_signal(ct.pidfd, SIGKILL, NULL, 0);
		(void)collect(ct.pidfd);
		say(out, TIMED_OUT, "health check took too long");
	}
}

/* ---- the state ---------------------------------------------------------- */

static void add_entry(struct monitor *m, int64_t started_ns)
{
	struct json *entry = json_new_map(), *log = json_new_list();
	size_t n = json_count(m->log);
	char time[UNITS_TEXT_MAX];

	json_set_text(entry, "Start", units_print_rfc3339(time, started_ns));
	json_set_text(entry, "End", units_print_rfc3339(time, units_now_ns()));
	json_set_int(entry, "ExitCode", m->outcome->exit_code);
	m->outcome->output[m->outcome->len] = '\0';
	json_set_text(entry, "Output", m->outcome->output);
	for (size_t i = n >= LOG_ENTRIES ? n - LOG_ENTRIES + 1 : 0; i < n; i++)
		json_add(log, json_clone(json_at(m->log, i)));
	json_add(log, entry);
	json_free(m->log);
	m->log = log;
}

static void write_state(const struct monitor *m)
{
	autojson struct json *doc = json_new_map();
	autofree char *text = NULL;
	struct error ignored; /* the next check tries again */

	json_set_text(doc, "Status", m->status);
	json_set_int(doc, "FailingStreak", m->streak);
	json_set(doc, "Log", json_clone(m->log));
	text = json_print(doc);
	(void)file_replace_at(m->dir_fd, RECORD_HEALTH, text, strlen(text), 0600, 0, &ignored);
}

/* What the outcome of one more check makes of the state. */
static void judge(struct monitor *m)
{
	int64_t retries = m->health->retries ? m->health->retries : HEALTH_RETRIES;
	bool starting = !strcmp(m->status, "starting");
	int64_t age_ms = (clock_monotonic_ns() - m->started_ns) / UNITS_NS_PER_MS;

	if (m->outcome->exit_code == 0) {
		m->status = "healthy";
		m->streak = 0;
		return;
	}
	if (starting && age_ms < m->health->start_ms)
		return;
	if (++m->streak >= retries)
		m->status = "unhealthy";
}

/* ---- the process -------------------------------------------------------- */

/* True when the container has ended meanwhile. */
static bool pause_for(const struct monitor *m, int64_t ms)
{
	struct pollfd p = { .fd = m->pidfd, .events = POLLIN };
	int64_t deadline_ns = clock_monotonic_ns() + ms * UNITS_NS_PER_MS, left;

	while ((left = left_ms(deadline_ns)) > 0)
		if (poll(&p, 1, (int)left) > 0)
			return true;
	return false;
}

static bool die_with_parent(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

static void check_apart(struct monitor *m)
{
	pid_t self = getpid(), pid;

	*m->outcome = (struct outcome){ .exit_code = EXIT_NOT_RUNNABLE };
	pid = fork();
	if (pid == 0) {
		if (die_with_parent(self))
			check(m);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static _Noreturn void run_checks(struct monitor *m)
{
	int64_t interval_ms = m->health->interval_ms ? m->health->interval_ms : HEALTH_INTERVAL_MS;

	(void)prctl(PR_SET_NAME, "tare-health");
	m->started_ns = clock_monotonic_ns();
	write_state(m);
	while (!pause_for(m, interval_ms)) {
		int64_t started_ns = units_now_ns();

		check_apart(m);
		judge(m);
		add_entry(m, started_ns);
		write_state(m);
	}
	_exit(0);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* A copy of the supervisor's ends of pipes would keep the container from seeing theirs close. */
static void close_others(const struct monitor *m)
{
	int keep[] = { m->pidfd, m->dir_fd, m->place.cgroup_fd };
	int next = 0, null;

	qsort(keep, 3, sizeof(keep[0]), by_number);
	for (size_t i = 0; i < 3; i++) {
		if (keep[i] > next)
			(void)sys_close_range((unsigned int)next, (unsigned int)keep[i] - 1, 0);
		if (keep[i] >= 0)
			next = keep[i] + 1;
	}
	(void)sys_close_range((unsigned int)next, ~0U, 0);
	for (int fd = 0; fd < 3; fd++) {
		null = openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
		if (null > 2)
			(void)close(null);
	}
}

static int prepare(struct monitor *m, const struct record_store *store, const char *id,
		   const struct settings *of_container, struct error *err)
{
	const struct strlist *test = &of_container->health.test;
	bool shell = !strcmp(test->items[0], "CMD-SHELL");
	struct settings settings = *of_container; /* a shallow copy, to read from */

	settings.tty = false;
	if (shell) {
		strlist_add(&m->process.args, "/bin/sh");
		strlist_add(&m->process.args, "-c");
	}
	for (size_t i = 1; i < test->n; i++)
		strlist_add(&m->process.args, test->items[i]);
	m->dir_fd = record_open_dir(store, id, true);
	if (m->dir_fd < 0)
		return error_sys(err, -m->dir_fd, "open the container's state");
	m->outcome = mmap(NULL, sizeof(*m->outcome), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m->outcome == MAP_FAILED)
		return error_sys(err, errno, "make memory to share");
	return assemble_process(&settings, &m->process, err);
}

/* The supervisor's copies of what the monitor works with. */
static void release(struct monitor *m)
{
	if (m->dir_fd >= 0)
		(void)close(m->dir_fd);
	if (m->outcome != MAP_FAILED)
		(void)munmap(m->outcome, sizeof(*m->outcome));
	config_process_done(&m->process);
}

/**
 * health_monitor_start() - Check the health of a container that runs, if it has a check
 * @record:	As it is since the program runs
 * @pidfd:	Of its first process
 * @cgroup_fd:	Its cgroup; -1: none
 *
 * Return: the process, for health_monitor_stop(); 0: there is no check; or -errno
 */
pid_t health_monitor_start(const struct record_store *store, const struct settings *settings,
			   const struct record *record, int pidfd, int cgroup_fd, struct error *err)
{
	struct monitor m = {
		.health = &settings->health,
		.idmap_base = record->idmap_base,
		.pidfd = pidfd,
		.dir_fd = -1,
		.outcome = MAP_FAILED,
		.status = "starting",
		.place = process_place_of(record, cgroup_fd),
	};
	pid_t self = getpid(), pid = 0;
	int r;

	m.place.beside_first = settings->systemd;
	if (!health_is_on(&settings->health))
		return 0;
	r = prepare(&m, store, record->id, settings, err); /* while somebody is there to be told */
	if (r == 0) {
		pid = fork();
		r = pid < 0 ? error_sys(err, errno, "start the health check") : 0;
	}
	if (r == 0 && pid == 0) {
		if (!die_with_parent(self))
			_exit(EXIT_TARE);
		close_others(&m);
		m.log = json_new_list();
		run_checks(&m);
	}
	release(&m);
	return r < 0 ? r : pid;
}

/** health_monitor_stop() - End the process, and with it a check that is under way; safe twice */
void health_monitor_stop(pid_t *pid)
{
	if (*pid <= 0)
		return;
	(void)kill(*pid, SIGKILL);
	while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
}
