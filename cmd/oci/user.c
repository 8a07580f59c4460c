// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/user.c - The host's users, and whether we are the first of them
 */
#include "cmd/oci/user.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "runtime/user.h"

/** oci_user_name() - From /etc/passwd, or "#uid"; the caller frees it */
char *oci_user_name(uid_t uid)
{
	autoclose int root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *name = root >= 0 ? user_name(root, uid) : NULL;

	return name ? name : xasprintf("#%u", uid);
}

/** oci_is_host_root() - Whether we are; root of a user namespace, as rootless podman's, is not */
bool oci_is_host_root(void)
{
	autofree char *map = NULL;
	char *end;
	size_t len;

	if (geteuid() != 0)
		return false;
	if (file_read_at(AT_FDCWD, "/proc/self/uid_map", 4096, &map, &len, &(struct error){ 0 }) <
	    0)
		return true;
	/* The first range begins "0 0" where ids are what they are; the columns are padded. */
	end = map + strspn(map, " ");
	if (strtoul(end, &end, 10) != 0)
		return false;
	return strtoul(end, &end, 10) == 0;
}
