// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/restore.c - tare-oci restore: a container again, from what checkpoint wrote
 *
 * As create and start in one, but that CRIU makes the processes: in the cgroup
 * that we make, with the mounts and streams of the bundle and of ours in place
 * of those it had. The first process becomes our child.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"
#include "cmd/oci/birth.h"
#include "cmd/oci/images.h"
#include "cmd/oci/terminal.h"
#include "runtime/hook.h"
#include "runtime/supervise.h"

struct restore_options {
	struct oci_create_options create;
	struct oci_images_options images;
	const char *lsm_profile, *lsm_mount_context;
};

#define O(...) OPTION(struct restore_options, __VA_ARGS__)

static const struct option_def options[] = {
	O('b', "bundle", "DIR", OPTION_TEXT, create.bundle,
	  "The bundle (default: the working directory)"),
	O('d', "detach", NULL, OPTION_BOOL, create.detach, "Do not wait for its end"),
	O(0, "console-socket", "PATH", OPTION_TEXT, create.console_socket,
	  "Socket that gets the terminal's master end"),
	O(0, "pid-file", "FILE", OPTION_TEXT, create.pid_file,
	  "Write the pid of the first process here"),
	O(0, "no-subreaper", NULL, OPTION_BOOL, create.no_subreaper,
	  "Understood; we are none anyway"),
	O(0, "no-pivot", NULL, OPTION_BOOL, create.no_pivot,
	  "Understood; it is CRIU that enters the root"),
	OCI_IMAGES_OPTIONS(O, images),
	O(0, "lsm-profile", "TYPE:NAME", OPTION_TEXT, lsm_profile,
	  "Security profile in place of the one it had"),
	O(0, "lsm-mount-context", "LABEL", OPTION_TEXT, lsm_mount_context,
	  "SELinux label of its mounts in place of the one they had"),
	{ 0 },
};

struct rebirth {
	const struct restore_options *options;
	struct oci_birth birth;
	struct oci_images images;
	struct criu_request request;
	struct criu criu;
};

/* ---- what CRIU asks for meanwhile --------------------------------------- */

/* Its namespaces are there, nothing of it runs yet: the point of these hooks, as with runc. */
static int run_hooks(struct oci_birth *b, pid_t pid, struct error *err)
{
	const struct config *c = &b->bundle.config;
	autofree char *state = NULL;
	int r;

	b->state.pid = pid;
	state = oci_birth_state_text(b, STATE_CREATING);
	r = hook_run_all(c, CONFIG_HOOK_PRESTART, state, NULL, err);
	return r == 0 ? hook_run_all(c, CONFIG_HOOK_CREATE_RUNTIME, state, NULL, err) : r;
}

static int notify(void *arg, const char *what, pid_t pid, int fd, struct error *err)
{
	autoclose int passed = fd;
	struct rebirth *re = arg;
	struct oci_birth *b = &re->birth;

	if (!strcmp(what, "setup-namespaces"))
		return run_hooks(b, pid, err);
	if (strcmp(what, "orphan-pts-master") != 0 || passed < 0)
		return 0;
	if (b->options->console_socket)
		return oci_terminal_send(steal_fd(&passed), b->options->console_socket, err);
	b->master = steal_fd(&passed);
	return 0;
}

/* ---- the restore -------------------------------------------------------- */

static int plan(struct rebirth *re, struct error *err)
{
	struct criu_request *q = &re->request;
	int r = oci_images_request(q, &re->images, &re->options->images, err);

	q->type = CRIU_RESTORE;
	q->log_name = "restore.log";
	q->root = re->birth.state.rootfs;
	q->lsm_profile = re->options->lsm_profile;
	q->lsm_mount_context = re->options->lsm_mount_context;
	/* What it makes stays in our cgroup, in which it is, unless the user wants it otherwise. */
	q->manage_cgroups = q->cgroups_mode != CRIU_CGROUPS_DEFAULT;
	if (!q->manage_cgroups)
		q->cgroups_mode = CRIU_CGROUPS_IGNORE;
	q->notify = notify;
	q->notify_arg = re;
	return r == 0 ? oci_images_add_bundle(q, &re->images, &re->birth.bundle, err) : r;
}

