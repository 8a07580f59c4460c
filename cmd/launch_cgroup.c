// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/launch_cgroup.c - The cgroup of one run: made, looked at, removed
 */
#include "cmd/launch_cgroup.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/cpulist.h"
#include "base/error.h"
#include "cgroups/delegate.h"
#include "cgroups/group.h"
#include "cgroups/protection.h"
#include "cgroups/remark.h"
#include "cmd/device.h"
#include "cmd/launch_state.h"
#include "cmd/limits.h"
#include "cmd/message.h"
#include "cmd/slice/cap.h"
#include "runtime/cpu_lease.h"
#include "runtime/process.h"
#include "runtime/sync.h"
#include "runtime/topology.h"

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

/* Of those that its cgroup may have, and --cpuset-cpus says. */
static int allowed_cpus(const struct launch *l, const char *path, struct cpulist *allowed,
			struct error *err)
{
	const char *asked = l->settings->cpuset_cpus;
	autofree char *list = cgroup_allowed_cpus(&l->cgroup_root, path);
	struct cpulist within;

	if (!list || !cpulist_parse(allowed, list))
		memset(allowed, 0xff, sizeof(*allowed));
	if (!asked)
		return 0;
	if (!cpulist_parse(&within, asked))
		return error_set(err, EINVAL, "--cpuset-cpus: '%s' is no list of processors",
				 asked);
	cpulist_intersect(allowed, &within);
	return 0;
}

/* Those beside the memory that it may use; all, if it may use any. */
static struct cpulist near_memory(const struct launch *l, const struct topology *machine,
				  const struct cpulist *allowed)
{
	struct cpulist nodes, near = *allowed;

	if (!l->settings->cpuset_mems || !cpulist_parse(&nodes, l->settings->cpuset_mems))
		return near;
	for (size_t i = 0; i < machine->n; i++)
		if (!cpulist_has(&nodes, machine->cpus[i].node))
			cpulist_drop(&near, machine->cpus[i].id);
	return near;
}

static int lease_cpus(struct launch *l, const char *path, struct error *err)
{
	autotopology struct topology machine = { 0 };
	unsigned int n = (unsigned int)l->settings->vcpus;
	struct cpulist allowed, near, chosen;
	int r;

	r = topology_read(&machine, TOPOLOGY_PATH, err);
	if (r == 0)
		r = allowed_cpus(l, path, &allowed, err);
	if (r < 0)
		return r;
	near = near_memory(l, &machine, &allowed);
	l->cpus_fd = cpu_lease(l->ctx->store.run_fd, &machine, &near, n, &chosen, err);
	if (l->cpus_fd == -EBUSY)
		l->cpus_fd = cpu_lease(l->ctx->store.run_fd, &machine, &allowed, n, &chosen, err);
	if (l->cpus_fd < 0)
		return error_wrap(err, "--vcpus");
	l->cpus = cpulist_print(&chosen);
	return 0;
}

/* Processors of its own take the place of --cpuset-cpus. One that is restarted has them still. */
static int take_cpus(struct launch *l, const char *path, struct error *err)
{
	int r = l->settings->vcpus && l->cpus_fd < 0 ? lease_cpus(l, path, err) : 0;

	if (r < 0 || l->cpus_fd < 0)
		return r;
	free(l->limits.cpuset_cpus);
	l->limits.cpuset_cpus = xstrdup(l->cpus);
	l->limits.cpus_are_chosen = true;
	return 0;
}

static int make_cgroup(struct launch *l, struct error *err)
{
	autofree char *path = limits_cgroup_path(l->settings, l->record->id);
	int r;

	r = take_cpus(l, path, err);
	if (r < 0)
		return r;
	if (l->report.asked_for)
		cgroup_offer_controllers(&l->cgroup_root, path);
	r = cgroup_create(&l->cgroup_root, path, &l->limits, &l->cgroup_fd, err);
	if (r < 0)
		return r;
	str_replace(&l->record->cgroup, path);
	return look_at_limits(l, err);
}

