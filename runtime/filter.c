// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/filter.c - From actions per system call number to a BPF program
 *
 * Theory of operation:
 * A filter that compares one number after the other, as libseccomp writes it,
 * is slow to install: the kernel emulates it for every number of every
 * architecture to find those that are always allowed. Neighbours with the same
 * action are therefore merged into ranges, and the ranges become a balanced
 * tree of "number >= first" jumps, about seven deep:
 *
 *	ld arch;  jeq ARCH -> its tree, else the next architecture, else foreign
 *	ld nr;    jge ... jge -> leaf
 *	leaf:     ret action, or rules: tests of arguments, each with a ret
 *
 * Conditional jumps reach 255 instructions; a left subtree that is longer is
 * jumped over by an unconditional one. Arguments have 64 bits and BPF has 32,
 * so tests look at the high half first; it does not exist for 32-bit system
 * calls. Programs above BPF_MAXINSNS are refused, never cut.
 */
#include "runtime/filter.h"

#include <assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/bpf_common.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* A jump of more than this does not fit the 8 bits of a conditional one. */
#define NEAR_MAX 255

/*
 * Where a jump inside a test goes, until its distance is known. No real
 * distance inside a leaf comes near: a rule has six tests of six instructions.
 */
enum target { NEXT = 0, PASS = 0xfe, FAIL = 0xff };

struct code {
	struct sock_filter *insns;
	size_t n, cap;
	bool overflow; /* does not fit; what was written is of no use */
};

/* The default profile's fit at once: BPF_MAXINSNS of them would be pages of their own. */
#define FIRST_INSNS 256

static bool has_room(struct code *c)
{
	c->overflow |= c->n == BPF_MAXINSNS;
	if (c->n == c->cap && !c->overflow) {
		c->cap = c->cap ? 2 * c->cap : FIRST_INSNS;
		c->insns = xrealloc(c->insns, c->cap * sizeof(c->insns[0]));
	}
	return !c->overflow;
}

static size_t emit(struct code *c, uint16_t op, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (!has_room(c))
		return c->n - 1;
	c->insns[c->n] = (struct sock_filter){ .code = op, .jt = jt, .jf = jf, .k = k };
	return c->n++;
}

