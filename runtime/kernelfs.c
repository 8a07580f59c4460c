// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/kernelfs.c - /proc, /dev and /sys of a container
 *
 * New mounts of our own, put on directories of the root that are no links: an
 * image can neither bring its own /proc nor have us make devices elsewhere.
 */
#include "runtime/kernelfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/sys.h"
#include "runtime/config.h"
#include "runtime/device.h"
#include "runtime/mount.h"
#include "runtime/namespace.h"
#include "runtime/plan.h"

static int make_and_attach(int rootfd, const char *fstype, const char *const *options,
			   uint64_t attributes, const char *name, struct error *err)
{
	autoclose int target = -1;
	autoclose int fd = -1;
	int r;

	target = mount_open_plain_dir(rootfd, name, err);
	if (target < 0)
		return target;
	fd = mount_make(fstype, options, attributes, err);
	if (fd == -EPERM) /* mount_too_revealing() of the kernel */
		error_hint(err, "the host's own has something mounted over parts of it, as in a "
				"container without --privileged: try --userns=host");
	if (fd < 0)
		return error_wrap(err, "set up '/%s'", name);
	r = mount_attach(fd, target, name, err);
	return r < 0 ? r : steal_fd(&fd);
}

static int setup_proc(struct rootfs *fs, struct error *err)
{
	struct statfs st;

	fs->proc = make_and_attach(fs->root, "proc", NULL, MOUNT_NOSUID_NODEV_NOEXEC, "proc", err);
	if (fs->proc < 0)
		return fs->proc;
	/* Ours by construction; what is written through this fd later depends on it. */
	if (fstatfs(fs->proc, &st) < 0 || st.f_type != PROC_SUPER_MAGIC)
		return error_set(err, EINVAL, "'/proc' of the container is no procfs");
	return 0;
}

static int make_in_dev(struct rootfs *fs, const char *name, const char *fstype,
		       const char *const *options, uint64_t attributes, struct error *err)
{
	autoclose int fd = -1;

	if (mkdirat(fs->dev, name, 0755) < 0)
		return error_sys(err, errno, "make '/dev/%s'", name);
	fd = mount_make(fstype, options, attributes, err);
	if (fd < 0)
		return error_wrap(err, "set up '/dev/%s'", name);
	return mount_attach_at(fd, fs->dev, name, name, err);
}

static int setup_dev(struct rootfs *fs, const struct config *c, struct error *err)
{
	static const char *const dev[] = { "mode=0755", "size=65536k", NULL };
	static const char *const pts[] = { "newinstance", "ptmxmode=0666", "mode=0620", "gid=5",
					   NULL };
	char size[40];
	const char *shm[] = { "mode=1777", size, NULL };
	int r;

	snprintf(size, sizeof(size), "size=%llu", (unsigned long long)c->shm_bytes);
	fs->dev = make_and_attach(fs->root, "tmpfs", dev,
				  SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NOEXEC |
					  SYS_MOUNT_ATTR_STRICTATIME,
				  "dev", err);
	if (fs->dev < 0)
		return fs->dev;
	r = device_make_defaults(fs->dev, c, err);
	if (r == 0)
		r = device_make_links(fs->dev, err);
	if (r == 0)
		r = make_in_dev(fs, "pts", "devpts", pts,
				SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NOEXEC, err);
	if (r == 0)
		r = make_in_dev(fs, "shm", "tmpfs", shm, MOUNT_NOSUID_NODEV_NOEXEC, err);
	if (r == 0 && (c->namespaces & CLONE_NEWIPC))
		r = make_in_dev(fs, "mqueue", "mqueue", NULL, MOUNT_NOSUID_NODEV_NOEXEC, err);
	return r;
}

/* What is there to be moved or divided by the container is its own cgroup, in its own namespace. */
static int setup_cgroup(int sysfd, const struct config *c, struct error *err)
{
	bool writable = c->writable_kernel || c->writable_cgroup;
	int fd = make_and_attach(sysfd, "cgroup2", NULL,
				 MOUNT_NOSUID_NODEV_NOEXEC | (writable ? 0 : SYS_MOUNT_ATTR_RDONLY),
				 "fs/cgroup", err);

	/* There is nothing to show: a kernel without cgroup2 or, for a user namespace, a host that
	 * has none mounted (mount_too_revealing() of the kernel). */
	if (!c->writable_cgroup && (fd == -ENODEV || fd == -ENOENT || fd == -EPERM))
		return 0;
	if (fd < 0)
		return fd;
	(void)close(fd);
	return 0;
}

/* Without a network namespace of our own sysfs cannot be mounted: show the host's. */
static int bind_sys(struct rootfs *fs, uint64_t attributes, const struct config *c,
		    struct error *err)
{
	autoclose int target = -1, tree = -1;
	int r;

	target = mount_open_plain_dir(fs->root, "sys", err);
	if (target < 0)
		return target;
	tree = mount_clone(AT_FDCWD, "/sys", true, err);
	if (tree < 0)
		return tree;
	r = mount_set(tree, attributes, true, "/sys", err);
	if (r == 0)
		r = mount_attach(tree, target, "/sys", err);
	return r == 0 && c->writable_cgroup ? setup_cgroup(tree, c, err) : r;
}

/** kernelfs_setup_sys() - Mount /sys, once there is a network namespace for it to show */
int kernelfs_setup_sys(struct rootfs *fs, const struct init_plan *plan, struct error *err)
{
	const struct config *c = plan->config;
	uint64_t attributes = MOUNT_NOSUID_NODEV_NOEXEC;
	autoclose int sys = -1;
	int r;

	if (!c->writable_kernel)
		attributes |= SYS_MOUNT_ATTR_RDONLY;
	if (!(c->namespaces & CLONE_NEWNET))
		return bind_sys(fs, attributes, c, err);
	r = namespace_receive_net(fs, plan, err);
	if (r < 0)
		return r;
	sys = make_and_attach(fs->root, "sysfs", NULL, attributes, "sys", err);
	return sys < 0 ? sys : setup_cgroup(sys, c, err);
}

/** kernelfs_setup() - Mount /proc and /dev; @fs gets them */
int kernelfs_setup(struct rootfs *fs, const struct config *c, struct error *err)
{
	int r = setup_proc(fs, err);

	return r == 0 ? setup_dev(fs, c, err) : r;
}
