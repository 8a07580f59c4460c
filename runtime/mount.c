// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/mount.c - Mounts by file descriptor
 *
 * Usable between clone and exec.
 */
#include "runtime/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/config.h"

/* What fsconfig(2) takes as a string, with its end. */
#define FSCONFIG_MAX 256

static int set_option(int fs, const char *option)
{
	char key[64];
	const char *value = strchr(option, '=');
	size_t n = value ? (size_t)(value - option) : 0;

	if (!value)
		return sys_fsconfig(fs, SYS_FSCONFIG_SET_FLAG, option, NULL, 0);
	if (n >= sizeof(key)) {
		errno = EINVAL;
		return -1;
	}
	memcpy(key, option, n);
	key[n] = '\0';
	return sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, key, value + 1, 0);
}

/* A value longer than fsconfig() takes, which only an overlay's list of layers is. */
static int set_layers(int fs, const char *list)
{
	autostrlist struct strlist layers = { 0 };

	strlist_split(&layers, list, ':');
	for (size_t i = 0; i < layers.n; i++)
		if (sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "lowerdir+", layers.items[i], 0) < 0)
			return -1;
	return 0;
}

static int set_any_option(int fs, const char *fstype, const char *option)
{
	static const char lowerdir[] = "lowerdir=";

	if (!strcmp(fstype, "overlay") && str_starts(option, lowerdir) &&
	    strlen(option) >= FSCONFIG_MAX)
		return set_layers(fs, option + strlen(lowerdir));
	return set_option(fs, option);
}

/**
 * mount_make() - A new, detached mount of a file system
 * @options:	"key=value" or "flag", ends with NULL; the values at most 255 bytes
 * @attributes:	MOUNT_ATTR_*
 *
 * fsopen(2), fsconfig(2), fsmount(2).
 *
 * Return: the mount's fd (caller closes it), or -errno
 */
int mount_make(const char *fstype, const char *const *options, uint64_t attributes,
	       struct error *err)
{
	return mount_make_from(fstype, NULL, options, attributes, err);
}

/** mount_make_from() - The same of a device, or with another name for it than its type */
int mount_make_from(const char *fstype, const char *source, const char *const *options,
		    uint64_t attributes, struct error *err)
{
	autoclose int fs = -1;
	int fd;

	fs = sys_fsopen(fstype, SYS_FSOPEN_CLOEXEC);
	if (fs < 0)
		return error_sys(err, errno, "open file system '%s'", fstype);
	/* What /proc/mounts shows first; else it says "none". */
	if (sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "source", source && *source ? source : fstype,
			 0) < 0)
		return error_sys(err, errno, "name the source of '%s'", fstype);
	for (; options && *options; options++)
		if (set_any_option(fs, fstype, *options) < 0)
			return error_sys(err, errno, "set option '%s' of '%s'", *options, fstype);
	if (sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_sys(err, errno, "create file system '%s'", fstype);
	fd = sys_fsmount(fs, SYS_FSMOUNT_CLOEXEC, (unsigned int)attributes);
	if (fd < 0)
		return error_sys(err, errno, "mount file system '%s'", fstype);
	return fd;
}

/**
 * mount_clone() - A detached copy of what is mounted at a path (a bind mount to be)
 * @recursive:	With the mounts below it
 *
 * To be attached in any case: closing a clone that never was waits for RCU.
 *
 * Return: the mount's fd, or -errno
 */
int mount_clone(int dirfd, const char *path, bool recursive, struct error *err)
{
	unsigned int flags = SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC;
	int fd;

	if (recursive)
		flags |= AT_RECURSIVE;
	if (!*path)
		flags |= AT_EMPTY_PATH;
	fd = sys_open_tree(dirfd, path, flags);
	return fd < 0 ? error_sys(err, errno, "open '%s' for a bind mount", path) : fd;
}

/** mount_clone_fd() - The same of what is open already; @name is for messages */
int mount_clone_fd(int fd, const char *name, bool recursive, struct error *err)
{
	int r = mount_clone(fd, "", recursive, err);

	if (r >= 0)
		return r;
	error_sys(err, -r, "open '%s' for a bind mount", name);
	if (r == -EINVAL)
		error_hint(err,
			   "is it on an unbindable mount? findmnt -o TARGET,PROPAGATION -T '%s'",
			   name);
	return r;
}

/*
 * Another container may write to a directory on the way: with a link there it would choose what
 * of the host this one gets.
 */
static int clone_real_source(const struct config_mount *m, struct error *err)
{
	autoclose int root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;

	if (root < 0)
		return error_sys(err, errno, "open '/'");
	fd = path_open_beneath(root, m->source[1] ? m->source + 1 : ".", O_PATH, 0);
	if (fd == -ELOOP) {
		error_set(err, ELOOP, "mount '%s': there is a symbolic link in this path now",
			  m->source);
		return error_hint(err, "was it you who put it there? Make the container anew");
	}
	if (fd < 0)
		return error_sys(err, -fd, "open '%s' for a bind mount", m->source);
	return mount_clone_fd(fd, m->source, m->recursive, err);
}

