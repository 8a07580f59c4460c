// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/rootfs.c - The container's file system tree
 *
 * Theory of operation:
 * Runs in init, alone in a fresh mount namespace.
 *
 *   1. The store (ROOT) is attached over the host's /proc, which always exists
 *      and which nothing here needs: with a user namespace it is a clone whose
 *      owner ids are mapped, so that the container's root owns what root owns
 *      on disk, and no layer is ever chowned. Never over "/": the one umount
 *      of rootfs_enter() would then take that mount and leave the host's root.
 *   2. The scratch: ROOT/containers/ID, or a tmpfs over ROOT/containers that
 *      dies with this namespace and so needs no cleaning up, even by a crash.
 *   3. The root: an overlay mounted by the container's own root (hence
 *      userxattr), attached over the store; or a clone of a directory.
 *   4. /proc, /dev, /sys, volumes, generated files: each a detached mount moved
 *      onto a target opened inside the root.
 *   5. rootfs_enter(): pivot_root, and the host's tree is gone.
 *
 * Then protect.c covers what of the kernel's files is not for containers.
 *
 * Never unmount anything here but the old root: every unmount waits for RCU,
 * while a dying namespace waits once for all it holds.
 */
#include "runtime/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/copy.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/bundle.h"
#include "runtime/kernelfs.h"
#include "runtime/lower.h"
#include "runtime/mount.h"
#include "runtime/namespace.h"
#include "runtime/overlay.h"
#include "runtime/plan.h"

/* ---- store and scratch -------------------------------------------------- */

