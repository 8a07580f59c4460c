// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/hook.c - Programs that a bundle wants run at points of a container's life
 *
 * runtime-spec config.md, "POSIX-platform Hooks". A hook gets the container's
 * state on standard input, exactly the environment it lists, and is killed when
 * its time is up. What it prints goes into our error when it fails. One that
 * lists no environment has ours, or inside the container's, as with runc and crun.
 *
 * Also called by init, in the container's namespaces.
 */
#include "runtime/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/sys.h"
#include "runtime/confine.h"

#define OUTPUT_MAX 1024 /* of what a hook prints: its last words are not ours to keep */

struct running {
	pid_t pid;
	int pidfd;
	int input, output; /* our ends; -1: closed */
	const char *rest;  /* of the state, not written yet */
	char text[OUTPUT_MAX];
	size_t len;
};

static const char *const kind_names[CONFIG_HOOK_KINDS] = {
	[CONFIG_HOOK_PRESTART] = "prestart",
	[CONFIG_HOOK_CREATE_RUNTIME] = "createRuntime",
	[CONFIG_HOOK_CREATE_CONTAINER] = "createContainer",
	[CONFIG_HOOK_START_CONTAINER] = "startContainer",
	[CONFIG_HOOK_POSTSTART] = "poststart",
	[CONFIG_HOOK_POSTSTOP] = "poststop",
};

/** hook_kind_name() - "prestart", …: the member of hooks */
const char *hook_kind_name(enum config_hook_kind kind)
{
	return kind_names[kind];
}

/* What a program of the container's has in common with the one to come. */
struct inside {
	const struct config_process *filtered; /* its seccomp filter, if not loaded yet; NULL */
	char *const *env;		       /* where the hook says nothing */
};

static _Noreturn void become(const struct config_hook *hook, const struct inside *inside, int input,
			     int output)
{
	char *const alone[] = { hook->path, NULL };
	struct error failure;

	if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
		_exit(127);
	(void)confine_reset_signals(&failure);
	(void)sys_close_range(3, ~0U, SYS_CLOSE_RANGE_CLOEXEC);
	if (inside->filtered && confine_filter(inside->filtered, &failure) < 0) {
		dprintf(2, "%s", failure.msg);
		_exit(127);
	}
	(void)execve(hook->path, hook->args.n ? hook->args.items : alone,
		     hook->env.items ? hook->env.items : inside->env);
	dprintf(2, "%s", strerror(errno));
	_exit(127);
}

static int spawn(const struct config_hook *hook, const struct inside *inside, struct running *run,
		 struct error *err)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0)
		return error_sys(err, errno, "make a pipe");
	run->input = in[1];
	if (pipe2(out, O_CLOEXEC) < 0) {
		error_sys(err, errno, "make a pipe");
		(void)close(in[0]);
		return -err->code;
	}
	run->output = out[0];
	run->pid = fork();
	if (run->pid == 0)
		become(hook, inside, in[0], out[1]);
	(void)close(in[0]);
	(void)close(out[1]);
	if (run->pid < 0)
		return error_sys(err, errno, "create a process");
	run->pidfd = sys_pidfd_open(run->pid, 0);
	(void)fcntl(run->input, F_SETFL, O_NONBLOCK);
	return run->pidfd < 0 ? error_sys(err, errno, "open the process") : 0;
}

static void feed(struct running *run)
{
	ssize_t n = write(run->input, run->rest, strlen(run->rest));

	if (n > 0)
		run->rest += n;
	else if (errno != EAGAIN && errno != EINTR)
		run->rest += strlen(run->rest); /* it does not read: its own affair */
	if (!*run->rest)
		cleanup_close(&run->input);
}

static void listen_to(struct running *run)
{
	char beyond[512];
	bool full = run->len == sizeof(run->text) - 1;
	ssize_t n = full ? read(run->output, beyond, sizeof(beyond))
			 : read(run->output, run->text + run->len,
				sizeof(run->text) - 1 - run->len);

	if (n > 0 && !full)
		run->len += (size_t)n;
	if (n == 0 || (n < 0 && errno != EINTR))
		cleanup_close(&run->output);
}

