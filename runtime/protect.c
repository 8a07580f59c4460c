// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/protect.c - What of the kernel a container may neither see nor change
 */
#include "runtime/protect.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/bundle.h"
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

/* A bundle's are written through the host's /proc: its root need not have one. */
static int set_sysctls(const struct rootfs *fs, const struct config *c, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->sysctls.n; i++) {
		const char *item = c->sysctls.items[i], *value = strchr(item, '=');
		autofree char *path = xasprintf("sys/%.*s", (int)(value - item), item);

		r = write_sysctl(fs, path, value + 1, err);
		if (r == -ENOENT && config_has_userns(c))
			error_hint(err,
				   "older kernels hide some from user namespaces; --userns=host "
				   "does without one");
	}
	return r;
}

/*
 * Ours are paths on procfs and sysfs that we mounted, without a link in them; a
 * bundle's may be anything in its root.
 */
static int open_protected(const struct config *c, int rootfd, const char *path)
{
	if (c->root == CONFIG_ROOT_BUNDLE)
		return path_open_in_root(rootfd, path, O_PATH, 0);
	return path_open_beneath(rootfd, path + 1, O_PATH, 0);
}

/*
 * Kernel files belong to the host's root, who is nobody in a user namespace: no
 * capability in there reaches past the permissions for others (capabilities(7)).
 */
static bool is_out_of_reach(const struct config *c, const struct stat *st, mode_t wanted)
{
	return config_has_userns(c) && c->root != CONFIG_ROOT_BUNDLE && !(st->st_mode & wanted);
}

/* What covers a hidden file or directory: -1 until the first is needed, then attached there. */
struct covers {
	int null, empty_dir;
};

/* The root's /dev may be a bundle's own: only the real thing hides a file (runc CVE-2025-31133). */
static int clone_null(int rootfd, struct error *err)
{
	autoclose int fd = mount_clone(rootfd, "dev/null", false, err);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return error_set(err, EINVAL,
				 "'/dev/null' of the container is not the null device");
	return steal_fd(&fd);
}

static int make_empty_dir(struct error *err)
{
	static const char *const options[] = { "size=0", "mode=0755", "nr_inodes=1", NULL };

	return mount_make("tmpfs", options, SYS_MOUNT_ATTR_RDONLY | MOUNT_NOSUID_NODEV_NOEXEC, err);
}

static int mask_path(const struct config *c, int rootfd, const char *path, struct covers *covers,
		     struct error *err)
{
	autoclose int target = open_protected(c, rootfd, path), tree = -1;
	struct stat st;
	int *cover;

	if (target < 0)
		return 0; /* not there: nothing to hide, and nothing to clone in vain */
	if (fstat(target, &st) < 0)
		return error_sys(err, errno, "look at '%s'", path);
	if (is_out_of_reach(c, &st, S_IRWXO))
		return 0;
	cover = S_ISDIR(st.st_mode) ? &covers->empty_dir : &covers->null;
	if (*cover < 0) {
		*cover = S_ISDIR(st.st_mode) ? make_empty_dir(err) : clone_null(rootfd, err);
		return *cover < 0 ? *cover : mount_attach(*cover, target, path, err);
	}
	tree = mount_clone(*cover, "", false, err);
	return tree < 0 ? tree : mount_attach(tree, target, path, err);
}

/* An engine's list may have a path twice, and a second mount would show. */
static bool is_among(const char *path, const char *const *from, const char *const *to)
{
	for (; from < to; from++)
		if (!strcmp(*from, path))
			return true;
	return false;
}

static int mask_all(const struct config *c, int rootfd, const char *const *paths,
		    struct covers *covers, struct error *err)
{
	int r = 0;

	for (const char *const *p = paths; r == 0 && *p; p++)
		if (c->root != CONFIG_ROOT_BUNDLE || !is_among(*p, paths, p))
			r = mask_path(c, rootfd, *p, covers, err);
	return r;
}

