/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/attributes.h - What a process has besides ids, capabilities and limits
 *
 * The order in the life of a container or an exec:
 *
 *   attributes_parse_process/linux, label_check	parent, from config.json
 *   attributes_set_initial_cpus	parent, before it joins the cgroup (exec only)
 *   attributes_time_text	parent: for the child's /proc/self/timens_offsets
 *   label_apply		child, while the host's /proc is there
 *   attributes_apply_outside	parent, when the child is in its cgroup, before exec
 *   attributes_apply_inside	child, before seccomp
 */
#ifndef RUNTIME_ATTRIBUTES_H
#define RUNTIME_ATTRIBUTES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/sys.h"
#include "runtime/idlist.h"
#include "runtime/label.h"

struct error;
struct json;

enum attributes_clock { ATTRIBUTES_MONOTONIC, ATTRIBUTES_BOOTTIME, ATTRIBUTES_CLOCKS };

struct attributes_offset {
	int64_t secs;
	uint32_t nanosecs;
	bool is_set;
};

/* { 0 } asks for nothing. The labels are owned: attributes_done(). */
struct process_attributes {
	bool has_scheduler, has_io_priority, has_personality, has_memory_policy;

	struct sys_sched_attr scheduler; /* process.scheduler */
	unsigned int io_priority;	 /* process.ioPriority, as ioprio_set(2) takes it */
	struct idlist initial_cpus;	 /* process.execCPUAffinity: not for a container's init */
	struct idlist final_cpus;
	bool resets_cpus; /* no list, then all that the cgroup has: not those of who calls us */
	unsigned long personality;  /* linux.personality */
	unsigned int memory_policy; /* linux.memoryPolicy: mode and flags */
	struct idlist memory_nodes;
	struct attributes_offset offsets[ATTRIBUTES_CLOCKS]; /* linux.timeOffsets */
	struct label_set
		labels; /* process.apparmorProfile, process.selinuxLabel, linux.mountLabel */
};

int attributes_parse_process(struct process_attributes *a, const struct json *process,
			     struct error *err);
int attributes_parse_linux(struct process_attributes *a, const struct json *section,
			   struct error *err);
void attributes_done(struct process_attributes *a);
#define autoattributes __attribute__((cleanup(attributes_done)))

bool attributes_has_time(const struct process_attributes *a);
char *attributes_time_text(const struct process_attributes *a);

int attributes_set_initial_cpus(const struct process_attributes *a, struct error *err);
int attributes_apply_outside(const struct process_attributes *a, pid_t pid, struct error *err);
int attributes_apply_inside(const struct process_attributes *a, struct error *err);

/* For the features document: the i-th name, NULL behind the last. */
const char *attributes_memory_mode(size_t i);
const char *attributes_memory_flag(size_t i);

#endif
