// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_confine.c - Finding a program along PATH, and what it starts with
 *
 * What takes privileges is tested by tests/integration.
 */
#include "runtime/confine.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "tests/unit/scratch.h"

struct program {
	const struct scratch *s;
	const char *name, *argument, *path; /* path: PATH=..., or NULL for none */
	int fail_code;
	const char *found; /* or NULL */
};

#define FAILED 200

/* In the child: "out" gets what the program prints, "error" our message. */
static int exec_program(void *arg)
{
	const struct program *p = arg;
	struct config_process process = { 0 };
	char *env[] = { (char *)(uintptr_t) "OTHER=1", (char *)(uintptr_t)p->path, NULL };
	struct error err = { 0 };
	int r;

	if (fchdir(p->s->fd) < 0)
		return 100;
	dup2(open("out", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), 1);
	strlist_add(&process.args, p->name);
	if (p->argument)
		strlist_add(&process.args, p->argument);
	r = confine_exec(&process, env, p->found ? p->found : "", &err);
	scratch_put_text(p->s, "error", err.msg);
	return r == -p->fail_code ? FAILED : 101;
}

static void put_program(const struct scratch *s, const char *name, const char *says, mode_t mode)
{
	char text[128];

	snprintf(text, sizeof(text), "#!/bin/sh\necho %s \"$0\" \"$1\" $OTHER\n", says);
	scratch_put_text(s, name, text);
	assert_int_equal(fchmodat(s->fd, name, mode, 0), 0);
}

static void put_programs(const struct scratch *s)
{
	assert_int_equal(mkdirat(s->fd, "a", 0755) | mkdirat(s->fd, "b", 0755), 0);
	put_program(s, "a/both", "first", 0755);
	put_program(s, "b/both", "second", 0755);
	put_program(s, "a/hidden", "wrong", 0644);
	put_program(s, "b/hidden", "right", 0755);
	put_program(s, "a/closed", "wrong", 0644);
	put_program(s, "here", "here", 0755);
	assert_int_equal(mkdirat(s->fd, "a/dir", 0755), 0);
}

static void expect_output(const struct scratch *s, const char *name, const char *path,
			  const char *output)
{
	struct program p = { .s = s, .name = name, .argument = "x y", .path = path };
	char *out;

	assert_int_equal(scratch_in_child(exec_program, &p), 0);
	out = scratch_get(s, "out");
	assert_string_equal(out, output);
	free(out);
}

static void expect_failure(const struct scratch *s, const char *name, const char *path, int code,
			   const char *message)
{
	struct program p = { .s = s, .name = name, .path = path, .fail_code = code };
	char *text;

	assert_int_equal(scratch_in_child(exec_program, &p), FAILED);
	text = scratch_get(s, "error");
	assert_string_equal(text, message);
	free(text);
}

static void the_first_match_in_path_runs(void **state)
{
	put_programs(*state);
	expect_output(*state, "both", "PATH=a:b", "first a/both x y 1\n");
	expect_output(*state, "both", "PATH=b:a", "second b/both x y 1\n");
	expect_output(*state, "both", "PATH=nowhere:here:b", "second b/both x y 1\n");
}

static void what_may_not_run_is_passed_over(void **state)
{
	put_programs(*state);
	expect_output(*state, "hidden", "PATH=a:b", "right b/hidden x y 1\n");
	expect_failure(*state, "closed", "PATH=a:b", EACCES,
		       "run 'closed' in the container: Permission denied");
	expect_failure(*state, "dir", "PATH=a:b", EACCES,
		       "run 'dir' in the container: Permission denied");
}

static void an_empty_part_of_path_is_the_working_directory(void **state)
{
	put_programs(*state);
	expect_output(*state, "here", "PATH=a::b", "here here x y 1\n");
	expect_output(*state, "here", "PATH=a:", "here here x y 1\n");
	expect_output(*state, "here", "PATH=", "here here x y 1\n");
}

static void a_name_that_is_nowhere_is_told_apart_from_a_path(void **state)
{
	put_programs(*state);
	expect_failure(*state, "nosuch", "PATH=a:b", ENOENT,
		       "command 'nosuch' not found in $PATH of the container");
	expect_failure(*state, "here", "PATH=a:b", ENOENT,
		       "command 'here' not found in $PATH of the container");
	expect_failure(*state, "./nosuch", "PATH=a:b", ENOENT,
		       "run './nosuch' in the container: No such file or directory");
	expect_failure(*state, "here/x", "PATH=a:b", ENOTDIR,
		       "run 'here/x' in the container: Not a directory");
}

static void a_name_with_a_slash_is_not_looked_for(void **state)
{
	put_programs(*state);
	expect_output(*state, "b/both", "PATH=a:b", "second b/both x y 1\n");
	expect_failure(*state, "./both", "PATH=a:b", ENOENT,
		       "run './both' in the container: No such file or directory");
}

static void without_path_the_usual_places_are_searched(void **state)
{
	struct program p = { .s = *state, .name = "echo", .argument = "found" };
	char *out;

	assert_int_equal(scratch_in_child(exec_program, &p), 0);
	out = scratch_get(*state, "out");
	assert_string_equal(out, "found\n");
	free(out);
}

