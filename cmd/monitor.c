// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/monitor.c - The process that stays with a detached container
 *
 * A plain fork of the CLI, born in a cgroup beside the containers': it must
 * never come under a container's limits, nor under those of the user's session.
 * It starts the container, tells the CLI how that went, and then only carries
 * output to the log and waits. SIGTERM, which all processes get when the machine
 * goes down, has it stop the container. The lock and lease descriptors that make it the
 * supervisor are the CLI's, inherited.
 */
#include "cmd/monitor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/group.h"
#include "cmd/ending.h"
#include "cmd/launch.h"
#include "cmd/message.h"
#include "cmd/restart.h"
#include "cmd/slice/cap.h"
#include "runtime/sync.h"

#define WORDS_MAX_BYTES (2U << 20)

/*
 * Everything of ours is close-on-exec. What is not came from the caller, whose
 * locks and pipes would otherwise stay held for as long as the container runs.
 */
static void close_inherited(void)
{
	autodir DIR *dir = opendir("/proc/self/fd");
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		int fd = (int)strtol(e->d_name, NULL, 10); /* ".": 0 */

		if (fd > 2 && fcntl(fd, F_GETFD) == 0)
			(void)close(fd);
	}
}

/* Let go of the caller's terminal, directory and streams. */
static void detach(void)
{
	int null = openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);

	close_inherited();
	(void)signal(SIGTERM, SIG_DFL); /* whatever the caller does: it ends the container */
	(void)setsid();
	if (chdir("/") < 0)
		return; /* it keeps a mount busy at worst */
	for (int i = 0; null >= 0 && i < 3; i++)
		(void)dup2(null, i);
	if (null > 2)
		(void)close(null);
}

/*
 * Every user of the host may read our command line, for as long as the container runs: not what
 * -e has given it. Lists of options are copies, so nobody else uses these words.
 */
static void hide_environment(const struct strlist *env)
{
	autofree char *text = NULL;
	struct error ignored;
	size_t len = 0;

	(void)file_read_at(AT_FDCWD, "/proc/self/cmdline", WORDS_MAX_BYTES, &text, &len, &ignored);
	for (size_t at = 0; at < len; at += strlen(text + at) + 1)
		for (size_t i = 0; i < env->n; i++) {
			size_t name = strcspn(env->items[i], "=") + 1;
			size_t all = strlen(env->items[i]), word = strlen(text + at);

			if (name < all && str_ends(text + at, env->items[i]))
				memset(program_invocation_name + at + word - (all - name), '*',
				       all - name);
		}
}

static _Noreturn void run_monitor(struct launch *l, int report)
{
	struct error err = { 0 };
	int r;

	detach();
	hide_environment(&l->settings->env);
	l->report_fd = report;
	r = launch_start(l, &err);
	l->report_fd = -1;
	if (r < 0) {
		(void)sync_send(report, l->limit_failed ? SYNC_LIMIT : SYNC_SETUP, &err, -1);
		_exit(EXIT_TARE);
	}
	r = launch_await_exec(l, &err);
	if (r == 0)
		(void)sync_send(report, SYNC_START, NULL, -1);
	else
		(void)sync_send(report, r < 0 ? SYNC_SETUP : SYNC_EXEC, &err, -1);
	if (r < 0)
		l->report.delivered = true; /* by the CLI, which has its error now */
	if (r == 0) {
		(void)close(report);
		report = -1;
	}
	(void)prctl(PR_SET_NAME, "tare-monitor");
	if (!restart_is_wanted(l->settings))
		launch_slim(l);
	l->streams.frugal = true;
	(void)launch_wait(l, &err);
	if (r != 0)
		ending_fail(l->record, r, &err);
	else
		restart_while_due(l);
	launch_finish(l);
	_exit(0);
}

/* As fork(), but for -errno. */
static pid_t fork_into_monitors(int *pidfd)
{
	struct cgroup_root root = { .fd = -1 };
	struct sys_clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
	};
	struct error ignored;
	int cgroup = -1;
	pid_t pid;

	if (cgroup_root_open(&root, &ignored) == 0) {
		root.on_new_top = cap_enforce; /* a failure is met, and told, by the container */
		cgroup = cgroup_open_monitors(&root, &ignored);
	}
	if (cgroup >= 0) { /* else it stays in ours: no harm but a shared fate */
		args.flags |= SYS_CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup;
	}
	pid = sys_clone3(&args);
	if (pid == 0)
		return 0;
	pid = pid < 0 ? -errno : pid;
	cleanup_close(&cgroup);
	cgroup_root_close(&root);
	return pid;
}

static void reap(int pidfd)
{
	siginfo_t info;

	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0 && errno == EINTR)
		;
}

/**
 * monitor_start() - Start a container that goes on without us
 *
 * Return: 0 once its program runs; EXIT_NOT_FOUND or EXIT_NOT_RUNNABLE with
 * @err set; -errno
 */
int monitor_start(struct launch *l, struct error *err)
{
	enum sync_step step = SYNC_SETUP;
	int fds[2], pidfd = -1, r;
	pid_t pid;

	r = sync_open(fds);
	if (r < 0)
		return error_sys(err, -r, "open the channel to the monitor");
	pid = fork_into_monitors(&pidfd);
	if (pid == 0) {
		(void)close(fds[0]);
		run_monitor(l, fds[1]);
	}
	(void)close(fds[1]);
	if (pid < 0) {
		(void)close(fds[0]);
		return error_sys(err, -pid, "start the container's monitor");
	}
	while ((r = sync_receive(fds[0], &step, err, NULL)) > 0 && step == SYNC_WARNING)
		message_warning(l->ctx, "%s", err->msg);
	(void)close(fds[0]);
	l->limit_failed = r > 0 && step == SYNC_LIMIT;
	if (r <= 0)
		error_set(err, ECHILD, "the container's monitor died during the start");
	if (r > 0 && step == SYNC_START)
		r = 0;
	else if (r > 0 && step == SYNC_EXEC)
		r = command_code_of_exec(err);
	else
		r = -err->code;
	if (r != 0)
		reap(pidfd); /* it has cleared up when it is gone */
	(void)close(pidfd);
	return r;
}
