/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/pids.h - The processes of a cgroup and those below it
 */
#ifndef CGROUPS_PIDS_H
#define CGROUPS_PIDS_H

#include <stddef.h>
#include <sys/types.h>

struct error;

int cgroup_pids(int dirfd, pid_t **pids, size_t *n, struct error *err);
int cgroup_signal(int dirfd, int signal, struct error *err);

#endif
