// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/fit/trial.c - One run of a command under given limits, by tare run
 *
 * A process of its own, as a user would start it: our own program with other
 * arguments. It ends with us, and its container with it.
 */
#include "cmd/fit/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cmd/command.h"

#define MESSAGES_MAX_BYTES (64U << 10)

static void make_arguments(const struct context *ctx, const struct strlist *flags,
			   char *const *operands, int report_fd, struct strlist *argv)
{
	strlist_add(argv, "tare");
	strlist_add(argv, "--root");
	strlist_add(argv, ctx->root);
	strlist_add(argv, "--runroot");
	strlist_add(argv, ctx->runroot);
	for (size_t i = 0; i < ctx->additional.n; i++) {
		strlist_add(argv, "--additional-store");
		strlist_add(argv, ctx->additional.items[i]);
	}
	strlist_add(argv, "run");
	strlist_add(argv, "--rm");
	strlist_take(argv, xasprintf("--report=fd:%d", report_fd));
	for (size_t i = 0; i < flags->n; i++)
		strlist_add(argv, flags->items[i]);
	for (; *operands; operands++)
		strlist_add(argv, *operands);
}

/* The child: standard input and output go nowhere, messages are kept. */
static _Noreturn void become(struct strlist *argv, int messages_fd, pid_t parent)
{
	int null = openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(messages_fd, 2) < 0)
		_exit(EXIT_TARE);
	(void)execve("/proc/self/exe", argv->items, environ);
	_exit(EXIT_TARE);
}

static int await(pid_t pid, int *code, struct error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_sys(err, errno, "wait for 'tare run'");
	*code = command_exit_code(status);
	return 0;
}

static char *read_from_start(int fd, size_t max, size_t *len)
{
	char *text = NULL;

	if (lseek(fd, 0, SEEK_SET) < 0 || file_read_fd(fd, max, &text, len) < 0)
		return NULL;
	return text;
}

/* What tare says; a warning before it, or what the program wrote, is none. */
static char *error_of(const char *messages)
{
	autostrlist struct strlist lines = { 0 };

	strlist_split(&lines, messages, '\n');
	for (size_t i = 0; i < lines.n; i++)
		if (str_starts(lines.items[i], "tare: ") &&
		    !str_starts(lines.items[i], "tare: warning: "))
			return xstrdup(lines.items[i] + strlen("tare: "));
	return NULL;
}

static void take_results(struct fit_trial *t, int report_fd, int messages_fd)
{
	struct error ignored; /* without a report there are no figures */
	size_t len = 0;
	autofree char *messages = NULL, *report = read_from_start(report_fd, JSON_MAX_BYTES, &len);

	if (report && len)
		t->report = json_parse(report, len, &ignored);
	messages = read_from_start(messages_fd, MESSAGES_MAX_BYTES, &len);
	if (messages)
		t->message = error_of(messages);
}

/**
 * fit_trial_run() - tare run --rm FLAGS OPERANDS
 * @t:		Written on success; fit_trial_done() releases it
 *
 * Return: 0 however that ended, or -errno
 */
int fit_trial_run(const struct context *ctx, const struct strlist *flags, char *const *operands,
		  struct fit_trial *t, struct error *err)
{
	autoclose int report = memfd_create("report", 0); /* to be inherited */
	autoclose int messages = memfd_create("messages", MFD_CLOEXEC);
	autostrlist struct strlist argv = { 0 };
	pid_t parent = getpid(), pid;
	int r;

	*t = (struct fit_trial){ 0 };
	if (report < 0 || messages < 0)
		return error_sys(err, errno, "make room for a report");
	make_arguments(ctx, flags, operands, report, &argv);
	pid = fork();
	if (pid == 0)
		become(&argv, messages, parent);
	if (pid < 0)
		return error_sys(err, errno, "start 'tare run'");
	r = await(pid, &t->code, err);
	if (r == 0)
		take_results(t, report, messages);
	return r;
}

/** fit_trial_done() - Release what it owns, leaving { 0 } */
void fit_trial_done(struct fit_trial *t)
{
	json_free(t->report);
	free(t->message);
	*t = (struct fit_trial){ 0 };
}
