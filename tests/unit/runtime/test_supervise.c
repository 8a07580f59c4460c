// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_supervise.c - Streams, signals and the end of a process
 *
 * Each case is a supervisor of its own, a child of the test: a shell script is
 * its container, files of the scratch directory are its standard streams.
 */
#include "runtime/supervise.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/confine.h"
#include "runtime/console.h"
#include "tests/unit/scratch.h"

#define PATIENCE_S 20

enum {
	NO_INPUT = 1,
	NO_OUTPUT = 2,
	NO_SIGNALS = 4,
	TERMINAL = 8,
	LOG = 16,
	NO_READER = 32,
	ENDS_ON_TERM = 64,
	PATIENT = 128, /* with that */
};

struct scene {
	const struct scratch *s;
	const char *script;
	int flags;
	int wait_status; /* result */
};

static pid_t start_script(const struct scene *scene, const int theirs[3])
{
	pid_t pid = fork();
	struct error err;

	if (pid)
		return pid;
	if (confine_reset_signals(&err) < 0)
		_exit(111);
	if (scene->flags & TERMINAL) {
		setsid();
		if (console_take_over(theirs[0], &err) < 0)
			_exit(112);
	} else {
		for (int i = 0; i < 3; i++)
			dup2(theirs[i], i);
	}
	execl("/bin/sh", "sh", "-c", scene->script, (char *)NULL);
	_exit(113);
}

/* Our own standard streams: "in", "out" and "err" of the scratch directory. */
static void take_streams(const struct scene *scene)
{
	static const char *const names[] = { "in", "out", "err" };
	int pipe_fds[2];

	for (int i = 0; i < 3; i++) {
		int fd = openat(scene->s->fd, names[i], O_RDWR | O_CREAT | O_APPEND, 0600);

		dup2(fd, i);
		close(fd);
	}
	if (scene->flags & NO_READER && pipe(pipe_fds) == 0) {
		close(pipe_fds[0]);
		dup2(pipe_fds[1], 1);
		close(pipe_fds[1]);
	}
}

static void open_terminal(struct supervise *s, int theirs[3])
{
	struct winsize size = { .ws_row = 30, .ws_col = 100 };

	s->stdout_from = s->stdin_to = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	grantpt(s->stdout_from);
	unlockpt(s->stdout_from);
	ioctl(s->stdout_from, TIOCSWINSZ, &size);
	theirs[0] = theirs[1] = theirs[2] = open(ptsname(s->stdout_from), O_RDWR | O_NOCTTY);
	s->stderr_from = -1;
}

static void open_pipes(struct supervise *s, int theirs[3])
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == 0) {
		theirs[0] = fds[0];
		s->stdin_to = fds[1];
	}
	if (pipe2(fds, O_CLOEXEC) == 0) {
		s->stdout_from = fds[0];
		theirs[1] = fds[1];
	}
	if (pipe2(fds, O_CLOEXEC) == 0) {
		s->stderr_from = fds[0];
		theirs[2] = fds[1];
	}
}

static int supervisor(void *arg)
{
	const struct scene *scene = arg;
	struct supervise s = {
		.read_stdin = !(scene->flags & NO_INPUT),
		.write_streams = !(scene->flags & NO_OUTPUT),
		.pass_signals = !(scene->flags & NO_SIGNALS),
		.terminal = scene->flags & TERMINAL,
		.ends_on_term = scene->flags & ENDS_ON_TERM,
		.stop_signal = SIGUSR1,
		.grace_ms = scene->flags & PATIENT ? -1 : 50,
		.thaw_fd = -1,
	};
	struct logfile log;
	struct error err = { 0 };
	int theirs[3], status;
	pid_t pid;

	alarm(PATIENCE_S); /* blocked below, but the signal is passed on and ends the script */
	take_streams(scene);
	if (scene->flags & TERMINAL)
		open_terminal(&s, theirs);
	else
		open_pipes(&s, theirs);
	if (scene->flags & LOG && logfile_open(&log, scene->s->fd, 0, 1, &err) == 0)
		s.log = &log;
	s.signal_fd = supervise_block_signals(&err);
	pid = start_script(scene, theirs);
	for (int i = 0; i < (scene->flags & TERMINAL ? 1 : 3); i++)
		close(theirs[i]);
	s.pidfd = sys_pidfd_open(pid, 0);
	s.pid = pid;
	if (supervise_run(&s, &status, &err) < 0)
		return 1;
	if (s.stdin_to != -1 || s.stdout_from != -1 || s.stderr_from != -1)
		return 2;
	if (s.log)
		logfile_close(s.log);
	return dprintf(openat(scene->s->fd, "status", O_WRONLY | O_CREAT | O_TRUNC, 0600), "%d",
		       status) < 0;
}

