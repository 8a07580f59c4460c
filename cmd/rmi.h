/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/rmi.h - tare rmi, under its other name
 */
#ifndef CMD_RMI_H
#define CMD_RMI_H

struct command;

extern const struct command cmd_image_rm;

#endif