static void an_endless_path_is_no_danger(void **state)
{
	char *path = xmalloc(20010);

	put_programs(*state);
	memset(path, 'x', 20009);
	memcpy(path, "PATH=", 5);
	strcpy(path + 20000, ":a");
	expect_output(*state, "both", path, "first a/both x y 1\n");
	free(path);
}

static int leave_descriptors_open(void *arg)
{
	struct program p = { .s = arg, .name = "sh", .argument = "descriptors" };

	for (int fd = 20; fd < 40; fd++)
		dup2(0, fd);
	return exec_program(&p);
}

static void nothing_is_open_but_the_standard_streams(void **state)
{
	char *out;

	scratch_put_text(*state, "descriptors",
			 "for i in 0 1 2 3 4 20 39; do [ -e /proc/$$/fd/$i ] && echo $i; done; :");
	assert_int_equal(scratch_in_child(leave_descriptors_open, *state), 0);
	out = scratch_get(*state, "out");
	assert_string_equal(out, "0\n1\n2\n");
	free(out);
}

/* --- signals and directories --- */

static int reset_signals(void *arg)
{
	struct sigaction now;
	struct error err;
	sigset_t set;

	(void)arg;
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int sig = 1; sig < 65; sig++)
		(void)signal(sig, SIG_IGN);
	if (confine_reset_signals(&err) < 0)
		return 1;
	for (int sig = 1; sig < 65; sig++)
		if (sigaction(sig, NULL, &now) == 0 && now.sa_handler != SIG_DFL)
			return 2;
	sigprocmask(SIG_BLOCK, NULL, &set);
	for (int sig = 1; sig < 65; sig++)
		if (sigismember(&set, sig) == 1)
			return 3;
	return 0;
}

static void a_callers_signal_settings_do_not_get_inside(void **state)
{
	(void)state;
	assert_int_equal(scratch_in_child(reset_signals, NULL), 0);
}

struct place {
	const struct scratch *s;
	const char *cwd, *expected; /* expected: below the root */
	bool make;
	int code;
};

static int enter(void *arg)
{
	const struct place *p = arg;
	struct error err;
	char where[256], expected[256];
	int r = confine_chdir(p->cwd, p->s->fd, p->make, &err);

	if (r != p->code)
		return 1;
	if (r < 0)
		return strstr(err.msg, p->cwd) ? 0 : 2;
	snprintf(expected, sizeof(expected), "%s%s", p->s->path, p->expected);
	return getcwd(where, sizeof(where)) && !strcmp(where, expected) ? 0 : 3;
}

static void expect_place(const struct scratch *s, const char *cwd, const char *expected)
{
	struct place p = { .s = s, .cwd = cwd, .expected = expected };

	assert_int_equal(scratch_in_child(enter, &p), 0);
}

static void the_working_directory_is_inside_the_root(void **state)
{
	const struct scratch *s = *state;

	assert_int_equal(mkdirat(s->fd, "sub", 0755) | mkdirat(s->fd, "etc", 0755), 0);
	assert_int_equal(symlinkat("/etc", s->fd, "absolute"), 0);
	assert_int_equal(symlinkat("../../../etc", s->fd, "sub/upwards"), 0);
	expect_place(s, "/", "");
	expect_place(s, "/sub", "/sub");
	expect_place(s, "/absolute", "/etc");
	expect_place(s, "/sub/upwards", "/etc");
	expect_place(s, "/../../etc", "/etc");
}

static void a_missing_working_directory_is_made_on_request_only(void **state)
{
	struct place p = {
		.s = *state, .cwd = "/new/deep", .expected = "/new/deep", .code = -ENOENT
	};

	assert_int_equal(scratch_in_child(enter, &p), 0);
	if (geteuid() != 0)
		return; /* it is made for the container's root */
	p.make = true;
	p.code = 0;
	assert_int_equal(scratch_in_child(enter, &p), 0);
}

static void a_file_is_no_working_directory(void **state)
{
	struct place p = { .s = *state, .cwd = "/file", .make = true, .code = -ENOTDIR };

	scratch_put_text(*state, "file", "");
	assert_int_equal(scratch_in_child(enter, &p), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(the_first_match_in_path_runs),
		scratch_test(what_may_not_run_is_passed_over),
		scratch_test(an_empty_part_of_path_is_the_working_directory),
		scratch_test(a_name_that_is_nowhere_is_told_apart_from_a_path),
		scratch_test(a_name_with_a_slash_is_not_looked_for),
		scratch_test(without_path_the_usual_places_are_searched),
		scratch_test(an_endless_path_is_no_danger),
		scratch_test(nothing_is_open_but_the_standard_streams),
		cmocka_unit_test(a_callers_signal_settings_do_not_get_inside),
		scratch_test(the_working_directory_is_inside_the_root),
		scratch_test(a_missing_working_directory_is_made_on_request_only),
		scratch_test(a_file_is_no_working_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
