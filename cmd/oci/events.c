// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/events.c - tare-oci events: figures now and then, and every OOM kill
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "cgroups/oom.h"
#include "cgroups/report.h"
#include "cmd/oci/cgroup.h"
#include "cmd/oci/oci.h"
#include "runtime/process.h"

struct events_options {
	int64_t interval_ms;
	bool stats;
};

#define O(...) OPTION(struct events_options, __VA_ARGS__)

static const struct option_def options[] = {
	O(0, "interval", "DURATION", OPTION_DURATION, interval_ms,
	  "Time between two sets of figures (default 5s)"),
	O(0, "stats", NULL, OPTION_BOOL, stats, "One set of figures, and no more"),
	{ 0 },
};

static void print_event(const char *type, const char *id, struct json *data)
{
	autojson struct json *v = json_new_map();
	autofree char *text = NULL;

	json_set_text(v, "type", type);
	json_set_text(v, "id", id);
	if (data)
		json_set(v, "data", data);
	text = json_print(v);
	printf("%s\n", text);
	(void)fflush(stdout);
}

static int print_stats(const char *id, int cgroup_fd, struct error *err)
{
	struct json *data = cgroup_stats_json(cgroup_fd, err);

	if (!data)
		return -err->code;
	print_event("stats", id, data);
	return 0;
}

/* 0: time is up, 1: something has happened, 2: the container has ended. */
static int wait_for_news(struct cgroup_oom_watch *watch, int pidfd, int64_t ms)
{
	struct pollfd p[] = { { .fd = watch->fd, .events = POLLIN },
			      { .fd = pidfd, .events = POLLIN } };
	int r = poll(p, 2, (int)ms);

	if (r < 0 && errno != EINTR)
		return 2;
	return p[1].revents ? 2 : p[0].revents != 0;
}

static int follow(const struct oci_target *t, int cgroup_fd, int64_t interval_ms, struct error *err)
{
	autoclose int pidfd = process_open(t->state.pid, t->state.pid_start, err);
	struct cgroup_oom_watch watch;
	int news = 0, r = 0;

	if (pidfd < 0)
		return pidfd == -ESRCH ? 0 : pidfd;
	if (cgroup_oom_watch_open(&watch, cgroup_fd, err) < 0)
		return -err->code;
	while (r >= 0 && news != 2) {
		news = wait_for_news(&watch, pidfd, interval_ms);
		if (news == 0)
			r = print_stats(t->state.id, cgroup_fd, err);
		else
			r = cgroup_oom_watch_read(&watch, err);
		for (int i = 0; news && i < r; i++)
			print_event("oom", t->state.id, NULL);
	}
	cgroup_oom_watch_close(&watch);
	return r < 0 && news == 2 ? 0 : r < 0 ? r : 0;
}

static int run(struct context *ctx, int argc, char **argv, struct error *err)
{
	const struct events_options *o = ctx->options;
	autotarget struct oci_target t = { .dirfd = -1 };
	autocgroup struct oci_cgroup cg = OCI_CGROUP_NONE;
	int r = oci_target_open(&t, ctx, argv[0], false, err);

	(void)argc;
	if (r < 0)
		return r;
	if (o->interval_ms <= 0)
		return error_set(err, EINVAL, "--interval must be greater than 0");
	if (t.status == STATE_STOPPED)
		return error_set(err, ESRCH, "container with id '%s' is not running", argv[0]);
	r = oci_cgroup_open(&cg, &t.state, err);
	if (r == 0 && cg.fd < 0)
		r = error_set(err, EOPNOTSUPP, "container '%s' has no cgroup", argv[0]);
	if (r < 0)
		return r;
	return o->stats ? print_stats(t.state.id, cg.fd, err)
			: follow(&t, cg.fd, o->interval_ms, err);
}

const struct command oci_cmd_events = {
	.name = "events",
	.args = "ID",
	.summary = "Print figures and out-of-memory kills, as JSON lines",
	.options = options,
	COMMAND_OPTIONS(struct events_options, .interval_ms = 5000),
	.min_args = 1,
	.max_args = 1,
	.flags = COMMAND_ANYBODY | COMMAND_ONE_DASH,
	.run = run,
};
