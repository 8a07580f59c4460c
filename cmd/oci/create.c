// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/create.c - tare-oci create: a container that waits for its start
 *
 * Theory of operation:
 *   1. read the bundle: nothing exists yet, so anything wrong costs nothing; from here on
 *      a new network namespace is being made
 *   2. take the ID: a directory, whose lock is held until all is done
 *   3. cgroup, first state.json (so that delete finds what a crash left), start socket
 *   4. the process: namespaces, mounts, and meanwhile its device rules; hooks; then it
 *      waits on the socket; run needs none, and tells it to go itself
 *   5. final state.json, pid file; the caller's sub-reaper inherits the process
 *
 * A failure anywhere takes back all of it. Killed itself, the command leaves an
 * incomplete state, and no process: init ends with the socket to its parent.
 */
#include "cmd/oci/create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "cmd/oci/handover.h"
#include "runtime/hook.h"

#define STATUS_MAX_BYTES 65536 /* of /proc/PID/status */

/* ---- before the process ------------------------------------------------- */

/* The socket that the container waits on is the last thing: nobody may start half of one. */
static int take(struct oci_birth *b, struct error *err)
{
	int r = oci_birth_take(b, err);

	if (r < 0 || !b->options->start_later)
		return r;
	b->start_fd = state_listen(b->dirfd, err);
	return b->start_fd < 0 ? b->start_fd : 0;
}

static bool has_hooks_inside(const struct config *c)
{
	return c->hooks[CONFIG_HOOK_CREATE_CONTAINER].n || c->hooks[CONFIG_HOOK_START_CONTAINER].n;
}

static int open_hook_states(struct oci_birth *b, struct error *err)
{
	if (!has_hooks_inside(&b->bundle.config))
		return 0;
	b->hook_fd = memfd_create("state", MFD_CLOEXEC);
	return b->hook_fd < 0 ? error_sys(err, errno, "make a file in memory") : 0;
}

/* ---- the process -------------------------------------------------------- */

/* What the process calls itself: the last of its numbers. */
static pid_t pid_inside(pid_t pid)
{
	autofree char *text = NULL, *path = xasprintf("/proc/%d/status", (int)pid);
	struct error ignored;
	char *line, *end;
	size_t len;

	if (file_read_at(AT_FDCWD, path, STATUS_MAX_BYTES, &text, &len, &ignored) < 0)
		return pid;
	line = strstr(text, "\nNSpid:\t");
	end = line ? strchr(line + 1, '\n') : NULL;
	if (!end) /* a kernel without pid namespaces */
		return pid;
	*end = '\0';
	return (pid_t)strtol(strrchr(line, '\t') + 1, NULL, 10);
}

/* As runc and crun have it, hooks inside get the pid as seen from there. */
static int write_hook_states(struct oci_birth *b, struct error *err)
{
	const pid_t outside = b->state.pid;
	autofree char *creating = NULL, *created = NULL;
	int r;

	b->state.pid = pid_inside(outside);
	creating = oci_birth_state_text(b, STATE_CREATING);
	created = oci_birth_state_text(b, STATE_CREATED);
	b->state.pid = outside;
	r = file_write_fd(b->hook_fd, creating, strlen(creating) + 1);
	if (r == 0)
		r = file_write_fd(b->hook_fd, created, strlen(created) + 1);
	return r < 0 ? error_sys(err, -r, "write the state for hooks") : 0;
}

/* What has to be done to the process before it goes on. */
static int process_exists(void *arg, pid_t pid, struct error *err)
{
	struct oci_birth *b = arg;
	int r = oci_birth_adopt(b, pid, err);

	if (r == 0 && b->hook_fd >= 0)
		r = write_hook_states(b, err);
	if (r == 0 && !b->limits_late)
		r = rlimit_apply(&b->bundle.config.process.rlimits, pid, err);
	return r;
}

static int spawn(struct oci_birth *b, struct error *err)
{
	const struct container_place place = {
		.root_fd = -1,
		.cgroup_fd = b->cgroup.fd,
		.cgroup_root_fd = b->cgroup.root.fd,
		.stdio = { 0, 1, 2 },
		.netns = &b->netns,
		.reports_ready = true,
		.start_fd = b->start_fd,
		.hook_state_fd = b->hook_fd,
		.cloned = process_exists,
		.cloned_arg = b,
	};
	int r = container_spawn(&b->container, &b->bundle.config, &place, err);

	if (b->start_fd >= 0)
		(void)close(steal_fd(&b->start_fd));
	return r;
}

