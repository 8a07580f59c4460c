// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/logs.c - tare logs: what a container has written
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/log_entry.h"
#include "cmd/log_reader.h"
#include "cmd/target.h"
#include "cmd/units.h"

/* How soon a supervisor that died without a word is noticed: flock() announces nothing. */
#define LOGS_CHECK_MS 500

struct logs_options {
	bool follow, timestamps;
	const char *tail, *since, *until;
};

#define O(...) OPTION(struct logs_options, __VA_ARGS__)

static const struct option_def logs_options[] = {
	O('f', "follow", NULL, OPTION_BOOL, follow, "Go on until the container ends"),
	O(0, "since", "TIME", OPTION_TEXT, since,
	  "Not before: 2026-01-02T15:04:05Z, seconds since 1970, or 10m for ten minutes ago"),
	O('n', "tail", "N", OPTION_TEXT, tail, "The last N lines only (default all)"),
	O('t', "timestamps", NULL, OPTION_BOOL, timestamps, "Begin each line with its time"),
	O(0, "until", "TIME", OPTION_TEXT, until, "Not after"),
	OPTION_REFUSE("details", "labels are in 'tare inspect NAME'"),
	{ 0 },
};

/* What is to be shown, and how far each stream is. */
struct view {
	int64_t since_ns, until_ns;
	uint64_t tail;
	bool timestamps;
	bool inside_line[2]; /* of stdout and stderr: its beginning is out already */
	bool past_until;
};

static int parse_view(const struct logs_options *o, struct view *view, struct error *err)
{
	int64_t now_ns = units_now_ns();

	*view = (struct view){ .since_ns = INT64_MIN,
			       .until_ns = INT64_MAX,
			       .tail = UINT64_MAX,
			       .timestamps = o->timestamps };
	if (o->since && units_parse_time(o->since, now_ns, &view->since_ns) < 0)
		return error_set(err, EINVAL, "--since '%s' is no point in time", o->since);
	if (o->until && units_parse_time(o->until, now_ns, &view->until_ns) < 0)
		return error_set(err, EINVAL, "--until '%s' is no point in time", o->until);
	if (o->tail && strcmp(o->tail, "all") != 0 && strcmp(o->tail, "-1") != 0 &&
	    str_parse_u64(o->tail, UINT64_MAX - 1, &view->tail) < 0)
		return error_set(err, EINVAL, "--tail '%s' is neither a number nor 'all'", o->tail);
	return 0;
}

static int put(bool is_stderr, const void *data, size_t len, struct error *err)
{
	int r = 0;

	if (!is_stderr)
		r = fwrite(data, 1, len, stdout) == len ? 0 : -errno;
	else if (fflush(stdout) == 0) /* what came before on stdout comes out before */
		r = file_write_fd(STDERR_FILENO, data, len);
	return r < 0 ? error_sys(err, -r, "write to standard %s", is_stderr ? "error" : "output")
		     : 0;
}

static int show(struct view *view, const struct log_entry *e, struct error *err)
{
	bool *inside = &view->inside_line[e->is_stderr];
	int r = 0;

	if (e->time_ns > view->until_ns)
		view->past_until = true;
	if (e->time_ns > view->until_ns || e->time_ns < view->since_ns || !e->text.len)
		return 0;
	if (view->timestamps && !*inside) {
		autofree char *time = xasprintf("%s ", e->time);

		r = put(e->is_stderr, time, strlen(time), err);
	}
	*inside = e->text.data[e->text.len - 1] != '\n';
	return r < 0 ? r : put(e->is_stderr, e->text.data, e->text.len, err);
}

/* All that is there now. A line that a crash tore is passed over. */
static int show_all(struct log_reader *log, struct view *view, struct error *err)
{
	struct log_entry entry = { 0 };
	const char *line;
	size_t len;
	int r = 0;

	while (!view->past_until && (r = log_reader_next(log, &line, &len, err)) > 0) {
		if (log_entry_parse(line, len, &entry) == 0)
			r = show(view, &entry, err);
		if (r < 0)
			break;
	}
	str_done(&entry.text);
	if (r >= 0 && fflush(stdout) != 0)
		return error_sys(err, errno, "write to standard output");
	return r;
}

/* An inotify fd that wakes us when there may be more, or when the container has ended. */
static int watch(const struct context *ctx, const struct record *r, struct error *err)
{
	autofree char *log = xasprintf("%s/containers/%s/log",
				       r->auto_remove ? ctx->runroot : ctx->root, r->id);
	autofree char *state = xasprintf("%s/containers/%s", ctx->runroot, r->id);
	autoclose int fd = -1;

	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0)
		return error_sys(err, errno, "watch the log");
	/* Either may be gone with the container; what is left is shown all the same. */
	(void)inotify_add_watch(fd, log, IN_MODIFY | IN_CREATE | IN_MOVED_TO);
	(void)inotify_add_watch(fd, state, IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR);
	return steal_fd(&fd);
}

static int follow(const struct context *ctx, const struct record *r, struct log_reader *log,
		  struct view *view, struct error *err)
{
	autoclose int fd = watch(ctx, r, err);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char events[4096];
	int ret = fd;

	while (ret >= 0 && !view->past_until && units_now_ns() <= view->until_ns) {
		/* Asked first: what was written before the end is then shown after it. */
		bool live = record_is_supervised(&ctx->store, r->id);

		ret = show_all(log, view, err);
		if (!live)
			break;
		if (ret >= 0)
			(void)poll(&p, 1, LOGS_CHECK_MS);
		while (read(fd, events, sizeof(events)) > 0)
			;
	}
	return ret < 0 ? ret : 0;
}

static int explain_no_log(const char *operand, struct error *err)
{
	error_set(err, ENOENT, "container '%s' keeps no log", operand);
	return error_hint(err, "none is kept of run --rm in the foreground, and with "
			       "--log-driver none");
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct logs_options *o = ctx->options;
	autorecord struct record r;
	autoclose int dir = -1;
	struct log_reader log;
	struct view view;
	int ret;

	(void)argc;
	record_init(&r);
	ret = parse_view(o, &view, err);
	if (ret == 0)
		ret = target_find(ctx, argv[0], &r, err);
	if (ret < 0)
		return ret;
	dir = record_open_dir(&ctx->store, r.id, r.auto_remove);
	if (dir < 0)
		return error_sys(err, -dir, "open the directory of container '%s'", argv[0]);
	ret = log_reader_open(&log, dir, err);
	if (ret == 0 && view.tail != UINT64_MAX)
		ret = log_reader_skip_to_tail(&log, view.tail, err);
	if (ret == 0)
		ret = show_all(&log, &view, err);
	if (ret == 0 && o->follow)
		ret = follow(ctx, &r, &log, &view, err);
	log_reader_close(&log);
	if (ret == -ENOENT)
		return r.started_ns ? explain_no_log(argv[0], err) : 0;
	return ret;
}

const struct command cmd_logs = {
	.name = "logs",
	.args = "CONTAINER",
	.summary = "Show what a container has written",
	.details = "What the container wrote to its standard error comes out on standard error.\n"
		   "With a terminal (run -t) there is one stream only, standard output.",
	.options = logs_options,
	COMMAND_OPTIONS(struct logs_options, .follow = false),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_STORE,
	.run = run,
};
