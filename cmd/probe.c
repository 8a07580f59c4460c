// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/probe.c - What the kernel can do for us, found by trying
 *
 * Kernel versions say little: features are configured away, forbidden by
 * sysctls, or back-ported. Each probe does the very thing that a container
 * needs, on something that nobody else sees, and leaves nothing behind.
 */
#include "cmd/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/sys.h"
#include "cmd/command.h"

/*
 * A child in a new user namespace of which the ids 0 to 65535 are ours from
 * 100000 on; it sleeps until it is killed.
 */
static pid_t start_in_userns(void)
{
	struct sys_clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };
	pid_t pid = sys_clone3(&args);
	char path[40];

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		for (;;)
			(void)pause();
	}
	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)pid);
	(void)file_write_at(AT_FDCWD, path, "0 100000 65536\n");
	snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)pid);
	(void)file_write_at(AT_FDCWD, path, "0 100000 65536\n");
	return pid;
}

static void end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static int probe_userns(const struct context *ctx)
{
	pid_t pid = start_in_userns();

	(void)ctx;
	if (pid < 0)
		return pid;
	end(pid);
	return 1;
}

/* On a private clone of the mount that the store is on. */
static int probe_idmap(const struct context *ctx)
{
	struct sys_mount_attr attr = { .attr_set = SYS_MOUNT_ATTR_IDMAP };
	autoclose int tree = -1, userns = -1;
	pid_t pid = start_in_userns();
	char path[40];
	int r = 1;

	if (pid < 0)
		return pid;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	userns = open(path, O_RDONLY | O_CLOEXEC);
	attr.userns_fd = (uint64_t)userns;
	tree = sys_open_tree(ctx->store.root_fd, "",
			     AT_EMPTY_PATH | SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC);
	if (userns < 0 || tree < 0 || sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) < 0)
		r = -errno;
	end(pid);
	return r;
}

/* Asking for a file system by name also loads its module. */
static int probe_filesystem(const char *name)
{
	autoclose int fd = sys_fsopen(name, SYS_FSOPEN_CLOEXEC);

	return fd < 0 ? -errno : 1;
}

static int probe_overlay(const struct context *ctx)
{
	(void)ctx;
	return probe_filesystem("overlay");
}

static int probe_erofs(const struct context *ctx)
{
	(void)ctx;
	return probe_filesystem("erofs");
}

/* Linux 6.6: what the upper directory of an ephemeral container needs. */
static int probe_tmpfs_xattr(const struct context *ctx)
{
	autoclose int fs = sys_fsopen("tmpfs", SYS_FSOPEN_CLOEXEC), mount = -1;

	(void)ctx;
	if (fs < 0 || sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = sys_fsmount(fs, SYS_FSMOUNT_CLOEXEC, 0);
	if (mount < 0)
		return -errno;
	/* An fd of fsmount() is O_PATH-like; its directory is opened through it. */
	fs = (close(fs), openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	return fs < 0 || fsetxattr(fs, "user.tare", "y", 1, 0) < 0 ? -errno : 1;
}

static int probe_seccomp(const struct context *ctx)
{
	unsigned int action = SECCOMP_RET_ERRNO;

	(void)ctx;
	return sys_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0 ? -errno : 1;
}

static int probe_landlock(const struct context *ctx)
{
	int abi = sys_landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	(void)ctx;
	return abi < 0 ? -errno : abi;
}

const struct probe probe_list[] = {
	{ "userns", "user namespaces", "containers need --userns=host", probe_userns },
	{ "idmap", "idmapped mounts of the store", "containers need --userns=host", probe_idmap },
	{ "overlay", "overlay file system", "no container with an image can run", probe_overlay },
	{ "tmpfsXattr", "extended attributes on tmpfs", "run --rm writes to disk",
	  probe_tmpfs_xattr },
	{ "erofs", "EROFS file system", "archives are always unpacked", probe_erofs },
	{ "seccomp", "seccomp filters", "no container can run", probe_seccomp },
	{ "landlock", "Landlock", "image loading is confined by other means only", probe_landlock },
	{ 0 },
};
