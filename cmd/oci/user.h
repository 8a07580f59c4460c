/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/user.h - Names of the host's users
 */
#ifndef CMD_OCI_USER_H
#define CMD_OCI_USER_H

#include <sys/types.h>

char *oci_user_name(uid_t uid);

#endif
