// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/exec.c - tare-oci exec: one more process in a running container
 *
 * What it runs comes from --process, or is the container's own process with
 * the arguments and the flags given. An error of ours ends with 255.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "cgroups/group.h"
#include "cgroups/path.h"
#include "cmd/oci/bundle.h"
#include "cmd/oci/cgroup.h"
#include "cmd/oci/handover.h"
#include "cmd/oci/oci.h"
#include "cmd/oci/terminal.h"
#include "cmd/streams.h"
#include "runtime/config_json.h"
#include "runtime/process.h"
#include "runtime/supervise.h"

struct exec_options {
	const char *console_socket, *cwd, *user, *process, *pid_file, *process_label, *apparmor;
	const char *cgroup, *pidfd_socket;
	struct strlist env, groups, caps;
	uint64_t preserve_fds;
	bool tty, detach, no_new_privs, ignore_paused;
};

#define O(...) OPTION(struct exec_options, __VA_ARGS__)

static const struct option_def options[] = {
	O(0, "console-socket", "PATH", OPTION_TEXT, console_socket,
	  "Socket that gets the terminal's master end"),
	O(0, "pidfd-socket", "PATH", OPTION_TEXT, pidfd_socket,
	  "Socket that gets a pidfd of the process"),
	O(0, "cwd", "DIR", OPTION_TEXT, cwd, "Working directory"),
	O('e', "env", "NAME=VALUE", OPTION_LIST, env, "Add to the environment"),
	O('t', "tty", NULL, OPTION_BOOL, tty, "Give it a terminal"),
	O('u', "user", "UID[:GID]", OPTION_TEXT, user, "Who it runs as"),
	O('g', "additional-gids", "GID", OPTION_LIST, groups, "Add a supplementary group"),
	O('p', "process", "FILE", OPTION_TEXT, process, "A process.json that says it all"),
	O('d', "detach", NULL, OPTION_BOOL, detach, "Do not wait for its end"),
	O(0, "pid-file", "FILE", OPTION_TEXT, pid_file, "Write its pid here"),
	O(0, "process-label", "LABEL", OPTION_TEXT, process_label, "SELinux label"),
	O(0, "apparmor", "PROFILE", OPTION_TEXT, apparmor, "AppArmor profile"),
	O(0, "no-new-privs", NULL, OPTION_BOOL, no_new_privs, "Set no_new_privs"),
	O('c', "cap", "NAME", OPTION_LIST, caps, "Add a capability"),
	O(0, "preserve-fds", "N", OPTION_U64, preserve_fds, "Pass N more descriptors, from 3 on"),
	O(0, "cgroup", "PATH", OPTION_TEXT, cgroup, "A cgroup below the container's to run in"),
	O(0, "ignore-paused", NULL, OPTION_BOOL, ignore_paused, "Also in a paused container"),
	{ 0 },
};

struct joined {
	const struct exec_options *options;
	struct oci_target target;
	struct oci_bundle bundle;
	struct config_process process;
	struct oci_cgroup cgroup;
	struct container handle;
	int cgroup_fd; /* where it is born: the container's, or one below */
	int root_fd;
	int master;
};

/* ---- what to run -------------------------------------------------------- */

static int set_user(struct config_process *p, const char *text, struct error *err)
{
	autofree char *uid = xstrndup(text, strcspn(text, ":"));
	const char *gid = text[strlen(uid)] ? text + strlen(uid) + 1 : NULL;
	uint64_t u = 0, g = 0;

	if (str_parse_u64(uid, UINT32_MAX - 1, &u) < 0 ||
	    (gid && str_parse_u64(gid, UINT32_MAX - 1, &g) < 0))
		return error_set(err, EINVAL, "--user '%s' is not UID[:GID]", text);
	p->uid = (uid_t)u;
	if (gid)
		p->gid = (gid_t)g;
	return 0;
}

static int add_groups(struct config_process *p, const struct strlist *groups, struct error *err)
{
	for (size_t i = 0; i < groups->n; i++) {
		uint64_t gid;

		if (str_parse_u64(groups->items[i], UINT32_MAX - 1, &gid) < 0)
			return error_set(err, EINVAL, "--additional-gids '%s' is no group id",
					 groups->items[i]);
		p->groups = xrealloc(p->groups, (p->n_groups + 1) * sizeof(*p->groups));
		p->groups[p->n_groups++] = (gid_t)gid;
	}
	return 0;
}

/* As runc: bounding, effective and permitted; ambient and inheritable stay what they are. */
static int add_capabilities(struct config_process *p, const struct strlist *names,
			    struct error *err)
{
	for (size_t i = 0; i < names->n; i++) {
		uint64_t one = 0;

		if (capability_parse(names->items[i], &one, err) < 0) {
			log_debug("--cap: %s", err->msg); /* as one of config.json: passed over */
			continue;
		}
		p->capabilities.bounding |= one;
		p->capabilities.effective |= one;
		p->capabilities.permitted |= one;
	}
	return 0;
}

