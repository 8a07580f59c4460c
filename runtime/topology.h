/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/topology.h - The machine's processors: which share a core, a socket, memory
 */
#ifndef RUNTIME_TOPOLOGY_H
#define RUNTIME_TOPOLOGY_H

#include <stddef.h>

struct error;

struct topology_cpu {
	unsigned int id;
	unsigned int core;   /* the lowest id of those that share its core */
	unsigned int socket; /* the kernel's physical package */
	unsigned int node;   /* of memory */
};

/* Those that are online, by id. */
struct topology {
	struct topology_cpu *cpus;
	size_t n;
};

#define TOPOLOGY_PATH "/sys/devices/system"

int topology_read(struct topology *t, const char *path, struct error *err);
void topology_done(struct topology *t);
#define autotopology __attribute__((cleanup(topology_done)))

#endif