static int move_net_devices(struct oci_birth *b, struct error *err)
{
	int netns;

	if (!b->bundle.net_devices.n)
		return 0;
	netns = container_netns(&b->container, err);
	return netns < 0 ? netns : device_move_all(&b->bundle.net_devices, netns, err);
}

static int join_resctrl(struct oci_birth *b, struct error *err)
{
	autoclose int root = -1;

	if (!b->bundle.rdt.is_set)
		return 0;
	root = resctrl_open(err);
	return root < 0 ? root : resctrl_join(&b->bundle.rdt, root, b->id, b->container.pid, err);
}

/* Hooks of the runtime's namespaces, while init waits with its tree complete. */
static int run_hooks(struct oci_birth *b, struct error *err)
{
	const struct config *c = &b->bundle.config;
	autofree char *state = NULL;
	int r;

	if (!config_has_hooks_before_pivot(c))
		return 0;
	r = container_await(&b->container, SYNC_MOUNTED, NULL, err);
	if (r < 0)
		return r;
	state = oci_birth_state_text(b, STATE_CREATING);
	r = hook_run_all(c, CONFIG_HOOK_PRESTART, state, NULL, err);
	if (r == 0)
		r = hook_run_all(c, CONFIG_HOOK_CREATE_RUNTIME, state, NULL, err);
	return r == 0 ? container_hooked(&b->container, err) : r;
}

static int hand_over(struct oci_birth *b, struct error *err)
{
	int r = 0;

	if (b->bundle.config.process.terminal)
		r = oci_hand_over_terminal(&b->container, b->options->console_socket, &b->master,
					   err);
	return r == 0 ? oci_hand_over_listener(&b->container, &b->bundle.notify, &b->state,
					       STATE_CREATING, err)
		      : r;
}

static int steps(struct oci_birth *b, struct error *err)
{
	int r = open_hook_states(b, err);

	if (r == 0)
		r = spawn(b, err);
	if (r == 0)
		r = oci_cgroup_confine(&b->cgroup, &b->bundle, err);
	if (r == 0)
		r = oci_birth_keep_config(b, err);
	if (r == 0)
		r = move_net_devices(b, err);
	if (r == 0)
		r = join_resctrl(b, err);
	if (r == 0)
		r = run_hooks(b, err);
	if (r == 0)
		r = hand_over(b, err);
	if (r == 0)
		r = container_await(&b->container, SYNC_READY, NULL, err);
	return r == 0 ? oci_birth_finish(b, err) : r;
}

/**
 * oci_create() - Make a container of a bundle, up to where it waits for its start
 * @b:	Filled in; oci_birth_done() releases it, also after a failure
 *
 * Return: 0, or -errno, and nothing is left
 */
int oci_create(struct oci_birth *b, const struct context *ctx, const char *id,
	       const struct oci_create_options *options, struct error *err)
{
	int r;

	oci_birth_init(b, ctx, id, options);
	r = oci_birth_load(b, err);
	if (r < 0)
		return r;
	netns_begin(&b->netns, &b->bundle.config);
	r = take(b, err);
	if (r == 0)
		r = steps(b, err);
	if (r < 0)
		oci_birth_undo(b);
	return r < 0 ? error_wrap(err, "create container '%s'", id) : 0;
}

#define O(...) OPTION(struct oci_create_options, __VA_ARGS__)

static const struct option_def options[] = { OCI_CREATE_OPTIONS(O), { 0 } };

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	struct oci_create_options o = *(const struct oci_create_options *)ctx->options;
	struct oci_birth birth;
	int r;

	(void)argc;
	o.detach = o.start_later = true;
	r = oci_create(&birth, ctx, argv[0], &o, err);
	oci_birth_done(&birth);
	return r;
}

const struct command oci_cmd_create = {
	.name = "create",
	.args = "ID",
	.summary = "Make a container of a bundle; it waits for 'start'",
	.options = options,
	COMMAND_OPTIONS(struct oci_create_options, 0),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_ANYBODY | COMMAND_ONE_DASH | COMMAND_BEYOND_REACH,
	.run = run,
};
