// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/cp.c - tare cp: files into a container, and out of one
 *
 * Two processes and a pipe with a tar stream between them: one reads or writes
 * in the container's tree as the container's root (runtime/reach), the other
 * is the caller and works on the host. Where things go is for whoever writes
 * to decide, since only there it is known what is in the way: cmd/cp_place.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/container_root.h"
#include "cmd/cp_place.h"
#include "cmd/options.h"

struct cp_options {
	bool archive, follow, quiet;
};

#define O(...) OPTION(struct cp_options, __VA_ARGS__)

static const struct option_def options[] = {
	O('a', "archive", NULL, OPTION_BOOL, archive, "Keep owners, set-id bits and capabilities"),
	O('L', "follow-link", NULL, OPTION_BOOL, follow, "Copy what a link as SOURCE leads to"),
	O('q', "quiet", NULL, OPTION_BOOL, quiet, "Accepted: nothing is said anyway"),
	{ 0 },
};

/* An operand: CONTAINER:PATH, PATH, or -. */
struct side {
	char *container; /* NULL: the host */
	const char *path;
	bool is_stream;
};

/* As docker: a path with a slash or dot in front is the host's, whatever colons follow. */
static void read_side(const char *operand, struct side *out)
{
	const char *colon = strchr(operand, ':');

	*out = (struct side){ .path = operand, .is_stream = !strcmp(operand, "-") };
	if (operand[0] == '/' || operand[0] == '.' || !colon || colon == operand)
		return;
	out->container = xstrndup(operand, (size_t)(colon - operand));
	out->path = colon[1] ? colon + 1 : "/";
}

struct transfer {
	struct cp_side from, to;
	int read_fd, write_fd; /* the pipe, or the caller's streams */
};

/* In the child, in the container's tree. */
static int read_there(void *arg, int root, struct error *err)
{
	struct transfer *t = arg;

	if (!t->to.is_stream)
		(void)close(t->read_fd);
	return cp_send(&t->from, root, t->write_fd, err);
}

static int write_there(void *arg, int root, struct error *err)
{
	struct transfer *t = arg;

	if (!t->from.is_stream)
		(void)close(t->write_fd);
	return cp_receive(&t->to, root, t->read_fd, err);
}

static int open_host(struct error *err)
{
	int fd = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? error_sys(err, errno, "open '/'") : fd;
}

/* Our half, with the half of the pipe that is the other's closed. */
static int do_here(struct transfer *t, bool into, struct error *err)
{
	autoclose int host = open_host(err);
	int r;

	if (host < 0)
		return host;
	(void)close(into ? t->read_fd : t->write_fd);
	r = into ? cp_send(&t->from, host, t->write_fd, err)
		 : cp_receive(&t->to, host, t->read_fd, err);
	(void)close(into ? t->write_fd : t->read_fd);
	return r;
}

/* The error of whoever failed by itself counts, not that of a broken pipe. */
static int copy(struct container_root *cr, struct transfer *t, bool into, struct error *err)
{
	bool stream = into ? t->from.is_stream : t->to.is_stream;
	struct error theirs = { 0 };
	int channel, r = 0, other;
	pid_t pid;

	pid = reach_start(&cr->where, into ? write_there : read_there, t, &channel, err);
	if (pid < 0)
		return pid;
	if (!stream)
		r = do_here(t, into, err);
	other = reach_finish(pid, channel, &theirs);
	if (other < 0 && theirs.code != EPIPE && (!into || r == 0 || r == -EPIPE)) {
		*err = theirs;
		return other;
	}
	return r;
}

static int open_pipe(struct transfer *t, bool into, struct error *err)
{
	bool stream = into ? t->from.is_stream : t->to.is_stream;
	int fds[2];

	t->read_fd = STDIN_FILENO;
	t->write_fd = STDOUT_FILENO;
	if (stream && isatty(into ? t->read_fd : t->write_fd)) {
		error_set(err, EINVAL, "'-' is a terminal");
		return error_hint(err, "'-' is a tar archive on standard input or output");
	}
	if (stream)
		return 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_sys(err, errno, "make a pipe");
	t->read_fd = fds[0];
	t->write_fd = fds[1];
	return 0;
}

