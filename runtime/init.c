// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/init.c - The container's first process, from clone to exec
 *
 * Theory of operation:
 * The parent does all it can beforehand (parsing, filter compilation, opening
 * of fds) and hands over a struct init_plan. This file only carries it out:
 *
 *   1. init_join()	wait for the id maps, become the container's root
 *   2. rootfs_setup()	mounts, devices, volumes; then pivot_root: the host is gone
 *   3. connect_streams()	terminal or pipes become the standard streams
 *   4. confine		groups, ids, capabilities, no_new_privs, seccomp: one way
 *   5. wait for SYNC_START (the parent has made the network meanwhile), execve
 *
 * Each step gives up something the next no longer needs, so the order is
 * fixed. A failure in any of them reaches the parent whole, see sync.c. This
 * process dies with its parent; so does the container, as it is its process 1.
 */
#include "runtime/init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/bundle.h"
#include "runtime/confine.h"
#include "runtime/console.h"
#include "runtime/hook.h"
#include "runtime/idmap.h"
#include "runtime/label.h"
#include "runtime/mount.h"
#include "runtime/plan.h"
#include "runtime/protect.h"
#include "runtime/rootfs.h"
#include "runtime/sync.h"
#include "runtime/trees.h"

#define NS_PER_S	     INT64_C(1000000000)
#define SETUP_FAILED	     125
#define PROGRAM_FAILED	     1
#define HOOK_STATE_MAX_BYTES (16U << 20) /* twice a state with the annotations of a config.json */

static void wait_for(int fd, enum sync_step want, struct error *err)
{
	if (!sync_await(fd, want, NULL, err))
		_exit(SETUP_FAILED); /* the parent is gone or gave up: nobody is there to be told */
}

