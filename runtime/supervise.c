// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/supervise.c - While a container runs: its streams, signals and end
 *
 * One poll loop. Output is written blocking: when nobody takes ours, the
 * container is held up, as it would be at the end of a pipe. Input is written
 * without blocking, with at most one chunk kept back: a container that does
 * not read must not keep us from carrying its output.
 */
#include "runtime/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/sys.h"
#include "cgroups/freezer.h"
#include "runtime/console.h"
#include "runtime/footprint.h"
#include "runtime/process.h"

#define CHUNK		   4096
#define SIGNALS_UNTIL_KILL 3
#define NS_PER_S	   INT64_C(1000000000)
#define STREAMS_CLOSED	   (-1)

enum slot {
	SLOT_PID,
	SLOT_SIGNAL,
	SLOT_STDOUT,
	SLOT_STDERR,
	SLOT_STDIN,
	SLOT_FEED,
	SLOT_NEWS,
	SLOT_LEASE,
	SLOT_COUNT
};

struct pending {
	char data[CHUNK];
	size_t at, len;
};

/* Passed on to the container; what stops us or tells of children is ours. */
static const int passed_signals[] = {
	SIGHUP,	 SIGINT,  SIGQUIT, SIGTERM,   SIGUSR1, SIGUSR2, SIGALRM,
	SIGCONT, SIGPOLL, SIGPROF, SIGVTALRM, SIGPWR,  SIGSYS,	SIGWINCH,
};

/**
 * supervise_block_signals() - From now on signals are read, not delivered
 *
 * Before the container exists, so that none gets lost; init resets the mask.
 * Ignored ones (nohup) stay ignored.
 *
 * Return: a signalfd, which the caller closes, or -errno
 */
int supervise_block_signals(struct error *err)
{
	struct sigaction now;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	/* While blocked even an ignored signal would be queued, and read. */
	for (size_t i = 0; i < sizeof(passed_signals) / sizeof(*passed_signals); i++)
		if (sigaction(passed_signals[i], NULL, &now) < 0 || now.sa_handler != SIG_IGN)
			sigaddset(&set, passed_signals[i]);
	/* A reader that is gone, on either side, is an error to handle and not our end. */
	sigaddset(&set, SIGPIPE);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return error_sys(err, errno, "block signals");
	sigdelset(&set, SIGPIPE);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? error_sys(err, errno, "open a signal descriptor") : fd;
}

/**
 * supervise_is_terminated() - Whether SIGTERM has come while nothing was supervised
 *
 * Takes what signals there are; waits for none.
 */
bool supervise_is_terminated(int signal_fd)
{
	struct signalfd_siginfo info;
	bool found = false;

	while (read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		found |= info.ssi_signo == SIGTERM;
	return found;
}

/* -EPIPE: nobody reads it any more. A stream that the caller has closed is one that nobody wants. */
static int pass_output(struct supervise *s, int fd, const void *data, size_t len)
{
	int r = file_write_fd(fd, data, len);

	if (r == 0 || r == -EBADF || s->terminal)
		return 0;
	if (r != -EPIPE)
		s->output_lost = -r;
	return r == -EPIPE ? r : 0;
}

/* One chunk of the container's output; false at its end. */
static bool carry_output(struct supervise *s, int *from, enum logfile_stream stream)
{
	char data[CHUNK];
	ssize_t n = read(*from, data, sizeof(data));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0) { /* a pty says EIO when its last user is gone */
		if (*from == s->stdin_to)
			s->stdin_to = STREAMS_CLOSED;
		cleanup_close(from);
		return false;
	}
	if (s->log)
		(void)logfile_write(s->log, stream, data, (size_t)n); /* disk full: run on */
	if (s->write_streams &&
	    pass_output(s, stream == LOGFILE_STDOUT ? 1 : 2, data, (size_t)n) < 0) {
		cleanup_close(from); /* the program meets a closed pipe, as it would without us */
		return false;
	}
	return true;
}

static void drain_output(struct supervise *s, int *from, enum logfile_stream stream)
{
	struct pollfd p = { .fd = *from, .events = POLLIN };

	while (*from >= 0 && poll(&p, 1, 0) > 0)
		if (!carry_output(s, from, stream))
			return;
}

static void end_input(struct supervise *s)
{
	s->read_stdin = false;
	/* A terminal goes on without our input: its program may still be at work. */
	if (s->stdin_to != s->stdout_from)
		cleanup_close(&s->stdin_to);
}

static void fill_input(struct supervise *s, struct pending *in)
{
	ssize_t n = read(0, in->data, sizeof(in->data));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		static const char end_of_file = 4; /* VEOF of a fresh pty */

		if (s->terminal && s->stdin_to >= 0)
			(void)write(s->stdin_to, &end_of_file, 1);
		end_input(s);
		return;
	}
	in->at = 0;
	in->len = (size_t)n;
}

