/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/device.h - --device: nodes of the host in a container, and who may use them
 */
#ifndef CMD_DEVICE_H
#define CMD_DEVICE_H

struct config;
struct error;
struct settings;

int device_fill(const struct settings *s, struct config *c, struct error *err);
int device_apply_rules(const struct settings *s, int cgroup_fd, struct error *err);

#endif
