// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/kill.c - tare-oci kill: a signal to a container
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "base/error.h"
#include "base/sys.h"
#include "cgroups/group.h"
#include "cgroups/pids.h"
#include "cmd/oci/bundle.h"
#include "cmd/oci/cgroup.h"
#include "cmd/oci/oci.h"
#include "cmd/signals.h"

struct kill_options {
	bool all;
};

#define O(...) OPTION(struct kill_options, __VA_ARGS__)

static const struct option_def options[] = {
	O('a', "all", NULL, OPTION_BOOL, all, "To all processes of the container"),
	OPTION_REFUSE("regex", "name the containers"),
	{ 0 },
};

static int signal_all(const struct oci_target *t, int sig, struct error *err)
{
	autocgroup struct oci_cgroup cg = OCI_CGROUP_NONE;
	int r;

	r = oci_cgroup_open(&cg, &t->state, err);
	if (r < 0)
		return r;
	if (cg.fd < 0)
		return t->status == STATE_STOPPED ? 0 : oci_target_signal(t, sig, err);
	r = sig == SIGKILL ? cgroup_kill(cg.fd, err) : cgroup_signal(cg.fd, sig, err);
	return r < 0 ? r : 0;
}

/* Without a pid namespace of their own the others outlive the first process. */
static bool shares_pids(const struct oci_target *t)
{
	autobundle struct oci_bundle b;
	struct error ignored;

	oci_bundle_init(&b);
	return oci_bundle_load_saved(&b, t->dirfd, t->state.bundle, &ignored) == 0 &&
	       !(b.config.namespaces & CLONE_NEWPID);
}

static bool has_processes(const struct oci_target *t)
{
	autocgroup struct oci_cgroup cg = OCI_CGROUP_NONE;
	struct error ignored;

	return oci_cgroup_open(&cg, &t->state, &ignored) == 0 && cg.fd >= 0 &&
	       cgroup_is_populated(cg.fd, &ignored) > 0;
}

/* 0 asks whether it runs, as with runc. */
static int parse_signal(const char *text, struct error *err)
{
	return strcmp(text, "0") != 0 ? signals_parse(text, err) : 0;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct kill_options *o = ctx->options;
	autotarget struct oci_target t = { .dirfd = -1 };
	int sig = argc > 1 ? parse_signal(argv[1], err) : SIGTERM;
	int r = sig < 0 ? sig : oci_target_open(&t, ctx, argv[0], false, err);

	if (r < 0)
		return r;
	if (o->all)
		return signal_all(&t, sig, err);
	if (t.status == STATE_STOPPED && sig == SIGKILL && shares_pids(&t) && has_processes(&t))
		return signal_all(&t, sig, err);
	if (t.status == STATE_STOPPED || t.status == STATE_CREATING)
		return error_set(err, ESRCH, "container not running");
	if (sig == SIGKILL && shares_pids(&t))
		return signal_all(&t, sig, err);
	return oci_target_signal(&t, sig, err);
}

const struct command oci_cmd_kill = {
	.name = "kill",
	.args = "ID [SIGNAL]",
	.summary = "Send a signal (default TERM) to a container's first process",
	.options = options,
	COMMAND_OPTIONS(struct kill_options, 0),
	.min_args = 1,
	.max_args = 2,
	.flags = COMMAND_ANYBODY | COMMAND_ONE_DASH,
	.run = run,
};
