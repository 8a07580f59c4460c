// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/trees.c - What of the host a container will attach: opened before the clone
 *
 * Detached mounts, which the first process inherits and moves into its root. The
 * owner ids of those that ask for it are mapped after the clone, when the user
 * namespace exists.
 */
#include "runtime/trees.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/config.h"
#include "runtime/idmap.h"
#include "runtime/lower.h"
#include "runtime/mount.h"
#include "runtime/namespace.h"
#include "runtime/place.h"
#include "runtime/plan.h"

/** trees_close() - Close what trees_open() has opened */
void trees_close(struct init_plan *plan)
{
	cleanup_close(&plan->store_tree);
	cleanup_close(&plan->root_tree);
	for (size_t i = 0; i < plan->config->n_mounts; i++)
		cleanup_close(&plan->mount_trees[i]);
	free(plan->mount_trees);
}

/**
 * trees_set_bind() - Set what the options of a bundle's bind mount say
 * @tree:	Detached, of its source
 *
 * They say all there is: what its source is mounted with and they leave out goes,
 * as with runc and crun. In a user namespace such a remount may not lift what protects a mount.
 */
int trees_set_bind(const struct config *c, int tree, const struct config_mount *m,
		   struct error *err)
{
	struct config_mount all = *m;
	int r;

	if (m->attributes || m->clear)
		all.clear |= (SYS_MOUNT_ATTR_NOSYMFOLLOW |
			      (config_has_userns(c)
				       ? 0
				       : SYS_MOUNT_ATTR_RDONLY | MOUNT_NOSUID_NODEV_NOEXEC)) &
			     ~m->attributes;
	r = mount_set_all(tree, &all, MS_PRIVATE, err);
	return r == -EPERM ? mount_set_all(tree, m, MS_PRIVATE, err) : r;
}

static int open_bind(const struct config *c, const struct config_mount *m, struct error *err)
{
	autoclose int fd = mount_clone_source(m, err);
	/* What is to be filled first is made read-only by rootfs_setup(). */
	uint64_t later = m->copy_up ? SYS_MOUNT_ATTR_RDONLY : 0;
	int r;

	if (fd < 0)
		return fd;
	if (c->root != CONFIG_ROOT_BUNDLE)
		r = mount_set(fd, m->attributes & ~later, m->recursive, m->source, err);
	else
		r = trees_set_bind(c, fd, m, err);
	return r < 0 ? r : steal_fd(&fd);
}

static int open_root(struct init_plan *plan, struct error *err)
{
	const struct config *c = plan->config;

	if (c->root == CONFIG_ROOT_OVERLAY && !lower_is_elsewhere(c))
		return 0;
	plan->root_tree = c->root == CONFIG_ROOT_OVERLAY
				  ? lower_open(c, err)
				  : mount_clone(AT_FDCWD, c->root_path, true, err);
	if (plan->root_tree < 0 || c->root == CONFIG_ROOT_OVERLAY)
		return plan->root_tree < 0 ? plan->root_tree : 0;
	return mount_set(plan->root_tree,
			 c->root == CONFIG_ROOT_DIRECTORY ? config_root_attributes(c) : 0, true,
			 c->root_path, err);
}

/* proc_ns.h of the kernel: the first namespaces have numbers of their own. */
static bool is_in_first_namespaces(void)
{
	static const char *const first[][2] = {
		{ "/proc/self/ns/cgroup", "cgroup:[4026531835]" },
		{ "/proc/self/ns/user", "user:[4026531837]" },
	};
	char text[32];

	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++) {
		ssize_t n = readlink(first[i][0], text, sizeof(text));

		if (n != (ssize_t)strlen(first[i][1]) || memcmp(text, first[i][1], (size_t)n) != 0)
			return false;
	}
	return true;
}

/* In a mount namespace of its own init has no use for a descriptor from another: by name, then. */
static int clone_opened(const struct init_plan *plan, int fd, struct error *err)
{
	char path[64], target[4096];
	ssize_t n;

	if (!plan->late_place)
		return mount_clone(fd, "", false, err);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return error_sys(err, errno, "find the cgroup's name");
	target[n] = '\0';
	return mount_clone(AT_FDCWD, target, false, err);
}

/*
 * The host's view of the cgroups, the whole tree. A new mount of it, made in the first cgroup
 * namespace, would take away the options of the host's own (nsdelegate), as they are shared,
 * and wait for RCU, 10 ms or so. Who may not mount it shows the container's own part.
 */
static int open_cgroups(const struct init_plan *plan, const struct config_mount *m,
			const struct container_place *place, struct error *err)
{
	bool may_mount = !config_has_userns(plan->config);
	bool is_whole = may_mount && place->cgroup_root_fd >= 0 && is_in_first_namespaces();
	int part = place->cgroup_fd >= 0 ? place->cgroup_fd : place->cgroup_root_fd;
	autoclose int fd = -1;
	int r;

	if (is_whole)
		r = clone_opened(plan, place->cgroup_root_fd, err);
	else if (may_mount || part < 0)
		r = mount_make("cgroup2", NULL, m->attributes, err);
	else
		r = -EPERM;
	if ((r == -EPERM || r == -EBUSY) && part >= 0)
		r = clone_opened(plan, part, err);
	if (r < 0)
		return r;
	fd = r;
	r = mount_set(fd, m->attributes, false, m->target, err);
	return r < 0 ? r : steal_fd(&fd);
}

