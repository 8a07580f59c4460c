/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/events.h - cgroup.events: populated, frozen; read and waited for
 */
#ifndef CGROUPS_EVENTS_H
#define CGROUPS_EVENTS_H

struct error;

int cgroup_event_read(int dirfd, const char *key, struct error *err);
int cgroup_event_wait(int dirfd, const char *key, int value, int timeout_ms, struct error *err);

#endif
