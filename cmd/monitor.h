/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/monitor.h - The process that stays with a detached container
 */
#ifndef CMD_MONITOR_H
#define CMD_MONITOR_H

struct error;
struct launch;

int monitor_start(struct launch *l, struct error *err);

#endif
