// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/checkpoint.c - tare-oci checkpoint: write a running container down, by CRIU
 *
 * Afterwards its processes are gone and it is stopped, as if they had ended by
 * themselves; with --leave-running and --pre-dump they go on. Should criu fail
 * or be killed, they go on, too: it lets them go, and we thaw their cgroup.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "cgroups/freezer.h"
#include "cgroups/group.h"
#include "cmd/oci/bundle.h"
#include "cmd/oci/cgroup.h"
#include "cmd/oci/images.h"
#include "cmd/oci/oci.h"
#include "runtime/process.h"

struct checkpoint_options {
	struct oci_images_options images;
	const char *parent_path, *page_server;
	int64_t status_fd;
	bool leave_running, pre_dump;
};

#define O(...) OPTION(struct checkpoint_options, __VA_ARGS__)

static const struct option_def options[] = {
	OCI_IMAGES_OPTIONS(O, images),
	O(0, "leave-running", NULL, OPTION_BOOL, leave_running, "It goes on afterwards"),
	O(0, "pre-dump", NULL, OPTION_BOOL, pre_dump,
	  "Its memory alone, for a later checkpoint with --parent-path; it goes on"),
	O(0, "parent-path", "DIR", OPTION_TEXT, parent_path,
	  "Images of the pre-dump before, relative to --image-path"),
	O(0, "page-server", "ADDRESS:PORT", OPTION_TEXT, page_server,
	  "Send the memory to a criu page-server"),
	O(0, "status-fd", "FD", OPTION_INT, status_fd,
	  "Gets a NUL once --lazy-pages can be served"),
	{ 0 },
};

/* A checkpoint in the making. */
struct dump {
	const struct checkpoint_options *options;
	struct oci_target target;
	struct oci_bundle bundle;
	struct oci_cgroup cgroup;
	struct oci_images images;
	struct criu_request request;
	char *page_server, *freeze_cgroup;
};

static int set_page_server(struct dump *d, struct error *err)
{
	const char *text = d->options->page_server;
	const char *colon = text ? strrchr(text, ':') : NULL;
	uint64_t port;

	if (!text || !*text)
		return 0;
	if (!colon || colon == text || str_parse_u64(colon + 1, UINT16_MAX, &port) < 0)
		return error_set(err, EINVAL, "--page-server '%s' is not ADDRESS:PORT", text);
	d->page_server = xstrndup(text, (size_t)(colon - text));
	d->request.page_server = d->page_server;
	d->request.page_server_port = (uint16_t)port;
	return 0;
}

static int set_parent(struct dump *d, struct error *err)
{
	const char *parent = d->options->parent_path;
	struct stat st;

	if (!parent || !*parent)
		return 0;
	if (*parent == '/')
		return error_set(err, EINVAL, "--parent-path '%s' is not relative to --image-path",
				 parent);
	if (fstatat(d->images.images_fd, parent, &st, 0) < 0)
		return error_sys(err, errno, "--parent-path '%s'", parent);
	d->request.parent = parent;
	return 0;
}

/* With a cgroup, CRIU stops all processes at once by its freezer. */
static int set_cgroup(struct dump *d, struct error *err)
{
	int r = oci_cgroup_open(&d->cgroup, &d->target.state, err);

	if (r < 0 || d->cgroup.fd < 0)
		return r;
	d->freeze_cgroup = xasprintf("%s/%s", d->cgroup.root.path, d->target.state.cgroup);
	d->request.freeze_cgroup = d->freeze_cgroup;
	d->request.manage_cgroups = true;
	return 0;
}

