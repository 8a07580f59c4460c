/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/launch_cgroup.h - The cgroup of one run: made, looked at, removed
 */
#ifndef CMD_LAUNCH_CGROUP_H
#define CMD_LAUNCH_CGROUP_H

struct error;
struct launch;

int launch_take_cgroup(struct launch *l, struct error *err);
int launch_confine_devices(struct launch *l, struct error *err);
void launch_watch_kills(struct launch *l);
void launch_release_cpus(struct launch *l);
void launch_end_cgroup(struct launch *l);

#endif