/* Runs the script and returns its wait status. */
static int run(const struct scratch *s, int flags, const char *script)
{
	struct scene scene = { .s = s, .flags = flags, .script = script };
	pid_t pid = fork();
	char *text;
	int status;

	if (pid == 0)
		_exit(supervisor(&scene));
	for (int i = 0; waitpid(pid, &status, WNOHANG) == 0; i++) {
		if (i > PATIENCE_S * 100) {
			kill(pid, SIGKILL);
			fail_msg("'%s' was never done", script);
		}
		usleep(10000);
	}
	assert_int_equal(status, 0);
	text = scratch_get(s, "status");
	status = atoi(text);
	free(text);
	return status;
}

static void expect_file(const struct scratch *s, const char *name, const char *expected)
{
	char *text = scratch_get(s, name);

	assert_string_equal(text, expected);
	free(text);
}

#define EXIT_STATUS(code) ((code) << 8)

static void exit_codes_and_signals_are_told_apart(void **state)
{
	assert_int_equal(run(*state, 0, "exit 0"), EXIT_STATUS(0));
	assert_int_equal(run(*state, 0, "exit 7"), EXIT_STATUS(7));
	assert_int_equal(run(*state, 0, "exit 255"), EXIT_STATUS(255));
	assert_int_equal(run(*state, 0, "kill -KILL $$"), SIGKILL);
	assert_int_equal(run(*state, 0, "ulimit -c 0; kill -SEGV $$") & ~0x80, SIGSEGV);
}

static void output_and_errors_stay_apart(void **state)
{
	assert_int_equal(run(*state, 0, "echo out; echo err >&2; echo more"), 0);
	expect_file(*state, "out", "out\nmore\n");
	expect_file(*state, "err", "err\n");
}

/* Not periodic in any power of two, so that a piece lost or doubled shows. */
static char *make_data(size_t len)
{
	char *data = xmalloc(len + 1);

	for (size_t i = 0; i < len; i++)
		data[i] = (char)('a' + i % 23);
	data[len] = '\0';
	return data;
}

static void much_data_goes_both_ways_unharmed(void **state)
{
	const size_t len = 3000017;
	autofree char *data = make_data(len);
	char *out;

	scratch_put(*state, "in", data, len);
	assert_int_equal(run(*state, 0, "tee /dev/stderr"), 0);
	out = scratch_get(*state, "out");
	assert_true(strlen(out) == len && !strcmp(out, data));
	free(out);
	out = scratch_get(*state, "err");
	assert_true(strlen(out) == len && !strcmp(out, data));
	free(out);
}

static void input_that_nobody_reads_holds_nothing_up(void **state)
{
	autofree char *data = make_data(1000000), *out = NULL;

	scratch_put(*state, "in", data, 1000000);
	assert_int_equal(run(*state, 0, "head -c 500000 /dev/zero | tr '\\0' x; exit 3"),
			 EXIT_STATUS(3));
	out = scratch_get(*state, "out");
	assert_int_equal(strlen(out), 500000);
}

static void a_program_may_close_its_input(void **state)
{
	autofree char *data = make_data(1000000);

	scratch_put(*state, "in", data, 1000000);
	assert_int_equal(run(*state, 0, "exec <&-; sleep 0.1; echo on; exit 4"), EXIT_STATUS(4));
	expect_file(*state, "out", "on\n");
}

static void the_end_of_our_input_is_passed_on(void **state)
{
	scratch_put_text(*state, "in", "");
	assert_int_equal(run(*state, 0, "cat; echo end"), 0);
	expect_file(*state, "out", "end\n");
}

static void without_a_reader_a_program_meets_a_closed_pipe(void **state)
{
	assert_int_equal(run(*state, NO_READER, "exec yes"), SIGPIPE);
}

static void what_was_written_before_the_end_arrives(void **state)
{
	char *out;

	assert_int_equal(run(*state, 0, "head -c 60000 /dev/zero | tr '\\0' y"), 0);
	out = scratch_get(*state, "out");
	assert_int_equal(strlen(out), 60000);
	free(out);
	assert_int_equal(run(*state, 0, "head -c 60000 /dev/zero | tr '\\0' y >&2"), 0);
	out = scratch_get(*state, "err");
	assert_int_equal(strlen(out), 60000);
	free(out);
}

static void the_log_gets_both_streams(void **state)
{
	char *log;

	assert_int_equal(run(*state, LOG | NO_OUTPUT, "echo one; echo two >&2"), 0);
	log = scratch_get(*state, "log/" LOGFILE_NAME);
	assert_non_null(strstr(log, "{\"log\":\"one\\n\",\"stream\":\"stdout\""));
	assert_non_null(strstr(log, "{\"log\":\"two\\n\",\"stream\":\"stderr\""));
	expect_file(*state, "out", "");
	free(log);
}

static void signals_reach_the_program(void **state)
{
	assert_int_equal(run(*state, 0,
			     "trap 'echo got; exit 5' USR1; kill -USR1 $PPID; "
			     "while :; do sleep 0.01; done"),
			 EXIT_STATUS(5));
	expect_file(*state, "out", "got\n");
}

