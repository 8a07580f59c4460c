// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/start.c - tare-oci start: let a created container run its program
 */
#include "cmd/oci/start.h"

#include <errno.h>
#include <sys/file.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "cmd/oci/bundle.h"
#include "cmd/oci/delete.h"
#include "cmd/oci/notify.h"
#include "cmd/oci/oci.h"
#include "runtime/hook.h"
#include "runtime/process.h"
#include "runtime/sync.h"

/* run has the channel that it was made with. */
static int start_own(struct container *ct, struct error *err)
{
	enum sync_step step;
	int r = container_start(ct, NULL, err);

	return r == 0 ? container_await_exec(ct, &step, err) : r;
}

/* Say "start" and hear how it went: end of file is the exec. */
static int ask(int dirfd, struct error *err)
{
	autoclose int fd = state_connect(dirfd, err);
	struct error told = { 0 };
	enum sync_step step;
	int r;

	if (fd < 0)
		return fd;
	r = sync_send(fd, SYNC_START, NULL, -1);
	if (r == 0)
		r = sync_receive(fd, &step, &told, NULL);
	state_forget_socket(dirfd);
	if (r < 0)
		return error_sys(err, -r, "hear from the container's first process");
	if (r == 0)
		return 0;
	*err = told;
	return -told.code;
}

/* Spec 1.2, runtime.md, "Lifecycle": a failing poststart hook is the container's end. */
static int run_poststart(const struct context *ctx, const struct state *s,
			 const struct oci_bundle *b, struct error *err)
{
	autojson struct json *v = NULL;
	autofree char *state = NULL;
	struct error left;
	int r;

	if (!b->config.hooks[CONFIG_HOOK_POSTSTART].n)
		return 0;
	v = state_document(s, STATE_RUNNING);
	state = json_print(v);
	r = hook_run_all(&b->config, CONFIG_HOOK_POSTSTART, state, NULL, err);
	if (r < 0 && oci_delete(ctx, s, b, &left) < 0)
		oci_warn(ctx, left.msg);
	return r;
}

/* Whoever does nothing else waits for it to be ready; as runc does. */
static int pass_notice(int fd, int dirfd, const struct state *s, bool attended, struct error *err)
{
	autoclose int pidfd = process_open(s->pid, s->pid_start, err);

	if (pidfd < 0)
		return 0; /* it has ended: nobody will be ready */
	if (attended)
		return oci_notify_attend(fd, s->pid, pidfd, err);
	(void)flock(dirfd, LOCK_UN); /* however long it takes, others may work on it */
	return oci_notify_await(fd, s->pid, pidfd, err);
}

/**
 * oci_start() - Start a created container; its state is locked
 * @ct:		If the caller has just made it, else NULL
 * @attended:	The caller attends to it until its end, and must not be held up
 */
int oci_start(const struct context *ctx, int dirfd, const struct state *s,
	      const struct oci_bundle *b, struct container *ct, bool attended, struct error *err)
{
	autoclose int notify_fd = oci_notify_listen(dirfd, err);
	int r = notify_fd == -ENOENT ? 0 : notify_fd;

	if (r >= 0)
		r = ct ? start_own(ct, err) : ask(dirfd, err);
	if (r == 0) {
		log_debug("container '%s': started", s->id);
		r = run_poststart(ctx, s, b, err);
	}
	if (r == 0 && notify_fd >= 0)
		r = pass_notice(notify_fd, dirfd, s, attended, err);
	return r < 0 ? error_wrap(err, "start container '%s'", s->id) : 0;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	autotarget struct oci_target t = { .dirfd = -1 };
	autobundle struct oci_bundle b;
	int r = oci_target_open(&t, ctx, argv[0], true, err);

	(void)argc;
	oci_bundle_init(&b);
	if (r < 0)
		return r;
	if (t.status == STATE_STOPPED)
		return error_set(err, EINVAL, "cannot start a container that has stopped");
	if (t.status != STATE_CREATED)
		return error_set(err, EINVAL, "cannot start container '%s': it is already %s",
				 t.state.id, state_status_name(t.status));
	if (t.state.has_errands)
		r = oci_bundle_load_saved(&b, t.dirfd, t.state.bundle, err);
	return r == 0 ? oci_start(ctx, t.dirfd, &t.state, &b, NULL, false, err) : r;
}

const struct command oci_cmd_start = {
	.name = "start",
	.args = "ID",
	.summary = "Run the program of a created container",
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_ANYBODY | COMMAND_ONE_DASH,
	.run = run,
};
