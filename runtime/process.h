/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/process.h - One more process in a running container
 */
#ifndef RUNTIME_PROCESS_H
#define RUNTIME_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/config.h"
#include "runtime/container.h"

struct error;
struct record;

/* Where to; all borrowed. */
struct process_place {
	pid_t pid;	     /* the container's first process */
	uint64_t pid_start;  /* its start time, so that another pid is not taken for it */
	uint64_t namespaces; /* CLONE_NEW* of those that are not ours */
	int root_fd;	     /* its root directory, if its mount namespace is ours; or -1 */
	int cgroup_fd;	     /* the container's, or -1 */
	const char *cgroup;  /* its path, for when it takes no process itself; or NULL */
	bool beside_first;   /* do not try: the first process is about to pass controllers on */
	int stdio[3];	     /* unless it has a terminal */
};

struct process_place process_place_of(const struct record *r, int cgroup_fd);

int process_open(pid_t pid, uint64_t start, struct error *err);
uint64_t process_start_time(pid_t pid);
bool process_is_dying(pid_t pid);
bool process_hears(pid_t pid, int sig);
bool process_is_alive(pid_t pid, uint64_t start);
int process_set_oom_score(pid_t pid, const struct config_process *p, struct error *err);
int process_spawn(struct container *ct, const struct config_process *p,
		  const struct process_place *place, struct error *err);

#endif
