/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/notify.h - sd_notify(3) of a container's program, passed on
 */
#ifndef CMD_OCI_NOTIFY_H
#define CMD_OCI_NOTIFY_H

#include <sys/types.h>

struct config;
struct error;

int oci_notify_prepare(int dirfd, const char *state_root, const char *id, struct config *c,
		       struct error *err);
int oci_notify_listen(int dirfd, struct error *err);
int oci_notify_await(int fd, pid_t pid, int pidfd, struct error *err);
int oci_notify_attend(int fd, pid_t pid, int pidfd, struct error *err);

#endif
