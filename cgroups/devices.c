// SPDX-License-Identifier: Apache-2.0
/*
 * cgroups/devices.c - Which device nodes the processes of a cgroup may make and open
 *
 * Cgroup v2 has no files for this: a BPF program attached to the cgroup is
 * asked at each mknod and open. It is the rules unrolled, last rule first,
 * since later rules override earlier ones. What was asked for (read, write,
 * mknod, as bits) is kept in a register; a rule that allows takes its bits
 * out, and when none is left the answer is yes; a rule that denies any
 * remaining bit answers no, and so does the end of the program.
 *
 * The kernel follows every branch of a program before it takes it, which costs
 * more than anything else here. So neighbours that allow everything to devices
 * of one major number share their tests, and what cannot be reached is left out.
 */
#include "cgroups/devices.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

enum register_use {
	REG_ANSWER = BPF_REG_0,
	REG_CONTEXT = BPF_REG_1, /* struct bpf_cgroup_dev_ctx */
	REG_TYPE = BPF_REG_2,
	REG_ASKED = BPF_REG_3,
	REG_MAJOR = BPF_REG_4,
	REG_MINOR = BPF_REG_5,
	REG_DENIED = BPF_REG_6,
};

#define RWM CGROUP_DEVICE_ALL
#define M   CGROUP_DEVICE_MKNOD
#define ANY CGROUP_DEVICE_ANY

/* So that our program is found among others' on the same cgroup. */
#define PROGRAM_NAME "tare_devices"
#define MAX_PROGRAMS 64 /* the kernel's limit for one cgroup: BPF_CGROUP_MAX_PROGS */

/* What docker allows every container: nodes may be made, but only these be opened. */
const struct cgroup_device_rule cgroup_default_devices[] = {
	{ true, 'c', ANY, ANY, M },   { true, 'b', ANY, ANY, M },
	{ true, 'c', 1, 3, RWM },     /* null */
	{ true, 'c', 1, 5, RWM },     /* zero */
	{ true, 'c', 1, 7, RWM },     /* full */
	{ true, 'c', 1, 8, RWM },     /* random */
	{ true, 'c', 1, 9, RWM },     /* urandom */
	{ true, 'c', 136, ANY, RWM }, /* pts */
	{ true, 'c', 5, 0, RWM },     /* tty */
	{ true, 'c', 5, 2, RWM },     /* ptmx */
};
const size_t cgroup_n_default_devices = sizeof(cgroup_default_devices) /
					sizeof(cgroup_default_devices[0]);

/** cgroup_device_rules_add() - Append a rule, which overrides those before */
void cgroup_device_rules_add(struct cgroup_device_rules *rules,
			     const struct cgroup_device_rule *rule)
{
	rules->items = xrealloc(rules->items, (rules->n + 1) * sizeof(*rule));
	rules->items[rules->n++] = *rule;
}

/** cgroup_device_rules_done() - Free what @rules owns, leaving { 0 } */
void cgroup_device_rules_done(struct cgroup_device_rules *rules)
{
	free(rules->items);
	*rules = (struct cgroup_device_rules){ 0 };
}

static bool covers_all(const struct cgroup_device_rule *rule)
{
	return rule->type == 'a' && rule->major == ANY && rule->minor == ANY && rule->access == RWM;
}

/**
 * cgroup_devices_allow_all() - Whether rules restrict nothing, so that no program is needed
 *
 * So it is for privileged containers: all is allowed, and nothing denied after that.
 */
bool cgroup_devices_allow_all(const struct cgroup_device_rule *rules, size_t n)
{
	while (n--) {
		if (!rules[n].allow)
			return false;
		if (covers_all(&rules[n]))
			return true;
	}
	return false;
}

static struct bpf_insn load(int to, int from, size_t offset)
{
	return (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
				  .dst_reg = (unsigned char)to & 0xf,
				  .src_reg = (unsigned char)from & 0xf,
				  .off = (short)offset };
}

static struct bpf_insn compute(int operation, int reg, int64_t value)
{
	return (struct bpf_insn){ .code = (unsigned char)(BPF_ALU | operation | BPF_K),
				  .dst_reg = (unsigned char)reg & 0xf,
				  .imm = (int)value };
}

static struct bpf_insn copy(int to, int from)
{
	return (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X,
				  .dst_reg = (unsigned char)to & 0xf,
				  .src_reg = (unsigned char)from & 0xf };
}