static void feed_input(struct supervise *s, struct pending *in)
{
	ssize_t n = write(s->stdin_to, in->data + in->at, in->len - in->at);

	if (n > 0)
		in->at += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		end_input(s); /* nobody reads any more */
}

/* Ask the container to end, and the next time end it. When to come back, or 0. */
static int64_t press(const struct supervise *s, bool *asked, int64_t now_ns, int64_t grace_ms)
{
	int sig = *asked ? SIGKILL : s->stop_signal;

	(void)sys_pidfd_send_signal(s->pidfd, sig, NULL, 0);
	*asked = true;
	return sig == SIGKILL || grace_ms < 0 ? 0 : deadline_after(now_ns, grace_ms);
}

/* SIGTERM came a while ago. */
static int64_t end_farewell(struct deadline *d, int64_t now_ns)
{
	struct supervise *s =
		(struct supervise *)((char *)d - offsetof(struct supervise, farewell));

	(void)now_ns;
	(void)sys_pidfd_send_signal(s->pidfd, SIGKILL, NULL, 0);
	return 0;
}

static void begin_farewell(struct supervise *s, int64_t grace_ms)
{
	s->shut_down = true;
	s->farewell.due = end_farewell;
	deadline_add(&s->deadlines, &s->farewell, deadline_after(clock_monotonic_ns(), grace_ms));
}

/* SIGTERM is for us, and what we are here for goes with us. */
static void shut_down(struct supervise *s)
{
	bool patient = s->grace_ms < 0 || s->grace_ms > SUPERVISE_FAREWELL_MAX_MS;

	(void)sys_pidfd_send_signal(s->pidfd, s->stop_signal, NULL, 0);
	begin_farewell(s, patient ? SUPERVISE_FAREWELL_MAX_MS : s->grace_ms);
	if (s->thaw_fd >= 0) /* a frozen process hears of nothing but SIGKILL */
		(void)cgroup_freeze(s->thaw_fd, false, &(struct error){ 0 });
}

static void pass_signals(struct supervise *s, int *insistence)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int sig = (int)info.ssi_signo;
		bool ends = sig == SIGTERM && s->ends_on_term && !s->shut_down;

		if (sig == SIGWINCH && s->terminal) {
			console_copy_size(0, s->stdout_from);
			continue;
		}
		if (!s->pass_signals) {
			if (ends)
				shut_down(s);
			continue;
		}
		if (ends && s->grace_ms >= 0 && !process_hears(s->pid, SIGTERM))
			begin_farewell(s, s->grace_ms);
		/* Process 1 of a namespace ignores what it does not handle: insisting ends it. */
		if ((sig == SIGINT || sig == SIGTERM) && ++*insistence >= SIGNALS_UNTIL_KILL)
			sig = SIGKILL;
		s->asked_to_end |= sig == SIGINT || sig == SIGTERM || sig == SIGHUP ||
				   sig == SIGKILL;
		(void)sys_pidfd_send_signal(s->pidfd, sig, NULL, 0);
	}
}

static void prepare(const struct supervise *s, const struct pending *in, struct pollfd *p)
{
	bool waiting = in->at < in->len;

	p[SLOT_PID] = (struct pollfd){ .fd = s->pidfd, .events = POLLIN };
	p[SLOT_SIGNAL] = (struct pollfd){ .fd = s->signal_fd, .events = POLLIN };
	p[SLOT_STDOUT] = (struct pollfd){ .fd = s->stdout_from, .events = POLLIN };
	p[SLOT_STDERR] = (struct pollfd){ .fd = s->stderr_from, .events = POLLIN };
	p[SLOT_STDIN] = (struct pollfd){ .fd = s->read_stdin && !waiting ? 0 : -1,
					 .events = POLLIN };
	p[SLOT_NEWS] = (struct pollfd){ .fd = s->news ? s->news->fd : -1, .events = POLLIN };
	p[SLOT_FEED] = (struct pollfd){ .fd = waiting ? s->stdin_to : -1, .events = POLLOUT };
	p[SLOT_LEASE] = (struct pollfd){ .fd = s->lease_left_ms ? s->lease_fd : -1,
					 .events = POLLIN };
}

static void set_lease(struct supervise *s)
{
	int64_t left_ms = s->lease_left_ms(s->lease_arg);

	deadline_remove(&s->deadlines, &s->lease);
	if (left_ms != INT64_MAX)
		deadline_add(&s->deadlines, &s->lease,
			     deadline_after(clock_monotonic_ns(), left_ms));
}

/* Somebody has changed a slice. */
static void look_at_lease(struct supervise *s)
{
	char events[CHUNK];

	while (read(s->lease_fd, events, sizeof(events)) > 0)
		;
	if (!s->lease_ended)
		set_lease(s);
}

