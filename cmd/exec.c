// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/exec.c - tare exec: one more process in a running container
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/sys.h"
#include "cgroups/group.h"
#include "cgroups/hierarchy.h"
#include "cmd/assemble.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/options.h"
#include "cmd/report/exec.h"
#include "cmd/run_options.h"
#include "cmd/settings.h"
#include "cmd/streams.h"
#include "cmd/target.h"
#include "runtime/console.h"
#include "runtime/executable.h"
#include "runtime/process.h"

struct exec_options {
	bool detach, interactive, tty, privileged;
	const char *user, *cwd, *report, *assert_format;
	struct strlist env, env_files, asserts;
};

#define O(...) OPTION(struct exec_options, __VA_ARGS__)

static const struct option_def options[] = {
	O(0, "assert", "EXPR", OPTION_LIST, asserts,
	  "End with 123 unless this is so: memory.peak<100M, !oom, wall<30s"),
	O(0, "assert-format", "FORMAT[:FILE]", OPTION_TEXT, assert_format,
	  "Tell assertions as text, tap or junit"),
	O('d', "detach", NULL, OPTION_BOOL, detach, "Run in the background, without streams"),
	O('e', "env", "NAME[=VALUE]", OPTION_LIST, env, "Set a variable"),
	O(0, "env-file", "FILE", OPTION_LIST, env_files, "Variables from a file"),
	O('i', "interactive", NULL, OPTION_BOOL, interactive, "Keep standard input open"),
	O(0, "privileged", NULL, OPTION_BOOL, privileged, "With all capabilities, without seccomp"),
	O(0, "report", "FILE|fd:N|-", OPTION_TEXT, report,
	  "Write there at the end what the container used meanwhile and why it ended, as JSON"),
	O('t', "tty", NULL, OPTION_BOOL, tty, "Give it a terminal"),
	O('u', "user", "USER[:GROUP]", OPTION_TEXT, user, "Run as this user"),
	O('w', "workdir", "DIR", OPTION_TEXT, cwd, "Working directory"),
	{ 0 },
};

/* What is held while the process runs. */
struct joined {
	struct record record;
	struct settings settings;
	struct config_process process;
	struct cgroup_root cgroup_root;
	int cgroup_fd, signal_fd, stdio[3];
	struct supervise streams;
	struct container process_handle;
	struct exec_report report;
};

static void joined_init(struct joined *j)
{
	*j = (struct joined){
		.cgroup_root = { .fd = -1 },
		.cgroup_fd = -1,
		.signal_fd = -1,
		.stdio = { -1, -1, -1 },
		.streams = { .stdin_to = -1, .stdout_from = -1, .stderr_from = -1 },
		.process_handle = CONTAINER_NONE,
		.report = EXEC_REPORT_NONE,
	};
	record_init(&j->record);
}

static void joined_done(struct joined *j)
{
	exec_report_done(&j->report);
	container_done(&j->process_handle);
	streams_close(&j->streams, j->stdio);
	cleanup_close(&j->cgroup_fd);
	cleanup_close(&j->signal_fd);
	cgroup_root_close(&j->cgroup_root);
	config_process_done(&j->process);
	settings_done(&j->settings);
	record_done(&j->record);
}

static int find_running(struct joined *j, const struct context *ctx, const char *operand,
			struct error *err)
{
	int r = target_find(ctx, operand, &j->record, err);

	if (r < 0)
		return r;
	if (j->record.status != RECORD_RUNNING) {
		error_set(err, ESRCH, "container '%s' is not running (%s)", operand,
			  record_status_name(j->record.status));
		return j->record.status == RECORD_PAUSED
			       ? error_hint(err, "unpause it first: tare unpause %s", operand)
			       : error_hint(err, "start it first: tare start %s", operand);
	}
	return settings_load(&j->settings, &ctx->store, j->record.id, err);
}

/* The container's settings, as far as the flags do not say otherwise. */
static int plan_process(struct joined *j, const struct exec_options *o, char *const *args,
			struct error *err)
{
	struct settings *s = &j->settings;
	int r;

	s->tty = o->tty && !o->detach; /* nobody stays to hold a terminal */
	if (o->user)
		s->user = o->user;
	if (o->cwd)
		s->cwd = o->cwd;
	if (s->cwd && s->cwd[0] != '/')
		return error_set(err, EINVAL, "working directory '%s' is no absolute path", s->cwd);
	s->privileged |= o->privileged;
	r = run_options_add_env(&s->env, &o->env_files, &o->env, err);
	if (r == 0)
		r = assemble_process(s, &j->process, err);
	for (; *args; args++)
		strlist_add(&j->process.args, *args);
	return r;
}

static int open_cgroup(struct joined *j, struct error *err)
{
	int r;

	if (!*j->record.cgroup)
		return 0;
	r = cgroup_root_open(&j->cgroup_root, err);
	if (r < 0)
		return r;
	j->cgroup_fd = cgroup_open(&j->cgroup_root, j->record.cgroup, err);
	return j->cgroup_fd < 0 ? j->cgroup_fd : 0;
}

