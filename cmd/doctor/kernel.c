// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/doctor/kernel.c - System calls, namespaces and file systems, for tare doctor
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/sys.h"
#include "cmd/command.h"
#include "cmd/doctor/doctor.h"
#include "cmd/probe.h"
#include "cmd/rights.h"
#include "runtime/mount.h"

#define SYSCTL_MAX_BYTES 64
#define NO_SUCH_FLAG	 (1ULL << 63)

/* ---- system calls -------------------------------------------------------- */

/* Filters of surrounding containers answer EPERM, or ENOSYS as an old kernel does. */
static void say_syscall(struct doctor_finding *f, bool works, int errnum, const char *since)
{
	if (works) {
		doctor_yes(f, NULL);
		return;
	}
	doctor_no(f, errnum, "Linux has it since %s", since);
	if (errnum == ENOSYS || errnum == EPERM)
		doctor_type(f, "(inside a container) start that one with --privileged, or with "
			       "--security-opt seccomp=unconfined");
}

static void look_pidfd(const struct doctor *d, const struct doctor_feature *feature,
		       struct doctor_finding *f)
{
	autoclose int fd = sys_pidfd_open(getpid(), 0);

	(void)d;
	(void)feature;
	say_syscall(f, fd >= 0 && sys_pidfd_send_signal(fd, 0, NULL, 0) == 0, errno, "5.3");
}

static void look_clone3(const struct doctor *d, const struct doctor_feature *feature,
			struct doctor_finding *f)
{
	struct sys_clone_args args = { .flags = NO_SUCH_FLAG };
	int errnum = sys_clone3(&args) < 0 ? errno : 0;

	(void)d;
	(void)feature;
	say_syscall(f, errnum == EINVAL, errnum, "5.3");
}

static void look_openat2(const struct doctor *d, const struct doctor_feature *feature,
			 struct doctor_finding *f)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	autoclose int fd = sys_openat2(AT_FDCWD, "/", &how);

	(void)d;
	(void)feature;
	say_syscall(f, fd >= 0, errno, "5.6");
}

static void look_mount_api(const struct doctor *d, const struct doctor_feature *feature,
			   struct doctor_finding *f)
{
	struct sys_mount_attr attr = { .attr_set = SYS_MOUNT_ATTR_RDONLY };
	autoclose int tree = sys_open_tree(AT_FDCWD, "/",
					   SYS_OPEN_TREE_CLONE | SYS_OPEN_TREE_CLOEXEC);
	bool works = tree >= 0 && sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr) == 0;

	(void)d;
	(void)feature;
	say_syscall(f, works, errno, "5.12");
	if (!works && errno == EINVAL)
		doctor_type(f, "(in a chroot) make its top directory a mount point, and use "
			       "pivot_root or unshare --root");
}

/* ---- what tare info tries, too ------------------------------------------- */

static int run_probe(const struct doctor *d, const char *name)
{
	for (const struct probe *p = probe_list; p->name; p++)
		if (!strcmp(p->name, name))
			return p->run(d->ctx);
	return -ENOENT;
}

static int64_t read_sysctl(const char *path)
{
	autofree char *text = NULL;
	size_t len;

	if (file_read_at(AT_FDCWD, path, SYSCTL_MAX_BYTES, &text, &len, &(struct error){ 0 }) < 0)
		return -1;
	return strtoll(text, NULL, 10);
}

static void look_userns(const struct doctor *d, const struct doctor_feature *feature,
			struct doctor_finding *f)
{
	int r = run_probe(d, feature->name);

	if (r > 0) {
		doctor_yes(f, NULL);
		return;
	}
	doctor_no(f, -r, "make one");
	if (read_sysctl("/proc/sys/user/max_user_namespaces") == 0)
		doctor_type(f, "sysctl -w user.max_user_namespaces=65536");
	else if (geteuid() != 0 && read_sysctl("/proc/sys/kernel/unprivileged_userns_clone") == 0)
		doctor_type(f, "sysctl -w kernel.unprivileged_userns_clone=1");
	else if (r == -EPERM && geteuid() == 0)
		doctor_type(f, "(in a chroot, or under a seccomp filter) run tare outside of it, "
			       "or containers with --userns=host");
}

static void look_idmap(const struct doctor *d, const struct doctor_feature *feature,
		       struct doctor_finding *f)
{
	int r;

	if (d->store_err.code) {
		doctor_no(f, 0, "there is no store to try it on");
		return;
	}
	r = run_probe(d, feature->name);
	if (r > 0) {
		doctor_yes(f, NULL);
		return;
	}
	doctor_no(f, -r, "map the ids of '%s'", d->ctx->root);
	if (r != -EPERM)
		doctor_type(f, "tare --root DIR on ext4, xfs, btrfs or tmpfs; or --userns=host");
}