static bool shows_host_cgroups(const struct config *c, const struct config_mount *m)
{
	return m->kind == CONFIG_MOUNT_CGROUP && !config_has_own(c, CONFIG_NS_CGROUP);
}

/* Return: 0, with its tree open if there is something to open; or -errno */
static int open_one(struct init_plan *plan, size_t i, const struct container_place *place,
		    struct error *err)
{
	const struct config *c = plan->config;
	const struct config_mount *m = &c->mounts[i];
	int fd;

	if (m->kind == CONFIG_MOUNT_BIND && m->inside)
		return 0; /* may be a mount of the list: init opens it when its turn has come */
	if (m->kind == CONFIG_MOUNT_BIND)
		fd = open_bind(c, m, err);
	else if (shows_host_cgroups(c, m))
		fd = open_cgroups(plan, m, place, err);
	else
		return 0;
	if (fd == -ENODEV && m->kind == CONFIG_MOUNT_CGROUP)
		return 0; /* a kernel without cgroup2; init finds out, too */
	if (fd < 0)
		return fd;
	plan->mount_trees[i] = fd;
	return 0;
}

/** trees_are_mapped() - Whether there is anything to do for trees_map() */
bool trees_are_mapped(const struct config *c)
{
	if (config_has_userns(c) && c->root != CONFIG_ROOT_BUNDLE)
		return true;
	for (size_t i = 0; i < c->n_mounts; i++)
		if (c->mounts[i].idmap)
			return true;
	return false;
}

static int open_all(struct init_plan *plan, const struct container_place *place, struct error *err)
{
	const struct config *c = plan->config;
	int r;

	if (config_has_userns(c) && c->root != CONFIG_ROOT_BUNDLE) {
		plan->store_tree = mount_clone_fd(place->root_fd, plan->store_path, false, err);
		if (plan->store_tree < 0)
			return plan->store_tree;
	}
	r = open_root(plan, err);
	for (size_t i = 0; r == 0 && i < c->n_mounts; i++)
		r = open_one(plan, i, place, err);
	return r;
}

/* Without rights here init, who gets some in its namespaces, opens what the same user may see. */
static bool may_open_late(const struct config *c)
{
	return c->root == CONFIG_ROOT_BUNDLE && (c->namespaces & CLONE_NEWNS) &&
	       (c->namespaces & CLONE_NEWUSER);
}

/**
 * trees_open() - Everything of the host that the child will attach, opened while we may see it
 *
 * On failure, too, trees_close() is to follow.
 */
int trees_open(struct init_plan *plan, const struct container_place *place, struct error *err)
{
	const struct config *c = plan->config;
	int r;

	plan->mount_trees = xmalloc((c->n_mounts + 1) * sizeof(int));
	for (size_t i = 0; i < c->n_mounts; i++)
		plan->mount_trees[i] = -1;
	r = open_all(plan, place, err);
	if (r != -EPERM || plan->root_tree >= 0 || !may_open_late(c))
		return r;
	if (trees_are_mapped(c))
		return error_set(err, EPERM, "map the owner ids of a mount: only root may");
	plan->root_tree = -1;
	plan->late_place = place;
	return 0;
}

/** trees_open_late() - In init, as root of its user namespace: what trees_open() had to leave to it
 */
int trees_open_late(struct init_plan *plan, struct error *err)
{
	return plan->late_place ? open_all(plan, plan->late_place, err) : 0;
}

static int map_mount(const struct config_mount *m, int tree, int userns, struct error *err)
{
	autoclose int own = -1;

	if (m->uid_map.n) {
		own = idmap_make_userns(&m->uid_map, &m->gid_map, err);
		if (own < 0)
			return own;
	}
	return idmap_tree(tree, own >= 0 ? own : userns, m->idmap_below, m->source, err);
}

/** trees_map() - Map the owner ids of those that ask for it, once the user namespace exists */
int trees_map(const struct init_plan *plan, pid_t pid, struct error *err)
{
	const struct config *c = plan->config;
	autoclose int userns = namespace_open_of(pid, "user", err);
	int r = 0;

	if (userns < 0)
		return userns;
	if (plan->store_tree >= 0)
		r = idmap_tree(plan->store_tree, userns, false, plan->store_path, err);
	if (r == 0 && (c->root == CONFIG_ROOT_DIRECTORY || lower_is_elsewhere(c)))
		r = idmap_tree(plan->root_tree, userns, false,
			       c->root_path ? c->root_path : lower_name(c), err);
	for (size_t i = 0; r == 0 && i < c->n_mounts; i++)
		if (plan->mount_trees[i] >= 0 && c->mounts[i].idmap)
			r = map_mount(&c->mounts[i], plan->mount_trees[i], userns, err);
	return r;
}