static int apply_flags(struct config_process *p, const struct exec_options *o, int argc,
		       char **argv, struct error *err)
{
	strlist_done(&p->args);
	for (int i = 0; i < argc; i++)
		strlist_add(&p->args, argv[i]);
	for (size_t i = 0; i < o->env.n; i++)
		strlist_add(&p->env, o->env.items[i]);
	if (o->cwd && *o->cwd != '/')
		return error_set(err, EINVAL, "--cwd '%s' is not an absolute path", o->cwd);
	if (o->cwd)
		str_replace(&p->cwd, o->cwd);
	if (o->process_label)
		str_replace(&p->attributes.labels.selinux, o->process_label);
	if (o->apparmor)
		str_replace(&p->attributes.labels.apparmor, o->apparmor);
	p->terminal = o->tty;
	p->no_new_privs |= o->no_new_privs;
	if (o->user && set_user(p, o->user, err) < 0)
		return -err->code;
	if (add_groups(p, &o->groups, err) < 0)
		return -err->code;
	return add_capabilities(p, &o->caps, err);
}

static int read_process(struct joined *j, struct error *err)
{
	const char *file = j->options->process;
	autojson struct json *v = json_read_at(AT_FDCWD, file, JSON_MAX_BYTES, err);

	if (!v || config_process_from_json(v, &j->process, err) < 0)
		return error_wrap(err, "read process '%s'", file);
	if (json_kind_of(json_get(v, "capabilities")) != JSON_MAP) /* as with runc and crun */
		j->process.capabilities = j->bundle.config.process.capabilities;
	return 0;
}

static int plan(struct joined *j, int argc, char **argv, struct error *err)
{
	const struct json *document = j->bundle.document;
	struct config_process *p = &j->process;
	int r;

	if (j->options->process)
		r = read_process(j, err);
	else if (argc < 1)
		r = error_set(err, EINVAL, "process args cannot be empty");
	else
		r = config_process_from_json(json_get(document, "process"), p, err);
	if (r == 0 && !j->options->process)
		r = apply_flags(p, j->options, argc, argv, err);
	p->keep_groups = j->bundle.config.process.keep_groups;
	if (r == 0)
		r = attributes_parse_linux(&p->attributes, json_get(document, "linux"), err);
	if (r == 0)
		r = oci_terminal_check(p->terminal, j->options->detach, j->options->console_socket,
				       err);
	if (r == 0)
		r = oci_preserve_fds(p, j->options->preserve_fds, err);
	if (r == 0 && !config_has_userns(&j->bundle.config))
		r = capability_limit_sets(&p->capabilities, err);
	if (r < 0)
		return r;
	if (p->terminal && !p->rows)
		streams_take_window_size(p);
	p->seccomp = j->bundle.config.process.seccomp; /* the container's own */
	j->bundle.config.process.seccomp = (struct seccomp_program){ 0 };
	return label_check(&p->attributes.labels, err);
}

/* ---- where -------------------------------------------------------------- */

static int check_status(const struct joined *j, struct error *err)
{
	switch (j->target.status) {
	case STATE_STOPPED:
	case STATE_CREATING:
		return error_set(err, EINVAL, "cannot exec in a stopped container");
	case STATE_PAUSED:
		if (!j->options->ignore_paused)
			return error_set(err, EINVAL,
					 "cannot exec in a paused container (use --ignore-paused "
					 "to override)");
		return 0;
	default:
		return 0;
	}
}

/* In runc's words, which its suite looks for. */
static int refuse_cgroup(int r, const char *path, struct error *err)
{
	if (r == -EXDEV)
		return error_set(err, EXDEV,
				 "bad sub cgroup path '%s': leads out of the container's", path);
	if (r == -ENOENT)
		return error_set(err, ENOENT,
				 "--cgroup '%s': adding pid to it: no such file or directory",
				 path);
	return error_sys(err, -r, "open --cgroup '%s'", path);
}

static int open_cgroup(struct joined *j, struct error *err)
{
	const char *below = j->options->cgroup;
	int r = oci_cgroup_open(&j->cgroup, &j->target.state, err);

	if (r < 0 || j->cgroup.fd < 0)
		return r;
	below += below ? strspn(below, "/") : 0;
	if (below && *below) {
		/* Never above the container's own, whatever ".." the path has. */
		j->cgroup_fd = path_open_beneath(j->cgroup.fd, below, O_RDONLY | O_DIRECTORY, 0);
		return j->cgroup_fd < 0 ? refuse_cgroup(j->cgroup_fd, below, err) : 0;
	}
	j->cgroup_fd = fcntl(j->cgroup.fd, F_DUPFD_CLOEXEC, 3);
	return j->cgroup_fd < 0 ? error_sys(err, errno, "open the container's cgroup") : 0;
}

static uint64_t namespaces_of(const struct config *c)
{
	uint64_t set = c->namespaces;

	for (int i = 0; i < CONFIG_NS_COUNT; i++)
		if (c->join_paths[i])
			set |= config_ns_flag((enum config_ns)i);
	return set;
}

