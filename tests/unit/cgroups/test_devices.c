// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/cgroups/test_devices.c - The device program, run by an interpreter of the few
 * instructions it is made of
 */
#include "cgroups/devices.h"

#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/str.h"

#define MAX_STEPS 10000

static uint32_t alu(uint8_t code, uint32_t a, uint32_t b)
{
	switch (BPF_OP(code)) {
	case BPF_MOV:
		return b;
	case BPF_AND:
		return a & b;
	case BPF_RSH:
		return a >> b;
	}
	fail_msg("unexpected operation %#x", code);
	return 0;
}

static uint32_t interpret(const struct bpf_insn *program, size_t n,
			  const struct bpf_cgroup_dev_ctx *ctx)
{
	uint32_t reg[16] = { 0 };
	size_t pc = 0;

	for (int steps = 0; steps < MAX_STEPS; steps++) {
		const struct bpf_insn *i = &program[pc++];
		uint32_t operand = BPF_SRC(i->code) == BPF_X ? reg[i->src_reg] : (uint32_t)i->imm;
		bool equal = reg[i->dst_reg] == operand;

		assert_true(pc <= n);
		switch (BPF_CLASS(i->code)) {
		case BPF_LDX:
			assert_int_equal(i->src_reg, BPF_REG_1);
			reg[i->dst_reg] = ((const uint32_t *)ctx)[i->off / 4];
			break;
		case BPF_ALU:
			reg[i->dst_reg] = alu(i->code, reg[i->dst_reg], operand);
			break;
		case BPF_JMP:
			assert_int_equal(BPF_OP(i->code), BPF_EXIT);
			return reg[0];
		case BPF_JMP32:
			if (BPF_OP(i->code) == BPF_JEQ ? equal : !equal)
				pc += (size_t)i->off;
			break;
		default:
			fail_msg("unexpected instruction %#x", i->code);
		}
	}
	fail_msg("the program does not end");
	return 0;
}

static bool allows(const struct cgroup_device_rule *rules, size_t n, char type, uint32_t major,
		   uint32_t minor, unsigned int access)
{
	struct bpf_insn *program = xcalloc(CGROUP_DEVICES_PROGRAM_MAX(n), sizeof(*program));
	struct bpf_cgroup_dev_ctx ctx = {
		.access_type = access << 16 | (unsigned int)(type == 'b' ? BPF_DEVCG_DEV_BLOCK
									 : BPF_DEVCG_DEV_CHAR),
		.major = major,
		.minor = minor,
	};
	size_t used = cgroup_devices_compile(rules, n, program);
	bool answer;

	assert_true(used <= CGROUP_DEVICES_PROGRAM_MAX(n));
	answer = interpret(program, used, &ctx);
	free(program);
	return answer;
}

#define READ	 CGROUP_DEVICE_READ
#define WRITE	 CGROUP_DEVICE_WRITE
#define MKNOD	 CGROUP_DEVICE_MKNOD
#define DEFAULTS cgroup_default_devices, cgroup_n_default_devices

static void no_rules_deny_everything(void **state)
{
	(void)state;
	assert_false(allows(NULL, 0, 'c', 1, 3, READ));
}

static void defaults_open_null_but_no_disk(void **state)
{
	(void)state;
	assert_true(allows(DEFAULTS, 'c', 1, 3, READ | WRITE));
	assert_true(allows(DEFAULTS, 'c', 136, 77, READ | WRITE));
	assert_false(allows(DEFAULTS, 'c', 1, 1, READ)); /* mem */
	assert_false(allows(DEFAULTS, 'b', 8, 0, READ));
	assert_false(allows(DEFAULTS, 'b', 1, 3, READ));
	assert_true(allows(DEFAULTS, 'b', 8, 0, MKNOD));
	assert_false(allows(DEFAULTS, 'b', 8, 0, MKNOD | READ));
}

static void later_rules_override(void **state)
{
	const struct cgroup_device_rule rules[] = {
		{ true, 'a', CGROUP_DEVICE_ANY, CGROUP_DEVICE_ANY, CGROUP_DEVICE_ALL },
		{ false, 'b', 8, CGROUP_DEVICE_ANY, WRITE },
	};

	(void)state;
	assert_true(allows(rules, 2, 'b', 8, 1, READ));
	assert_false(allows(rules, 2, 'b', 8, 1, READ | WRITE));
	assert_true(allows(rules, 2, 'b', 9, 1, READ | WRITE));
	assert_true(allows(rules, 2, 'c', 8, 1, WRITE));
}