static void emit_load(struct code *c, size_t offset)
{
	(void)emit(c, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void emit_jump(struct code *c, uint16_t op, uint32_t k, enum target yes, enum target no)
{
	(void)emit(c, BPF_JMP | BPF_K | op, k, (uint8_t)yes, (uint8_t)no);
}

static void emit_return(struct code *c, uint32_t action)
{
	(void)emit(c, BPF_RET | BPF_K, action, 0, 0);
}

/* Let jumps to @target since instruction @start go to the next instruction written. */
static void land(struct code *c, size_t start, enum target target)
{
	for (size_t i = start; i < c->n; i++) {
		struct sock_filter *insn = &c->insns[i];
		uint8_t distance = (uint8_t)(c->n - i - 1);

		if (BPF_CLASS(insn->code) != BPF_JMP)
			continue;
		if (insn->jt == target)
			insn->jt = distance;
		if (insn->jf == target)
			insn->jf = distance;
	}
}

static size_t arg_offset(const struct filter_test *test, bool high)
{
	bool second = high == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

	return offsetof(struct seccomp_data, args) + 8U * test->arg + (second ? 4 : 0);
}

static void emit_equal(struct code *c, const struct filter_test *t, bool high, uint64_t mask,
		       enum target yes, enum target no)
{
	unsigned int shift = high ? 32 : 0;
	uint32_t half = (uint32_t)(mask >> shift);

	emit_load(c, arg_offset(t, high));
	if (half != UINT32_MAX)
		(void)emit(c, BPF_ALU | BPF_AND | BPF_K, half, 0, 0);
	emit_jump(c, BPF_JEQ, (uint32_t)(t->value >> shift), yes, no);
}

/* Greater: high half above, or equal and the low half above (@low_op: or equal, too). */
static void emit_greater(struct code *c, const struct filter_test *t, uint16_t low_op,
			 bool is_32bit, enum target yes, enum target no)
{
	if (!is_32bit) {
		emit_load(c, arg_offset(t, true));
		emit_jump(c, BPF_JGT, (uint32_t)(t->value >> 32), yes, NEXT);
		emit_jump(c, BPF_JEQ, (uint32_t)(t->value >> 32), NEXT, no);
	}
	emit_load(c, arg_offset(t, false));
	emit_jump(c, low_op, (uint32_t)t->value, yes, no);
}

/* Masked comparison skips a half that the mask leaves out, unless it can never match. */
static bool half_matters(uint64_t mask, uint64_t value, unsigned int shift)
{
	return (uint32_t)(mask >> shift) != 0 || (uint32_t)(value >> shift) != 0;
}

static void emit_test(struct code *c, const struct filter_test *t, bool is_32bit)
{
	uint64_t mask = t->op == FILTER_MASKED_EQ ? t->mask : UINT64_MAX;
	size_t start = c->n;

	switch (t->op) {
	case FILTER_EQ:
	case FILTER_MASKED_EQ:
		if (!is_32bit && half_matters(mask, t->value, 32))
			emit_equal(c, t, true, mask, NEXT, FAIL);
		if (half_matters(mask, t->value, 0))
			emit_equal(c, t, false, mask, PASS, FAIL);
		break;
	case FILTER_NE:
		if (!is_32bit)
			emit_equal(c, t, true, mask, NEXT, PASS);
		emit_equal(c, t, false, mask, FAIL, PASS);
		break;
	case FILTER_GT:
		emit_greater(c, t, BPF_JGT, is_32bit, PASS, FAIL);
		break;
	case FILTER_GE:
		emit_greater(c, t, BPF_JGE, is_32bit, PASS, FAIL);
		break;
	case FILTER_LT:
		emit_greater(c, t, BPF_JGE, is_32bit, FAIL, PASS);
		break;
	case FILTER_LE:
		emit_greater(c, t, BPF_JGT, is_32bit, FAIL, PASS);
		break;
	}
	land(c, start, PASS);
}

static void emit_leaf(struct code *c, const struct filter_range *range, bool is_32bit)
{
	for (size_t i = 0; i < range->n_rules; i++) {
		const struct filter_rule *rule = &range->rules[i];
		size_t start = c->n;

		assert(rule->n_tests <= FILTER_ARGS);
		for (size_t k = 0; k < rule->n_tests; k++)
			emit_test(c, &rule->tests[k], is_32bit);
		emit_return(c, rule->action);
		land(c, start, FAIL);
	}
	emit_return(c, range->action);
}

/* Move what was written since @at one down, for a jump to @at over all of it. */
static void insert_far_jump(struct code *c, size_t at)
{
	size_t length = c->n - at;

	if (!has_room(c))
		return;
	memmove(&c->insns[at + 1], &c->insns[at], length * sizeof(c->insns[0]));
	c->insns[at] = (struct sock_filter){ .code = BPF_JMP | BPF_JA, .k = (uint32_t)length };
	c->n++;
}

static void emit_tree(struct code *c, const struct filter_range *ranges, size_t n, bool is_32bit)
{
	size_t middle = n / 2, at;

	if (n == 1) {
		emit_leaf(c, ranges, is_32bit);
		return;
	}
	at = emit(c, BPF_JMP | BPF_JGE | BPF_K, ranges[middle].first, 0, 0);
	emit_tree(c, ranges, middle, is_32bit);
	if (c->n - at - 1 <= NEAR_MAX) {
		c->insns[at].jt = (uint8_t)(c->n - at - 1);
	} else {
		insert_far_jump(c, at + 1);
		c->insns[at].jf = 1;
	}
	emit_tree(c, ranges + middle, n - middle, is_32bit);
}

static void emit_arch(struct code *c, const struct filter_arch *arch)
{
	size_t start;

	assert(arch->n > 0 && arch->ranges[0].first == 0);
	(void)emit(c, BPF_JMP | BPF_JEQ | BPF_K, arch->audit_arch, 1, 0);
	start = c->n;
	emit_load(c, offsetof(struct seccomp_data, nr));
	emit_tree(c, arch->ranges, arch->n, arch->is_32bit);
	insert_far_jump(c, start);
}

/**
 * filter_arch_add() - Append a range to an architecture
 * @arch:	Architecture
 * @range:	Range, beginning above the last one; merged with it if it does the same
 */
void filter_arch_add(struct filter_arch *arch, const struct filter_range *range)
{
	const struct filter_range *last = arch->n ? &arch->ranges[arch->n - 1] : NULL;

	assert(last ? range->first > last->first : range->first == 0);
	if (last && last->action == range->action && last->n_rules == range->n_rules &&
	    (!range->n_rules || last->rules == range->rules))
		return;
	if (arch->n == arch->cap) {
		arch->cap = arch->cap ? 2 * arch->cap : 128;
		arch->ranges = xrealloc(arch->ranges, arch->cap * sizeof(*arch->ranges));
	}
	arch->ranges[arch->n++] = *range;
}

/** filter_arch_done() - Release the ranges; rules and tests stay their owner's */
void filter_arch_done(struct filter_arch *arch)
{
	free(arch->ranges);
	arch->ranges = NULL;
	arch->n = arch->cap = 0;
}

/**
 * filter_compile() - Write the program
 * @archs:		Architectures, the likeliest first
 * @n_archs:		Number of @archs
 * @foreign_action:	For system calls of any other architecture
 * @insns:		Program, caller frees; written on success only
 * @n_insns:		Its length; written on success only
 *
 * Return: 0, or -E2BIG if the kernel would not take a program that long
 */
int filter_compile(const struct filter_arch *archs, size_t n_archs, uint32_t foreign_action,
		   struct sock_filter **insns, uint16_t *n_insns)
{
	struct code c = { 0 };

	emit_load(&c, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < n_archs; i++)
		emit_arch(&c, &archs[i]);
	emit_return(&c, foreign_action);
	if (c.overflow) {
		free(c.insns);
		return -E2BIG;
	}
	*insns = c.insns;
	*n_insns = (uint16_t)c.n;
	return 0;
}
