// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/protect.c - What of the kernel a container may neither see nor change
 */
#include "runtime/protect.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
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

static bool is_bundle(const struct config *c)
{
	return c->root == CONFIG_ROOT_BUNDLE;
}

static int write_sysctl(int proc, const char *path, const char *value, struct error *err)
{
	int r = file_write_at(proc, path, value);

	return r < 0 ? error_sys(err, -r, "write '/proc/%s'", path) : 0;
}

/*
 * With these two nobody needs CAP_NET_RAW to ping or CAP_NET_BIND_SERVICE to
 * serve port 80; they count for the container's own network namespace only.
 */
static int set_net_sysctls(const struct rootfs *fs, struct error *err)
{
	int r = write_sysctl(fs->proc, "sys/net/ipv4/ping_group_range", "0 65535", err);

	return r < 0 ? r
		     : write_sysctl(fs->proc, "sys/net/ipv4/ip_unprivileged_port_start", "0", err);
}

/* A bundle's are written through the host's /proc: its root need not have one. */
static int set_sysctls(const struct rootfs *fs, const struct config *c, struct error *err)
{
	int proc = is_bundle(c) ? fs->host_proc : fs->proc, r = 0;

	for (size_t i = 0; r == 0 && i < c->sysctls.n; i++) {
		const char *item = c->sysctls.items[i], *value = strchr(item, '=');
		autofree char *path = xasprintf("sys/%.*s", (int)(value - item), item);

		r = write_sysctl(proc, path, value + 1, err);
		if (r == -ENOENT && config_has_userns(c) && !is_bundle(c))
			error_hint(err,
				   "older kernels hide some from user namespaces; --userns=host "
				   "does without one");
	}
	return r;
}

/* All that is hidden or made read-only, and what that takes. */
struct protection {
	const struct config *config;
	int rootfd;
	int proc, sys;	     /* to look paths up from, if they are what they seem; or -1 */
	int null, empty_dir; /* what covers: -1 until the first is needed, then attached there */
};

/* A kernel file or directory to protect. */
struct spot {
	const char *path; /* in the container */
	int opened;	  /* or -1 */
	int dirfd;
	const char *rest; /* from dirfd on; "": it is dirfd */
	struct stat st;
};

/* Nobody's volume is mounted there: none of our paths has a link on the way then. */
static int open_kernelfs(const struct protection *p, const char *name, unsigned long magic)
{
	int fd = is_bundle(p->config) ? -1 : path_open_beneath(p->rootfd, name, O_PATH, 0);
	struct statfs st;

	if (fd < 0 || (fstatfs(fd, &st) == 0 && (unsigned long)st.f_type == magic))
		return fd;
	(void)close(fd);
	return -1;
}

/* A bundle's may be anything in its root. */
static int open_spot(const struct protection *p, const char *path)
{
	if (is_bundle(p->config))
		return path_open_in_root(p->rootfd, path, O_PATH, 0);
	return path_open_beneath(p->rootfd, path + 1, O_PATH, 0);
}

/* False: not there, so nothing to protect, and nothing to clone in vain. spot_close() follows. */
static bool spot_find(struct spot *spot, const struct protection *p, const char *path)
{
	bool is_proc = str_starts(path, "/proc/");
	int base = is_proc ? p->proc : p->sys;

	*spot = (struct spot){ .path = path, .opened = -1, .dirfd = base, .rest = "" };
	if (base >= 0)
		spot->rest = path + strlen(is_proc ? "/proc/" : "/sys/");
	else
		spot->dirfd = spot->opened = open_spot(p, path);
	return spot->dirfd >= 0 &&
	       fstatat(spot->dirfd, spot->rest, &spot->st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) ==
		       0 &&
	       !S_ISLNK(spot->st.st_mode);
}

static void spot_close(const struct spot *spot)
{
	if (spot->opened >= 0)
		(void)close(spot->opened);
}

static int spot_attach(const struct spot *spot, int tree, struct error *err)
{
	return mount_attach_at(tree, spot->dirfd, spot->rest, spot->path, err);
}

/*
 * Kernel files belong to the host's root, who is nobody in a user namespace: no
 * capability in there reaches past the permissions for others (capabilities(7)).
 */
static bool is_out_of_reach(const struct spot *spot, const struct protection *p, mode_t wanted)
{
	return config_has_userns(p->config) && !is_bundle(p->config) &&
	       !(spot->st.st_mode & wanted);
}

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