/* The session and its keyring are new; ids are the container's from here on. */
static int init_join(const struct init_plan *plan, struct error *err)
{
	const struct config *c = plan->config;

	wait_for(plan->sync_fd, SYNC_MAPPED, err);
	if (plan->mount_ns >= 0 && setns(plan->mount_ns, CLONE_NEWNS) < 0)
		return error_sys(err, errno, "enter the mount namespace to share");
	if (config_has_userns(c)) {
		if (idmap_become_root(&c->process) < 0)
			return error_sys(err, errno, "become root of the user namespace");
	}
	umask(0);
	if (setsid() < 0)
		return error_sys(err, errno, "begin a session");
	if (!c->process.keep_keyring)
		(void)sys_keyctl_join_session(NULL); /* a kernel without keys has none to share */
	/*
	 * Not by clone: the root of a cgroup namespace is the cgroup of who makes it, which for
	 * CLONE_INTO_CGROUP would be our parent's (copy_cgroup_ns() looks at current).
	 */
	if ((c->namespaces & CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0)
		return error_sys(err, errno, "make a cgroup namespace");
	if (c->hostname && (c->namespaces & CLONE_NEWUTS || c->join_paths[CONFIG_NS_UTS]) &&
	    sethostname(c->hostname, strlen(c->hostname)) < 0)
		return error_sys(err, errno, "set the host name '%s'", c->hostname);
	if (c->domainname && setdomainname(c->domainname, strlen(c->domainname)) < 0)
		return error_sys(err, errno, "set the domain name '%s'", c->domainname);
	return 0;
}

/* runtime-spec config-linux.md, "Default Devices": the terminal again, as /dev/console. */
static int show_console(const struct rootfs *fs, int peer, struct error *err)
{
	int target, tree, r;

	target = openat(fs->dev, "console", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0620);
	if (target < 0 && errno == EEXIST) /* of the bundle's root */
		target = openat(fs->dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return error_sys(err, errno, "make '/dev/console'");
	tree = mount_clone(peer, "", false, err);
	if (tree < 0)
		return tree;
	r = mount_attach(tree, target, "/dev/console", err);
	(void)close(tree);
	(void)close(target);
	return r;
}

static int connect_terminal(const struct init_plan *plan, const struct rootfs *fs,
			    struct error *err)
{
	const struct config_process *p = &plan->config->process;
	int pts, master, peer, r;

	pts = openat(fs->dev, "pts", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (pts < 0)
		return error_sys(err, errno, "open '/dev/pts'");
	master = console_setup(pts, p->rows, p->columns, &peer, err);
	if (master < 0)
		return master;
	r = sync_send(plan->sync_fd, SYNC_CONSOLE, NULL, master);
	if (r < 0)
		return error_sys(err, -r, "hand over the terminal");
	(void)close(master);
	(void)close(pts);
	r = show_console(fs, peer, err);
	return r == 0 ? console_take_over(peer, err) : r;
}

static int connect_stdio(const struct init_plan *plan, struct error *err)
{
	for (int i = 0; i < 3; i++) {
		/* dup2() onto itself would leave it close-on-exec. */
		if (plan->stdio[i] == i ? fcntl(i, F_SETFD, 0) < 0 : dup2(plan->stdio[i], i) < 0)
			return error_sys(err, errno, "connect standard stream %d", i);
	}
	return 0;
}

static int connect_streams(const struct init_plan *plan, const struct rootfs *fs, struct error *err)
{
	return plan->config->process.terminal ? connect_terminal(plan, fs, err)
					      : connect_stdio(plan, err);
}

/* Nothing that this process does from here on may fail: it is the container's reaper. */
static void pass_signal(int sig)
{
	(void)kill(-1, sig);
}

/* Reap whatever is orphaned; the program is the only child of ours that counts. */
static _Noreturn void reap(pid_t program)
{
	int status;

	for (;;) {
		pid_t pid = waitpid(-1, &status, 0);

		if (pid != program)
			continue;
		if (WIFEXITED(status))
			_exit(WEXITSTATUS(status));
		if (WIFSIGNALED(status))
			_exit(128 + WTERMSIG(status));
	}
}

/*
 * The reaper stays for everybody inside to look at: nothing of the environment
 * and command line that tare was called with, nor of its memory. The kernel
 * puts both side by side, beginning with the name.
 */
static void hide_origin(void)
{
	static const char name[] = "init";
	char *first = program_invocation_name, *end = first + strlen(first) + 1;
	size_t room = strlen(first) + 1;

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)prctl(PR_SET_NAME, name, 0, 0, 0);
	for (char **e = environ; e && *e; e++)
		if (*e + strlen(*e) > end)
			end = *e + strlen(*e);
	memset(first, 0, (size_t)(end - first));
	memcpy(first, name, room < sizeof(name) ? room : sizeof(name));
}

static void pass_signals(void)
{
	static const int passed[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH };
	struct sigaction pass = { .sa_handler = pass_signal, .sa_flags = SA_RESTART };

	for (size_t i = 0; i < sizeof(passed) / sizeof(*passed); i++)
		(void)sigaction(passed[i], &pass, NULL);
}

/*
 * --init: stay as process 1, reap, pass signals on and end like the program does.
 * The program, a child, goes on when that can be relied on: when the pipe ends.
 */
static int become_reaper(struct error *err)
{
	int ready[2];
	pid_t program;
	char none;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return error_sys(err, errno, "make a pipe for the process of --init");
	program = fork();
	if (program < 0)
		return error_sys(err, errno, "create the program's process, beside that of --init");
	if (program > 0) {
		pass_signals();
		hide_origin();
		/* The sync socket, too: this end must not keep the parent waiting for exec. */
		(void)sys_close_range(3, ~0U, 0);
		reap(program);
	}
	(void)close(ready[1]);
	while (read(ready[0], &none, 1) < 0 && errno == EINTR)
		;
	(void)close(ready[0]);
	/* The program's group is the terminal's foreground one, if there is a terminal. */
	(void)setpgid(0, 0);
	(void)signal(SIGTTOU, SIG_IGN);
	(void)tcsetpgrp(0, getpid());
	(void)signal(SIGTTOU, SIG_DFL);
	return 0;
}

static _Noreturn void fail(const struct init_plan *plan, enum sync_step step,
			   const struct error *err)
{
	(void)sync_write(plan->sync_fd, step, -1, err);
	_exit(SETUP_FAILED);
}

/* The parent wrote two states, for the two moments when hooks run in here. */
static int run_hooks(const struct init_plan *plan, enum config_hook_kind kind, char *const *env,
		     struct error *err)
{
	autofree char *text = NULL;
	const char *state;
	size_t len;
	int r;

	if (!plan->config->hooks[kind].n)
		return 0;
	if (lseek(plan->hook_state_fd, 0, SEEK_SET) < 0)
		return error_sys(err, errno, "read the state for hooks");
	r = file_read_fd(plan->hook_state_fd, HOOK_STATE_MAX_BYTES, &text, &len);
	if (r < 0)
		return error_sys(err, -r, "read the state for hooks");
	state = kind == CONFIG_HOOK_START_CONTAINER ? text + strlen(text) + 1 : text;
	return hook_run_all(plan->config, kind, state, env, err);
}

/* runtime-spec config.md: after the mounts, before the host's root is gone. */
static int hooks_before_pivot(const struct init_plan *plan, struct error *err)
{
	int r;

	if (!config_has_hooks_before_pivot(plan->config))
		return 0;
	r = sync_send(plan->sync_fd, SYNC_MOUNTED, NULL, -1);
	if (r < 0)
		return error_sys(err, -r, "ask for hooks");
	wait_for(plan->sync_fd, SYNC_HOOKED, err);
	return run_hooks(plan, CONFIG_HOOK_CREATE_CONTAINER, NULL, err);
}

static int setup(struct init_plan *plan, struct rootfs *fs, struct error *err)
{
	const struct config_process *p = &plan->config->process;
	bool bundle = plan->config->root == CONFIG_ROOT_BUNDLE;
	int r;

	r = init_join(plan, err);
	if (r == 0)
		r = trees_open_late(plan, err);
	if (r == 0)
		r = rootfs_setup(fs, plan, err);
	if (r == 0)
		r = hooks_before_pivot(plan, err);
	if (r == 0)
		r = label_apply(&p->attributes.labels, bundle ? fs->host_proc : -1, err);
	if (r == 0)
		r = connect_streams(plan, fs, err);
	if (r == 0)
		r = rootfs_enter(fs, plan->config, err);
	if (r == 0)
		r = confine_chdir(p->cwd, fs->root, true, err);
	if (r == 0)
		r = protect_setup(fs, plan->config, err);
	if (r == 0)
		r = confine_reset_signals(err);
	umask(p->umask);
	return r;
}

/*
 * A filter without no_new_privs needs CAP_SYS_ADMIN to load, so it, and the rest
 * of giving up rights with it, then comes after the wait for the start: until
 * then we need calls that it may refuse. With a listener it is for the creating
 * process to pass on, hence before.
 */
static bool confines_late(const struct init_plan *plan)
{
	const struct config_process *p = &plan->config->process;

	return p->seccomp.n && !p->no_new_privs &&
	       !(p->seccomp.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

static bool filters_early(const struct config_process *p)
{
	return p->no_new_privs && (p->seccomp.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

static int confine(const struct init_plan *plan, const struct rootfs *fs, struct strlist *env,
		   struct error *err)
{
	const struct config_process *p = &plan->config->process;
	int listener = confine_process(p, fs->root, env, err), r;

	if (listener == 0 && filters_early(p))
		listener = confine_filter(p, err);
	if (listener <= 0)
		return listener;
	r = sync_write(plan->sync_fd, SYNC_SECCOMP, listener, NULL);
	if (r < 0)
		return error_sys(err, -r, "hand over the seccomp listener");
	wait_for(plan->sync_fd, SYNC_TAKEN, err);
	(void)close(listener);
	return 0;
}

/*
 * Who waits for a start by another command holds nothing of its creator's: not
 * the lock of the state, which would outlive the creator, nor the host's
 * directories. Those that the program is to have stay.
 */
static void close_foreign(const struct init_plan *plan, const struct rootfs *fs)
{
	const int kept[] = { plan->sync_fd, plan->start_fd, plan->hook_state_fd, fs->root };
	unsigned int next = 3 + plan->config->process.preserve_fds, keep;

	do {
		keep = ~0U;
		for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
			if (kept[i] >= 0 && (unsigned int)kept[i] >= next &&
			    (unsigned int)kept[i] < keep)
				keep = (unsigned int)kept[i];
		if (keep > next)
			(void)sys_close_range(next, keep == ~0U ? keep : keep - 1, 0);
		next = keep + 1;
	} while (keep != ~0U);
}

/*
 * Created by one command, started by another, which connects. A connection that
 * says nothing was only a look at whether we are still here.
 */
static void await_connection(struct init_plan *plan)
{
	enum sync_step step;
	struct error ignored;

	(void)close(plan->sync_fd);
	for (;;) {
		plan->sync_fd = accept4(plan->start_fd, NULL, NULL, SOCK_CLOEXEC);
		if (plan->sync_fd < 0 && errno != EINTR && errno != ECONNABORTED)
			_exit(SETUP_FAILED);
		if (plan->sync_fd < 0)
			continue;
		if (sync_receive(plan->sync_fd, &step, &ignored, NULL) > 0 && step == SYNC_START)
			return;
		(void)close(plan->sync_fd);
	}
}

static void await_start(struct init_plan *plan, const struct rootfs *fs, struct error *err)
{
	if (plan->reports_ready) {
		close_foreign(plan, fs);
		(void)sync_write(plan->sync_fd, SYNC_READY, -1, NULL);
	} else {
		/* After the change of ids, which clears it (prctl(2), PR_SET_PDEATHSIG). */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	}
	if (plan->start_fd >= 0)
		await_connection(plan);
	else
		wait_for(plan->sync_fd, SYNC_START, err);
}

/* What becomes of the process in the end. */
struct program {
	struct strlist env;
	char path[CONFINE_PROGRAM_MAX]; /* "": to be searched for */
};

/* Before the filter, which may refuse to look. Who created us wants to know if there is none. */
static int find_program(const struct init_plan *plan, struct program *program, struct error *err)
{
	int r = confine_find_program(&plan->config->process, strlist_items(&program->env),
				     program->path, err);

	if (r < 0)
		program->path[0] = '\0';
	return plan->reports_ready ? r : 0;
}

/* All that can fail fails before the start, but for what has to wait for it. */
static int prepare(struct init_plan *plan, struct rootfs *fs, struct program *program,
		   struct error *err)
{
	int r = setup(plan, fs, err);

	strlist_copy(&program->env, &plan->config->process.env);
	if (r == 0 && !confines_late(plan))
		r = confine(plan, fs, &program->env, err);
	return r == 0 ? find_program(plan, program, err) : r;
}

/* Before the filter: where the clock is not to be read from memory it is a system call. */
static void note_time(const struct init_plan *plan)
{
	struct timespec t;

	if (!plan->begun_ns || clock_gettime(CLOCK_MONOTONIC, &t) < 0)
		return;
	*plan->begun_ns = t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int finish(const struct init_plan *plan, const struct rootfs *fs, struct strlist *env,
		  struct error *err)
{
	const struct config_process *p = &plan->config->process;
	int r = run_hooks(plan, CONFIG_HOOK_START_CONTAINER, strlist_items(env), err);

	note_time(plan);
	if (r == 0 && confines_late(plan))
		return confine(plan, fs, env, err);
	if (r == 0 && p->no_new_privs && !filters_early(p))
		r = confine_filter(p, err);
	return r;
}

/*
 * A program that was found and cannot be run (no interpreter for it, the wrong format): with runc
 * and crun the container has started, says so itself and ends with 1. An engine that heard of a
 * start that failed would neither keep its log nor start it again, and containerd keeps its shim.
 */
static _Noreturn void fail_as_program(struct error *err)
{
	size_t n = strlen(err->msg);

	err->msg[n] = '\n'; /* in place of the NUL, which write() does not need */
	(void)!write(STDERR_FILENO, err->msg, n + 1);
	_exit(PROGRAM_FAILED);
}

/**
 * init_main() - All that happens between clone and exec
 *
 * In the cloned child; returns never: it ends as the container's program.
 */
_Noreturn void init_main(struct init_plan *plan)
{
	struct program program = { 0 };
	struct error err = { 0 };
	struct rootfs fs = { .root = -1 };

	if (prepare(plan, &fs, &program, &err) < 0)
		fail(plan, SYNC_SETUP, &err);
	await_start(plan, &fs, &err);
	if ((plan->config->init && become_reaper(&err) < 0) ||
	    finish(plan, &fs, &program.env, &err) < 0)
		fail(plan, SYNC_SETUP, &err);
	(void)confine_exec(&plan->config->process, strlist_items(&program.env), program.path, &err);
	if (plan->start_fd >= 0)
		fail_as_program(&err);
	fail(plan, SYNC_EXEC, &err);
}
