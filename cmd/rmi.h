/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/rmi.h - Removing images
 */
#ifndef CMD_RMI_H
#define CMD_RMI_H

#include <stdbool.h>

struct command;

bool rmi_is_used(void *arg, const char *id, char **by);

extern const struct command cmd_image_rm;

#endif