static int start_criu(struct rebirth *re, struct error *err)
{
	const struct oci_birth *b = &re->birth;
	const int fds[] = { re->images.netns_fd, re->images.pidns_fd };
	int passed[2];
	struct criu_place place = {
		.program = b->ctx->oci->criu,
		.root = b->state.rootfs,
		.cgroup_fd = b->cgroup.fd,
		.keeps_cgroup_ns = !(b->bundle.config.namespaces & CLONE_NEWCGROUP) ||
				   re->request.manage_cgroups,
		.fds = passed,
	};

	for (size_t i = 0; i < 2; i++)
		if (fds[i] >= 0)
			passed[place.n_fds++] = fds[i];
	return criu_start(&re->criu, &place, err);
}

/* Known once systemd has made it, if that was asked to. */
static void show_cgroup(struct rebirth *re)
{
	const struct oci_birth *b = &re->birth;
	autofree char *dir = NULL;

	if (!b->state.cgroup || !*b->state.cgroup)
		return;
	dir = xasprintf("%s/%s", b->cgroup.root.path, b->state.cgroup);
	oci_images_add_cgroup(&re->request, &b->bundle, dir);
}

static int ask_criu(struct rebirth *re, struct error *err)
{
	struct oci_birth *b = &re->birth;
	pid_t pid = -1;
	int r = start_criu(re, err);

	if (r == 0)
		r = oci_birth_adopt(b, re->criu.pid, err);
	if (r == 0)
		r = oci_cgroup_confine(&b->cgroup, &b->bundle, err);
	show_cgroup(re);
	b->state.pid = 0; /* so far it was CRIU's */
	if (r == 0)
		r = criu_go(&re->criu, b->ctx->oci->criu, err);
	if (r == 0)
		r = criu_ask(&re->criu, &re->request, &pid, err);
	if (r < 0)
		return r;
	b->container.pid = pid;
	b->container.pidfd = sys_pidfd_open(pid, 0);
	if (b->container.pidfd < 0)
		return error_sys(err, errno, "find the restored process");
	return 0;
}

/* Of a failed restore there may be a first process, stopped half-way: a child of ours. */
static void end_children(void)
{
	autofree char *text = NULL;
	char path[64];
	size_t len;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	if (file_read_at(AT_FDCWD, path, 65536, &text, &len, &(struct error){ 0 }) < 0)
		return;
	for (char *p = text, *end; *p; p = end) {
		pid_t pid = (pid_t)strtol(p, &end, 10);

		if (end == p)
			break;
		if (pid > 0) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, 0);
		}
	}
}

static int restore(struct rebirth *re, struct error *err)
{
	struct oci_birth *b = &re->birth;
	int r = oci_birth_load(b, err);

	if (r == 0)
		r = oci_images_open(&re->images, &re->options->images, false, err);
	if (r == 0)
		r = oci_birth_take(b, err);
	if (r == 0)
		r = oci_birth_keep_config(b, err);
	if (r == 0)
		r = plan(re, err);
	if (r == 0)
		r = ask_criu(re, err);
	criu_end(&re->criu);
	if (r == 0)
		r = oci_birth_restored(b, err);
	if (r < 0) {
		end_children();
		oci_birth_undo(b);
	}
	return r < 0 ? error_wrap(err, "restore container '%s'", b->id) : 0;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct restore_options *o = ctx->options;
	struct rebirth re = {
		.options = o,
		.criu = { .pid = -1, .pidfd = -1, .socket = -1, .go = -1, .failed = -1 },
	};
	autoclose int signal_fd = -1;
	int r = 0;

	(void)argc;
	if (!o->create.detach)
		r = signal_fd = supervise_block_signals(err);
	if (r < 0)
		return r;
	oci_images_init(&re.images);
	oci_birth_init(&re.birth, ctx, argv[0], &o->create);
	r = restore(&re, err);
	if (r == 0 && !o->create.detach) {
		r = oci_birth_attend(&re.birth, signal_fd, err);
		r = oci_birth_end(&re.birth, r, err);
	}
	criu_request_done(&re.request);
	oci_images_close(&re.images);
	oci_birth_done(&re.birth);
	return r;
}

const struct command oci_cmd_restore = {
	.name = "restore",
	.args = "ID",
	.summary = "Make a container of a checkpoint, and let it go on (needs CRIU)",
	.options = options,
	COMMAND_OPTIONS(struct restore_options, .lsm_profile = NULL),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_ANYBODY | COMMAND_ONE_DASH,
	.run = run,
};