/** mount_clone_source() - What a bind mount shows */
int mount_clone_source(const struct config_mount *m, struct error *err)
{
	unsigned int flags = SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW;
	int fd;

	if (m->is_real)
		return clone_real_source(m, err);
	if (!m->no_follow)
		return mount_clone(AT_FDCWD, m->source, m->recursive, err);
	fd = sys_open_tree(AT_FDCWD, m->source, flags | (m->recursive ? AT_RECURSIVE : 0));
	return fd < 0 ? error_sys(err, errno, "open '%s' for a bind mount", m->source) : fd;
}

/**
 * mount_set() - Set attributes of a detached mount, and cut it off from propagation
 * @path:	What it shows, for the message
 */
int mount_set(int mount_fd, uint64_t attributes, bool recursive, const char *path,
	      struct error *err)
{
	struct sys_mount_attr attr = { .attr_set = attributes, .propagation = MS_PRIVATE };

	if (sys_mount_setattr(mount_fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr) <
	    0)
		return error_sys(err, errno, "set mount options of '%s'", path);
	return 0;
}

/**
 * mount_set_all() - Set and clear what a bind mount's options say
 * @propagation:	Of a mount whose options don't: MS_PRIVATE, …
 */
int mount_set_all(int mount_fd, const struct config_mount *m, unsigned long propagation,
		  struct error *err)
{
	struct sys_mount_attr attr = {
		.attr_set = m->attributes,
		.attr_clr = m->clear,
		.propagation = m->propagation ? m->propagation : propagation,
	};
	struct sys_mount_attr below = { .propagation = attr.propagation };
	bool recursive = m->recursive && (!m->propagation || m->propagation_below);

	if (sys_mount_setattr(mount_fd, "", AT_EMPTY_PATH, &attr) < 0)
		return error_sys(err, errno, "set mount options of '%s'", m->source);
	if (recursive && sys_mount_setattr(mount_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &below) < 0)
		return error_sys(err, errno, "set the propagation of '%s'", m->source);
	return 0;
}

/**
 * mount_attach() - Put a detached mount onto an open target
 * @target:	Its path, for the message
 */
int mount_attach(int mount_fd, int target_fd, const char *target, struct error *err)
{
	return mount_attach_at(mount_fd, target_fd, "", target, err);
}

/** mount_attach_at() - The same by a path that no container has a say in; "": @dirfd itself */
int mount_attach_at(int mount_fd, int dirfd, const char *path, const char *target,
		    struct error *err)
{
	if (sys_move_mount(mount_fd, "", dirfd, path,
			   SYS_MOVE_MOUNT_F_EMPTY_PATH | SYS_MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_sys(err, errno, "mount on '%s'", target);
	return 0;
}

/** mount_make_private() - A copy of the host's mounts passes ours on no more, nor gets its new */
int mount_make_private(struct error *err)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return 0;
	error_sys(err, errno, "make the mounts private");
	if (err->code == EINVAL) /* "/" is no mount point */
		error_hint(err, "this is a chroot, where containers cannot be made: "
				"run tare outside");
	return -err->code;
}

/** mount_open_dir() - A directory to mount on, made if it is missing: an O_PATH fd or -errno */
int mount_open_dir(int rootfd, const char *path, struct error *err)
{
	int fd = path_open_in_root(rootfd, path, O_PATH | O_DIRECTORY, 0);

	if (fd == -ENOENT)
		fd = path_make_dirs_in_root(rootfd, path, 0755, 0, 0);
	return fd < 0 ? error_sys(err, -fd, "open mount point '%s' in the container", path) : fd;
}

/** mount_open_file() - A file to mount on, made if it is missing: an fd or -errno */
int mount_open_file(int rootfd, const char *path, struct error *err)
{
	int fd = path_make_file_in_root(rootfd, path, 0644);

	if (fd == -EISDIR) /* docker looks for the words, and says more */
		return error_set(err, ENOTDIR, "mount on directory '%s' what is not a directory",
				 path);
	return fd < 0 ? error_sys(err, -fd, "open mount point '%s' in the container", path) : fd;
}

/**
 * mount_open_plain_dir() - /proc, /sys, /dev: a directory of the root itself, no link
 *
 * An image with a link there would have us mount, and later write, elsewhere
 * (runc CVE-2019-19921, crun CVE-2026-47766).
 */
int mount_open_plain_dir(int rootfd, const char *name, struct error *err)
{
	int fd = path_open_beneath(rootfd, name, O_PATH | O_DIRECTORY, 0);

	if (fd == -ENOENT) {
		if (mkdirat(rootfd, name, 0755) < 0)
			return error_sys(err, errno, "make '/%s' in the container", name);
		fd = path_open_beneath(rootfd, name, O_PATH | O_DIRECTORY, 0);
	}
	if (fd == -ELOOP || fd == -ENOTDIR)
		return error_set(
			err, ENOTDIR,
			"'/%s' must be mounted on ordinary directory: the image has a link "
			"or a file there",
			name);
	return fd < 0 ? error_sys(err, -fd, "open '/%s' in the container", name) : fd;
}
