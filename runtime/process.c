// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/process.c - One more process in a running container
 *
 * Theory of operation:
 * The caller enters the container's pid namespace, which changes nothing for
 * itself but where its children are born, and clones one child straight into
 * the container's cgroup. The child makes itself undumpable, so that nobody
 * inside can trace it or open its executable, joins all other namespaces with
 * one setns() on the first process's pidfd, and gives up the same rights as
 * init did. It keeps the same protocol: sync.h, container.h.
 *
 * The child borrows the caller's memory, as after vfork(2), and the caller is
 * held until it has become the program: to copy page tables for it, and pages
 * as either writes, took a sixth of an exec. What it sends meanwhile, a
 * terminal or an error, waits in the channel. The memory is undumpable for both.
 */
#include "runtime/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/group.h"
#include "cgroups/hierarchy.h"
#include "runtime/confine.h"
#include "runtime/console.h"
#include "runtime/idmap.h"
#include "runtime/label.h"
#include "runtime/namespace.h"
#include "runtime/record_document.h"
#include "runtime/sync.h"

#define SETUP_FAILED 125

/* proc(5), /proc/PID/stat: which field is what; and linux/sched.h, which no header for us has. */
#define STAT_STATE   3
#define STAT_FLAGS   9
#define STAT_START   22
#define STAT_PENDING 31
#define STAT_BLOCKED 32
#define STAT_IGNORED 33
#define STAT_CAUGHT  34
#define PF_EXITING   0x4

#define LOOKS	      5
#define LOOK_PAUSE_NS 1000000

struct join_plan {
	const struct config_process *process;
	const struct process_place *place;
	int target; /* pidfd of the container's first process */
	int sync_fd;
	bool in_userns; /* the process is born in the user namespace, too */
};

/* /proc/PID/stat; NULL: no such process. The caller frees it. */
static char *read_stat(pid_t pid)
{
	char path[64], *text = NULL;
	struct error ignored;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	(void)file_read_at(AT_FDCWD, path, 4096, &text, &len, &ignored);
	return text;
}

/* Its fields are counted from 1; "" where there is none. */
static const char *field_of(const char *stat, int wanted)
{
	/* After the name in parentheses, which may contain anything. */
	const char *p = stat ? strrchr(stat, ')') : NULL;

	for (int field = 2; p && field < wanted; field++)
		p = strchr(p + 1, ' ');
	return p ? p + 1 : "";
}

static uint64_t number_of(const char *stat, int wanted)
{
	return strtoull(field_of(stat, wanted), NULL, 10);
}

/** process_start_time() - In clock ticks; 0: no such process */
uint64_t process_start_time(pid_t pid)
{
	autofree char *stat = read_stat(pid);

	return number_of(stat, STAT_START);
}

/** process_is_dying() - Whether it ends, or will as soon as it runs: it has been sent SIGKILL */
bool process_is_dying(pid_t pid)
{
	autofree char *stat = read_stat(pid);

	return (number_of(stat, STAT_PENDING) & (1U << (SIGKILL - 1))) ||
	       (number_of(stat, STAT_FLAGS) & PF_EXITING);
}

/**
 * process_hears() - Whether a signal means anything to the first process of a pid namespace
 *
 * The kernel throws away what such a process neither handles nor has blocked, pid_namespaces(7).
 * Blocked may be for as long as a fork takes, as shells and libraries do it: so more than one look.
 */