/* Until the process has ended; false: its time was up. Who inherits its output is not waited for. */
static bool attend(struct running *run, int timeout_s)
{
	int64_t end = timeout_s ? clock_monotonic_ms() + timeout_s * 1000LL : 0;

	for (;;) {
		struct pollfd p[] = {
			{ .fd = run->pidfd, .events = POLLIN },
			{ .fd = run->input, .events = POLLOUT },
			{ .fd = run->output, .events = POLLIN },
		};
		int64_t left = end ? end - clock_monotonic_ms() : -1;

		if (end && left <= 0)
			return false;
		if (poll(p, 3, (int)left) <= 0)
			continue;
		if (p[1].revents)
			feed(run);
		if (p[2].revents)
			listen_to(run);
		else if (p[0].revents)
			return true;
	}
}

static int judge(const struct running *run, const char *what, int status, bool in_time,
		 int timeout_s, struct error *err)
{
	size_t len = run->len;
	const char *colon;

	while (len && strchr(" \n\t\r", run->text[len - 1]))
		len--;
	colon = len ? ": " : "";
	if (!in_time)
		return error_set(err, ETIMEDOUT, "%s: not done after %d s, killed%s%.*s", what,
				 timeout_s, colon, (int)len, run->text);
	if (WIFSIGNALED(status))
		return error_set(err, ECHILD, "%s: killed by signal %d%s%s%.*s", what,
				 WTERMSIG(status),
				 WTERMSIG(status) == SIGSYS ? ", bad system call" : "", colon,
				 (int)len, run->text);
	if (WEXITSTATUS(status))
		return error_set(err, ECHILD, "%s: exit status %d%s%.*s", what, WEXITSTATUS(status),
				 colon, (int)len, run->text);
	return 0;
}

static int run_one(const struct config_hook *hook, const struct inside *inside, const char *what,
		   const char *state, struct error *err)
{
	struct running run = { .pid = -1, .pidfd = -1, .input = -1, .output = -1, .rest = state };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	bool in_time = false;
	int status = 0, r;

	(void)sigaction(SIGPIPE, &ignore, &before);
	r = spawn(hook, inside, &run, err);
	if (r < 0)
		error_wrap(err, "%s", what);
	else
		in_time = attend(&run, hook->timeout_s);
	if (run.pid > 0 && !in_time)
		(void)kill(run.pid, SIGKILL);
	while (run.pid > 0 && waitpid(run.pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 0)
		r = judge(&run, what, status, in_time, hook->timeout_s, err);
	cleanup_close(&run.pidfd);
	cleanup_close(&run.input);
	cleanup_close(&run.output);
	(void)sigaction(SIGPIPE, &before, NULL);
	return r;
}

static bool has_filter(const struct config_process *p)
{
	return p->seccomp.n && !(p->seccomp.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

/**
 * hook_run_all() - Run all hooks of a kind, one after the other, until one fails
 * @state:	The container's state as JSON
 * @env:	The program's, for startContainer hooks without one; NULL: ours
 *
 * Return: 0, or -errno with the hook and its words in @err
 */
int hook_run_all(const struct config *c, enum config_hook_kind kind, const char *state,
		 char *const *env, struct error *err)
{
	const struct config_hook_list *hooks = &c->hooks[kind];
	struct inside inside = { .env = env ? env : environ };
	int r = 0;

	if (kind == CONFIG_HOOK_START_CONTAINER && has_filter(&c->process))
		inside.filtered = &c->process;
	for (size_t i = 0; r == 0 && i < hooks->n; i++) {
		autofree char *what = xasprintf("error running %s hook #%zu: '%s'",
						kind_names[kind], i, hooks->items[i].path);

		r = run_one(&hooks->items[i], &inside, what, state, err);
	}
	return r;
}
