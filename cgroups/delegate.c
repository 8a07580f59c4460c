// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/delegate.c - A cgroup whose processes make cgroups of their own below it
 *
 * What the kernel's cgroup-v2.rst calls delegation: the directory and the files
 * that move processes and pass controllers on are given away. The files that
 * limit the cgroup itself (memory.max, pids.max, cgroup.freeze) belong to the
 * level above, and stay the host's. What is made below counts here, as it is
 * below: the limits hold for the sum, and freezing, killing and the figures
 * reach all of it.
 */
#include "cgroups/delegate.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "cgroups/setting.h"

#define DELEGATE_MAX_BYTES 4096
#define MOUNTS_MAX_BYTES   (16U << 20)

/*
 * A cgroup costs the kernel some ten KiB for each controller, which are not always counted
 * for the one that made it. systemd makes one for a service; a machine of them has some 100.
 */
#define MAX_DESCENDANTS "1000"
#define MAX_DEPTH	"20"

/**
 * cgroup_delegate() - Give a cgroup to the user who is root in the container
 * @uid:	That user's number on the host
 *
 * runtime-spec config-linux.md, "Cgroup ownership": the directory and the
 * files that the kernel names as safe to give away. The group stays.
 */
int cgroup_delegate(int dirfd, uid_t uid, struct error *err)
{
	static const char usual[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
	autostrlist struct strlist files = { 0 };
	autofree char *list = NULL;
	struct error ignored; /* before Linux 4.15 there is no list */
	size_t len;

	if (fchown(dirfd, uid, (gid_t)-1) < 0)
		return error_sys(err, errno, "give the cgroup to user %u", (unsigned int)uid);
	if (file_read_at(AT_FDCWD, "/sys/kernel/cgroup/delegate", DELEGATE_MAX_BYTES, &list, &len,
			 &ignored) < 0)
		list = xstrdup(usual);
	strlist_split(&files, list, '\n');
	for (size_t i = 0; i < files.n; i++) {
		const char *file = files.items[i];

		if (!*file || strchr(file, '/'))
			continue;
		if (fchownat(dirfd, file, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno != ENOENT) /* it lists those of all controllers */
			return error_sys(err, errno, "give '%s' of the cgroup to user %u", file,
					 (unsigned int)uid);
	}
	return 0;
}

/* What the user set (--cgroup-conf) stays. */
static int bound(int dirfd, const char *file, const char *value, struct error *err)
{
	autofree char *now = cgroup_read_control(dirfd, file);
	int r;

	if (!now || strcmp(now, "max") != 0)
		return 0; /* before Linux 4.14 there is none */
	r = file_write_at(dirfd, file, value);
	return r < 0 ? error_sys(err, -r, "write '%s' to '%s' of the cgroup", value, file) : 0;
}

/** cgroup_bound_descendants() - As many cgroups below this one as a machine needs, and no more */
int cgroup_bound_descendants(int dirfd, struct error *err)
{
	int r = bound(dirfd, "cgroup.max.descendants", MAX_DESCENDANTS, err);

	return r == 0 ? bound(dirfd, "cgroup.max.depth", MAX_DEPTH, err) : r;
}

/**
 * cgroup_limits_hold_for_root() - Whether the host's root, too, is bound by its cgroup's limits
 *
 * In a cgroup namespace of its own, that is, and where cgroup2 was mounted with nsdelegate
 * (cgroup-v2.rst, "Delegation"): systemd does. Else whoever may write to the files may raise them.
 */
bool cgroup_limits_hold_for_root(void)
{
	autofree char *text = NULL;
	struct error ignored; /* not known: assume that they don't */
	char *save = NULL;
	size_t len;

	if (file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_MAX_BYTES, &text, &len,
			 &ignored) < 0)
		return false;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		const char *rest = strstr(l, " - cgroup2 ");

		if (rest && strstr(rest, "nsdelegate"))
			return true;
	}
	return false;
}