bool process_hears(pid_t pid, int sig)
{
	const struct timespec pause = { .tv_nsec = LOOK_PAUSE_NS };
	uint64_t bit = UINT64_C(1) << (sig - 1);

	for (int i = 0; i < LOOKS; i++) {
		autofree char *stat = read_stat(pid);

		if (number_of(stat, STAT_CAUGHT) & bit)
			return true;
		if (!(number_of(stat, STAT_BLOCKED) & bit) || number_of(stat, STAT_IGNORED) & bit)
			return false;
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

/** process_is_alive() - Whether it is that process, and has not ended, waited for or not */
bool process_is_alive(pid_t pid, uint64_t start)
{
	autofree char *stat = pid > 0 ? read_stat(pid) : NULL;

	return stat && number_of(stat, STAT_START) == start &&
	       !strchr("ZX", *field_of(stat, STAT_STATE));
}

/**
 * process_set_oom_score() - Rank a process for the OOM killer, if that is asked for
 *
 * From outside: /proc files of a process that changed its ids belong to the
 * host's root, who is nobody in its user namespace.
 */
int process_set_oom_score(pid_t pid, const struct config_process *p, struct error *err)
{
	char path[64], text[16];
	int r;

	if (!p->has_oom_score)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	snprintf(text, sizeof(text), "%d", p->oom_score_adj);
	r = file_write_at(AT_FDCWD, path, text);
	return r < 0 ? error_sys(err, -r, "set the OOM score to %d", p->oom_score_adj) : 0;
}

/**
 * process_open() - A pidfd of a process that a record names
 * @start:	Start time on record; a process with another one is not meant
 *
 * Return: the pidfd, which the caller closes; -ESRCH when that process is gone; or -errno, which
 * says nothing about it: out of descriptors, or a seccomp filter that refuses pidfd_open(2)
 */
int process_open(pid_t pid, uint64_t start, struct error *err)
{
	autoclose int fd = pid > 0 ? sys_pidfd_open(pid, 0) : -1;
	uint64_t began;

	if (pid > 0 && fd < 0 && errno != ESRCH && errno != EINVAL)
		return error_sys(err, errno, "open its first process");
	began = fd < 0 ? 0 : process_start_time(pid);
	if (fd >= 0 && !began && sys_pidfd_send_signal(fd, 0, NULL, 0) == 0)
		return error_set(err, EACCES,
				 "look at its first process: '/proc/%d/stat' is unreadable", pid);
	if (fd < 0 || began != start)
		return error_set(err, ESRCH, "the container's process is gone");
	return steal_fd(&fd);
}

static int join_namespaces(const struct join_plan *plan, struct error *err)
{
	uint64_t born_in = CLONE_NEWPID | (plan->in_userns ? CLONE_NEWUSER : 0);
	int which = (int)(plan->place->namespaces & ~born_in);

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_sys(err, errno, "hide from the container");
	if (which && setns(plan->target, which) < 0)
		return error_sys(err, errno, "enter the container's namespaces");
	if (plan->place->root_fd >= 0 && (fchdir(plan->place->root_fd) < 0 || chroot(".") < 0))
		return error_sys(err, errno, "enter the container's root");
	/* Where setgroups is denied there is nothing to give up. */
	if ((plan->place->namespaces & CLONE_NEWUSER) &&
	    ((!plan->process->keep_groups && sys_setgroups(0, NULL) < 0 && errno != EPERM) ||
	     idmap_become_root(plan->process) < 0))
		return error_sys(err, errno, "become root of the user namespace");
	if (setsid() < 0)
		return error_sys(err, errno, "begin a session");
	if (!plan->process->keep_keyring)
		(void)sys_keyctl_join_session(NULL);
	return 0;
}

static int connect_streams(const struct join_plan *plan, int rootfd, struct error *err)
{
	const struct config_process *p = plan->process;
	autoclose int pts = -1, master = -1;
	int peer, r;

	if (!p->terminal) {
		for (int i = 0; i < 3; i++)
			if (dup2(plan->place->stdio[i], i) < 0)
				return error_sys(err, errno, "connect standard stream %d", i);
		return 0;
	}
	pts = openat(rootfd, "dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (pts < 0)
		return error_sys(err, errno, "open '/dev/pts' of the container");
	master = console_setup(pts, p->rows, p->columns, &peer, err);
	if (master < 0)
		return master;
	r = sync_send(plan->sync_fd, SYNC_CONSOLE, NULL, master);
	return r < 0 ? error_sys(err, -r, "hand over the terminal") : console_take_over(peer, err);
}

static int confine(const struct join_plan *plan, int rootfd, struct strlist *env, struct error *err)
{
	const struct config_process *p = plan->process;
	int listener = confine_process(p, rootfd, env, err), r;
	enum sync_step step;

	if (listener == 0 && p->no_new_privs)
		listener = confine_filter(p, err);
	if (listener <= 0)
		return listener;
	r = sync_write(plan->sync_fd, SYNC_SECCOMP, listener, NULL);
	if (r < 0)
		return error_sys(err, -r, "hand over the seccomp listener");
	if (sync_receive(plan->sync_fd, &step, err, NULL) <= 0 || step != SYNC_TAKEN)
		_exit(SETUP_FAILED); /* who asked for us is gone, or has given up */
	(void)close(listener);
	return 0;
}

/* @program: gets its path, "" if confine_exec() is to search for it */
static int join(const struct join_plan *plan, struct strlist *env,
		char program[CONFINE_PROGRAM_MAX], struct error *err)
{
	autoclose int rootfd = -1;
	int r;

	rlimit_make_room(&plan->process->rlimits);
	r = label_apply(&plan->process->attributes.labels, -1, err);
	if (r == 0)
		r = attributes_apply_outside(&plan->process->attributes, 0, err);
	if (r == 0)
		r = join_namespaces(plan, err);
	if (r < 0)
		return r;
	rootfd = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rootfd < 0)
		return error_sys(err, errno, "open the container's root");
	r = connect_streams(plan, rootfd, err);
	if (r == 0)
		r = confine_chdir(plan->process->cwd, rootfd, false, err);
	if (r == 0)
		r = confine_reset_signals(err);
	if (r == 0)
		r = rlimit_apply(&plan->process->rlimits, 0, err);
	if (r < 0)
		return r;
	umask(plan->process->umask);
	strlist_copy(env, &plan->process->env);
	if (confine_find_program(plan->process, strlist_items(env), program, err) < 0)
		program[0] = '\0';
	return confine(plan, rootfd, env, err);
}

static _Noreturn void join_main(const struct join_plan *plan)
{
	char program[CONFINE_PROGRAM_MAX] = "";
	struct strlist env = { 0 };
	struct error err = { 0 };
	enum sync_step step = SYNC_SETUP;

	if (join(plan, &env, program, &err) == 0) {
		step = SYNC_EXEC;
		(void)confine_exec(plan->process, strlist_items(&env), program, &err);
	}
	(void)sync_write(plan->sync_fd, step, -1, &err);
	_exit(SETUP_FAILED);
}

/*
 * Not where the child waits for us before it is the program: the agent that the listener is for
 * may have to answer for its execve. And who shares memory may not enter a time namespace.
 */
static bool can_borrow_memory(const struct join_plan *plan)
{
	return !(plan->process->seccomp.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) &&
	       !(plan->place->namespaces & CLONE_NEWTIME);
}

/* Not inlined: see sys_vfork3(). */
static __attribute__((noinline)) pid_t clone_child(struct sys_clone_args *args,
						   const struct join_plan *plan)
{
	pid_t pid = can_borrow_memory(plan) ? sys_vfork3(args) : sys_clone3(args);

	if (pid == 0)
		join_main(plan);
	return pid;
}

/* cgroups(7), "no internal processes": the cgroup has given its controllers to those below. */
static int explain_clone(int errnum, struct error *err)
{
	if (errnum == EBUSY)
		return error_set(err, EBUSY,
				 "create a process in the container: adding pid to cgroups: "
				 "device or resource busy");
	return error_sys(err, errnum, "create a process in the container");
}

struct helper {
	const struct join_plan *plan;
	struct sys_clone_args *args;
	pid_t pid;
	int r;
	struct error *err;
};

static int help(void *arg)
{
	struct helper *h = arg;

	if (setns(h->plan->target, CLONE_NEWUSER) < 0)
		h->r = error_sys(h->err, errno, "enter the container's user namespace");
	else if (setns(h->plan->target, CLONE_NEWPID) < 0)
		h->r = error_sys(h->err, errno, "enter the container's pid namespace");
	else
		h->pid = clone_child(h->args, h->plan);
	if (h->pid < 0)
		h->r = explain_clone(errno, h->err);
	return 0;
}

/*
 * Who is not root has rights over the pid namespace only as a member of the user
 * namespace that it belongs to, and from there is no way back: so a helper that
 * shares our memory and descriptors goes there, as in runtime/container.
 */
static int clone_by_helper(struct join_plan *plan, struct sys_clone_args *args, pid_t *pid,
			   struct error *err)
{
	struct helper h = { .plan = plan, .args = args, .err = err };
	const size_t size = 256 << 10;
	autofree char *stack = xmalloc(size);
	int r;

	plan->in_userns = true;
	args->flags |= CLONE_PARENT;
	args->exit_signal = 0;
	r = namespace_run_apart(help, &h, stack, size, err);
	*pid = h.pid;
	return r < 0 ? r : h.r;
}

/* In the pid namespace, from where that may be entered. */
static int clone_in_pid_namespace(struct join_plan *plan, struct sys_clone_args *args, pid_t *pid,
				  struct error *err)
{
	if ((plan->place->namespaces & CLONE_NEWPID) && setns(plan->target, CLONE_NEWPID) < 0) {
		if (errno == EPERM && (plan->place->namespaces & CLONE_NEWUSER))
			return clone_by_helper(plan, args, pid, err);
		return error_sys(err, errno, "enter the container's pid namespace");
	}
	*pid = clone_child(args, plan);
	return *pid < 0 ? explain_clone(errno, err) : 0;
}

/*
 * In the container's cgroup or, where that takes no process (cgroup_open_of_process()), in that
 * of its first one.
 */
static int clone_in_cgroup(struct join_plan *plan, struct sys_clone_args *args, pid_t *pid,
			   struct error *err)
{
	const struct process_place *place = plan->place;
	struct cgroup_root root;
	autoclose int beside = -1;
	int r = -EBUSY;

	if (place->cgroup_fd >= 0) {
		args->flags |= SYS_CLONE_INTO_CGROUP;
		args->cgroup = (uint64_t)place->cgroup_fd;
	}
	if (place->cgroup_fd < 0 || !place->beside_first)
		r = clone_in_pid_namespace(plan, args, pid, err);
	if (r != -EBUSY || place->cgroup_fd < 0 || !place->cgroup)
		return r;
	r = cgroup_root_open(&root, err);
	if (r < 0)
		return r;
	beside = cgroup_open_of_process(&root, place->cgroup, place->pid, err);
	cgroup_root_close(&root);
	if (beside < 0)
		return beside;
	args->cgroup = (uint64_t)beside;
	return clone_in_pid_namespace(plan, args, pid, err);
}

static int clone_there(struct container *ct, struct join_plan *plan, struct error *err)
{
	struct sys_clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)&ct->pidfd,
		.exit_signal = SIGCHLD,
	};
	int r;

	/* Ours is inherited; we live no longer than the new process. */
	r = process_set_oom_score(getpid(), plan->process, err);
	if (r == 0)
		r = attributes_set_initial_cpus(&plan->process->attributes, err);
	return r < 0 ? r : clone_in_cgroup(plan, &args, &ct->pid, err);
}