static int open_store(struct rootfs *fs, const struct init_plan *plan, struct error *err)
{
	int r;

	fs->store = plan->store_tree;
	/* A clone of a shared mount is shared, in a new user namespace, too: private comes after. */
	if (fs->store >= 0 &&
	    sys_move_mount(fs->store, "", AT_FDCWD, "/proc", SYS_MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, errno, "attach '%s'", plan->store_path);
	r = mount_make_private(err);
	if (r < 0 || fs->store >= 0)
		return r;
	fs->store = openat(AT_FDCWD, plan->store_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fs->store < 0 ? error_sys(err, errno, "open '%s'", plan->store_path) : 0;
}

static int memory_scratch(struct rootfs *fs, const struct config *c, struct error *err)
{
	autoclose int target = -1;
	char size[40];
	const char *options[] = { "mode=0700", size, NULL };

	if (c->scratch_bytes)
		snprintf(size, sizeof(size), "size=%llu", (unsigned long long)c->scratch_bytes);
	else
		snprintf(size, sizeof(size), "size=50%%");
	fs->scratch = mount_make("tmpfs", options, SYS_MOUNT_ATTR_NODEV, err);
	if (fs->scratch < 0)
		return fs->scratch;
	target = openat(fs->store, "containers", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return error_sys(err, errno, "open 'containers' of the store");
	return mount_attach(fs->scratch, target, "containers", err);
}

/** rootfs_open_scratch() - Open or make where the container's writes go; the store is open */
int rootfs_open_scratch(struct rootfs *fs, const struct config *c, struct error *err)
{
	char path[96];

	if (c->scratch == CONFIG_SCRATCH_MEMORY)
		return memory_scratch(fs, c, err);
	snprintf(path, sizeof(path), "containers/%s", c->id);
	fs->scratch = openat(fs->store, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fs->scratch < 0 ? error_sys(err, errno, "open '%s' of the store", path) : 0;
}

/* ---- the root ----------------------------------------------------------- */

/**
 * rootfs_attach_lowers() - Another store's images, where ours keeps work in progress
 *
 * In this namespace only, and of no use to the container: any directory that
 * every store has would do.
 */
int rootfs_attach_lowers(struct rootfs *fs, int tree, struct error *err)
{
	autoclose int target = openat(fs->store, "images/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (target < 0)
		return error_sys(err, errno, "open 'images/tmp' of the store");
	return mount_attach(tree, target, "images/tmp", err);
}

static int overlay_root(struct rootfs *fs, const struct init_plan *plan, struct error *err)
{
	const struct config *c = plan->config;

	if (lower_is_elsewhere(c) && rootfs_attach_lowers(fs, plan->root_tree, err) < 0)
		return -err->code;
	fs->root = overlay_mount(fs, c, err);
	return fs->root < 0 ? fs->root : 0;
}

static int directory_root(struct rootfs *fs, const struct init_plan *plan, struct error *err)
{
	fs->root = plan->root_tree;
	return mount_attach(fs->root, fs->store, "the container's root", err);
}

/* ---- volumes and generated files ---------------------------------------- */

/*
 * An image chooses where its volumes go, and may have a link there: not over
 * our /proc or /dev, on which all the masks and devices depend.
 */
static int open_mount_dir(struct rootfs *fs, const struct config_mount *m, struct error *err)
{
	autoclose int target = mount_open_dir(fs->root, m->target, err);
	struct stat st, proc, dev;

	if (target < 0)
		return target;
	if (fstat(target, &st) < 0 || fstat(fs->proc, &proc) < 0 || fstat(fs->dev, &dev) < 0)
		return error_sys(err, errno, "look at '%s' of the container", m->target);
	if (st.st_dev == proc.st_dev || (st.st_dev == dev.st_dev && st.st_ino == dev.st_ino))
		return error_set(err, EINVAL, "mount on '%s': that is the container's own /%s",
				 m->target, st.st_dev == proc.st_dev ? "proc" : "dev");
	return steal_fd(&target);
}

/* What is in sysfs or on another volume is not the image's content. */
static bool is_of_root(const struct rootfs *fs, int fd)
{
	struct stat root, st;

	return fstat(fs->root, &root) == 0 && fstat(fd, &st) == 0 && st.st_dev == root.st_dev;
}

static int attach_tmpfs(struct rootfs *fs, const struct config_mount *m, struct error *err)
{
	autoclose int target = open_mount_dir(fs, m, err);
	autoclose int fd = -1;

	if (target < 0)
		return target;
	fd = mount_make("tmpfs", (const char *const *)m->data.items, m->attributes, err);
	if (fd < 0)
		return error_wrap(err, "mount '%s'", m->target);
	if (m->copy_up && is_of_root(fs, target)) {
		int r = copy_tree(target, fd);

		if (r < 0)
			return error_sys(err, -r, "copy '%s' of the image", m->target);
	}
	return mount_attach(fd, target, m->target, err);
}

static int attach_bind(struct rootfs *fs, const struct config_mount *m, int tree, struct error *err)
{
	autoclose int target = -1;
	struct stat st;

	if (fstat(tree, &st) < 0)
		return error_sys(err, errno, "look at '%s'", m->source);
	target = S_ISDIR(st.st_mode) ? open_mount_dir(fs, m, err)
				     : mount_open_file(fs->root, m->target, err);
	if (target < 0)
		return target;
	if (m->copy_up && S_ISDIR(st.st_mode) && is_of_root(fs, target)) {
		int r = copy_tree(target, tree);

		if (r < 0)
			return error_sys(err, -r, "copy '%s' of the image to its new volume",
					 m->target);
	}
	if (m->copy_up && (m->attributes & SYS_MOUNT_ATTR_RDONLY) &&
	    mount_set(tree, SYS_MOUNT_ATTR_RDONLY, m->recursive, m->target, err) < 0)
		return -err->code;
	return mount_attach(tree, target, m->target, err);
}

/* --device and --privileged: nodes of the host, wherever the user wants them. */
static int setup_devices(struct rootfs *fs, const struct config *c, struct error *err)
{
	for (size_t i = 0; i < c->n_devices; i++) {
		autoclose int tree = mount_clone(AT_FDCWD, c->devices[i].source, false, err);
		autoclose int target = -1;
		int r;

		if (tree < 0)
			return tree;
		target = mount_open_file(fs->root, c->devices[i].target, err);
		if (target < 0)
			return target;
		r = mount_attach(tree, target, c->devices[i].target, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int setup_mounts(struct rootfs *fs, const struct init_plan *plan, struct error *err)
{
	const struct config *c = plan->config;

	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct config_mount *m = &c->mounts[i];
		int r = m->kind == CONFIG_MOUNT_TMPFS
				? attach_tmpfs(fs, m, err)
				: attach_bind(fs, m, plan->mount_trees[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* hosts, hostname, resolv.conf: kept in the scratch, not in the image's /etc. */
static int setup_files(struct rootfs *fs, const struct config *c, struct error *err)
{
	for (size_t i = 0; i < c->n_files; i++) {
		const struct config_file *f = &c->files[i];
		autoclose int fd = -1, tree = -1, target = -1;
		int r;

		fd = openat(fs->scratch, f->name,
			    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd < 0)
			return error_sys(err, errno, "create '%s'", f->target);
		r = file_write_fd(fd, f->content, strlen(f->content));
		if (r < 0)
			return error_sys(err, -r, "write '%s'", f->target);
		target = mount_open_file(fs->root, f->target, err);
		if (target < 0)
			return target;
		tree = mount_clone(fs->scratch, f->name, false, err);
		if (tree < 0)
			return tree;
		r = mount_attach(tree, target, f->target, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * rootfs_setup() - Build the whole tree below a root that is not entered yet
 * @fs:		Filled in; the descriptors close at exec
 *
 * In init's mount namespace, with the ids mapped, umask 0.
 */
int rootfs_setup(struct rootfs *fs, const struct init_plan *plan, struct error *err)
{
	const struct config *c = plan->config;
	int r;

	*fs = (struct rootfs){ -1, -1, -1, -1, -1, -1, false };
	if (c->root == CONFIG_ROOT_BUNDLE) {
		r = bundle_setup(fs, plan, err);
		return r == 0 ? namespace_receive_net(fs, plan, err) : r;
	}
	r = open_store(fs, plan, err);
	if (r == 0)
		r = rootfs_open_scratch(fs, c, err);
	if (r == 0)
		r = c->root == CONFIG_ROOT_OVERLAY ? overlay_root(fs, plan, err)
						   : directory_root(fs, plan, err);
	if (r == 0)
		r = kernelfs_setup(fs, c, err);
	if (r == 0)
		r = setup_files(fs, c, err);
	if (r == 0)
		r = kernelfs_setup_sys(fs, plan, err);
	if (r == 0)
		r = setup_mounts(fs, plan, err);
	if (r == 0)
		r = setup_devices(fs, c, err);
	return r;
}

/*
 * Below a root that was only changed to, the host's mounts stay. Whoever makes a user
 * namespace in there may mount anew what one of them shows whole (mount_too_revealing()
 * of the kernel): without the masks, that is.
 */
static void detach_kernel_files(void)
{
	static const char *const places[] = { "/proc", "/sys" };

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		while (umount2(places[i], MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
			;
}

/* A bundle without mounts of its own, or on a root that cannot be pivoted (ramfs). */
static int enter_by_chroot(struct error *err)
{
	if (chroot(".") < 0)
		return error_sys(err, errno, "chroot to the container's root");
	return 0;
}

/** rootfs_enter() - pivot_root; from here on the host's tree is out of reach */
int rootfs_enter(const struct rootfs *fs, const struct config *c, struct error *err)
{
	if (fchdir(fs->root) < 0)
		return error_sys(err, errno, "enter the container's root");
	if (!((c->namespaces & CLONE_NEWNS) || c->join_paths[CONFIG_NS_MOUNT]))
		return enter_by_chroot(err);
	if (c->no_pivot) {
		if (c->namespaces & CLONE_NEWNS) /* of one to share they are others', too */
			detach_kernel_files();
		return enter_by_chroot(err);
	}
	/* pivot_root(2), NOTES: both "." stacks the old root on the new one. */
	if (sys_pivot_root(".", ".") < 0) {
		error_sys(err, errno, "leave the host's root (pivot_root)");
		if (err->code == EINVAL) /* pivot_root(2): "The current root is on the rootfs" */
			error_hint(err, "a machine that runs from its initramfs has a root that "
					"cannot be left: switch to another (tare-oci: --no-pivot)");
		return -err->code;
	}
	if (umount2(".", MNT_DETACH) < 0)
		return error_sys(err, errno, "detach the host's root");
	if (chdir("/") < 0)
		return error_sys(err, errno, "enter the container's root");
	return 0;
}
