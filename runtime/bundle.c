// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/bundle.c - The tree of an OCI bundle: exactly the mounts that config.json lists
 *
 * Theory of operation:
 * Runs in init. The root is a clone of the bundle's directory that the parent
 * opened. It is attached over the host's /proc, as rootfs.c explains, so that
 * nothing above the bundle need be searchable by the container's root. Mounts
 * follow in the order listed, each made detached and moved onto a target that is
 * resolved inside the root; then devices, unless the bundle brings its own /dev.
 *
 * Without a mount namespace of its own there is nothing to attach: the mounts
 * are then the host's, and stay, as with runc.
 */
#include "runtime/bundle.h"

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
#include "runtime/device.h"
#include "runtime/mount.h"
#include "runtime/namespace.h"
#include "runtime/plan.h"
#include "runtime/trees.h"

/* ---- the root ----------------------------------------------------------- */

static int attach_root(struct rootfs *fs, const struct init_plan *plan, struct error *err)
{
	const struct config *c = plan->config;
	const char *place = "/proc";
	autoclose int target = -1;
	int r;

	fs->host_proc = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fs->host_proc < 0)
		return error_sys(err, errno, "open '/proc'");
	if (!config_has_own(c, CONFIG_NS_MOUNT)) {
		fs->root = openat(AT_FDCWD, c->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		return fs->root < 0 ? error_sys(err, errno, "open '%s'", c->root_path) : 0;
	}
	r = mount_make_private(err);
	if (r < 0)
		return r;
	if (c->no_pivot)
		place = "/";
	else if (c->hooks[CONFIG_HOOK_CREATE_CONTAINER].n)
		place = c->root_path; /* they look for it there, and use /proc */
	target = openat(AT_FDCWD, place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return error_sys(err, errno, "open '%s'", place);
	fs->root = plan->root_tree;
	return mount_attach(fs->root, target, "the container's root", err);
}

/* ---- mounts ------------------------------------------------------------- */

/* Through links to nothing, too, as with runc and crun: the directories are made where they lead. */
static int open_dir_target(const struct rootfs *fs, const char *path, struct error *err)
{
	int fd = path_open_in_root(fs->root, path, O_PATH | O_DIRECTORY, 0);

	if (fd == -ENOENT)
		fd = path_make_dirs_following(fs->root, path, 0755);
	return fd < 0 ? error_sys(err, -fd, "open mount point '%s' in the container", path) : fd;
}

/* An image with a link for /proc or /sys would have us write elsewhere (runc CVE-2019-19921). */
static int open_target(struct rootfs *fs, const struct config_mount *m, struct error *err)
{
	if (m->kind == CONFIG_MOUNT_FS && (!strcmp(m->type, "proc") || !strcmp(m->type, "sysfs")) &&
	    (!strcmp(m->target, "/proc") || !strcmp(m->target, "/sys")))
		return mount_open_plain_dir(fs->root, m->target + 1, err);
	return open_dir_target(fs, m->target, err);
}

static int open_bind_target(struct rootfs *fs, const struct config_mount *m, int tree,
			    struct error *err)
{
	struct stat st;

	if (fstat(tree, &st) < 0)
		return error_sys(err, errno, "look at '%s'", m->source);
	return S_ISDIR(st.st_mode) ? open_dir_target(fs, m->target, err)
				   : mount_open_file(fs->root, m->target, err);
}

static bool has_option(const struct strlist *data, const char *prefix)
{
	for (size_t i = 0; i < data->n; i++)
		if (str_starts(data->items[i], prefix))
			return true;
	return false;
}

/* Read-only /dev: when the devices and the terminal are in it, as with runc and crun. */
static bool waits_to_be_read_only(const struct config_mount *m)
{
	return m->kind == CONFIG_MOUNT_TMPFS && !strcmp(m->target, "/dev") &&
	       (m->attributes & SYS_MOUNT_ATTR_RDONLY);
}

/** bundle_has_read_only_dev() - Whether /dev is to be made read-only in the end */
bool bundle_has_read_only_dev(const struct config *c)
{
	for (size_t i = 0; c->root == CONFIG_ROOT_BUNDLE && i < c->n_mounts; i++)
		if (waits_to_be_read_only(&c->mounts[i]))
			return true;
	return false;
}

/* A tmpfs looks like the directory it covers, unless told otherwise: as with runc and crun. */
static int make_tmpfs(const struct config_mount *m, int target, bool is_new, struct error *err)
{
	autostrlist struct strlist data = { 0 };
	autoclose int fd = -1;
	uint64_t attributes = m->attributes;
	struct stat st;
	int r = 0;

	if (waits_to_be_read_only(m))
		attributes &= ~(uint64_t)SYS_MOUNT_ATTR_RDONLY;
	strlist_copy(&data, &m->data);
	if (!is_new && !has_option(&m->data, "mode=") && fstat(target, &st) == 0)
		strlist_take(&data, xasprintf("mode=%o", st.st_mode & 07777));
	fd = mount_make_from("tmpfs", m->source, (const char *const *)data.items, attributes, err);
	if (fd < 0)
		return fd;
	if (m->copy_up)
		r = copy_tree(target, fd);
	return r < 0 ? error_sys(err, -r, "copy what is at '%s'", m->target) : steal_fd(&fd);
}

static bool is_sysfs(const struct config_mount *m)
{
	return m->kind == CONFIG_MOUNT_FS && !strcmp(m->type, "sysfs");
}

/* In a user namespace without its own network namespace sysfs cannot be mounted. */
static int make_sysfs(const struct config_mount *m, struct error *err)
{
	int fd = mount_make_from(m->type, m->source, (const char *const *)m->data.items,
				 m->attributes, err);

	if (fd != -EPERM || !is_sysfs(m))
		return fd;
	fd = mount_clone(AT_FDCWD, "/sys", true, err);
	if (fd >= 0 && mount_set(fd, m->attributes, true, "/sys", err) < 0) {
		(void)close(fd);
		return -err->code;
	}
	return fd;
}

static int make_detached(const struct config_mount *m, int target, bool is_new, struct error *err)
{
	switch (m->kind) {
	case CONFIG_MOUNT_TMPFS:
		return make_tmpfs(m, target, is_new, err);
	case CONFIG_MOUNT_CGROUP:
		return mount_make("cgroup2", NULL, m->attributes, err);
	default:
		return make_sysfs(m, err);
	}
}

static int finish_mount(const struct config_mount *m, int fd, struct error *err)
{
	struct sys_mount_attr below = { .attr_set = m->below.set, .attr_clr = m->below.clear };
	struct sys_mount_attr propagation = { .propagation = m->propagation };

	if ((m->below.set || m->below.clear) &&
	    sys_mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &below) < 0)
		return error_sys(err, errno, "set recursive options of '%s'", m->target);
	if (m->kind != CONFIG_MOUNT_BIND && m->propagation &&
	    sys_mount_setattr(fd, "", AT_EMPTY_PATH, &propagation) < 0)
		return error_sys(err, errno, "set the propagation of '%s'", m->target);
	return 0;
}

