/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/user.h - The host's users, and whether we are the first of them
 */
#ifndef CMD_OCI_USER_H
#define CMD_OCI_USER_H

#include <stdbool.h>
#include <sys/types.h>

char *oci_user_name(uid_t uid);
bool oci_is_host_root(void);

#endif