static int make_read_only(const struct config *c, int rootfd, const char *path, struct error *err)
{
	autoclose int target = open_protected(c, rootfd, path), tree = -1;
	struct stat st;
	int r;

	if (target < 0)
		return 0;
	if (fstat(target, &st) < 0)
		return error_sys(err, errno, "look at '%s'", path);
	if (!S_ISDIR(st.st_mode) && is_out_of_reach(c, &st, S_IWOTH))
		return 0;
	tree = mount_clone(target, "", c->root == CONFIG_ROOT_BUNDLE, err);
	if (tree < 0)
		return tree;
	/* The clone has the attributes of the mount it is of, for ours that of /proc. */
	r = mount_set(tree, SYS_MOUNT_ATTR_RDONLY, false, path, err);
	return r < 0 ? r : mount_attach(tree, target, path, err);
}

static int make_all_read_only(const struct config *c, int rootfd, const char *const *paths,
			      struct error *err)
{
	int r = 0;

	for (; r == 0 && *paths; paths++)
		r = make_read_only(c, rootfd, *paths, err);
	return r;
}

static int protect_as_told(const struct rootfs *fs, const struct config *c, struct covers *covers,
			   struct error *err)
{
	const char *const *read_only = (const char *const *)strlist_items(&c->readonly_paths);
	const char *const *hidden = (const char *const *)strlist_items(&c->masked_paths);
	int r = make_all_read_only(c, fs->root, read_only, err);

	return r == 0 ? mask_all(c, fs->root, hidden, covers, err) : r;
}

static int protect_by_default(const struct rootfs *fs, const struct config *c,
			      struct covers *covers, struct error *err)
{
	int r = make_all_read_only(c, fs->root, masks_read_only, err);

	if (r == 0)
		r = mask_all(c, fs->root, masks_hidden, covers, err);
	if (r == 0 && !(c->namespaces & CLONE_NEWNET)) /* then /sys is the host's */
		r = mask_all(c, fs->root, masks_host_mounts, covers, err);
	return r;
}

static int protect_kernel_files(const struct rootfs *fs, const struct config *c, struct error *err)
{
	struct covers covers = { -1, -1 };
	int r = c->root == CONFIG_ROOT_BUNDLE ? protect_as_told(fs, c, &covers, err)
					      : protect_by_default(fs, c, &covers, err);

	if (covers.null >= 0)
		(void)close(covers.null);
	if (covers.empty_dir >= 0)
		(void)close(covers.empty_dir);
	return r;
}

/* Of the root alone: what is mounted below says for itself. */
static int set_root_propagation(const struct rootfs *fs, const struct config *c, struct error *err)
{
	struct sys_mount_attr attr = { .propagation = c->root_propagation &
						      ~(unsigned long)MS_REC };

	if (!attr.propagation || attr.propagation == MS_PRIVATE)
		return 0;
	if (sys_mount_setattr(fs->root, "", AT_EMPTY_PATH, &attr) < 0)
		return error_sys(err, errno, "set linux.rootfsPropagation");
	return 0;
}

/** protect_setup() - What must come last, and before any program of the container runs */
int protect_setup(const struct rootfs *fs, const struct config *c, struct error *err)
{
	int r = 0;

	if (c->net_sysctls)
		r = set_net_sysctls(fs, err);
	if (r == 0 && c->root != CONFIG_ROOT_BUNDLE)
		r = set_sysctls(fs, c, err);
	if (r == 0 && !c->writable_kernel)
		r = protect_kernel_files(fs, c, err);
	if (r == 0 && bundle_has_read_only_dev(c))
		r = mount_set(fs->dev, SYS_MOUNT_ATTR_RDONLY, false, "/dev", err);
	if (r == 0 && c->read_only)
		r = mount_set(fs->root, SYS_MOUNT_ATTR_RDONLY, false, "/", err);
	return r == 0 ? set_root_propagation(fs, c, err) : r;
}
