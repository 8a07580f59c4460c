/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/oci/terminal.h - Where a container's terminal and streams go
 */
#ifndef CMD_OCI_TERMINAL_H
#define CMD_OCI_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>

struct config_process;
struct container;
struct error;

int oci_terminal_check(bool terminal, bool detached, const char *console_socket, struct error *err);
int oci_terminal_send(int master, const char *console_socket, struct error *err);
int oci_preserve_fds(struct config_process *p, uint64_t asked, struct error *err);
int oci_attend(const struct container *ct, int master, int signal_fd, struct error *err);

#endif
