/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/images.h - tare images, under its other name
 */
#ifndef CMD_IMAGES_H
#define CMD_IMAGES_H

struct command;

extern const struct command cmd_image_ls;

#endif
