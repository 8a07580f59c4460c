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
 *   6. rootfs_protect(): sysctls, masked and read-only paths, read-only root.
 *
 * Never unmount anything here but the old root: every unmount waits for RCU,
 * while a dying namespace waits once for all it holds.
 */
#include "runtime/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/copy.h"
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/init.h"
#include "runtime/masks.h"
#include "runtime/mount.h"

#define NOSUID_NODEV_NOEXEC (SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NODEV | SYS_MOUNT_ATTR_NOEXEC)

static bool has_userns(const struct config *c)
{
	return c->namespaces & CLONE_NEWUSER;
}

/* ---- store and scratch -------------------------------------------------- */

static int open_store(struct rootfs *fs, const struct init_plan *plan, struct error *err)
{
	if (plan->store_tree < 0) {
		/* A copy of the host's mounts must not pass ours on; a new user namespace sees to
		 * that by itself (mount_namespaces(7), "Restrictions"). */
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
			return error_sys(err, errno, "make the mounts private");
		fs->store = open(plan->store_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		return fs->store < 0 ? error_sys(err, errno, "open '%s'", plan->store_path) : 0;
	}
	fs->store = plan->store_tree;
	if (sys_move_mount(fs->store, "", AT_FDCWD, "/proc", SYS_MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, errno, "attach '%s'", plan->store_path);
	return 0;
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

static int open_scratch(struct rootfs *fs, const struct config *c, struct error *err)
{
	char path[96];

	if (c->scratch == CONFIG_SCRATCH_MEMORY)
		return memory_scratch(fs, c, err);
	snprintf(path, sizeof(path), "containers/%s", c->id);
	fs->scratch = openat(fs->store, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fs->scratch < 0 ? error_sys(err, errno, "open '%s' of the store", path) : 0;
}

/* ---- the root ----------------------------------------------------------- */

/* The merged root shows the upper directory's own metadata: give it the image's. */
static int make_upper(const struct rootfs *fs, const struct config *c, struct error *err)
{
	if (mkdirat(fs->scratch, "upper", c->root_mode & 07777) < 0)
		return errno == EEXIST ? 0 : error_sys(err, errno, "make the upper directory");
	if (mkdirat(fs->scratch, "work", 0700) < 0 && errno != EEXIST)
		return error_sys(err, errno, "make the work directory");
	if ((c->root_uid || c->root_gid) &&
	    fchownat(fs->scratch, "upper", c->root_uid, c->root_gid, 0) < 0)
		return error_sys(err, errno, "set the owner of the upper directory");
	/* mkdir(2) does not take the set-id bits. */
	if ((c->root_mode & 07000) && fchmodat(fs->scratch, "upper", c->root_mode & 07777, 0) < 0)
		return error_sys(err, errno, "set the mode of the upper directory");
	return 0;
}

static void overlay_dirs(const struct config *c, char *upper, char *work, size_t size)
{
	const char *dir = c->scratch == CONFIG_SCRATCH_MEMORY ? "" : c->id;
	const char *slash = *dir ? "/" : "";

	snprintf(upper, size, "containers/%s%supper", dir, slash);
	snprintf(work, size, "containers/%s%swork", dir, slash);
}

/* Linux 6.5 and later: a parameter per layer, so their number has no limit but the kernel's. */
static int overlay_by_fs(const struct config *c, const char *upper, const char *work,
			 struct error *err)
{
	autoclose int fs = sys_fsopen("overlay", SYS_FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0 || sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "source", "overlay", 0) < 0)
		return error_sys(err, errno, "open file system 'overlay'");
	for (size_t i = 0; i < c->lowers.n; i++)
		if (sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "lowerdir+", c->lowers.items[i], 0) <
		    0)
			return error_sys(err, errno, "add layer '%s' to the overlay",
					 c->lowers.items[i]);
	if (sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "upperdir", upper, 0) < 0 ||
	    sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "workdir", work, 0) < 0)
		return error_sys(err, errno, "set the overlay's upper directory");
	if (has_userns(c) && sys_fsconfig(fs, SYS_FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0)
		return error_sys(err, errno, "set the overlay's option userxattr");
	if (c->volatile_upper && sys_fsconfig(fs, SYS_FSCONFIG_SET_FLAG, "volatile", NULL, 0) < 0)
		return error_sys(err, errno, "set the overlay's option volatile");
	if (sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_sys(err, errno, "create the overlay of %zu layers", c->lowers.n);
	fd = sys_fsmount(fs, SYS_FSMOUNT_CLOEXEC, SYS_MOUNT_ATTR_NODEV);
	return fd < 0 ? error_sys(err, errno, "mount the overlay") : fd;
}

/* Before Linux 6.5: one page of options for mount(2), on a path of ours. */
static int overlay_by_mount(const struct rootfs *fs, const struct config *c, const char *upper,
			    const char *work, struct error *err)
{
	autofree char *lowers = strlist_join(&c->lowers, ":"), *target = NULL;
	autofree char *options = xasprintf("lowerdir=%s,upperdir=%s,workdir=%s%s%s", lowers, upper,
					   work, has_userns(c) ? ",userxattr" : "",
					   c->volatile_upper ? ",volatile" : "");
	int fd;

	if (strlen(options) >= 4096) {
		error_set(err, E2BIG, "mount the overlay of %zu layers: too many for this kernel",
			  c->lowers.n);
		return error_hint(err, "Linux 6.5 or later takes up to 500 layers");
	}
	if (mkdirat(fs->scratch, "root", 0700) < 0 && errno != EEXIST)
		return error_sys(err, errno, "make the root's mount point");
	/* Below the scratch, which nobody else writes: a path is safe here. */
	target = xasprintf("%.*s/root", (int)(strrchr(upper, '/') - upper), upper);
	if (mount("overlay", target, "overlay", MS_NODEV, options) < 0)
		return error_sys(err, errno, "mount the overlay of %zu layers", c->lowers.n);
	fd = openat(fs->store, target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, errno, "open the overlay") : fd;
}

/* A volatile overlay refuses to be mounted twice: this tells the kernel that we know. */
static void forget_volatile(const struct rootfs *fs)
{
	(void)unlinkat(fs->scratch, "work/work/incompat/volatile/dirty", 0);
	(void)unlinkat(fs->scratch, "work/work/incompat/volatile", AT_REMOVEDIR);
	(void)unlinkat(fs->scratch, "work/work/incompat", AT_REMOVEDIR);
	(void)unlinkat(fs->scratch, "work/incompat/volatile/dirty", 0);
	(void)unlinkat(fs->scratch, "work/incompat/volatile", AT_REMOVEDIR);
	(void)unlinkat(fs->scratch, "work/incompat", AT_REMOVEDIR);
}

static int overlay_root(struct rootfs *fs, const struct config *c, struct error *err)
{
	char upper[120], work[120];
	int r;

	r = make_upper(fs, c, err);
	if (r < 0)
		return r;
	if (c->scratch == CONFIG_SCRATCH_DISK)
		forget_volatile(fs);
	/* Layers have relative names: short, and no parent of ROOT need be searchable. */
	if (fchdir(fs->store) < 0)
		return error_sys(err, errno, "enter the store");
	overlay_dirs(c, upper, work, sizeof(upper));
	fs->root = overlay_by_fs(c, upper, work, err);
	if (fs->root == -EINVAL) {
		fs->root = overlay_by_mount(fs, c, upper, work, err);
		return fs->root < 0 ? fs->root : 0;
	}
	if (fs->root < 0)
		return fs->root;
	return mount_attach(fs->root, fs->store, "the container's root", err);
}

static int directory_root(struct rootfs *fs, const struct init_plan *plan, struct error *err)
{
	fs->root = plan->root_tree;
	return mount_attach(fs->root, fs->store, "the container's root", err);
}

/* ---- /proc, /dev, /sys -------------------------------------------------- */

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
	if (fd < 0)
		return error_wrap(err, "set up '/%s'", name);
	r = mount_attach(fd, target, name, err);
	return r < 0 ? r : steal_fd(&fd);
}

static int setup_proc(struct rootfs *fs, struct error *err)
{
	struct statfs st;

	fs->proc = make_and_attach(fs->root, "proc", NULL, NOSUID_NODEV_NOEXEC, "proc", err);
	if (fs->proc < 0)
		return fs->proc;
	/* Ours by construction; what is written through this fd later depends on it. */
	if (fstatfs(fs->proc, &st) < 0 || st.f_type != PROC_SUPER_MAGIC)
		return error_set(err, EINVAL, "'/proc' of the container is no procfs");
	return 0;
}

static const struct {
	const char *name;
	unsigned int major, minor;
} nodes[] = {
	{ "null", 1, 3 },   { "zero", 1, 5 },	 { "full", 1, 7 },
	{ "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};

/* In a user namespace nodes cannot be made: the host's are shown instead. */
static int bind_node(int dev, const char *source, const char *name, struct error *err)
{
	autoclose int made = -1, tree = -1;
	struct stat st;

	tree = mount_clone(AT_FDCWD, source, false, err);
	if (tree < 0)
		return tree;
	if (fstat(tree, &st) < 0 || !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)))
		return error_set(err, ENODEV, "'%s' is no device", source);
	made = openat(dev, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (made < 0)
		return error_sys(err, errno, "make '/dev/%s'", name);
	if (sys_move_mount(tree, "", dev, name, SYS_MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_sys(err, errno, "mount '%s' on '/dev/%s'", source, name);
	return 0;
}

static int setup_nodes(struct rootfs *fs, const struct config *c, struct error *err)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "fd" },	 { "/proc/self/fd/0", "stdin" },
		{ "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" },
		{ "pts/ptmx", "ptmx" },		 { "/proc/kcore", "core" },
	};
	char source[32];

	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++) {
		int r = 0;

		snprintf(source, sizeof(source), "/dev/%s", nodes[i].name);
		if (has_userns(c))
			r = bind_node(fs->dev, source, nodes[i].name, err);
		else if (mknodat(fs->dev, nodes[i].name, S_IFCHR | 0666,
				 makedev(nodes[i].major, nodes[i].minor)) < 0)
			r = error_sys(err, errno, "make device '/dev/%s'", nodes[i].name);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (symlinkat(links[i][0], fs->dev, links[i][1]) < 0)
			return error_sys(err, errno, "make link '/dev/%s'", links[i][1]);
	return 0;
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

static int make_in_dev(struct rootfs *fs, const char *name, const char *fstype,
		       const char *const *options, uint64_t attributes, struct error *err)
{
	int fd;

	if (mkdirat(fs->dev, name, 0755) < 0)
		return error_sys(err, errno, "make '/dev/%s'", name);
	fd = make_and_attach(fs->dev, fstype, options, attributes, name, err);
	if (fd < 0)
		return fd;
	(void)close(fd);
	return 0;
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
	r = setup_nodes(fs, c, err);
	if (r == 0)
		r = make_in_dev(fs, "pts", "devpts", pts,
				SYS_MOUNT_ATTR_NOSUID | SYS_MOUNT_ATTR_NOEXEC, err);
	if (r == 0)
		r = make_in_dev(fs, "shm", "tmpfs", shm, NOSUID_NODEV_NOEXEC, err);
	if (r == 0 && (c->namespaces & CLONE_NEWIPC))
		r = make_in_dev(fs, "mqueue", "mqueue", NULL, NOSUID_NODEV_NOEXEC, err);
	return r;
}

/* Without a network namespace of our own sysfs cannot be mounted: show the host's. */
static int bind_sys(struct rootfs *fs, uint64_t attributes, struct error *err)
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
	return r < 0 ? r : mount_attach(tree, target, "/sys", err);
}

static int setup_sys(struct rootfs *fs, const struct config *c, struct error *err)
{
	uint64_t attributes = NOSUID_NODEV_NOEXEC;
	autoclose int sys = -1;
	int fd;

	if (!c->writable_kernel)
		attributes |= SYS_MOUNT_ATTR_RDONLY;
	if (!(c->namespaces & CLONE_NEWNET))
		return bind_sys(fs, attributes, err);
	sys = make_and_attach(fs->root, "sysfs", NULL, attributes, "sys", err);
	if (sys < 0)
		return sys;
	fd = make_and_attach(sys, "cgroup2", NULL, attributes, "fs/cgroup", err);
	if (fd == -ENODEV || fd == -ENOENT)
		return 0; /* a kernel without cgroup2: there is nothing to show */
	if (fd < 0)
		return fd;
	(void)close(fd);
	return 0;
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

static int attach_tmpfs(struct rootfs *fs, const struct config_mount *m, struct error *err)
{
	autoclose int target = open_mount_dir(fs, m, err);
	autoclose int fd = -1;

	if (target < 0)
		return target;
	fd = mount_make("tmpfs", (const char *const *)m->data.items, m->attributes, err);
	if (fd < 0)
		return error_wrap(err, "mount '%s'", m->target);
	return mount_attach(fd, target, m->target, err);
}

/* What is in sysfs or on another volume is not the image's content. */
static bool is_of_root(const struct rootfs *fs, int fd)
{
	struct stat root, st;

	return fstat(fs->root, &root) == 0 && fstat(fd, &st) == 0 && st.st_dev == root.st_dev;
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
	return mount_attach(tree, target, m->target, err);
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

	*fs = (struct rootfs){ -1, -1, -1, -1, -1 };
	r = open_store(fs, plan, err);
	if (r == 0)
		r = open_scratch(fs, c, err);
	if (r == 0)
		r = c->root == CONFIG_ROOT_OVERLAY ? overlay_root(fs, c, err)
						   : directory_root(fs, plan, err);
	if (r == 0)
		r = setup_proc(fs, err);
	if (r == 0)
		r = setup_dev(fs, c, err);
	if (r == 0)
		r = setup_sys(fs, c, err);
	if (r == 0)
		r = setup_files(fs, c, err);
	if (r == 0)
		r = setup_mounts(fs, plan, err);
	if (r == 0)
		r = setup_devices(fs, c, err);
	return r;
}

/** rootfs_enter() - pivot_root; from here on the host's tree is out of reach */
int rootfs_enter(const struct rootfs *fs, struct error *err)
{
	if (fchdir(fs->root) < 0)
		return error_sys(err, errno, "enter the container's root");
	/* pivot_root(2), NOTES: both "." stacks the old root on the new one. */
	if (sys_pivot_root(".", ".") < 0)
		return error_sys(err, errno, "pivot_root");
	if (umount2(".", MNT_DETACH) < 0)
		return error_sys(err, errno, "detach the host's root");
	if (chdir("/") < 0)
		return error_sys(err, errno, "enter the container's root");
	return 0;
}

/* ---- protection --------------------------------------------------------- */

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

static int mask_path(int rootfd, const char *path, int *empty_dir, struct error *err)
{
	autoclose int target = open_protected(rootfd, path), tree = -1;
	struct stat st;

	if (target < 0)
		return 0; /* not there: nothing to hide, and nothing to clone in vain */
	if (fstat(target, &st) < 0)
		return error_sys(err, errno, "look at '%s'", path);
	if (!S_ISDIR(st.st_mode)) {
		tree = mount_clone(rootfd, "dev/null", false, err);
	} else if (*empty_dir < 0) {
		static const char *const options[] = { "size=0", "mode=0755", "nr_inodes=1", NULL };

		*empty_dir = mount_make("tmpfs", options,
					SYS_MOUNT_ATTR_RDONLY | NOSUID_NODEV_NOEXEC, err);
		if (*empty_dir < 0)
			return *empty_dir;
		return mount_attach(*empty_dir, target, path, err);
	} else {
		tree = mount_clone(*empty_dir, "", false, err);
	}
	return tree < 0 ? tree : mount_attach(tree, target, path, err);
}

static int make_read_only(int rootfd, const char *path, struct error *err)
{
	autoclose int target = open_protected(rootfd, path), tree = -1;
	int r;

	if (target < 0)
		return 0;
	tree = mount_clone(target, "", false, err);
	if (tree < 0)
		return tree;
	r = mount_set(tree, SYS_MOUNT_ATTR_RDONLY | NOSUID_NODEV_NOEXEC, false, path, err);
	return r < 0 ? r : mount_attach(tree, target, path, err);
}

static int protect_kernel_files(const struct rootfs *fs, struct error *err)
{
	autoclose int empty_dir = -1;
	int r = 0;

	for (size_t i = 0; r == 0 && masks_read_only[i]; i++)
		r = make_read_only(fs->root, masks_read_only[i], err);
	for (size_t i = 0; r == 0 && masks_hidden[i]; i++)
		r = mask_path(fs->root, masks_hidden[i], &empty_dir, err);
	return r;
}

/** rootfs_protect() - What must come last, and before any program of the container runs */
int rootfs_protect(const struct rootfs *fs, const struct init_plan *plan, struct error *err)
{
	const struct config *c = plan->config;
	int r = 0;

	if (c->net_sysctls)
		r = set_net_sysctls(fs, err);
	if (r == 0 && !c->writable_kernel)
		r = protect_kernel_files(fs, err);
	if (r == 0 && c->read_only)
		r = mount_set(fs->root, SYS_MOUNT_ATTR_RDONLY, false, "/", err);
	return r;
}
