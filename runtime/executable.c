// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/executable.c - Our own program file, out of a container's reach
 *
 * Until its exec, a process of ours in the container has our program as
 * /proc/PID/exe, and a program "#!/proc/self/exe" makes it run there. Whoever
 * opens that for writing later overwrites tare on the host (CVE-2019-5736). A
 * container with a user namespace of its own cannot: the file belongs to
 * nobody there. For one that shares ours, we run from a read-only mount of the
 * file that is attached nowhere, and so can never be made writable again.
 */
#include "runtime/executable.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
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
	autoclose int tree = -1;
	struct statvfs st;
	int r;

	if (statvfs("/proc/self/exe", &st) == 0 && (st.f_flag & ST_RDONLY))
		return 0;
	r = read_arguments(&argv, err);
	if (r < 0)
		return r;
	tree = mount_clone(AT_FDCWD, "/proc/self/exe", false, err);
	if (tree < 0)
		return tree;
	r = mount_set(tree, SYS_MOUNT_ATTR_RDONLY, false, "/proc/self/exe", err);
	if (r < 0)
		return r;
	(void)sys_execveat(tree, "", argv.items, environ, AT_EMPTY_PATH);
	return error_sys(err, errno, "run from a read-only copy of our program");
}