static int cover(const struct spot *spot, struct protection *p, struct error *err)
{
	bool is_dir = S_ISDIR(spot->st.st_mode);
	int *first = is_dir ? &p->empty_dir : &p->null;
	autoclose int tree = -1;

	if (*first < 0) {
		*first = is_dir ? make_empty_dir(err) : clone_null(p->rootfd, err);
		return *first < 0 ? *first : spot_attach(spot, *first, err);
	}
	tree = mount_clone(*first, "", false, err);
	return tree < 0 ? tree : spot_attach(spot, tree, err);
}

static int mask_path(struct protection *p, const char *path, struct error *err)
{
	struct spot spot;
	int r = 0;

	if (spot_find(&spot, p, path) && !is_out_of_reach(&spot, p, S_IRWXO))
		r = cover(&spot, p, err);
	spot_close(&spot);
	return r;
}

/* An engine's list may have a path twice, and a second mount would show. */
static bool is_among(const char *path, const char *const *from, const char *const *to)
{
	for (; from < to; from++)
		if (!strcmp(*from, path))
			return true;
	return false;
}

static int mask_all(struct protection *p, const char *const *paths, struct error *err)
{
	int r = 0;

	for (const char *const *path = paths; r == 0 && *path; path++)
		if (!is_bundle(p->config) || !is_among(*path, paths, path))
			r = mask_path(p, *path, err);
	return r;
}

static int attach_read_only(const struct spot *spot, bool recursive, struct error *err)
{
	autoclose int tree = mount_clone(spot->dirfd, spot->rest, recursive, err);
	int r;

	if (tree < 0)
		return tree;
	/* The clone has the attributes of the mount it is of, for ours that of /proc. */
	r = mount_set(tree, SYS_MOUNT_ATTR_RDONLY, false, spot->path, err);
	return r < 0 ? r : spot_attach(spot, tree, err);
}

static int make_read_only(const struct protection *p, const char *path, struct error *err)
{
	struct spot spot;
	int r = 0;

	if (spot_find(&spot, p, path) &&
	    (S_ISDIR(spot.st.st_mode) || !is_out_of_reach(&spot, p, S_IWOTH)))
		r = attach_read_only(&spot, is_bundle(p->config), err);
	spot_close(&spot);
	return r;
}

static int make_all_read_only(const struct protection *p, const char *const *paths,
			      struct error *err)
{
	int r = 0;

	for (; r == 0 && *paths; paths++)
		r = make_read_only(p, *paths, err);
	return r;
}

static int protect_as_told(struct protection *p, struct error *err)
{
	const struct config *c = p->config;
	const char *const *read_only = (const char *const *)strlist_items(&c->readonly_paths);
	const char *const *hidden = (const char *const *)strlist_items(&c->masked_paths);
	int r = make_all_read_only(p, read_only, err);

	return r == 0 ? mask_all(p, hidden, err) : r;
}

static int protect_by_default(struct protection *p, struct error *err)
{
	int r;

	p->proc = open_kernelfs(p, "proc", PROC_SUPER_MAGIC);
	p->sys = open_kernelfs(p, "sys", SYSFS_MAGIC);
	r = make_all_read_only(p, masks_read_only, err);
	if (r == 0)
		r = mask_all(p, masks_hidden, err);
	if (r == 0 && !(p->config->namespaces & CLONE_NEWNET)) /* then /sys is the host's */
		r = mask_all(p, masks_host_mounts, err);
	return r;
}

static int protect_kernel_files(const struct rootfs *fs, const struct config *c, struct error *err)
{
	struct protection p = {
		.config = c,
		.rootfd = fs->root,
		.proc = -1,
		.sys = -1,
		.null = -1,
		.empty_dir = -1,
	};
	int r = is_bundle(c) ? protect_as_told(&p, err) : protect_by_default(&p, err);

	cleanup_close(&p.proc);
	cleanup_close(&p.sys);
	cleanup_close(&p.null);
	cleanup_close(&p.empty_dir);
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
	if (r == 0)
		r = set_sysctls(fs, c, err);
	if (r == 0 && !c->writable_kernel)
		r = protect_kernel_files(fs, c, err);
	if (r == 0 && bundle_has_read_only_dev(c))
		r = mount_set(fs->dev, SYS_MOUNT_ATTR_RDONLY, false, "/dev", err);
	if (r == 0 && c->read_only)
		r = mount_set(fs->root, SYS_MOUNT_ATTR_RDONLY, false, "/", err);
	return r == 0 ? set_root_propagation(fs, c, err) : r;
}
