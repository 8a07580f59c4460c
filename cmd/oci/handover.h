/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/handover.h - What of a new process goes to others: terminal, listener, pidfd
 */
#ifndef CMD_OCI_HANDOVER_H
#define CMD_OCI_HANDOVER_H

#include "runtime/state.h"

struct container;
struct error;
struct seccomp_notify;

int oci_hand_over_terminal(struct container *ct, const char *console_socket, int *master,
			   struct error *err);
int oci_hand_over_listener(struct container *ct, const struct seccomp_notify *n,
			   const struct state *s, enum state_status status, struct error *err);
int oci_hand_over_process(const struct container *ct, const char *pid_file,
			  const char *pidfd_socket, struct error *err);

#endif