static bool exists(int rootfd, const char *path)
{
	autoclose int fd = path_open_in_root(rootfd, path, O_PATH, 0);

	return fd >= 0;
}

/* What an earlier mount of the list may have put there; its name on the host may not exist. */
static int open_inside(const struct rootfs *fs, const struct config *c,
		       const struct config_mount *m, struct error *err)
{
	autoclose int source = path_open_in_root(fs->root, m->inside, O_PATH, 0), fd = -1;
	int r;

	if (source < 0)
		return error_sys(err, -source, "open '%s' for a bind mount", m->source);
	fd = mount_clone_fd(source, m->source, m->recursive, err);
	if (fd < 0)
		return fd;
	r = trees_set_bind(c, fd, m, err);
	return r < 0 ? r : steal_fd(&fd);
}

static int attach(struct rootfs *fs, const struct init_plan *plan, size_t i, struct error *err)
{
	const struct config_mount *m = &plan->config->mounts[i];
	autoclose int target = -1, made = -1;
	bool is_bind = m->kind == CONFIG_MOUNT_BIND;
	bool is_new = m->kind == CONFIG_MOUNT_TMPFS && !exists(fs->root, m->target);
	int fd = plan->mount_trees[i], r;

	if (is_bind && m->inside) {
		fd = made = open_inside(fs, plan->config, m, err);
		if (fd < 0)
			return fd;
	}
	target = is_bind ? open_bind_target(fs, m, fd, err) : open_target(fs, m, err);
	if (target < 0)
		return target;
	if (is_sysfs(m) && namespace_receive_net(fs, plan, err) < 0)
		return -err->code; /* an instance belongs to the network namespace it is made in */
	if (fd < 0) {
		fd = made = make_detached(m, target, is_new, err);
		if (fd == -ENODEV && m->kind == CONFIG_MOUNT_CGROUP)
			return 0; /* a kernel without cgroup2: there is nothing to show */
		if (fd < 0)
			return fd;
	}
	r = mount_attach(fd, target, m->target, err);
	return r < 0 ? r : finish_mount(m, fd, err);
}

static int setup_mounts(struct rootfs *fs, const struct init_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->config->n_mounts; i++)
		if (attach(fs, plan, i, err) < 0)
			return error_wrap(err, "mounts[%zu] on '%s'", i,
					  plan->config->mounts[i].target);
	return 0;
}

/* ---- devices ------------------------------------------------------------ */

static bool brings_dev(const struct config *c)
{
	for (size_t i = 0; i < c->n_mounts; i++)
		if (c->mounts[i].kind == CONFIG_MOUNT_BIND && !strcmp(c->mounts[i].target, "/dev"))
			return true;
	return false;
}

static int setup_dev(struct rootfs *fs, const struct config *c, struct error *err)
{
	int r;

	fs->dev = mount_open_dir(fs->root, "/dev", err);
	if (fs->dev < 0)
		return fs->dev;
	if (brings_dev(c))
		return 0;
	r = device_make_defaults(fs->dev, c, err);
	for (size_t i = 0; r == 0 && i < c->n_nodes; i++)
		r = device_make_node(fs->root, &c->nodes[i], config_has_userns(c), err);
	return r == 0 ? device_make_links(fs->dev, err) : r;
}

/** bundle_setup() - Build the whole tree below a root that is not entered yet */
int bundle_setup(struct rootfs *fs, const struct init_plan *plan, struct error *err)
{
	int r = attach_root(fs, plan, err);

	if (r == 0)
		r = setup_mounts(fs, plan, err);
	return r == 0 ? setup_dev(fs, plan->config, err) : r;
}