static void look_filesystem(const struct doctor *d, const struct doctor_feature *feature,
			    struct doctor_finding *f)
{
	int r = run_probe(d, feature->name);

	if (r > 0) {
		doctor_yes(f, NULL);
		return;
	}
	doctor_no(f, -r, "open file system '%s'", feature->name);
	if (r == -ENODEV)
		doctor_type(f, "modprobe %s", feature->name);
}

static void look_probe(const struct doctor *d, const struct doctor_feature *feature,
		       struct doctor_finding *f)
{
	int r = run_probe(d, !strcmp(feature->name, "tmpfs-xattr") ? "tmpfsXattr" : feature->name);

	if (r > 0)
		doctor_yes(f, NULL);
	else
		doctor_no(f, -r, "try it");
}

/*
 * Since Linux 6.12 an image in a file needs no loop device. A file of zeros is
 * no image: what the kernel says of it tells whether it looked into the file.
 */
static void look_erofs_file(const struct doctor *d, const struct doctor_feature *feature,
			    struct doctor_finding *f)
{
	autoclose int fs = sys_fsopen("erofs", SYS_FSOPEN_CLOEXEC), file = -1;
	char path[40];
	int errnum = 0;

	(void)feature;
	if (fs < 0) {
		doctor_no(f, errno, "open file system 'erofs'");
		return;
	}
	file = d->store_err.code
		       ? -1
		       : openat(d->ctx->store.root_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (file < 0 || ftruncate(file, 1 << 16) < 0) {
		doctor_no(f, errno, "make a file in the store to try it on");
		return;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (sys_fsconfig(fs, SYS_FSCONFIG_SET_STRING, "source", path, 0) < 0 ||
	    sys_fsconfig(fs, SYS_FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		errnum = errno;
	if (errnum == EINVAL)
		doctor_yes(f, NULL);
	else
		doctor_no(f, errnum, "mount from a file in '%s'", d->ctx->root);
}

/* ---- who we are ---------------------------------------------------------- */

static void look_root(const struct doctor *d, const struct doctor_feature *feature,
		      struct doctor_finding *f)
{
	autofree char *missing = rights_missing();

	(void)d;
	(void)feature;
	if (missing) {
		doctor_no(f, 0, "root has no %s here", missing);
		doctor_type(f, "(inside a container) start that one with --privileged");
		return;
	}
	if (geteuid() == 0) {
		doctor_yes(f, NULL);
		return;
	}
	doctor_no(f, 0, "this is user %u", (unsigned int)geteuid());
	doctor_type(f, "sudo tare run IMAGE");
}

static void look_binary(const struct doctor *d, const struct doctor_feature *feature,
			struct doctor_finding *f)
{
	autoclose int tree = -1;
	struct error err = { 0 };

	(void)d;
	(void)feature;
	tree = mount_clone(AT_FDCWD, "/proc/self/exe", false, &err);
	if (tree >= 0 && mount_set(tree, SYS_MOUNT_ATTR_RDONLY, false, "/proc/self/exe", &err) == 0)
		doctor_yes(f, "containers with --userns=host get a read-only copy, others cannot "
			      "open it");
	else
		doctor_no(f, err.code, "clone the mount of our own program");
}

const struct doctor_feature doctor_kernel[] = {
	{ "root", "the rights of root", "nothing can be run", true, look_root },
	{ "pidfd", "process descriptors", "no container can run", true, look_pidfd },
	{ "clone3", "clone3(2)", "no container can run", true, look_clone3 },
	{ "openat2", "openat2(2)", "no container can run", true, look_openat2 },
	{ "mount-api", "mounts by descriptor", "no container can run", true, look_mount_api },
	{ "userns", "user namespaces", "containers need --userns=host", true, look_userns },
	{ "idmap", "id-mapped mounts of the store", "containers need --userns=host", true,
	  look_idmap },
	{ "overlay", "overlay file system", "no container with an image can run", true,
	  look_filesystem },
	{ "tmpfs-xattr", "extended attributes on tmpfs", "run --rm writes to disk", false,
	  look_probe },
	{ "erofs", "EROFS file system", "layers are always unpacked", false, look_filesystem },
	{ "erofs-file", "EROFS from a file, without a loop device", "layers are always unpacked",
	  false, look_erofs_file },
	{ "seccomp", "seccomp filters", "containers need --security-opt seccomp=unconfined", true,
	  look_probe },
	{ "landlock", "Landlock", "image loading is confined by other means only", false,
	  look_probe },
	{ "binary", "tare's program out of containers' reach",
	  "containers with --userns=host cannot run", false, look_binary },
	{ 0 },
};
