// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/delete.c - tare-oci delete: remove all that create has made
 */
#include "cmd/oci/delete.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sys.h"
#include "cmd/oci/bundle.h"
#include "cmd/oci/cgroup.h"
#include "cmd/oci/oci.h"
#include "runtime/hook.h"
#include "runtime/process.h"

#define KILL_TIMEOUT_MS 10000

struct delete_options {
	bool force;
};

#define O(...) OPTION(struct delete_options, __VA_ARGS__)

static const struct option_def options[] = {
	O('f', "force", NULL, OPTION_BOOL, force, "Kill it first, if it still runs"),
	OPTION_REFUSE("regex", "name the containers"),
	{ 0 },
};

static int kill_and_wait(const struct state *s, struct error *err)
{
	autoclose int pidfd = s->pid ? process_open(s->pid, s->pid_start, err) : -ESRCH;
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int r;

	if (pidfd < 0)
		return pidfd == -ESRCH ? 0 : pidfd;
	if (sys_pidfd_send_signal(pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return error_sys(err, errno, "kill container '%s'", s->id);
	do
		r = poll(&p, 1, KILL_TIMEOUT_MS);
	while (r < 0 && errno == EINTR);
	return r > 0 ? 0
		     : error_set(err, ETIMEDOUT, "container '%s' is still there %d s after SIGKILL",
				 s->id, KILL_TIMEOUT_MS / 1000);
}

static void leave_resctrl(const struct oci_bundle *b, const char *id)
{
	autoclose int root = -1;
	struct error ignored; /* an empty group is in nobody's way */

	if (!b->rdt.is_set)
		return;
	root = resctrl_open(&ignored);
	if (root >= 0)
		(void)resctrl_remove(&b->rdt, root, id, &ignored);
}

static void run_poststop(const struct context *ctx, const struct state *s, const struct config *c)
{
	autojson struct json *v = NULL;
	autofree char *state = NULL;
	struct error err;

	if (!c->hooks[CONFIG_HOOK_POSTSTOP].n)
		return;
	v = state_document(s, STATE_STOPPED);
	state = json_print(v);
	/* runtime.md, "Lifecycle": a warning, and on it goes. */
	for (size_t i = 0; i < c->hooks[CONFIG_HOOK_POSTSTOP].n; i++) {
		struct config one = { 0 };

		one.hooks[CONFIG_HOOK_POSTSTOP] =
			(struct config_hook_list){ &c->hooks[CONFIG_HOOK_POSTSTOP].items[i], 1 };
		if (hook_run_all(&one, CONFIG_HOOK_POSTSTOP, state, NULL, &err) < 0)
			oci_warn(ctx, err.msg);
	}
}

/**
 * oci_delete() - Remove a container that has stopped, or is to be killed
 * @s:		Its state, which is locked
 * @b:		Its bundle, as saved
 */
int oci_delete(const struct context *ctx, const struct state *s, const struct oci_bundle *b,
	       struct error *err)
{
	int r = kill_and_wait(s, err);

	if (r == 0)
		r = oci_cgroup_end(s, err);
	if (r == 0) {
		leave_resctrl(b, s->id);
		run_poststop(ctx, s, &b->config);
		r = state_remove(ctx->store.run_fd, s->id, err);
		log_debug("container '%s': removed", s->id);
	}
	return r < 0 ? error_wrap(err, "delete container '%s'", s->id) : 0;
}

/* Killed before it wrote a state: there is a directory and nothing else, but perhaps a cgroup. */
static int delete_unborn(const struct context *ctx, const char *id, bool force, struct error *err)
{
	struct error looked;
	autoclose int dirfd = state_open(ctx->store.run_fd, id, true, &looked);

	if (dirfd < 0)
		return force ? 0 : -err->code;
	oci_cgroup_forget(dirfd);
	return state_remove(ctx->store.run_fd, id, err);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct delete_options *o = ctx->options;
	autotarget struct oci_target t = { .dirfd = -1 };
	autobundle struct oci_bundle b;
	struct error unreadable;
	int r = oci_target_open(&t, ctx, argv[0], true, err);

	(void)argc;
	oci_bundle_init(&b);
	if (r == -ENOENT) {
		oci_target_close(&t);
		return delete_unborn(ctx, argv[0], o->force, err);
	}
	if (r < 0)
		return r;
	if (!o->force && (t.status == STATE_RUNNING || t.status == STATE_PAUSED))
		return error_set(err, EBUSY, "cannot delete container '%s' that is not stopped: %s",
				 t.state.id, state_status_name(t.status));
	/* Without it there are no hooks to run; the container must go all the same. */
	if (t.state.has_errands &&
	    oci_bundle_load_saved(&b, t.dirfd, t.state.bundle, &unreadable) < 0)
		log_debug("delete '%s': %s", t.state.id, unreadable.msg);
	return oci_delete(ctx, &t.state, &b, err);
}

const struct command oci_cmd_delete = {
	.name = "delete",
	.args = "ID",
	.summary = "Remove a stopped container, and all that was made for it",
	.options = options,
	COMMAND_OPTIONS(struct delete_options, 0),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_ANYBODY | COMMAND_ONE_DASH,
	.run = run,
};