static int open_streams(struct joined *j, const struct exec_options *o, struct error *err)
{
	if (o->detach)
		return streams_open_null(j->stdio, err);
	if (!o->tty)
		return streams_open(&j->streams, j->stdio, o->interactive, j->record.idmap_base,
				    err);
	streams_take_window_size(&j->process);
	return 0;
}

static int spawn(struct joined *j, struct error *err)
{
	struct process_place place = process_place_of(&j->record, j->cgroup_fd);
	int master, r;

	memcpy(place.stdio, j->stdio, sizeof(place.stdio));
	place.beside_first = j->settings.systemd;
	r = process_spawn(&j->process_handle, &j->process, &place, err);
	streams_close_theirs(j->stdio);
	if (r < 0 || !j->settings.tty)
		return r;
	master = container_console(&j->process_handle, err);
	if (master < 0)
		return master;
	j->streams.stdin_to = j->streams.stdout_from = master;
	j->streams.terminal = true;
	return 0;
}

/* 0, 126 or 127 with @err set, or -errno. */
static int await_exec(struct joined *j, const struct context *ctx, struct error *err)
{
	enum sync_step failed;

	if (container_await_exec(&j->process_handle, &failed, err) == 0)
		return 0;
	if (failed != SYNC_EXEC)
		return -err->code;
	message_error(ctx, err);
	return command_code_of_exec(err);
}

/* Returns the exit code to end with. */
static int report_end(struct joined *j, const struct context *ctx, const struct strlist *asserts,
		      int wait_status, int failed, const struct error *why)
{
	const struct exec_report_end end = {
		.record = &j->record,
		.args = &j->process.args,
		.asserts = asserts,
		.root = &j->cgroup_root,
		.cgroup_fd = j->cgroup_fd,
		.wait_status = wait_status,
		.pid = j->process_handle.pid,
		.failed = failed < 0 ? EXIT_TARE : failed,
		.why = why,
	};

	if (j->report.report.wanted)
		return exec_report_end(&j->report, ctx, &end);
	return failed ? failed : command_exit_code(wait_status);
}

static int supervise(struct joined *j, const struct context *ctx, const struct exec_options *o,
		     struct error *err)
{
	struct console_mode terminal = { .saved = false };
	int wait_status, code, r;

	j->streams.pidfd = j->process_handle.pidfd;
	j->streams.signal_fd = j->signal_fd;
	j->streams.write_streams = true;
	j->streams.pass_signals = true;
	j->streams.read_stdin = o->interactive;
	if (o->interactive && o->tty && isatty(0))
		(void)console_make_raw(0, &terminal);
	r = supervise_run(&j->streams, &wait_status, err);
	console_restore(&terminal);
	if (r < 0)
		return r;
	r = await_exec(j, ctx, err);
	code = report_end(j, ctx, &o->asserts, wait_status, r, err);
	if (r != 0 || streams_judge(&j->streams, code, err) == code)
		return r != 0 ? r : code;
	message_error(ctx, err);
	return EXIT_TARE;
}

static int run_there(struct joined *j, const struct context *ctx, const struct exec_options *o,
		     char *const *operands, struct error *err)
{
	int r;

	r = find_running(j, ctx, operands[0], err);
	if (r == 0 && j->record.idmap_base < 0)
		r = executable_protect(err);
	if (r == 0)
		r = plan_process(j, o, operands + 1, err);
	if (r == 0)
		r = open_cgroup(j, err);
	if (r == 0)
		r = open_streams(j, o, err);
	if (r < 0)
		return r;
	if (o->report)
		r = report_open(&j->report.report, o->report, err);
	if (r == 0)
		r = report_open_verdicts(&j->report.report, &o->asserts, o->assert_format, err);
	if (r < 0)
		return r;
	j->signal_fd = supervise_block_signals(err);
	if (j->signal_fd < 0)
		return j->signal_fd;
	exec_report_begin(&j->report, j->cgroup_fd);
	r = spawn(j, err);
	if (r < 0)
		return r;
	return o->detach ? await_exec(j, ctx, err) : supervise(j, ctx, o, err);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct exec_options *o = ctx->options;
	struct joined j;
	int r;

	(void)argc;
	if (o->tty && o->interactive && !o->detach && !isatty(0)) {
		error_set(err, ENOTTY, "the input device is no terminal");
		return error_hint(err, "leave out -t when standard input is a file or a pipe");
	}
	if ((o->report || o->asserts.n) && o->detach)
		return error_set(err, EINVAL, "--%s and -d exclude each other: nobody sees it end",
				 o->report ? "report" : "assert");
	joined_init(&j);
	r = run_there(&j, ctx, o, argv, err);
	joined_done(&j);
	return r;
}

const struct command cmd_exec = {
	.name = "exec",
	.args = "CONTAINER COMMAND [ARG...]",
	.summary = "Run a command in a running container",
	.details = "The command joins all namespaces and the cgroup of the container and has the "
		   "same rights as its first process. Exit codes are those of 'run'; so are the "
		   "fields of --assert, which are those of the whole container meanwhile.",
	.options = options,
	COMMAND_OPTIONS(struct exec_options, .detach = false),
	.min_args = 2,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE | COMMAND_ROOT | COMMAND_PREFIX,
	.run = run,
};
