// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/create.c - tare-oci create: a container that waits for its start
 *
 * Theory of operation:
 *   1. read the bundle: nothing exists yet, so anything wrong costs nothing
 *   2. take the ID: a directory, whose lock is held until all is done
 *   3. cgroup, start socket, first state.json (so that delete finds what a crash left)
 *   4. the process: namespaces, mounts; hooks; then it waits on the socket
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
#include "base/json.h"
#include "base/str.h"
#include "base/sys.h"
#include "cmd/oci/spec.h"
#include "cmd/oci/terminal.h"
#include "cmd/streams.h"
#include "cmd/units.h"
#include "runtime/capability.h"
#include "runtime/executable.h"
#include "runtime/hook.h"
#include "runtime/process.h"

static void birth_init(struct oci_birth *b, const struct context *ctx, const char *id,
		       const struct oci_create_options *options)
{
	*b = (struct oci_birth){
		.ctx = ctx,
		.options = options,
		.id = id,
		.container = CONTAINER_NONE,
		.dirfd = -1,
		.start_fd = -1,
		.hook_fd = -1,
		.master = -1,
	};
	oci_bundle_init(&b->bundle);
	oci_cgroup_init(&b->cgroup);
}

static void shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/** oci_birth_done() - Close and release; the container lives on */
void oci_birth_done(struct oci_birth *b)
{
	container_done(&b->container);
	shut(&b->dirfd);
	shut(&b->start_fd);
	shut(&b->hook_fd);
	shut(&b->master);
	oci_cgroup_close(&b->cgroup);
	state_done(&b->state);
	oci_bundle_done(&b->bundle);
}

/* ---- before the process ------------------------------------------------- */

static int load(struct oci_birth *b, struct error *err)
{
	const struct oci_create_options *o = b->options;
	struct config *c = &b->bundle.config;
	int r = oci_bundle_load(&b->bundle, o->bundle, err);

	if (r == 0)
		r = oci_terminal_check(c->process.terminal, o->detach, o->console_socket, err);
	if (r == 0)
		r = oci_preserve_fds(&c->process, o->preserve_fds, err);
	if (r == 0 && !config_has_userns(c))
		r = capability_limit_sets(&c->process.capabilities, err);
	/* A terminal that we attend to ourselves begins with the size of ours. */
	if (c->process.terminal && !c->process.rows && !o->console_socket)
		streams_take_window_size(&c->process);
	c->no_pivot = o->no_pivot;
	c->process.keep_keyring = o->no_new_keyring;
	return r;
}

static int fill_state(struct oci_birth *b, struct error *err)
{
	const struct json *annotations = json_get(b->bundle.document, "annotations");
	struct state *s = &b->state;
	autofree char *root = realpath(b->bundle.config.root_path, NULL);

	if (!root)
		return error_sys(err, errno, "root.path '%s'", b->bundle.config.root_path);
	str_replace(&s->oci_version, OCI_VERSION);
	str_replace(&s->id, b->id);
	str_replace(&s->bundle, b->bundle.path);
	str_replace(&s->rootfs, root);
	s->created_ns = units_now_ns();
	s->owner = geteuid();
	s->annotations = json_count(annotations) ? json_clone(annotations) : NULL;
	return 0;
}

