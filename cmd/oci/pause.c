// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/pause.c - tare-oci pause and resume: the freezer
 */
#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "cgroups/freezer.h"
#include "cmd/oci/cgroup.h"
#include "cmd/oci/oci.h"

static int set_frozen(const struct context *ctx, const char *id, bool freeze, struct error *err)
{
	autotarget struct oci_target t = { .dirfd = -1 };
	autocgroup struct oci_cgroup cg = OCI_CGROUP_NONE;
	int r = oci_target_open(&t, ctx, id, true, err);

	if (r < 0)
		return r;
	if (freeze && t.status != STATE_RUNNING && t.status != STATE_CREATED)
		return error_set(err, EINVAL, "container not running or created: %s",
				 state_status_name(t.status));
	if (!freeze && t.status != STATE_PAUSED)
		return error_set(err, EINVAL, "container not paused");
	r = oci_cgroup_open(&cg, &t.state, err);
	if (r == 0 && cg.fd < 0)
		r = error_set(err, EOPNOTSUPP, "container '%s' has no cgroup to freeze", id);
	if (r == 0) /* of a checkpoint that was killed before it froze anything */
		r = oci_target_mark(&t, false, err);
	return r == 0 ? cgroup_freeze(cg.fd, freeze, err) : r;
}

static int run_pause(struct context *ctx, int argc, char **argv, struct error *err)
{
	(void)argc;
	return set_frozen(ctx, argv[0], true, err);
}

static int run_resume(struct context *ctx, int argc, char **argv, struct error *err)
{
	(void)argc;
	return set_frozen(ctx, argv[0], false, err);
}

const struct command oci_cmd_pause = {
	.name = "pause",
	.args = "ID",
	.summary = "Stop all processes of a container where they are",
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_ANYBODY | COMMAND_ONE_DASH,
	.run = run_pause,
};

const struct command oci_cmd_resume = {
	.name = "resume",
	.args = "ID",
	.summary = "Let a paused container go on",
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_ANYBODY | COMMAND_ONE_DASH,
	.run = run_resume,
};
