/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/cpulist.h - Sets of processors or memory nodes, as the kernel writes them: "0-2,4"
 */
#ifndef BASE_CPULIST_H
#define BASE_CPULIST_H

#include <stdbool.h>
#include <stdint.h>

#define CPULIST_MAX 8192 /* the kernel's NR_CPUS limit */

/* { 0 } is empty. */
struct cpulist {
	uint64_t bits[CPULIST_MAX / 64];
};

bool cpulist_parse(struct cpulist *l, const char *text);
char *cpulist_print(const struct cpulist *l);
void cpulist_add(struct cpulist *l, unsigned int cpu);
void cpulist_drop(struct cpulist *l, unsigned int cpu);
void cpulist_intersect(struct cpulist *l, const struct cpulist *with);
bool cpulist_has(const struct cpulist *l, unsigned int cpu);
unsigned int cpulist_count(const struct cpulist *l);

#endif