/** process_place_of() - In a container on record: all its namespaces; no standard streams yet */
struct process_place process_place_of(const struct record *r, int cgroup_fd)
{
	return (struct process_place){
		.pid = r->pid,
		.pid_start = r->pid_start,
		.namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
			      CLONE_NEWNET | CLONE_NEWCGROUP |
			      (r->idmap_base >= 0 ? CLONE_NEWUSER : 0),
		.root_fd = -1,
		.cgroup_fd = cgroup_fd,
		.cgroup = r->cgroup,
		.stdio = { -1, -1, -1 },
	};
}

/**
 * process_spawn() - Start a process in a running container
 * @ct:		Filled in: container_console(), container_await_exec() and the
 *		supervisor take it from there; container_start() is not needed
 * @p:		What to run, with which rights; complete
 *
 * The caller's later children would be born in the container too: one use only.
 */
int process_spawn(struct container *ct, const struct config_process *p,
		  const struct process_place *place, struct error *err)
{
	struct join_plan plan = { .process = p, .place = place };
	autoclose int target = -1;
	int fds[2], r;

	*ct = CONTAINER_NONE;
	target = process_open(place->pid, place->pid_start, err);
	if (target < 0)
		return target;
	r = sync_open(fds);
	if (r < 0)
		return error_sys(err, -r, "open the channel to the new process");
	plan.target = target;
	plan.sync_fd = fds[1];
	ct->sync_fd = fds[0];
	r = clone_there(ct, &plan, err);
	(void)close(fds[1]);
	if (r < 0)
		container_done(ct);
	return r;
}
