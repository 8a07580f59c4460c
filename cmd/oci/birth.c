// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/birth.c - A container in the making: what create and restore have in common
 *
 * Killed at any point, the command leaves a state that says so, and no process.
 */
#include "cmd/oci/birth.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "cmd/oci/delete.h"
#include "cmd/oci/handover.h"
#include "cmd/oci/notify.h"
#include "cmd/oci/spec.h"
#include "cmd/oci/terminal.h"
#include "cmd/streams.h"
#include "cmd/units.h"
#include "runtime/capability.h"
#include "runtime/hook.h"
#include "runtime/process.h"

/** oci_birth_init() - Nothing yet; oci_birth_done() may follow at any time */
void oci_birth_init(struct oci_birth *b, const struct context *ctx, const char *id,
		    const struct oci_create_options *options)
{
	*b = (struct oci_birth){
		.ctx = ctx,
		.options = options,
		.id = id,
		.container = CONTAINER_NONE,
		.cgroup = OCI_CGROUP_NONE,
		.dirfd = -1,
		.start_fd = -1,
		.hook_fd = -1,
		.master = -1,
	};
	oci_bundle_init(&b->bundle);
}

/** oci_birth_done() - Close and release; the container lives on */
void oci_birth_done(struct oci_birth *b)
{
	container_done(&b->container);
	netns_give_up(&b->netns);
	cleanup_close(&b->dirfd);
	cleanup_close(&b->start_fd);
	cleanup_close(&b->hook_fd);
	cleanup_close(&b->master);
	oci_cgroup_close(&b->cgroup);
	state_done(&b->state);
	oci_bundle_done(&b->bundle);
}

/* ---- before the process ------------------------------------------------- */

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

/** oci_birth_load() - Read the bundle, and refuse what cannot be */
int oci_birth_load(struct oci_birth *b, struct error *err)
{
	const struct oci_create_options *o = b->options;
	struct config *c = &b->bundle.config;
	int r;

	if (!state_id_is_valid(b->id))
		return error_set(err, EINVAL, "invalid container id '%s'", b->id);
	r = oci_bundle_load(&b->bundle, o->bundle, o->config, err);
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
	b->limits_late = may_limit_others();
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
	s->has_errands = oci_bundle_has_errands(&b->bundle);
	s->annotations = json_count(annotations) ? json_clone(annotations) : NULL;
	return 0;
}

/**
 * oci_birth_take() - Take the ID, make the cgroup and write a first state
 *
 * Known before anything is made, so that whoever finds the rest of a crash knows where to look.
 */
int oci_birth_take(struct oci_birth *b, struct error *err)
{
	int r;

	b->dirfd = state_create(b->ctx->store.run_fd, b->id, err);
	if (b->dirfd < 0)
		return b->dirfd;
	r = fill_state(b, err);
	if (r == 0)
		r = oci_cgroup_create(&b->cgroup, b->ctx->oci, &b->bundle, &b->state, b->dirfd,
				      err);
	if (r == 0)
		r = oci_notify_prepare(b->dirfd, b->ctx->runroot, b->id, &b->bundle.config, err);
	if (r == 0)
		r = state_write(b->dirfd, &b->state, err);
	if (b->bundle.config.process.seccomp.n)
		log_debug("seccomp filter flags: %u",
			  (unsigned int)(b->bundle.config.process.seccomp.flags &
					 ~(unsigned int)SECCOMP_FILTER_FLAG_TSYNC));
	log_debug("container '%s': bundle '%s', cgroup '%s'", b->id, b->bundle.path,
		  b->state.cgroup ? b->state.cgroup : "");
	return r;
}

/** oci_birth_keep_config() - For later commands, however the bundle changes; any time before the
 * end */
int oci_birth_keep_config(struct oci_birth *b, struct error *err)
{
	return file_replace_at(b->dirfd, "config.json", b->bundle.text, b->bundle.text_len, 0600, 0,
			       err);
}

/* ---- with the process --------------------------------------------------- */

