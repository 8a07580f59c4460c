/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd/doctor/doctor.h - What works for this user on this host, and what to type if not
 *
 * A feature is a row with a function that tries the very thing and says what it
 * found. What several features need to know is found once, in struct doctor.
 */
#ifndef CMD_DOCTOR_DOCTOR_H
#define CMD_DOCTOR_DOCTOR_H

#include <stdbool.h>

#include "base/error.h"
#include "cgroups/hierarchy.h"

struct context;

/* What the trial in a network namespace of its own came to: 0 or -errno each. */
enum doctor_network_step {
	DOCTOR_NETNS,
	DOCTOR_BRIDGE,
	DOCTOR_VETH,
	DOCTOR_NFTABLES,
	DOCTOR_PORTS,
	DOCTOR_NETWORK_STEPS,
};

/* A cgroup as a container would get, made, looked at and removed. */
struct doctor_group {
	struct cgroup_root root; /* fd -1: there is none, or it cannot be used */
	unsigned int available, usable;
	bool must_vacate; /* the processes of the root are to move first */
	int enable_error; /* why controllers were not passed on; 0 or an errno */
	bool has_kill, has_swap, has_peak, has_pressure;
	struct error err; /* why there is no trial cgroup; code 0: there was one */
};

struct doctor {
	const struct context *ctx;
	struct error store_err; /* code 0: the store is open */
	struct doctor_group group;
	int network[DOCTOR_NETWORK_STEPS];
};

struct doctor_finding {
	bool works;
	char why[256];	/* for a "yes" what there is, for a "no" what is in the way; or empty */
	char type[256]; /* what to type, or to do, for a "no"; or empty */
};

struct doctor_feature {
	const char *name;    /* as an operand and in JSON */
	const char *what;    /* half a line for people */
	const char *without; /* what does not work then */
	bool needed;	     /* no plain "tare run IMAGE" without it */
	void (*look)(const struct doctor *d, const struct doctor_feature *feature,
		     struct doctor_finding *f);
};

/* All end with an empty row. */
extern const struct doctor_feature doctor_kernel[], doctor_cgroups[], doctor_host[];

void doctor_group_try(struct doctor_group *g);
void doctor_network_try(int results[DOCTOR_NETWORK_STEPS]);

void doctor_yes(struct doctor_finding *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void doctor_no(struct doctor_finding *f, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void doctor_type(struct doctor_finding *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
