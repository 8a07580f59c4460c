// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/wait.c - tare wait: the exit codes of containers that end
 *
 * Theory of operation:
 * The supervisor writes record.json when the container has ended, then cleans
 * up and lets go of its lock; a --rm container's record goes with it. So we
 * watch RUNROOT/containers/ID and read each record that appears there. And in
 * case the directory is gone before we get to read, we leave a file "exit" in
 * it, which the supervisor fills if it is there: our descriptor outlives it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/target.h"

/* How soon a supervisor that died without a word is noticed: flock() announces nothing. */
#define WAIT_CHECK_MS 500

struct wait_options {
	int64_t timeout_ms;
};

#define O(...) OPTION(struct wait_options, __VA_ARGS__)

static const struct option_def wait_options[] = {
	O('t', "timeout", "DURATION", OPTION_DURATION, timeout_ms,
	  "Give up after this time, with exit code 124"),
	{ 0 },
};

/* An inotify fd that tells of new records, and of the end of the directory. */
static int watch(const struct context *ctx, const char *id, struct error *err)
{
	autofree char *path = xasprintf("%s/containers/%s", ctx->store.runroot, id);
	autoclose int fd = -1;

	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0)
		return error_sys(err, errno, "watch a container");
	if (inotify_add_watch(fd, path, IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR) < 0 &&
	    errno != ENOENT)
		return error_sys(err, errno, "watch '%s'", path);
	return steal_fd(&fd);
}

/* The file that the supervisor leaves the exit code in, for us; -1: it ended meanwhile. */
static int leave_exit_file(const struct context *ctx, const char *id)
{
	autoclose int dir = record_open_dir(&ctx->store, id, true);

	return dir < 0 ? -1 : openat(dir, "exit", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
}

static bool read_exit_file(int fd, int *exit_code)
{
	char text[16] = "";
	int64_t code;

	if (fd < 0 || pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	if (str_parse_i64(text, 0, 255, &code) < 0)
		return false;
	*exit_code = (int)code;
	return true;
}

static void drain(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof(events)) > 0)
		;
}

static int64_t remaining_ms(int64_t deadline_ns)
{
	int64_t left = (deadline_ns - clock_monotonic_ns()) / 1000000;

	return deadline_ns == INT64_MAX || left > WAIT_CHECK_MS ? WAIT_CHECK_MS : left;
}

/* Until the record says exited, or the deadline. The record may be from before. */
static int follow(const struct context *ctx, int watch_fd, int64_t deadline_ns, struct record *r,
		  struct error *err)
{
	struct pollfd p = { .fd = watch_fd, .events = POLLIN };
	int64_t left;
	int ret;

	for (;;) {
		drain(watch_fd);
		ret = record_read(&ctx->store, r->id, r, err);
		if (ret < 0 || r->status == RECORD_EXITED)
			return ret;
		left = remaining_ms(deadline_ns);
		if (left <= 0)
			return -ETIMEDOUT;
		(void)poll(&p, 1, (int)left);
	}
}

static int wait_one(const struct context *ctx, const char *operand, int64_t deadline_ns,
		    int *exit_code, struct error *err)
{
	autorecord struct record r;
	autoclose int fd = -1, exit_fd = -1;
	int ret;

	record_init(&r);
	ret = target_find(ctx, operand, &r, err);
	if (ret == 0 && r.status != RECORD_EXITED) {
		exit_fd = leave_exit_file(ctx, r.id);
		fd = watch(ctx, r.id, err);
		ret = fd < 0 ? fd : follow(ctx, fd, deadline_ns, &r, err);
	}
	/* Of a --rm container the file alone knows how it ended. */
	if ((ret == 0 || ret == -ENOENT) && read_exit_file(exit_fd, exit_code))
		ret = 0;
	else if (ret == 0)
		*exit_code = r.exit_code;
	return ret < 0 ? ret : target_wait_released(ctx, r.id);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct wait_options *o = ctx->options;
	int64_t deadline_ns = INT64_MAX;
	int status = 0;

	(void)err;
	if (o->timeout_ms >= 0 && o->timeout_ms < INT64_MAX / 2000000)
		deadline_ns = clock_monotonic_ns() + o->timeout_ms * 1000000;
	for (int i = 0; i < argc; i++) {
		struct error why = { 0 };
		int exit_code = 0, ret = wait_one(ctx, argv[i], deadline_ns, &exit_code, &why);

		if (ret == -ETIMEDOUT) {
			error_set(&why, ETIMEDOUT, "container '%s' has not ended", argv[i]);
			message_error(ctx, &why);
			return EXIT_TIMEOUT;
		}
		if (ret < 0) {
			message_error(ctx, &why);
			status = EXIT_TARE;
		} else {
			printf("%d\n", exit_code);
			(void)fflush(stdout);
		}
	}
	return status;
}

const struct command cmd_wait = {
	.name = "wait",
	.args = "CONTAINER [CONTAINER...]",
	.summary = "Wait until containers end, and print their exit codes",
	.options = wait_options,
	COMMAND_OPTIONS(struct wait_options, .timeout_ms = -1),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_STORE,
	.run = run,
};
