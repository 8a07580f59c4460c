/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups/devices.h - Which device nodes the processes of a cgroup may make and open
 *
 * For containers without a user namespace of their own: inside one, mknod is
 * refused by the kernel and only nodes that were put there can be opened.
 */
#ifndef CGROUPS_DEVICES_H
#define CGROUPS_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_insn;
struct error;

enum cgroup_device_access {
	CGROUP_DEVICE_MKNOD = 1 << 0, /* the values of BPF_DEVCG_ACC_* */
	CGROUP_DEVICE_READ = 1 << 1,
	CGROUP_DEVICE_WRITE = 1 << 2,
};

#define CGROUP_DEVICE_ALL	(CGROUP_DEVICE_MKNOD | CGROUP_DEVICE_READ | CGROUP_DEVICE_WRITE)
#define CGROUP_DEVICE_ANY	(-1)
#define CGROUP_DEVICE_MAX_RULES 512

struct cgroup_device_rule {
	bool allow;
	char type;	      /* 'b', 'c' or 'a' for both */
	int64_t major, minor; /* CGROUP_DEVICE_ANY: all of them */
	unsigned int access;  /* enum cgroup_device_access */
};

/* Rules in order, owned; { 0 } is none at all, by which nothing is restricted. */
struct cgroup_device_rules {
	struct cgroup_device_rule *items;
	size_t n;
};

extern const struct cgroup_device_rule cgroup_default_devices[];
extern const size_t cgroup_n_default_devices;

void cgroup_device_rules_add(struct cgroup_device_rules *rules,
			     const struct cgroup_device_rule *rule);
void cgroup_device_rules_done(struct cgroup_device_rules *rules);
bool cgroup_devices_allow_all(const struct cgroup_device_rule *rules, size_t n);

size_t cgroup_devices_compile(const struct cgroup_device_rule *rules, size_t n,
			      struct bpf_insn *program);
int cgroup_devices_attach(int dirfd, const struct cgroup_device_rule *rules, size_t n,
			  struct error *err);
int cgroup_devices_replace(int dirfd, const struct cgroup_device_rule *rules, size_t n,
			   struct error *err);

/* The longest program that cgroup_devices_compile() can make for @n rules, in instructions. */
#define CGROUP_DEVICES_PROGRAM_MAX(n) (8 + 8 * (size_t)(n))

#endif
