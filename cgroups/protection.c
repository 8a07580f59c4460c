// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/protection.c - memory.low and memory.min, which every level must grant
 *
 * The kernel protects of a cgroup's memory what its parent's protection leaves
 * for it: below a parent that claims nothing, memory.low is but a number. Ours
 * therefore claims what all of its children claim together. It is made anew
 * from them each time, under a lock on its directory, so that a crash leaves
 * at worst a sum that the next container corrects.
 */
#include "cgroups/protection.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "cgroups/group.h"
#include "cgroups/hierarchy.h"
#include "cgroups/setting.h"

/* "max" is everything. */
static uint64_t claim_of(int dirfd, const char *child, const char *file)
{
	autofree char *path = xasprintf("%s/%s", child, file);
	autofree char *text = cgroup_read_control(dirfd, path);
	uint64_t bytes;

	if (!text)
		return 0; /* it has just gone, or has no such controller */
	return cgroup_parse_size(text, &bytes) ? bytes : UINT64_MAX;
}

/** cgroup_protection_is_claimed() - Whether a cgroup wants memory of its own protected */
bool cgroup_protection_is_claimed(int dirfd)
{
	return claim_of(dirfd, ".", "memory.low") || claim_of(dirfd, ".", "memory.min");
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static int write_sum(int dirfd, const char *file, uint64_t sum, struct error *err)
{
	autofree char *text = sum == UINT64_MAX ? xstrdup("max") : xasprintf("%" PRIu64, sum);
	int r = file_write_at(dirfd, file, text);

	if (r == -ENOENT)
		return 0; /* no controller: nobody below has one either */
	return r < 0 ? error_sys(err, -r, "set '%s' of cgroup '%s' to the sum of its containers'",
				 file, CGROUP_PARENT)
		     : 0;
}

/**
 * cgroup_protection_sum() - Have our parent cgroup claim what the containers in it claim
 *
 * After a container with a claim has been made, changed or removed.
 *
 * Return: 0, also if there is no such cgroup; or -errno
 */
int cgroup_protection_sum(const struct cgroup_root *root, struct error *err)
{
	autoclose int fd = openat(root->fd, CGROUP_PARENT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = fd < 0 ? NULL : dir_open(fd, ".", 0);
	uint64_t low = 0, min = 0;
	const struct dirent *e;
	int r;

	if (!dir)
		return 0;
	r = file_lock(fd, LOCK_EX);
	if (r < 0)
		return error_sys(err, -r, "lock cgroup '%s'", CGROUP_PARENT);
	while ((e = dir_next(dir))) {
		if (e->d_type != DT_DIR)
			continue;
		low = add(low, claim_of(fd, e->d_name, "memory.low"));
		min = add(min, claim_of(fd, e->d_name, "memory.min"));
	}
	r = write_sum(fd, "memory.min", min, err);
	return r == 0 ? write_sum(fd, "memory.low", low, err) : r;
}