/*
 * systemd moves itself one level down, and passes controllers on to what it makes beside that. With
 * ids of its own that is not the owner of what limits it.
 */
static int hand_over_cgroup(struct launch *l, struct error *err)
{
	const struct settings *s = l->settings;
	int r;

	if (s->host_userns && !s->privileged && !cgroup_limits_hold_for_root()) {
		error_set(err, EPERM,
			  "hand the cgroup over to the container's systemd: with the "
			  "host's ids it could raise its own limits");
		return error_hint(err, "leave out --userns=host, mount cgroup2 with nsdelegate, or "
				       "give all away with --privileged");
	}
	cgroup_offer_controllers(&l->cgroup_root, l->record->cgroup);
	r = cgroup_bound_descendants(l->cgroup_fd, err);
	if (r == 0 && l->config.idmap_base >= 0)
		r = cgroup_delegate(l->cgroup_fd, (uid_t)l->config.idmap_base, err);
	return r;
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
	if (r == -ENOENT && l->settings->systemd)
		return error_wrap(err, "--systemd");
	if (r == -ENOENT && !limits_are_asked(l->settings) && !l->settings->slice) {
		l->config.namespaces &= ~(uint64_t)CLONE_NEWCGROUP;
		report_no_cgroup(&l->report, err->msg);
		return 0; /* nothing to limit, and nowhere to do it */
	}
	l->cgroup_root.on_new_top = cap_enforce;
	if (r == 0 && l->settings->slice)
		r = slice_enter(&l->member, l->ctx, l->settings->slice, &l->cgroup_root, err);
	if (r == 0)
		r = make_cgroup(l, err);
	if (r == 0)
		r = course_prepare(&l->course, l->settings, &l->cgroup_root, l->record->cgroup,
				   l->cgroup_fd, err);
	l->limit_failed = r < 0 && l->settings->strict;
	if (r < 0)
		return r;
	if (l->settings->systemd)
		return hand_over_cgroup(l, err);
	if (l->settings->privileged) /* it may make cgroups of its own below */
		cgroup_offer_controllers(&l->cgroup_root, l->record->cgroup);
	return 0;
}

/**
 * launch_confine_devices() - Have the cgroup's processes use no devices but those they are given
 *
 * The kernel takes a third of a millisecond for the program, which init, busy with its mounts,
 * does not wait for. A user namespace takes mknod away by itself.
 */
int launch_confine_devices(struct launch *l, struct error *err)
{
	if (l->cgroup_fd < 0 || !l->settings->host_userns || l->settings->privileged)
		return 0;
	return device_apply_rules(l->settings, l->cgroup_fd, err);
}

/* Kills of processes are noted as they happen, so that a later end is not taken for one. */
static void note_kills(void *arg)
{
	struct launch *l = arg;
	struct error ignored; /* the cgroup is empty: the end is near */
	int kills = cgroup_oom_watch_read(&l->oom_watch, &ignored);

	if (kills <= 0)
		return;
	l->kills += (uint64_t)kills;
	l->dying = process_is_dying(l->container.pid);
	l->killed_ns = clock_monotonic_ns();
}

/** launch_watch_kills() - From now on; of a run without limits and report nobody has asked */
void launch_watch_kills(struct launch *l)
{
	struct error ignored; /* no such controller: nothing to watch */

	if (!(l->report.wanted || limits_reach_memory(l->settings)) || l->cgroup_fd < 0 ||
	    cgroup_oom_watch_open(&l->oom_watch, l->cgroup_fd, &ignored) < 0)
		return;
	l->news = (struct supervise_news){ l->oom_watch.fd, note_kills, l };
	l->streams.news = &l->news;
}

/** launch_release_cpus() - Let others have its processors; safe twice */
void launch_release_cpus(struct launch *l)
{
	if (l->cpus_fd >= 0)
		(void)close(l->cpus_fd);
	l->cpus_fd = -1;
	free(l->cpus);
	l->cpus = NULL;
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
	if (l->settings->slice)
		slice_leave(&l->member, l->ctx, l->streams.lease_ended);
}
