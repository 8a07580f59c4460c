/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/health_monitor.h - The process that checks a container's health while it runs
 */
#ifndef CMD_HEALTH_MONITOR_H
#define CMD_HEALTH_MONITOR_H

#include <sys/types.h>

struct error;
struct record;
struct record_store;
struct settings;

pid_t health_monitor_start(const struct record_store *store, const struct settings *settings,
			   const struct record *record, int pidfd, int cgroup_fd,
			   struct error *err);
void health_monitor_stop(pid_t *pid);

#endif
