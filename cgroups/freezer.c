// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/freezer.c - Stop all processes of a cgroup where they are, and let them go on
 *
 * Freezing is asynchronous: a process stops when it next leaves the kernel.
 * The answer is in cgroup.events.
 */
#include "cgroups/freezer.h"

#include "base/error.h"
#include "base/file.h"
#include "cgroups/events.h"

/* A process in uninterruptible sleep cannot freeze; this long we wait for it. */
#define FREEZE_TIMEOUT_MS 10000

/**
 * cgroup_freeze() - Freeze or thaw all processes of a cgroup, and wait until they are
 *
 * A freeze that takes too long is taken back.
 *
 * Return: 0; -ETIMEDOUT; or -errno
 */
int cgroup_freeze(int dirfd, bool freeze, struct error *err)
{
	int r;

	r = file_write_at(dirfd, "cgroup.freeze", freeze ? "1" : "0");
	if (r < 0)
		return error_sys(err, -r, "write 'cgroup.freeze'");
	r = cgroup_event_wait(dirfd, "frozen", freeze, FREEZE_TIMEOUT_MS, err);
	if (r < 0 && freeze)
		(void)file_write_at(dirfd, "cgroup.freeze", "0"); /* @err says it all */
	return r;
}

/** cgroup_is_frozen() - 1 if all processes are frozen, 0 if not, or -errno */
int cgroup_is_frozen(int dirfd, struct error *err)
{
	return cgroup_event_read(dirfd, "frozen", err);
}