/* JMP32: major and minor numbers use all 32 bits. */
static struct bpf_insn jump(int condition, int reg, int64_t value)
{
	return (struct bpf_insn){ .code = (unsigned char)(BPF_JMP32 | condition | BPF_K),
				  .dst_reg = (unsigned char)reg & 0xf,
				  .imm = (int)value };
}

static struct bpf_insn leave(void)
{
	return (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
}

/* What is to be filled in once it is known where a rule's code ends. */
struct exits {
	size_t at[3], n;
};

static void jump_past(struct bpf_insn *p, size_t *n, struct exits *exits, struct bpf_insn jump)
{
	exits->at[exits->n++] = *n;
	p[(*n)++] = jump;
}

static void answer(struct bpf_insn *p, size_t *n, bool allow)
{
	p[(*n)++] = compute(BPF_MOV, REG_ANSWER, allow);
	p[(*n)++] = leave();
}

static void settle(struct bpf_insn *p, size_t n, const struct exits *exits)
{
	for (size_t i = 0; i < exits->n; i++)
		p[exits->at[i]].off = (short)(n - exits->at[i] - 1);
}

static void compile_type_and_major(const struct cgroup_device_rule *rule, struct bpf_insn *p,
				   size_t *n, struct exits *exits)
{
	if (rule->type != 'a')
		jump_past(p, n, exits,
			  jump(BPF_JNE, REG_TYPE,
			       rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
	if (rule->major != ANY)
		jump_past(p, n, exits, jump(BPF_JNE, REG_MAJOR, rule->major));
}

/* All that may be asked for, to devices that differ in their minor numbers alone. */
static bool is_like(const struct cgroup_device_rule *a, const struct cgroup_device_rule *b)
{
	return a->allow && b->allow && a->access == RWM && b->access == RWM && a->type == b->type &&
	       a->major == b->major && a->minor != ANY && b->minor != ANY;
}

/* @last and the @more before it, which are like it: any of the minor numbers will do. */
static size_t compile_minors(const struct cgroup_device_rule *last, size_t more, struct bpf_insn *p)
{
	struct exits exits = { 0 };
	size_t n = 0;

	compile_type_and_major(last, p, &n, &exits);
	for (; more; more--, last--) {
		p[n] = jump(BPF_JEQ, REG_MINOR, last->minor);
		p[n++].off = (short)more; /* past the others' to the answer */
	}
	if (last->minor != ANY)
		jump_past(p, &n, &exits, jump(BPF_JNE, REG_MINOR, last->minor));
	answer(p, &n, true);
	settle(p, n, &exits);
	return n;
}

static size_t compile_rule(const struct cgroup_device_rule *rule, struct bpf_insn *p)
{
	struct exits exits = { 0 };
	size_t n = 0, skip;

	compile_type_and_major(rule, p, &n, &exits);
	if (rule->minor != ANY)
		jump_past(p, &n, &exits, jump(BPF_JNE, REG_MINOR, rule->minor));
	if (rule->allow) {
		p[n++] = compute(BPF_AND, REG_ASKED, ~(int64_t)rule->access);
		skip = n;
		p[n++] = jump(BPF_JNE, REG_ASKED, 0);
	} else {
		p[n++] = copy(REG_DENIED, REG_ASKED);
		p[n++] = compute(BPF_AND, REG_DENIED, rule->access);
		skip = n;
		p[n++] = jump(BPF_JEQ, REG_DENIED, 0);
	}
	answer(p, &n, rule->allow);
	settle(p, n, &exits);
	p[skip].off = (short)(n - skip - 1);
	return n;
}

/* Last rule first, and none before one that decides everything. */
static size_t compile_rules(const struct cgroup_device_rule *rules, size_t n, struct bpf_insn *p)
{
	size_t used = 0;
	bool allow = false;

	while (n) {
		const struct cgroup_device_rule *last = &rules[n - 1];
		size_t more = 0;

		allow = last->allow && covers_all(last);
		if (covers_all(last))
			break;
		while (more + 1 < n && is_like(last, last - more - 1))
			more++;
		if (last->allow && last->access == RWM)
			used += compile_minors(last, more, p + used);
		else
			used += compile_rule(last, p + used);
		n -= more + 1;
	}
	answer(p, &used, n && allow);
	return used;
}

/**
 * cgroup_devices_compile() - Turn rules into the program that enforces them
 * @rules:	Later ones override earlier ones; what none mentions is denied
 * @program:	Room for CGROUP_DEVICES_PROGRAM_MAX(@n) instructions
 *
 * Return: the number of instructions
 */
size_t cgroup_devices_compile(const struct cgroup_device_rule *rules, size_t n,
			      struct bpf_insn *program)
{
	size_t used = 0;

	program[used++] = load(REG_TYPE, REG_CONTEXT,
			       offsetof(struct bpf_cgroup_dev_ctx, access_type));
	program[used++] = load(REG_MAJOR, REG_CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, major));
	program[used++] = load(REG_MINOR, REG_CONTEXT, offsetof(struct bpf_cgroup_dev_ctx, minor));
	program[used++] = copy(REG_ASKED, REG_TYPE);
	program[used++] = compute(BPF_RSH, REG_ASKED, 16);
	program[used++] = compute(BPF_AND, REG_TYPE, 0xffff);
	return used + compile_rules(rules, n, program + used);
}

static int sys_bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* A loaded program, which the caller closes. */
static int load_program(const struct cgroup_device_rule *rules, size_t n, struct error *err)
{
	autofree struct bpf_insn *program = NULL;
	union bpf_attr attr;
	int fd;

	if (n > CGROUP_DEVICE_MAX_RULES)
		return error_set(err, E2BIG, "compile the device rules: more than %d",
				 CGROUP_DEVICE_MAX_RULES);
	program = xcalloc(CGROUP_DEVICES_PROGRAM_MAX(n), sizeof(*program));
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insn_cnt = (unsigned int)cgroup_devices_compile(rules, n, program);
	attr.insns = (uint64_t)(uintptr_t)program;
	attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
	memcpy(attr.prog_name, PROGRAM_NAME, sizeof(PROGRAM_NAME));
	fd = sys_bpf(BPF_PROG_LOAD, &attr); /* close-on-exec by itself */
	return fd < 0 ? error_sys(err, errno, "load the BPF program of the device rules") : fd;
}

/* Attach one more program, or put it in the place of another (@instead; -1: none). */
static int attach_program(int dirfd, int program, int instead, struct error *err)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (unsigned int)dirfd;
	attr.attach_bpf_fd = (unsigned int)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (instead >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (unsigned int)instead;
	}
	if (sys_bpf(BPF_PROG_ATTACH, &attr) < 0)
		return error_sys(err, errno, "attach the device rules to the cgroup");
	return 0;
}

/**
 * cgroup_devices_attach() - Enforce device rules in a cgroup and below
 * @n:		At most CGROUP_DEVICE_MAX_RULES
 *
 * Programs of the cgroups above stay in force. It goes with the cgroup.
 *
 * Return: 0, -E2BIG, or -errno of bpf(): -EPERM without CAP_BPF and CAP_NET_ADMIN
 */
int cgroup_devices_attach(int dirfd, const struct cgroup_device_rule *rules, size_t n,
			  struct error *err)
{
	autoclose int program = load_program(rules, n, err);

