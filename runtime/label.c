// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/label.c - AppArmor profiles and SELinux labels
 *
 * Where the kernel lacks what the configuration asks for, runc refuses and
 * crun goes on without: here it is an error. A container that somebody wanted
 * confined must not run unconfined for want of a boot parameter.
 *
 * A label is announced in /proc/thread-self/attr and takes effect at the next
 * execve. It is written while the host's /proc is still there: what an image
 * or a volume puts in its place cannot swallow it then (runc CVE-2019-16884,
 * CVE-2025-52881). Both modules keep it over changes of ids and capabilities.
 */
#include "runtime/label.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"

#ifndef SELINUX_MAGIC
#define SELINUX_MAGIC 0xf97cff8c
#endif

/** label_has_apparmor() - Whether AppArmor is on, by runc's criteria */
bool label_has_apparmor(void)
{
	autoclose int dir = -1;
	autoclose int fd = -1;
	char answer = 0;

	dir = openat(AT_FDCWD, "/sys/kernel/security/apparmor", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = openat(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	return dir >= 0 && fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y';
}

/** label_has_selinux() - Whether SELinux is on: its file system is mounted where it belongs */
bool label_has_selinux(void)
{
	autoclose int fd = -1;
	struct statfs fs;

	fd = openat(AT_FDCWD, "/sys/fs/selinux", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && fstatfs(fd, &fs) == 0 && (unsigned int)fs.f_type == SELINUX_MAGIC;
}

/**
 * label_check() - Whether the kernel knows what is asked for
 *
 * For the parent, before anything is made.
 *
 * Return: 0 or -ENOTSUP
 */
int label_check(const struct label_set *set, struct error *err)
{
	if (set->apparmor && !label_has_apparmor())
		return error_set(err, ENOTSUP,
				 "process.apparmorProfile: AppArmor is not enabled on this host");
	if (!set->selinux && !set->mounts)
		return 0;
	if (!label_has_selinux())
		return error_set(err, ENOTSUP, "%s: SELinux is not enabled on this host",
				 set->selinux ? "process.selinuxLabel" : "linux.mountLabel");
	return 0;
}

/**
 * label_is_for_mount() - Whether a mount of this file system takes linux.mountLabel
 *
 * As "context=LABEL". The kernel's own file systems have one label for all
 * their mounts, so the policy's stays.
 */
bool label_is_for_mount(const char *fstype)
{
	static const char *const without[] = { "proc", "sysfs", "cgroup", "cgroup2", "mqueue" };

	for (size_t i = 0; i < sizeof(without) / sizeof(*without); i++)
		if (strcmp(without[i], fstype) == 0)
			return false;
	return true;
}

/* In one write, which the kernel takes for the whole label; at most a page. */
static int announce(int proc, const char *attribute, const char *prefix, const char *label)
{
	autoclose int fd = -1;
	struct statfs fs;
	char path[64], text[4096];
	int n;

	snprintf(path, sizeof(path), "thread-self/attr/%s", attribute);
	n = snprintf(text, sizeof(text), "%s%s", prefix, label);
	if (n >= (int)sizeof(text))
		return -ENAMETOOLONG;
	fd = openat(proc, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0)
		return -errno;
	if (fs.f_type != PROC_SUPER_MAGIC)
		return -EINVAL;
	return write(fd, text, (size_t)n) < 0 ? -errno : 0;
}

static int apply_apparmor(int proc, const char *profile, struct error *err)
{
	int r = announce(proc, "apparmor/exec", "exec ", profile);

	if (r == -ENOENT) /* before Linux 5.8 it had no directory of its own */
		r = announce(proc, "exec", "exec ", profile);
	return r < 0 ? error_sys(err, -r, "process.apparmorProfile: set '%s'", profile) : 0;
}

/**
 * label_apply() - Have the next execve of the calling process take the labels
 * @proc:	The host's /proc, which may be covered by then; -1: the one at its place
 *
 * Between clone and exec: before a container's mount namespace is joined. Before the session
 * keyring is made, too, as this labels it (the kernel forgets that at execve). With nothing asked
 * for it costs nothing.
 *
 * Return: 0 or -errno
 */
int label_apply(const struct label_set *set, int proc, struct error *err)
{
	autoclose int own = -1;
	int r;

	if (!set->selinux && !set->apparmor)
		return 0;
	if (proc < 0)
		proc = own = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc < 0)
		return error_sys(err, errno, "open '/proc'");
	if (set->selinux) {
		(void)announce(proc, "keycreate", "", set->selinux); /* a policy may have no keys */
		r = announce(proc, "exec", "", set->selinux);
		if (r < 0)
			return error_sys(err, -r, "process.selinuxLabel: set '%s'", set->selinux);
	}
	return set->apparmor ? apply_apparmor(proc, set->apparmor, err) : 0;
}
