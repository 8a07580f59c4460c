// SPDX-License-Identifier: Apache-2.0
/*
 * tests/bench/launch.c - Start one command and say what it cost
 *
 * Usage: launch [-o SECONDS] COMMAND [ARG...] [; COMMAND [ARG...]]...
 * Result: one line on fd 3, wall_ns cpu_us peak_rss_kib exit_status
 *
 * Of several commands the times are added up, and the first that fails is the last.
 * Small and static, because a child starts life with its parent's peak RSS. As
 * a subreaper it also counts what the command leaves behind (conmon and the
 * clean-up commands it starts); with -o it waits for those, up to SECONDS, and
 * their CPU time is in the sum. Wall time ends when the command itself does.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void wait_for_orphans(int64_t until_ns)
{
	const struct timespec nap = { .tv_nsec = 5000000 };
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0 && now_ns() < until_ns)
		if (pid == 0)
			nanosleep(&nap, NULL);
}

/* Status of one command, as a shell has it; -1: it cannot be run. */
static int run_one(char **argv)
{
	int status = 0, r;
	pid_t pid;

	r = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (r) {
		fprintf(stderr, "launch: %s: %s\n", argv[0], strerror(r));
		return -1;
	}
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_all(char **argv)
{
	int status = 0;

	while (*argv && status == 0) {
		char **end = argv;
		bool is_last;

		while (*end && strcmp(*end, ";"))
			end++;
		is_last = !*end;
		*end = NULL;
		status = run_one(argv);
		argv = is_last ? end : end + 1;
	}
	return status;
}

int main(int argc, char **argv)
{
	int64_t began, took, orphans_ns = 0;
	struct rusage tree;
	int status;

	argv++, argc--;
	if (argc > 2 && !strcmp(argv[0], "-o")) {
		orphans_ns = strtol(argv[1], NULL, 10) * 1000000000LL;
		argv += 2, argc -= 2;
	}
	if (argc < 1)
		return 2;
	(void)fcntl(3, F_SETFD, FD_CLOEXEC);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	began = now_ns();
	status = run_all(argv);
	took = now_ns() - began;
	if (status < 0)
		return 127;
	if (orphans_ns)
		wait_for_orphans(now_ns() + orphans_ns);
	getrusage(RUSAGE_CHILDREN, &tree);
	dprintf(3, "%lld %lld %ld %d\n", (long long)took,
		(long long)(tree.ru_utime.tv_sec + tree.ru_stime.tv_sec) * 1000000 +
			tree.ru_utime.tv_usec + tree.ru_stime.tv_usec,
		tree.ru_maxrss, status);
	return 0;
}
