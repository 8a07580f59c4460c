/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/health_monitor.h - The process that checks a container's health while it runs
 */
#ifndef CMD_HEALTH_MONITOR_H
#define CMD_HEALTH_MONITOR_H

#include <sys/types.h>

struct launch;

pid_t health_monitor_start(const struct launch *l);
void health_monitor_stop(pid_t *pid);

#endif
