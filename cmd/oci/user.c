// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/oci/user.c - Names of the host's users
 */
#include "cmd/oci/user.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "runtime/user.h"

/** oci_user_name() - From /etc/passwd, or "#uid"; the caller frees it */
char *oci_user_name(uid_t uid)
{
	autoclose int root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char *name = root >= 0 ? user_name(root, uid) : NULL;

	return name ? name : xasprintf("#%u", uid);
}
