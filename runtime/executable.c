// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/executable.c - Our own program file, out of a container's reach
 *
 * Until its exec, a process of ours in the container has our program as
 * /proc/PID/exe, and a program "#!/proc/self/exe" makes it run there. Whoever
 * opens that for writing later overwrites tare on the host (CVE-2019-5736). A
 * container with a user namespace of its own cannot: the file belongs to
 * nobody there. For one that shares ours, we run from a read-only mount of the
 * file that is attached nowhere, and so can never be made writable again. Who may
 * not make mounts runs from a sealed copy in memory, if the file is theirs.
 */
#include "runtime/executable.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/copy.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/mount.h"

#define ARGUMENTS_MAX_BYTES (2U << 20)

static int read_arguments(struct strlist *argv, struct error *err)
{
	autofree char *text = NULL;
	size_t len;
	int r;

	r = file_read_at(AT_FDCWD, "/proc/self/cmdline", ARGUMENTS_MAX_BYTES, &text, &len, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < len; i += strlen(text + i) + 1)
		strlist_add(argv, text + i);
	return 0;
}

/* A caller without rights has no container with more: what is root's alone stays so. */
static bool is_beyond_reach(int exe)
{
	struct stat st;

	return geteuid() != 0 && fstat(exe, &st) == 0 && st.st_uid == 0 &&
	       !(st.st_mode & (S_IWGRP | S_IWOTH));
}

static int copy_sealed(int exe, struct error *err)
{
	autoclose int copy = memfd_create("tare", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;
	int r = copy < 0 || fstat(exe, &st) < 0 ? -errno : copy_data(exe, copy, st.st_size);

	if (r == 0 &&
	    fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) < 0)
		r = -errno;
	return r < 0 ? error_sys(err, -r, "copy our program into memory") : steal_fd(&copy);
}

/* Who may not make mounts: @safe is what to run from, or -1 if what we run from is good. */
static int copy_or_leave(int *safe, struct error *err)
{
	autoclose int exe = openat(AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int seals;

	if (exe < 0)
		return error_sys(err, errno, "open our program");
	seals = fcntl(exe, F_GET_SEALS); /* -1: of a file on disk */
	if ((seals > 0 && (seals & F_SEAL_WRITE)) || is_beyond_reach(exe))
		return 0;
	*safe = copy_sealed(exe, err);
	return *safe < 0 ? *safe : 0;
}

static int make_unwritable(int *safe, struct error *err)
{
	autoclose int tree = mount_clone(AT_FDCWD, "/proc/self/exe", false, err);
	int r;

	if (tree == -EPERM)
		return copy_or_leave(safe, err);
	if (tree < 0)
		return tree;
	r = mount_set(tree, SYS_MOUNT_ATTR_RDONLY, false, "/proc/self/exe", err);
	if (r == 0)
		*safe = steal_fd(&tree);
	return r;
}

/**
 * executable_protect() - Go on as the same command, from a file that cannot be written
 *
 * Call it before anything is taken or written: the command begins anew.
 *
 * Return: 0 when we run from such a file already; else only on failure, -errno
 */
int executable_protect(struct error *err)
{
	autostrlist struct strlist argv = { 0 };
	autoclose int safe = -1;
	struct statvfs st;
	int r;

	if (statvfs("/proc/self/exe", &st) == 0 && (st.f_flag & ST_RDONLY))
		return 0;
	r = make_unwritable(&safe, err);
	if (r < 0 || safe < 0)
		return r;
	r = read_arguments(&argv, err);
	if (r < 0)
		return r;
	(void)sys_execveat(safe, "", argv.items, environ, AT_EMPTY_PATH);
	return error_sys(err, errno, "run from a read-only copy of our program");
}
