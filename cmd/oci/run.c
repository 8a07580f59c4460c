// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/run.c - tare-oci run: create, start, wait and delete, in one
 */

#include "base/cleanup.h"
#include "base/error.h"
#include "cmd/oci/create.h"
#include "cmd/oci/start.h"
#include "runtime/supervise.h"

#define O(...) OPTION(struct oci_create_options, __VA_ARGS__)

static const struct option_def options[] = {
	OCI_CREATE_OPTIONS(O),
	O('d', "detach", NULL, OPTION_BOOL, detach, "Do not wait for its end"),
	O(0, "keep", NULL, OPTION_BOOL, keep, "Do not delete it at its end"),
	O(0, "no-subreaper", NULL, OPTION_BOOL, no_subreaper, "Understood; we are none anyway"),
	{ 0 },
};

static int start_and_wait(struct oci_birth *b, int signal_fd, struct error *err)
{
	int r = oci_start(b->ctx, b->dirfd, &b->state, &b->bundle, &b->container,
			  !b->options->detach, err);

	if (r < 0 || b->options->detach)
		return r;
	return oci_birth_attend(b, signal_fd, err);
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct oci_create_options *o = ctx->options;
	autoclose int signal_fd = -1;
	struct oci_birth b;
	int r = 0;

	(void)argc;
	if (!o->detach)
		r = signal_fd = supervise_block_signals(err);
	if (r < 0)
		return r;
	r = oci_create(&b, ctx, argv[0], o, err);
	if (r == 0) {
		r = start_and_wait(&b, signal_fd, err);
		if (r < 0 || (!o->detach && !o->keep))
			r = oci_birth_end(&b, r, err);
	}
	oci_birth_done(&b);
	return r;
}

const struct command oci_cmd_run = {
	.name = "run",
	.args = "ID",
	.summary = "Create and start a container, wait for its end and delete it",
	.options = options,
	COMMAND_OPTIONS(struct oci_create_options, 0),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_ANYBODY | COMMAND_ONE_DASH | COMMAND_BEYOND_REACH,
	.run = run,
};
