// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/device.c - Device nodes inside a container's root
 *
 * runtime-spec config-linux.md, "Devices" and "Default Devices". In a user
 * namespace nodes cannot be made: the host's are shown instead.
 */
#include "runtime/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/mount.h"

static const struct {
	const char *path;
	unsigned int major, minor;
} defaults[] = {
	{ "/dev/null", 1, 3 },	 { "/dev/zero", 1, 5 },	   { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

static const char *leaf_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int show_host_node(int dir, const char *leaf, const char *source, struct error *err)
{
	autoclose int tree = -1;
	struct stat st;

	tree = mount_clone(AT_FDCWD, source, false, err);
	if (tree < 0)
		return tree;
	if (fstat(tree, &st) < 0 ||
	    !(S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) || S_ISFIFO(st.st_mode)))
		return error_set(err, ENODEV, "'%s' is no device", source);
	if (mknodat(dir, leaf, S_IFREG | 0666, 0) < 0 && errno != EEXIST)
		return error_sys(err, errno, "make '%s' in the container", source);
	return mount_attach_at(tree, dir, leaf, source, err);
}

static int finish_node(int dir, const char *leaf, const struct config_node *node, struct error *err)
{
	/* A link cannot be met: mknod() has just made this, or said that it exists. */
	if (fchownat(dir, leaf, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_sys(err, errno, "set the owner of '%s'", node->path);
	if ((node->mode & 07000) && fchmodat(dir, leaf, node->mode & 07777, 0) < 0)
		return error_sys(err, errno, "set the mode of '%s'", node->path);
	return 0;
}

static int make_in(int dir, const struct config_node *node, bool userns, struct error *err)
{
	const char *leaf = leaf_of(node->path);

	if (userns && !S_ISFIFO(node->mode))
		return show_host_node(dir, leaf, node->path, err);
	if (mknodat(dir, leaf, node->mode, makedev(node->major, node->minor)) == 0)
		return node->uid || node->gid || (node->mode & 07000)
			       ? finish_node(dir, leaf, node, err)
			       : 0;
	if (errno == EEXIST) /* the root's own, or what the bundle mounted there */
		return 0;
	if (errno == EPERM) /* no CAP_MKNOD */
		return show_host_node(dir, leaf, node->path, err);
	return error_sys(err, errno, "make device '%s'", node->path);
}

static bool is_named(const struct config *c, const char *path)
{
	for (size_t i = 0; i < c->n_nodes; i++)
		if (!strcmp(c->nodes[i].path, path))
			return true;
	return false;
}

/*
 * Nearly no program misses tty and full, so a host whose /dev lacks one starts containers
 * without it. Without the others much fails in ways that nobody understands.
 */
static int judge_missing(const char *path, int r, struct error *err)
{
	if ((r == -ENOENT || r == -ENODEV) &&
	    (!strcmp(path, "/dev/tty") || !strcmp(path, "/dev/full")))
		return 0;
	if (r == -ENOENT || r == -ENODEV)
		error_hint(err,
			   "the host has no such device; its own /dev, or mknod(1), brings it");
	return r;
}

/** device_make_defaults() - null, zero, full, random, urandom and tty, but what the bundle names */
int device_make_defaults(int dev, const struct config *c, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(defaults) / sizeof(*defaults); i++) {
		const struct config_node node = {
			.path = (char *)(uintptr_t)defaults[i].path, /* not written to */
			.mode = S_IFCHR | 0666,
			.major = defaults[i].major,
			.minor = defaults[i].minor,
		};

		if (is_named(c, node.path))
			continue;
		r = make_in(dev, &node, config_has_userns(c), err);
		if (r < 0)
			r = judge_missing(node.path, r, err);
	}
	return r;
}

/** device_make_links() - /dev/fd and its like; what is there already stays */
int device_make_links(int dev, struct error *err)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "fd" },	 { "/proc/self/fd/0", "stdin" },
		{ "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" },
		{ "pts/ptmx", "ptmx" },		 { "/proc/kcore", "core" },
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (symlinkat(links[i][0], dev, links[i][1]) < 0 && errno != EEXIST)
			return error_sys(err, errno, "make link '/dev/%s'", links[i][1]);
	return 0;
}

/**
 * device_make_node() - A node of linux.devices, with the directories it is in
 *
 * Not /dev/ptmx, as with runc and crun: that is the link into the container's own devpts, whatever
 * an engine copies from the host's /dev for a privileged container.
 */
int device_make_node(int rootfd, const struct config_node *node, bool userns, struct error *err)
{
	autofree char *parent = xstrndup(node->path, (size_t)(leaf_of(node->path) - node->path));
	autoclose int dir = -1;

	if (!strcmp(node->path, "/dev/ptmx"))
		return 0;
	dir = path_make_dirs_in_root(rootfd, parent, 0755, 0, 0);
	if (dir < 0)
		return error_sys(err, -dir, "open '%s' in the container", parent);
	if (!*leaf_of(node->path) || !path_is_name(leaf_of(node->path)))
		return error_set(err, EINVAL, "make device '%s': no name of a file", node->path);
	return make_in(dir, node, userns, err);
}
