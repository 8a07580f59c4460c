// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/protect.c - What of the kernel a container may neither see nor change
 */
#include "runtime/protect.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/config.h"
#include "runtime/masks.h"
#include "runtime/mount.h"
#include "runtime/plan.h"

static int write_sysctl(const struct rootfs *fs, const char *path, const char *value,
			struct error *err)
{
	int r = file_write_at(fs->proc, path, value);

	return r < 0 ? error_sys(err, -r, "write '/proc/%s'", path) : 0;
}

/*
 * With these two nobody needs CAP_NET_RAW to ping or CAP_NET_BIND_SERVICE to
 * serve port 80; they count for the container's own network namespace only.
 */
static int set_net_sysctls(const struct rootfs *fs, struct error *err)
{
	int r = write_sysctl(fs, "sys/net/ipv4/ping_group_range", "0 65535", err);

	return r < 0 ? r : write_sysctl(fs, "sys/net/ipv4/ip_unprivileged_port_start", "0", err);
}

/* Targets are paths on procfs and sysfs that we mounted, not of the image. */
static int open_protected(int rootfd, const char *path)
{
	return path_open_beneath(rootfd, path + 1, O_PATH, 0);
}

/*
 * Kernel files belong to the host's root, who is nobody in a user namespace: no
 * capability in there reaches past the permissions for others (capabilities(7)).
 */
static bool is_out_of_reach(const struct config *c, const struct stat *st, mode_t wanted)
{
	return config_has_userns(c) && !(st->st_mode & wanted);
}

static int mask_path(const struct config *c, int rootfd, const char *path, int *empty_dir,
		     struct error *err)
{
	autoclose int target = open_protected(rootfd, path), tree = -1;
	struct stat st;

	if (target < 0)
		return 0; /* not there: nothing to hide, and nothing to clone in vain */
	if (fstat(target, &st) < 0)
		return error_sys(err, errno, "look at '%s'", path);
	if (is_out_of_reach(c, &st, S_IRWXO))
		return 0;
	if (!S_ISDIR(st.st_mode)) {
		tree = mount_clone(rootfd, "dev/null", false, err);
	} else if (*empty_dir < 0) {
		static const char *const options[] = { "size=0", "mode=0755", "nr_inodes=1", NULL };

		*empty_dir = mount_make("tmpfs", options,
					SYS_MOUNT_ATTR_RDONLY | MOUNT_NOSUID_NODEV_NOEXEC, err);
		if (*empty_dir < 0)
			return *empty_dir;
		return mount_attach(*empty_dir, target, path, err);
	} else {
		tree = mount_clone(*empty_dir, "", false, err);
	}
	return tree < 0 ? tree : mount_attach(tree, target, path, err);
}

static int make_read_only(const struct config *c, int rootfd, const char *path, struct error *err)
{
	autoclose int target = open_protected(rootfd, path), tree = -1;
	struct stat st;
	int r;

	if (target < 0)
		return 0;
	if (fstat(target, &st) < 0)
		return error_sys(err, errno, "look at '%s'", path);
	if (!S_ISDIR(st.st_mode) && is_out_of_reach(c, &st, S_IWOTH))
		return 0;
	tree = mount_clone(target, "", false, err);
	if (tree < 0)
		return tree;
	r = mount_set(tree, SYS_MOUNT_ATTR_RDONLY | MOUNT_NOSUID_NODEV_NOEXEC, false, path, err);
	return r < 0 ? r : mount_attach(tree, target, path, err);
}

static int protect_kernel_files(const struct rootfs *fs, const struct config *c, struct error *err)
{
	autoclose int empty_dir = -1;
	int r = 0;

	for (size_t i = 0; r == 0 && masks_read_only[i]; i++)
		r = make_read_only(c, fs->root, masks_read_only[i], err);
	for (size_t i = 0; r == 0 && masks_hidden[i]; i++)
		r = mask_path(c, fs->root, masks_hidden[i], &empty_dir, err);
	return r;
}

/** protect_setup() - What must come last, and before any program of the container runs */
int protect_setup(const struct rootfs *fs, const struct config *c, struct error *err)
{
	int r = 0;

	if (c->net_sysctls)
		r = set_net_sysctls(fs, err);
	if (r == 0 && !c->writable_kernel)
		r = protect_kernel_files(fs, c, err);
	if (r == 0 && c->read_only)
		r = mount_set(fs->root, SYS_MOUNT_ATTR_RDONLY, false, "/", err);
	return r;
}
