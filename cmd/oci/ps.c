// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/ps.c - tare-oci ps: the processes of a container
 *
 * As a table it is what ps(1) of the host says, line by line, of those that are
 * the container's: its options are ps's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "cgroups/pids.h"
#include "cmd/oci/cgroup.h"
#include "cmd/oci/oci.h"

#define PS_MAX_BYTES (64U << 20)

struct ps_options {
	const char *format;
};

#define O(...) OPTION(struct ps_options, __VA_ARGS__)

static const struct option_def options[] = {
	O('f', "format", "FORMAT", OPTION_TEXT, format, "table or json (default table)"),
	{ 0 },
};

static int find_pids(const struct oci_target *t, pid_t **pids, size_t *n, struct error *err)
{
	autocgroup struct oci_cgroup cg = OCI_CGROUP_NONE;
	int r;

	r = oci_cgroup_open(&cg, &t->state, err);
	if (r < 0)
		return r;
	if (cg.fd >= 0)
		return cgroup_pids(cg.fd, pids, n, err);
	if (t->status == STATE_STOPPED)
		return 0;
	*pids = xcalloc(1, sizeof(**pids));
	**pids = t->state.pid;
	*n = 1;
	return 0;
}

static void print_json(const pid_t *pids, size_t n)
{
	autojson struct json *list = json_new_list();
	autofree char *text = NULL;

	for (size_t i = 0; i < n; i++)
		json_add(list, json_new_int(pids[i]));
	text = json_print(list);
	printf("%s\n", text);
}

static int run_ps(char **args, char **text, struct error *err)
{
	int out[2], status = 0, r;
	size_t len;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return error_sys(err, errno, "make a pipe");
	pid = fork();
	if (pid == 0) {
		(void)dup2(out[1], 1);
		(void)execvp("ps", args);
		_exit(127);
	}
	(void)close(out[1]);
	r = pid < 0 ? -errno : file_read_fd(out[0], PS_MAX_BYTES, text, &len);
	(void)close(out[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return error_sys(err, -r, "run ps");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return error_set(err, ENOENT,
				 "run ps: executable file not found in $PATH; "
				 "--format json does without");
	return status ? error_set(err, ECHILD, "run ps: it failed") : 0;
}

/* The column of a table whose head is @name, from 0; or -1. */
static int find_column(const char *line, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; *(line += strspn(line, " \t")); i++) {
		size_t word = strcspn(line, " \t");

		if (word == len && !memcmp(line, name, len))
			return i;
		line += word;
	}
	return -1;
}

static long number_in(const char *line, int column)
{
	for (line += strspn(line, " \t"); column > 0; column--) {
		line += strcspn(line, " \t");
		line += strspn(line, " \t");
	}
	return strtol(line, NULL, 10);
}

static int print_table(char *text, const pid_t *pids, size_t n, struct error *err)
{
	char *save = NULL, *line = strtok_r(text, "\n", &save);
	int column = line ? find_column(line, "PID") : -1;

	if (column < 0)
		return error_set(err, EINVAL, "run ps: its output has no column PID");
	printf("%s\n", line);
	while ((line = strtok_r(NULL, "\n", &save))) {
		long pid = number_in(line, column);

		for (size_t i = 0; i < n; i++)
			if (pids[i] == pid)
				printf("%s\n", line);
	}
	return 0;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct ps_options *o = ctx->options;
	autotarget struct oci_target t = { .dirfd = -1 };
	autofree pid_t *pids = NULL;
	autofree char *text = NULL;
	char name[] = "ps", all[] = "-ef";
	char *usual[] = { name, all, NULL };
	size_t n = 0;
	int r = oci_target_open(&t, ctx, argv[0], false, err);

	if (r == 0)
		r = find_pids(&t, &pids, &n, err);
	if (r < 0)
		return r;
	if (o->format && !strcmp(o->format, "json")) {
		print_json(pids, n);
		return 0;
	}
	if (o->format && strcmp(o->format, "table"))
		return error_set(err, EINVAL, "invalid format option '%s'", o->format);
	argv[0] = name;
	r = run_ps(argc > 1 ? argv : usual, &text, err);
	return r == 0 ? print_table(text, pids, n, err) : r;
}

const struct command oci_cmd_ps = {
	.name = "ps",
	.args = "ID [PS-OPTION...]",
	.summary = "List the processes of a container",
	.options = options,
	COMMAND_OPTIONS(struct ps_options, 0),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_ANYBODY | COMMAND_PREFIX | COMMAND_ONE_DASH,
	.run = run,
};
