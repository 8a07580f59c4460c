// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/launch_cgroup.c - The cgroup of one run: made, looked at, removed
 */
#include "cmd/launch_cgroup.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cgroups/protection.h"
#include "cgroups/remark.h"
#include "cmd/device.h"
#include "cmd/launch.h"
#include "cmd/limits.h"
#include "cmd/message.h"
#include "runtime/sync.h"

#define CGROUP_END_TIMEOUT_MS 10000

static void warn(const struct launch *l, const char *text)
{
	struct error e = { 0 };

	if (l->report_fd < 0) {
		message_warning(l->ctx, "%s", text);
		return;
	}
	error_set(&e, EDOM, "%s", text);
	(void)sync_send(l->report_fd, SYNC_WARNING, &e, -1);
}

/* In force they are; but as they were asked for? */
static int look_at_limits(struct launch *l, struct error *err)
{
	autostrlist struct strlist remarks = { 0 };
	const char *path = l->record->cgroup;
	int r = 0;

	if (!limits_are_asked(l->settings))
		return 0;
	l->has_protection = cgroup_protection_is_claimed(l->cgroup_fd);
	if (l->has_protection)
		r = cgroup_protection_sum(&l->cgroup_root, err);
	if (r == 0)
		r = cgroup_limits_remark(&l->cgroup_root, path, &l->limits, &remarks, err);
	if (r == 0 && remarks.n && l->settings->strict)
		return limits_refuse(&remarks, err);
	for (size_t i = 0; r == 0 && i < remarks.n; i++)
		warn(l, remarks.items[i]);
	return r;
}

static int make_cgroup(struct launch *l, struct error *err)
{
	autofree char *path = limits_cgroup_path(l->settings, l->record->id);
	int r;

	if (l->report.asked_for)
		cgroup_offer_controllers(&l->cgroup_root, path);
	r = cgroup_create(&l->cgroup_root, path, &l->limits, &l->cgroup_fd, err);
	if (r < 0)
		return r;
	str_replace(&l->record->cgroup, path);
	return look_at_limits(l, err);
}

/**
 * launch_take_cgroup() - Make the container's cgroup, with its limits in force as they were asked
 * for
 *
 * Return: 0; or -errno, with l->limit_failed if that is for a limit and --strict. Then
 * launch_end_cgroup() takes away what there is
 */
int launch_take_cgroup(struct launch *l, struct error *err)
{
	int r;

	r = limits_of_settings(l->settings, &l->limits, err);
	if (r < 0)
		return r;
	l->report.wanted |= limits_are_asked(l->settings) && !l->settings->auto_remove;
	r = cgroup_root_open(&l->cgroup_root, err);
	if (r == -ENOENT && !limits_are_asked(l->settings)) {
		l->config.namespaces &= ~(uint64_t)CLONE_NEWCGROUP;
		report_no_cgroup(&l->report, err->msg);
		return 0; /* nothing to limit, and nowhere to do it */
	}
	if (r == 0)
		r = make_cgroup(l, err);
	if (r == 0)
		r = course_prepare(&l->course, l->settings, &l->cgroup_root, l->record->cgroup,
				   l->cgroup_fd, err);
	l->limit_failed = r < 0 && l->settings->strict;
	if (r < 0)
		return r;
	if (l->settings->privileged) /* it may make cgroups of its own below */
		cgroup_offer_controllers(&l->cgroup_root, l->record->cgroup);
	/* A user namespace takes mknod away by itself. */
	if (l->settings->host_userns && !l->settings->privileged)
		return device_apply_rules(l->settings, l->cgroup_fd, err);
	return 0;
}

/** launch_end_cgroup() - Remove the cgroup once it is empty; safe twice */
void launch_end_cgroup(struct launch *l)
{
	struct error ignored; /* what cannot go now, the next sweep takes */

	if (l->cgroup_fd >= 0) {
		(void)close(l->cgroup_fd);
		l->cgroup_fd = -1;
		(void)cgroup_remove(&l->cgroup_root, l->record->cgroup, CGROUP_END_TIMEOUT_MS,
				    &ignored);
		if (l->has_protection)
			(void)cgroup_protection_sum(&l->cgroup_root, &ignored);
	}
	cgroup_root_close(&l->cgroup_root);
	cgroup_limits_done(&l->limits);
}
