/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/cpu_lease.h - Whole processors for one container each
 */
#ifndef RUNTIME_CPU_LEASE_H
#define RUNTIME_CPU_LEASE_H

struct cpulist;
struct error;
struct topology;

int cpu_lease(int run_fd, const struct topology *t, const struct cpulist *allowed, unsigned int n,
	      struct cpulist *out, struct error *err);
int cpu_lease_list(int run_fd, const struct topology *t, struct cpulist *held, struct error *err);

/* The pure part. */
int cpu_lease_choose(const struct topology *t, const struct cpulist *from, unsigned int n,
		     struct cpulist *out);

#endif