/* True once the container's process has ended. */
static bool handle(struct supervise *s, struct pending *in, const struct pollfd *p, int *insistence)
{
	if (p[SLOT_SIGNAL].revents)
		pass_signals(s, insistence);
	if (p[SLOT_STDOUT].revents && s->stdout_from >= 0)
		(void)carry_output(s, &s->stdout_from, LOGFILE_STDOUT);
	if (p[SLOT_STDERR].revents && s->stderr_from >= 0)
		(void)carry_output(s, &s->stderr_from, LOGFILE_STDERR);
	if (p[SLOT_STDIN].revents)
		fill_input(s, in);
	if (p[SLOT_FEED].revents && s->stdin_to >= 0)
		feed_input(s, in);
	if (p[SLOT_NEWS].revents)
		s->news->take(s->news->arg);
	if (p[SLOT_LEASE].revents && s->lease_left_ms)
		look_at_lease(s);
	return p[SLOT_PID].revents;
}

static int64_t end_time(struct deadline *d, int64_t now_ns)
{
	struct supervise *s = (struct supervise *)((char *)d - offsetof(struct supervise, limit));

	return press(s, &s->timed_out, now_ns, s->grace_ms);
}

/* The clock by which leases end may have been set meanwhile. */
static int64_t end_lease(struct deadline *d, int64_t now_ns)
{
	struct supervise *s = (struct supervise *)((char *)d - offsetof(struct supervise, lease));
	int64_t left_ms = s->lease_ended ? 0 : s->lease_left_ms(s->lease_arg);

	if (s->timed_out || left_ms == INT64_MAX)
		return 0;
	if (left_ms > 0)
		return deadline_after(now_ns, left_ms);
	return press(s, &s->lease_ended, now_ns, s->grace_ms);
}

/* Who has something to do every second has it in memory anyway: shrink when it is quiet. */
static int await_events(struct supervise *s, struct pollfd *p, bool *shrunk)
{
	bool may_shrink = s->frugal && !*shrunk;
	int64_t left = s->deadlines ? s->deadlines->at_ns - clock_monotonic_ns() : INT64_MAX;
	struct timespec t, *timeout = NULL;
	int n;

	if (may_shrink && left > NS_PER_S)
		left = NS_PER_S;
	else
		may_shrink = false;
	left = left > 0 ? left : 0;
	if (left != INT64_MAX) {
		t.tv_sec = left / NS_PER_S;
		t.tv_nsec = left % NS_PER_S;
		timeout = &t;
	}
	n = sys_ppoll(p, SLOT_COUNT, timeout);
	if (n < 0 && errno != EINTR)
		return -1;
	if (n == 0 && may_shrink) {
		footprint_shrink((const void *)(uintptr_t)await_events);
		*shrunk = true;
	} else if (s->deadlines && !p[SLOT_PID].revents) {
		deadline_run(&s->deadlines); /* also while there is always something else to do */
	}
	if (n > 0)
		*shrunk = false;
	return 0;
}

static int collect(int pidfd, int *wait_status, struct error *err)
{
	siginfo_t info = { 0 };

	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return error_sys(err, errno, "wait for the container");
	*wait_status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status & 0x7f;
	return 0;
}

/**
 * supervise_run() - Carry streams and signals until the container's process ends
 * @s:			The three stream descriptors are closed on return
 * @wait_status:	As of waitpid(2)
 */
int supervise_run(struct supervise *s, int *wait_status, struct error *err)
{
	struct pollfd p[SLOT_COUNT];
	struct pending in;
	bool shrunk = false;
	int insistence = 0;

	s->timed_out = s->asked_to_end = s->lease_ended = s->shut_down = false;
	s->farewell.due = NULL;
	if (s->timeout_ms) {
		s->limit.due = end_time;
		deadline_add(&s->deadlines, &s->limit,
			     deadline_after(clock_monotonic_ns(), s->timeout_ms));
	}
	if (s->lease_left_ms) {
		s->lease.due = end_lease;
		set_lease(s);
	}
	in.at = in.len = 0; /* its buffer is written before it is read */

	/* A terminal's queue fills up like a pipe, when its program does not read what is pasted. */
	if (s->stdin_to >= 0 && s->read_stdin)
		(void)fcntl(s->stdin_to, F_SETFL, O_NONBLOCK);
	do {
		prepare(s, &in, p);
		if (await_events(s, p, &shrunk) < 0)
			return error_sys(err, errno, "wait for the container");
	} while (!handle(s, &in, p, &insistence));
	/* All its processes are gone, so what is in the pipes is all there is. */
	drain_output(s, &s->stdout_from, LOGFILE_STDOUT);
	drain_output(s, &s->stderr_from, LOGFILE_STDERR);
	if (s->stdin_to == s->stdout_from)
		s->stdin_to = STREAMS_CLOSED;
	cleanup_close(&s->stdin_to);
	cleanup_close(&s->stdout_from);
	cleanup_close(&s->stderr_from);
	return collect(s->pidfd, wait_status, err);
}
