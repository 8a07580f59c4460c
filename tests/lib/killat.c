// SPDX-License-Identifier: Apache-2.0
/*
 * killat.c - Run a command and kill it as it enters its N-th system call
 *
 * Usage: killat [-f | -a] N COMMAND [ARG...]
 *
 *	    only the command counts and dies; what it starts goes on
 *	-f  each process counts for itself, and dies at its own N-th call
 *	-a  all count together, and all die at the N-th call of any
 *
 * Ends with 137 if anything was killed, else as the command did. (strace's
 * inject=all:when=N counts each kind of call for itself, and so gets nowhere.)
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_TRACED 4096

static struct traced {
	pid_t tid;
	long calls;
} traced[MAX_TRACED];

static int n_traced;

static struct traced *find(pid_t tid)
{
	for (int i = 0; i < n_traced; i++)
		if (traced[i].tid == tid)
			return &traced[i];
	if (n_traced == MAX_TRACED)
		exit(2);
	traced[n_traced] = (struct traced){ tid, 0 };
	return &traced[n_traced++];
}

static void forget(pid_t tid)
{
	struct traced *t = find(tid);

	*t = traced[--n_traced];
}

static bool is_entry(pid_t tid)
{
	struct __ptrace_syscall_info info;

	return ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) > 0 &&
	       info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

static pid_t start(char **argv, bool follow)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (follow)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	if (pid < 0 || waitpid(pid, &status, __WALL) < 0 ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL, options) < 0 ||
	    ptrace(PTRACE_SYSCALL, pid, NULL, NULL) < 0) {
		perror("killat");
		exit(2);
	}
	find(pid);
	return pid;
}

static void kill_all(void)
{
	for (int i = 0; i < n_traced; i++)
		kill(traced[i].tid, SIGKILL);
}

/* The signal that a stopped process is to get; 0 for stops that are ptrace's own. */
static long signal_of(int status, bool is_new)
{
	int sig = WSTOPSIG(status);

	if (sig == (SIGTRAP | 0x80) || status >> 16 || (is_new && sig == SIGSTOP))
		return 0;
	return sig;
}

int main(int argc, char **argv)
{
	bool follow = argc > 1 && !strcmp(argv[1], "-f"), all = argc > 1 && !strcmp(argv[1], "-a");
	int shift = follow || all, status, result = 0;
	long when, total = 0;
	bool killed = false;
	pid_t first, tid;

	if (argc < 3 + shift || (when = strtol(argv[1 + shift], NULL, 10)) < 1) {
		fprintf(stderr, "usage: killat [-f | -a] N COMMAND [ARG...]\n");
		return 2;
	}
	first = start(argv + 2 + shift, follow || all);
	while ((tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		int before = n_traced;
		struct traced *t;

		if (tid < 0)
			continue;
		if (!WIFSTOPPED(status)) {
			if (tid == first)
				result = WIFEXITED(status) ? WEXITSTATUS(status)
							   : 128 + WTERMSIG(status);
			forget(tid);
			continue;
		}
		t = find(tid);
		if (WSTOPSIG(status) == (SIGTRAP | 0x80) && is_entry(tid)) {
			total++;
			if (all ? total == when : ++t->calls == when) {
				killed = true;
				if (all)
					kill_all();
				else
					kill(tid, SIGKILL);
				continue;
			}
		}
		ptrace(PTRACE_SYSCALL, tid, NULL, signal_of(status, n_traced > before));
	}
	return killed ? 137 : result;
}