/* Known before anything is made, so that whoever finds the rest of a crash knows where to look. */
static int take(struct oci_birth *b, struct error *err)
{
	int r;

	b->dirfd = state_create(b->ctx->store.run_fd, b->id, err);
	if (b->dirfd < 0)
		return b->dirfd;
	r = fill_state(b, err);
	if (r == 0)
		r = oci_cgroup_create(&b->cgroup, b->ctx->oci, &b->bundle, &b->state, err);
	if (r == 0)
		r = file_replace_at(b->dirfd, "config.json", b->bundle.text, b->bundle.text_len,
				    0600, 0, err);
	if (r == 0)
		r = state_write(b->dirfd, &b->state, err);
	if (r < 0)
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

static char *state_text(const struct oci_birth *b, enum state_status status)
{
	autojson struct json *v = state_document(&b->state, status);

	return json_print(v);
}

static int write_hook_states(struct oci_birth *b, struct error *err)
{
	autofree char *creating = state_text(b, STATE_CREATING);
	autofree char *created = state_text(b, STATE_CREATED);
	int r = file_write_fd(b->hook_fd, creating, strlen(creating) + 1);

	if (r == 0)
		r = file_write_fd(b->hook_fd, created, strlen(created) + 1);
	return r < 0 ? error_sys(err, -r, "write the state for hooks") : 0;
}

/*
 * prlimit(2): for the process of another user it takes CAP_SYS_RESOURCE. Without
 * it limits are set while the process is still ours, and so hold for the set-up.
 */
static bool may_limit_others(void)
{
	uint64_t wanted, own;
	struct error ignored;

	return capability_parse("CAP_SYS_RESOURCE", &wanted, &ignored) == 0 &&
	       capability_limit_to_own(wanted, &own, &ignored) == 0 && own;
}

/* What has to be done to the process before it goes on. */
static int process_exists(void *arg, pid_t pid, struct error *err)
{
	struct oci_birth *b = arg;
	int r = 0;

	b->state.pid = pid;
	b->state.pid_start = process_start_time(pid);
	if (b->hook_fd >= 0)
		r = write_hook_states(b, err);
	if (r == 0 && !may_limit_others())
		r = rlimit_apply(&b->bundle.config.process.rlimits, pid, err);
	if (r == 0)
		r = oci_cgroup_adopt(&b->cgroup, &b->bundle, &b->state, pid, err);
	if (r == 0 && b->state.cgroups_path && *b->state.cgroups_path)
		r = state_write(b->dirfd, &b->state, err);
	return r;
}

static int spawn(struct oci_birth *b, struct error *err)
{
	const struct container_place place = {
		.root_fd = -1,
		.cgroup_fd = b->cgroup.fd,
		.stdio = { 0, 1, 2 },
		.start_fd = b->start_fd,
		.hook_state_fd = b->hook_fd,
		.cloned = process_exists,
		.cloned_arg = b,
	};
	int r = container_spawn(&b->container, &b->bundle.config, &place, err);

	shut(&b->start_fd);
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

	if (!c->hooks[CONFIG_HOOK_PRESTART].n && !c->hooks[CONFIG_HOOK_CREATE_RUNTIME].n &&
	    !c->hooks[CONFIG_HOOK_CREATE_CONTAINER].n)
		return 0;
	r = container_await(&b->container, SYNC_MOUNTED, NULL, err);
	if (r < 0)
		return r;
	state = state_text(b, STATE_CREATING);
	r = hook_run_all(c, CONFIG_HOOK_PRESTART, state, err);
	if (r == 0)
		r = hook_run_all(c, CONFIG_HOOK_CREATE_RUNTIME, state, err);
	return r == 0 ? container_hooked(&b->container, err) : r;
}

static int take_terminal(struct oci_birth *b, struct error *err)
{
	if (!b->bundle.config.process.terminal)
		return 0;
	b->master = container_console(&b->container, err);
	if (b->master < 0)
		return b->master;
	if (!b->options->console_socket)
		return 0;
	return oci_terminal_send(steal_fd(&b->master), b->options->console_socket, err);
}

static int pass_listener(struct oci_birth *b, struct error *err)
{
	autojson struct json *state = NULL;
	int fd = -1, r;

	if (!b->bundle.notify.path)
		return 0;
	r = container_await(&b->container, SYNC_SECCOMP, &fd, err);
	if (r < 0)
		return r;
	state = state_document(&b->state, STATE_CREATING);
	r = seccomp_notify_send(&b->bundle.notify, fd, b->container.pid, state, err);
	(void)close(fd);
	return r;
}

static int finish(struct oci_birth *b, struct error *err)
{
	const struct config_process *p = &b->bundle.config.process;
	pid_t pid = b->container.pid;
	int r = may_limit_others() ? rlimit_apply(&p->rlimits, pid, err) : 0;

	if (r == 0)
		r = process_set_oom_score(pid, p, err);
	if (r == 0)
		r = attributes_apply_outside(&p->attributes, pid, err);
	b->state.is_complete = true;
	if (r == 0)
		r = state_write(b->dirfd, &b->state, err);
	if (r == 0)
		r = oci_write_pid_file(b->options->pid_file, pid, err);
	if (r == 0 && b->options->pidfd_socket)
		r = oci_terminal_send(fcntl(b->container.pidfd, F_DUPFD_CLOEXEC, 3),
				      b->options->pidfd_socket, err);
	return r;
}

static int steps(struct oci_birth *b, struct error *err)
{
	int r = open_hook_states(b, err);

	if (r == 0)
		r = spawn(b, err);
	if (r == 0)
		r = move_net_devices(b, err);
	if (r == 0)
		r = join_resctrl(b, err);
	if (r == 0)
		r = run_hooks(b, err);
	if (r == 0)
		r = take_terminal(b, err);
	if (r == 0)
		r = pass_listener(b, err);
	if (r == 0)
		r = container_await(&b->container, SYNC_READY, NULL, err);
	return r == 0 ? finish(b, err) : r;
}

/* The first error is what the caller hears; what undoing has to say is lost. */
static void undo(struct oci_birth *b)
{
	struct error ignored;
	bool existed = b->state.pid > 0;

	container_kill(&b->container);
	if (existed) {
		autofree char *state = state_text(b, STATE_STOPPED);

		(void)hook_run_all(&b->bundle.config, CONFIG_HOOK_POSTSTOP, state, &ignored);
	}
	(void)oci_cgroup_end(&b->state, &ignored);
	(void)state_remove(b->ctx->store.run_fd, b->id, &ignored);
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

	birth_init(b, ctx, id, options);
	if (!state_id_is_valid(id))
		return error_set(err, EINVAL, "invalid container id '%s'", id);
	r = load(b, err);
	if (r < 0)
		return r;
	r = take(b, err);
	if (r == 0)
		r = steps(b, err);
	if (r < 0 && b->dirfd >= 0)
		undo(b);
	return r < 0 ? error_wrap(err, "create container '%s'", id) : 0;
}

#define O(...) OPTION(struct oci_create_options, __VA_ARGS__)

static const struct option_def options[] = { OCI_CREATE_OPTIONS(O), { 0 } };

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	struct oci_create_options o = *(const struct oci_create_options *)ctx->options;
	struct oci_birth birth;
	int r = executable_protect(err);

	(void)argc;
	if (r < 0)
		return r;
	o.detach = true;
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
	.flags = COMMAND_ANYBODY | COMMAND_ONE_DASH | COMMAND_OPERAND_TEXT,
	.run = run,
};