static int plan(struct dump *d, struct error *err)
{
	const struct checkpoint_options *o = d->options;
	struct criu_request *q = &d->request;
	int r = oci_images_request(q, &d->images, &o->images, err);

	q->type = o->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP;
	q->log_name = o->pre_dump ? "pre-dump.log" : "dump.log";
	q->pid = d->target.state.pid;
	q->root = d->target.state.rootfs;
	q->leave_running = o->leave_running || o->pre_dump;
	q->track_mem = o->pre_dump || (o->parent_path && *o->parent_path);
	if (o->status_fd >= 0 && o->images.lazy_pages)
		q->status_fd = (int)o->status_fd;
	if (r == 0)
		r = set_page_server(d, err);
	if (r == 0)
		r = set_parent(d, err);
	if (r == 0)
		r = set_cgroup(d, err);
	return r == 0 ? oci_images_add_process(q, &d->images, &d->bundle, q->pid, err) : r;
}

/* CRIU kills them, and does not wait for the kernel to be done with it. */
static int await_end(const struct state *s, struct error *err)
{
	struct error gone;
	autoclose int pidfd = process_open(s->pid, s->pid_start, &gone);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	if (pidfd < 0 || poll(&p, 1, CGROUP_END_TIMEOUT_MS) > 0)
		return 0;
	return error_set(err, ETIMEDOUT, "container '%s' is still there %d s after its checkpoint",
			 s->id, CGROUP_END_TIMEOUT_MS / 1000);
}

static int do_dump(struct dump *d, const char *program, struct error *err)
{
	const struct criu_place place = { .program = program, .cgroup_fd = -1 };
	bool was_frozen = d->target.status == STATE_PAUSED;
	struct error ignored;
	struct criu criu;
	int r = criu_start(&criu, &place, err);

	if (r == 0)
		r = criu_go(&criu, program, err);
	if (r == 0 && !was_frozen)
		r = oci_target_mark(&d->target, true, err);
	if (r == 0)
		r = criu_ask(&criu, &d->request, NULL, err);
	criu_end(&criu);
	if (r < 0 && d->cgroup.fd >= 0 && !was_frozen)
		(void)cgroup_freeze(d->cgroup.fd, false, &ignored);
	(void)oci_target_mark(&d->target, false, err);
	if (r == 0 && !d->request.leave_running)
		r = await_end(&d->target.state, err);
	return r;
}

static int check_status(const struct oci_target *t, struct error *err)
{
	if (t->status == STATE_RUNNING || t->status == STATE_PAUSED)
		return 0;
	return error_set(err, EINVAL,
			 "container '%s' cannot be checkpointed: it is %s, not running",
			 t->state.id, state_status_name(t->status));
}

static int checkpoint(struct dump *d, const struct context *ctx, const char *id, struct error *err)
{
	int r = oci_target_open(&d->target, ctx, id, true, err);

	if (r == 0)
		r = check_status(&d->target, err);
	if (r == 0)
		r = oci_bundle_load_saved(&d->bundle, d->target.dirfd, d->target.state.bundle, err);
	if (r == 0)
		r = oci_images_open(&d->images, &d->options->images, true, err);
	if (r == 0)
		r = plan(d, err);
	return r == 0 ? do_dump(d, ctx->oci->criu, err) : r;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	struct dump d = {
		.options = ctx->options,
		.target = { .dirfd = -1 },
		.cgroup = OCI_CGROUP_NONE,
	};
	int r;

	(void)argc;
	oci_images_init(&d.images);
	oci_bundle_init(&d.bundle);
	r = checkpoint(&d, ctx, argv[0], err);
	criu_request_done(&d.request);
	oci_images_close(&d.images);
	oci_cgroup_close(&d.cgroup);
	oci_bundle_done(&d.bundle);
	oci_target_close(&d.target);
	free(d.page_server);
	free(d.freeze_cgroup);
	return r < 0 ? error_wrap(err, "checkpoint container '%s'", argv[0]) : 0;
}

const struct command oci_cmd_checkpoint = {
	.name = "checkpoint",
	.args = "ID",
	.summary = "Write a running container down, for restore (needs CRIU)",
	.options = options,
	COMMAND_OPTIONS(struct checkpoint_options, .status_fd = -1),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_ANYBODY | COMMAND_ONE_DASH,
	.run = run,
};