/* Without a mount namespace of its own the container is a mere chroot. */
static int open_root(struct joined *j, uint64_t namespaces, struct error *err)
{
	char path[64];

	if (namespaces & CLONE_NEWNS)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/root", j->target.state.pid);
	j->root_fd = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return j->root_fd < 0 ? error_sys(err, errno, "open '%s'", path) : 0;
}

/* ---- doing it ----------------------------------------------------------- */

static int spawn_in(struct joined *j, struct error *err)
{
	const struct process_place place = {
		.pid = j->target.state.pid,
		.pid_start = j->target.state.pid_start,
		.namespaces = namespaces_of(&j->bundle.config),
		.root_fd = j->root_fd,
		.cgroup_fd = j->cgroup_fd,
		.cgroup = j->options->cgroup ? NULL : j->target.state.cgroup,
		.stdio = { 0, 1, 2 },
	};

	return process_spawn(&j->handle, &j->process, &place, err);
}

/*
 * A user's systemd made the cgroup, and we are not below that, but in a login session, say: it is
 * for systemd to move the process.
 */
static int spawn_and_move(struct joined *j, struct error *err)
{
	int r;

	(void)close(j->cgroup_fd);
	j->cgroup_fd = -1;
	r = spawn_in(j, err);
	if (r == 0)
		r = oci_cgroup_move(&j->target.state, j->handle.pid, err);
	if (r < 0) {
		container_kill(&j->handle);
		container_done(&j->handle);
	}
	return r;
}

static int spawn(struct joined *j, struct error *err)
{
	int r = open_root(j, namespaces_of(&j->bundle.config), err);

	if (r == 0)
		r = spawn_in(j, err);
	if (r == -EACCES && j->target.state.user_manager && !j->options->cgroup)
		r = spawn_and_move(j, err);
	return r;
}

static int await_program(struct joined *j, struct error *err)
{
	enum sync_step failed;
	int r = 0;

	if (j->process.terminal)
		r = oci_hand_over_terminal(&j->handle, j->options->console_socket, &j->master, err);
	if (r == 0)
		r = oci_hand_over_listener(&j->handle, &j->bundle.notify, &j->target.state,
					   j->target.status, err);
	if (r == 0)
		r = container_await_exec(&j->handle, &failed, err);
	if (r == 0)
		r = oci_hand_over_process(&j->handle, j->options->pid_file,
					  j->options->pidfd_socket, err);
	if (r < 0)
		container_kill(&j->handle);
	return r;
}

static int exec(struct joined *j, const struct context *ctx, int argc, char **argv,
		struct error *err)
{
	autoclose int signal_fd = -1;
	int r = oci_target_open(&j->target, ctx, argv[0], false, err);

	if (r == 0)
		r = check_status(j, err);
	if (r == 0)
		r = oci_bundle_load_saved(&j->bundle, j->target.dirfd, j->target.state.bundle, err);
	if (r == 0)
		r = plan(j, argc - 1, argv + 1, err);
	if (r == 0)
		r = open_cgroup(j, err);
	if (r == 0 && !j->options->detach)
		r = signal_fd = supervise_block_signals(err);
	if (r >= 0)
		r = spawn(j, err);
	if (r == 0) {
		log_debug("container '%s': process %d joins", j->target.state.id,
			  (int)j->handle.pid);
		r = await_program(j, err);
	}
	if (r < 0 || j->options->detach)
		return r;
	return oci_attend(&j->handle, steal_fd(&j->master), signal_fd, err);
}

static void joined_done(struct joined *j)
{
	container_done(&j->handle);
	oci_target_close(&j->target);
	oci_cgroup_close(&j->cgroup);
	config_process_done(&j->process);
	oci_bundle_done(&j->bundle);
	cleanup_close(&j->cgroup_fd);
	cleanup_close(&j->root_fd);
	cleanup_close(&j->master);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	struct joined j = {
		.options = ctx->options,
		.target = { .dirfd = -1 },
		.handle = CONTAINER_NONE,
		.cgroup = OCI_CGROUP_NONE,
		.cgroup_fd = -1,
		.root_fd = -1,
		.master = -1,
	};
	int r;

	oci_bundle_init(&j.bundle);
	r = exec(&j, ctx, argc, argv, err);
	joined_done(&j);
	if (r >= 0)
		return r;
	error_wrap(err, "exec in container '%s'", argv[0]);
	oci_report(ctx, err);
	return OCI_EXIT_EXEC_FAILED;
}

const struct command oci_cmd_exec = {
	.name = "exec",
	.args = "ID [COMMAND [ARG...]]",
	.summary = "Run one more process in a container",
	.options = options,
	COMMAND_OPTIONS(struct exec_options, 0),
	.min_args = 1,
	.max_args = COMMAND_ANY,
	.flags = COMMAND_ANYBODY | COMMAND_PREFIX | COMMAND_ONE_DASH | COMMAND_BEYOND_REACH,
	.run = run,
};