static int set_path(char **out, const struct side *side, struct error *err)
{
	*out = side->container ? xstrdup(side->path) : path_absolute(side->path);
	return *out ? 0 : error_sys(err, errno, "find the working directory");
}

static int fill(const struct cp_options *o, const struct side *from, const struct side *to,
		struct transfer *t, struct error *err)
{
	bool into = to->container;

	t->from = (struct cp_side){ .is_stream = from->is_stream, .follow = o->follow };
	t->to = (struct cp_side){
		.is_stream = to->is_stream,
		.other_is_stream = from->is_stream,
		.keep_owner = o->archive || from->is_stream,
		.keep_devices = into || o->archive,
		.uid = into ? 0 : geteuid(),
		.gid = into ? 0 : getegid(),
	};
	t->from.other_is_stream = to->is_stream;
	if (set_path(&t->from.path, from, err) < 0 || set_path(&t->to.path, to, err) < 0)
		return -err->code;
	/* What the receiver is to know of the source's name. */
	t->to.source_name = cp_base_name(t->from.path, &t->to.contents);
	t->from.name = t->to.source_name;
	t->from.contents = t->to.contents;
	return open_pipe(t, into, err);
}

static int run_sides(const struct context *ctx, const struct side *from, const struct side *to,
		     struct error *err)
{
	const struct side *there = from->container ? from : to;
	struct transfer t = { .read_fd = -1 };
	struct container_root cr;
	int r = container_root_open(&cr, ctx, there->container, err);

	if (r == 0)
		r = fill(ctx->options, from, to, &t, err);
	if (r == 0) {
		(void)signal(SIGPIPE, SIG_IGN);
		r = copy(&cr, &t, to->container, err);
	}
	container_root_close(&cr);
	free(t.from.path);
	free(t.to.path);
	free(t.to.source_name);
	return r;
}

static int check_sides(const struct side *from, const struct side *to, struct error *err)
{
	if (from->container && to->container) {
		error_set(err, EINVAL, "copying from one container to another is not supported");
		return error_hint(err, "pipe it: tare cp A:/path - | tare cp - B:/dir");
	}
	if (!from->container && !to->container) {
		error_set(err, EINVAL, "neither side is in a container");
		return error_hint(err, "name one as CONTAINER:PATH");
	}
	return 0;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	struct side from, to;
	int r;

	(void)argc;
	read_side(argv[0], &from);
	read_side(argv[1], &to);
	r = check_sides(&from, &to, err);
	if (r == 0)
		r = run_sides(ctx, &from, &to, err);
	free(from.container);
	free(to.container);
	if (r < 0)
		return error_wrap(err, "copy '%s' to '%s'", argv[0], argv[1]);
	return 0;
}

const struct command cmd_cp = {
	.name = "cp",
	.args = "CONTAINER:SOURCE DESTINATION|- | SOURCE|- CONTAINER:DESTINATION",
	.summary = "Copy files into a container, or out of one",
	.details =
		"The container may run or not. A directory goes into a DESTINATION that is one,\n"
		"under its name; with SOURCE/. what is in it does. - is a tar archive on standard\n"
		"input or output. Paths in the container begin at its root.\n"
		"\n"
		"Copies belong to the container's root, or to you; --archive keeps owners.\n"
		"\n"
		"  tare cp web:/etc/nginx ./conf\n"
		"  tare cp ./site/. web:/srv/www\n"
		"  tare cp web:/var/log - | tar tv",
	.options = options,
	COMMAND_OPTIONS(struct cp_options, .archive = false),
	.min_args = 2,
	.max_args = 2,
	.flags = COMMAND_STORE | COMMAND_ROOT,
	.run = run,
};