	return program < 0 ? program : attach_program(dirfd, program, -1, err);
}

static bool is_ours(int program)
{
	struct bpf_prog_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (unsigned int)program;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && !strcmp(info.name, PROGRAM_NAME);
}

/* The program that we attached to a cgroup, to be closed; -ENOENT: none. Others' are passed over. */
static int find_program(int dirfd, struct error *err)
{
	uint32_t ids[MAX_PROGRAMS];
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (unsigned int)dirfd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = MAX_PROGRAMS;
	if (sys_bpf(BPF_PROG_QUERY, &attr) < 0)
		return error_sys(err, errno, "list the device rules of the cgroup");
	for (uint32_t i = 0, n = attr.query.prog_cnt; i < n; i++) {
		autoclose int program = -1;

		memset(&attr, 0, sizeof(attr));
		attr.prog_id = ids[i];
		program = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
		if (program >= 0 && is_ours(program))
			return steal_fd(&program);
	}
	return -ENOENT;
}

/**
 * cgroup_devices_replace() - Enforce other device rules than before in a cgroup
 *
 * At no time is there no rule or a mixture: the kernel exchanges the programs.
 *
 * Return: as cgroup_devices_attach()
 */
int cgroup_devices_replace(int dirfd, const struct cgroup_device_rule *rules, size_t n,
			   struct error *err)
{
	autoclose int program = load_program(rules, n, err), old = -1;

	if (program < 0)
		return program;
	old = find_program(dirfd, err);
	if (old < 0 && old != -ENOENT)
		return old;
	return attach_program(dirfd, program, old, err);
}
