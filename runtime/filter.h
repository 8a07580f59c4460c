/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/filter.h - From actions per system call number to a BPF program
 */
#ifndef RUNTIME_FILTER_H
#define RUNTIME_FILTER_H

#include <linux/audit.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The architectures a process of this machine can enter the kernel by. */
#if defined(__x86_64__)
#define FILTER_ARCH_NATIVE AUDIT_ARCH_X86_64
#define FILTER_ARCH_COMPAT AUDIT_ARCH_I386 /* 32 bits */
#elif defined(__aarch64__)
#define FILTER_ARCH_NATIVE AUDIT_ARCH_AARCH64
#define FILTER_ARCH_COMPAT 0 /* none that we support */
#else
#error "system call filters have not been reviewed for this architecture"
#endif

enum filter_op {
	FILTER_NE,
	FILTER_LT,
	FILTER_LE,
	FILTER_EQ,
	FILTER_GE,
	FILTER_GT,
	FILTER_MASKED_EQ, /* (argument & mask) == value */
};

#define FILTER_ARGS 6 /* arguments that a system call has */

struct filter_test {
	uint8_t arg; /* 0..FILTER_ARGS - 1 */
	enum filter_op op;
	uint64_t value;
	uint64_t mask; /* FILTER_MASKED_EQ only */
};

/* If all tests hold, the action; no tests hold always. Tests are borrowed. */
struct filter_rule {
	const struct filter_test *tests;
	size_t n_tests;
	uint32_t action; /* SECCOMP_RET_* with its data */
};

/* Numbers from first up to the next range: the first rule that holds, else the action. */
struct filter_range {
	uint32_t first;
	uint32_t action;
	const struct filter_rule *rules; /* borrowed */
	size_t n_rules;
};

/* One architecture: ranges in ascending order, the first at number 0. */
struct filter_arch {
	uint32_t audit_arch; /* AUDIT_ARCH_* */
	bool is_32bit;
	struct filter_range *ranges; /* owned */
	size_t n, cap;
};

void filter_arch_add(struct filter_arch *arch, const struct filter_range *range);
void filter_arch_done(struct filter_arch *arch);
int filter_compile(const struct filter_arch *archs, size_t n_archs, uint32_t foreign_action,
		   struct sock_filter **insns, uint16_t *n_insns);

#endif