static void bits_allowed_by_two_rules_add_up(void **state)
{
	const struct cgroup_device_rule rules[] = {
		{ true, 'c', 10, 200, READ },
		{ true, 'c', 10, CGROUP_DEVICE_ANY, WRITE },
	};

	(void)state;
	assert_true(allows(rules, 2, 'c', 10, 200, READ | WRITE));
	assert_false(allows(rules, 2, 'c', 10, 201, READ | WRITE));
	assert_false(allows(rules, 2, 'c', 10, 200, READ | WRITE | MKNOD));
}

static void large_numbers_compare_whole(void **state)
{
	const struct cgroup_device_rule rules[] = { { true, 'c', 4095, 0xfffff, READ } };

	(void)state;
	assert_true(allows(rules, 1, 'c', 4095, 0xfffff, READ));
	assert_false(allows(rules, 1, 'c', 4095, 0xffffe, READ));
}

/* The kernel refuses a program with instructions that cannot be reached. */
static void assert_all_reached(const struct bpf_insn *program, size_t n)
{
	bool *reached = xcalloc(n, sizeof(*reached));

	reached[0] = true;
	for (size_t i = 0; i < n; i++) {
		assert_true(reached[i]);
		if (BPF_CLASS(program[i].code) == BPF_JMP32) {
			assert_in_range(program[i].off, 0, n - i - 2);
			reached[i + 1 + (size_t)program[i].off] = true;
		}
		if (program[i].code != (BPF_JMP | BPF_EXIT) && i + 1 < n)
			reached[i + 1] = true;
	}
	free(reached);
}

/* The rules as they are written down, without a program. */
static bool expected(const struct cgroup_device_rule *rules, size_t n, char type, uint32_t major,
		     uint32_t minor, unsigned int access)
{
	while (n--) {
		const struct cgroup_device_rule *r = &rules[n];

		if ((r->type != 'a' && r->type != type) ||
		    (r->major != CGROUP_DEVICE_ANY && r->major != major) ||
		    (r->minor != CGROUP_DEVICE_ANY && r->minor != minor))
			continue;
		if (!r->allow && (access & r->access))
			return false;
		if (r->allow)
			access &= ~r->access;
		if (!access)
			return true;
	}
	return false;
}

/* Few numbers, so that rules meet; always the same sequence. */
static unsigned int next_random(unsigned int *seed, unsigned int below)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % below;
}

static int64_t some(unsigned int *seed, unsigned int below)
{
	return next_random(seed, 4) ? (int64_t)next_random(seed, below) : CGROUP_DEVICE_ANY;
}

static void make_rules(struct cgroup_device_rule *rules, size_t n, unsigned int *seed)
{
	for (size_t i = 0; i < n; i++)
		rules[i] = (struct cgroup_device_rule){
			.allow = next_random(seed, 3) > 0,
			.type = "abccc"[next_random(seed, 5)],
			.major = some(seed, 2),
			.minor = some(seed, 3),
			.access = next_random(seed, 2) ? CGROUP_DEVICE_ALL
						       : 1 + next_random(seed, 7),
		};
}

static void programs_do_what_their_rules_say(void **state)
{
	struct cgroup_device_rule rules[8];
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 1000; round++) {
		size_t n = next_random(&seed, 9);
		struct bpf_insn program[CGROUP_DEVICES_PROGRAM_MAX(8)];

		make_rules(rules, n, &seed);
		assert_all_reached(program, cgroup_devices_compile(rules, n, program));
		for (unsigned int i = 0; i < 2 * 3 * 4 * 7; i++) {
			char type = i % 2 ? 'b' : 'c';
			uint32_t major = i / 2 % 3, minor = i / 6 % 4;
			unsigned int access = 1 + i / 24;

			assert_int_equal(allows(rules, n, type, major, minor, access),
					 expected(rules, n, type, major, minor, access));
		}
	}
}

static void neighbours_share_their_tests(void **state)
{
	struct bpf_insn program[CGROUP_DEVICES_PROGRAM_MAX(12)];

	(void)state;
	/* Five of major number 1 and two of 5 would be 8 instructions each. */
	assert_in_range(cgroup_devices_compile(DEFAULTS, program), 1, 45);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_rules_deny_everything),
		cmocka_unit_test(defaults_open_null_but_no_disk),
		cmocka_unit_test(later_rules_override),
		cmocka_unit_test(bits_allowed_by_two_rules_add_up),
		cmocka_unit_test(large_numbers_compare_whole),
		cmocka_unit_test(programs_do_what_their_rules_say),
		cmocka_unit_test(neighbours_share_their_tests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