/** oci_birth_adopt() - The process exists; have systemd make its scope around it, if asked to */
int oci_birth_adopt(struct oci_birth *b, pid_t pid, struct error *err)
{
	int r;

	log_debug("container '%s': its first process is %d", b->id, (int)pid);
	b->state.pid = pid;
	b->state.pid_start = process_start_time(pid);
	r = oci_cgroup_adopt(&b->cgroup, &b->bundle, &b->state, pid, err);
	if (r == 0 && b->state.cgroups_path && *b->state.cgroups_path)
		r = state_write(b->dirfd, &b->state, err);
	return r;
}

/** oci_birth_state_text() - The state as hooks get it; the caller frees it */
char *oci_birth_state_text(const struct oci_birth *b, enum state_status status)
{
	autojson struct json *v = state_document(&b->state, status);

	return json_print(v);
}

/** oci_birth_finish() - What is set from outside; the final state; who is told of the process */
int oci_birth_finish(struct oci_birth *b, struct error *err)
{
	const struct config_process *p = &b->bundle.config.process;
	const char *receiver = json_text(
		json_get(json_get(b->bundle.document, "annotations"), "run.oci.pidfd_receiver"));
	pid_t pid = b->container.pid;
	int r = b->limits_late ? rlimit_apply(&p->rlimits, pid, err) : 0;

	if (r == 0)
		r = process_set_oom_score(pid, p, err);
	if (r == 0)
		r = attributes_apply_outside(&p->attributes, pid, err);
	b->state.is_complete = true;
	if (r == 0)
		r = state_write(b->dirfd, &b->state, err);
	return r == 0 ? oci_hand_over_process(
				&b->container, b->options->pid_file,
				b->options->pidfd_socket ? b->options->pidfd_socket : receiver, err)
		      : r;
}

/** oci_birth_restored() - As oci_birth_finish() for a process that has all its attributes */
int oci_birth_restored(struct oci_birth *b, struct error *err)
{
	int r;

	b->state.pid = b->container.pid;
	b->state.pid_start = process_start_time(b->container.pid);
	b->state.is_complete = true;
	r = state_write(b->dirfd, &b->state, err);
	return r == 0 ? oci_hand_over_process(&b->container, b->options->pid_file, NULL, err) : r;
}

/** oci_birth_undo() - After a failure: nothing is left; what undoing has to say is lost */
void oci_birth_undo(struct oci_birth *b)
{
	struct error ignored;
	bool existed = b->state.pid > 0;

	if (b->dirfd < 0)
		return;
	container_kill(&b->container);
	if (existed) {
		autofree char *state = oci_birth_state_text(b, STATE_STOPPED);

		(void)hook_run_all(&b->bundle.config, CONFIG_HOOK_POSTSTOP, state, NULL, &ignored);
	}
	(void)oci_cgroup_end(&b->state, &ignored);
	(void)state_remove(b->ctx->store.run_fd, b->id, &ignored);
}

/* ---- in the foreground -------------------------------------------------- */

/** oci_birth_attend() - Carry its terminal and signals until it ends; its exit code, or -errno */
int oci_birth_attend(struct oci_birth *b, int signal_fd, struct error *err)
{
	/* Others may look at it, and signal it, while it runs. */
	cleanup_close(&b->dirfd);
	return oci_attend(&b->container, steal_fd(&b->master), signal_fd, err);
}

/** oci_birth_end() - Delete it; @code, or -errno if that failed and @code was none */
int oci_birth_end(struct oci_birth *b, int code, struct error *err)
{
	struct error later;
	int r;

	b->dirfd = b->dirfd >= 0 ? b->dirfd : state_open(b->ctx->store.run_fd, b->id, true, &later);
	if (b->dirfd < 0) /* deleted by somebody else */
		return code;
	r = oci_delete(b->ctx, &b->state, &b->bundle, code < 0 ? &later : err);
	return code >= 0 && r < 0 ? r : code;
}