static void a_monitor_stops_its_container_on_sigterm(void **state)
{
	assert_int_equal(run(*state, NO_SIGNALS | ENDS_ON_TERM | PATIENT,
			     "trap 'sleep 0.2; exit 5' USR1; kill -HUP $PPID; kill -TERM $PPID; "
			     "while :; do sleep 0.01; done"),
			 EXIT_STATUS(5));
	assert_int_equal(run(*state, NO_SIGNALS | ENDS_ON_TERM,
			     "trap '' USR1; kill -TERM $PPID; while :; do sleep 0.01; done"),
			 SIGKILL);
}

static void in_the_foreground_only_who_does_not_hear_sigterm_is_killed(void **state)
{
	assert_int_equal(run(*state, ENDS_ON_TERM,
			     "trap 'sleep 0.2; exit 5' TERM; kill -TERM $PPID; "
			     "while :; do sleep 0.01; done"),
			 EXIT_STATUS(5));
	assert_int_equal(run(*state, ENDS_ON_TERM,
			     "trap '' TERM; kill -TERM $PPID; while :; do sleep 0.01; done"),
			 SIGKILL);
	assert_int_equal(run(*state, ENDS_ON_TERM | PATIENT,
			     "trap '' TERM; kill -TERM $PPID; sleep 0.2; exit 6"),
			 EXIT_STATUS(6));
	assert_int_equal(run(*state, 0, "trap '' TERM; kill -TERM $PPID; sleep 0.1; exit 6"),
			 EXIT_STATUS(6));
}

static void signals_can_be_kept_from_the_program(void **state)
{
	assert_int_equal(run(*state, NO_SIGNALS,
			     "trap 'exit 5' USR1; kill -USR1 $PPID; sleep 0.2; exit 6"),
			 EXIT_STATUS(6));
}

#define INSIST "kill -TERM $PPID; sleep 0.1; kill -INT $PPID; sleep 0.1; "

static void insisting_ends_a_program_that_ignores_it(void **state)
{
	assert_int_equal(run(*state, 0, "trap '' TERM INT; " INSIST "exit 8"), EXIT_STATUS(8));
	assert_int_equal(run(*state, 0,
			     "trap '' TERM INT; " INSIST "kill -TERM $PPID; exec sleep 9"),
			 SIGKILL);
}

static void signals_that_we_were_told_to_ignore_stay_ignored(void **state)
{
	(void)state;
	signal(SIGHUP, SIG_IGN);
	assert_int_equal(run(*state, 0, "kill -HUP $PPID; sleep 0.1; exit 9"), EXIT_STATUS(9));
	signal(SIGHUP, SIG_DFL);
}

/* --- terminals --- */

static void a_terminal_is_one_stream(void **state)
{
	assert_int_equal(run(*state, TERMINAL | NO_INPUT,
			     "test -t 0 && test -t 2 && stty size && echo err >&2; exit 3"),
			 EXIT_STATUS(3));
	expect_file(*state, "out", "30 100\r\nerr\r\n");
	expect_file(*state, "err", "");
}

static void keys_and_their_end_reach_a_terminal(void **state)
{
	char *out;

	scratch_put_text(*state, "in", "hello\n");
	assert_int_equal(
		run(*state, TERMINAL, "stty -echo; read word; echo \"<$word>\"; cat; echo end"), 0);
	out = scratch_get(*state, "out");
	assert_non_null(strstr(out, "<hello>\r\nend\r\n"));
	free(out);
}

static void a_paste_that_nobody_reads_holds_no_terminal_up(void **state)
{
	autofree char *data = make_data(1000000), *out = NULL;

	scratch_put(*state, "in", data, 1000000);
	assert_int_equal(run(*state, TERMINAL,
			     "stty raw -echo; sleep 0.2; "
			     "head -c 300000 /dev/zero | tr '\\0' Z; exit 4"),
			 EXIT_STATUS(4));
	out = scratch_get(*state, "out");
	assert_true(strlen(out) >= 300000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(exit_codes_and_signals_are_told_apart),
		scratch_test(output_and_errors_stay_apart),
		scratch_test(much_data_goes_both_ways_unharmed),
		scratch_test(input_that_nobody_reads_holds_nothing_up),
		scratch_test(a_program_may_close_its_input),
		scratch_test(the_end_of_our_input_is_passed_on),
		scratch_test(without_a_reader_a_program_meets_a_closed_pipe),
		scratch_test(what_was_written_before_the_end_arrives),
		scratch_test(the_log_gets_both_streams),
		scratch_test(signals_reach_the_program),
		scratch_test(a_monitor_stops_its_container_on_sigterm),
		scratch_test(in_the_foreground_only_who_does_not_hear_sigterm_is_killed),
		scratch_test(signals_can_be_kept_from_the_program),
		scratch_test(insisting_ends_a_program_that_ignores_it),
		scratch_test(signals_that_we_were_told_to_ignore_stay_ignored),
		scratch_test(a_terminal_is_one_stream),
		scratch_test(keys_and_their_end_reach_a_terminal),
		scratch_test(a_paste_that_nobody_reads_holds_no_terminal_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
