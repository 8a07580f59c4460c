// SPDX-License-Identifier: Apache-2.0
/*
 * tests/unit/runtime/test_seccomp.c - Programs answer as libseccomp's do
 *
 * A small BPF machine runs our programs and those that libseccomp writes for
 * the same rules, for every system call number and many arguments: the answers
 * must be equal. Where libseccomp has no opinion (x32, numbers it does not
 * know, rules that overlap) the expectation is spelled out.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "base/sys.h"
#include "runtime/capability.h"
#include "runtime/gen/seccomp_default.h"
#include "runtime/seccomp.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define ALLOW	     SECCOMP_RET_ALLOW
#define FAILS(e)     (SECCOMP_RET_ERRNO | (e))
#define N_NUMBERS    600 /* compared with libseccomp, past the last real one */
#define INT_IS(n, v) SCMP_CMP(n, SCMP_CMP_MASKED_EQ, 0xffffffff, v)

#define autoprogram __attribute__((cleanup(seccomp_done)))

/* --- the machine --- */

static uint32_t load(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t word;

	assert_true(offset % 4 == 0 && offset + 4 <= sizeof(*data));
	memcpy(&word, (const char *)data + offset, sizeof(word));
	return word;
}

static bool jump_taken(const struct sock_filter *insn, uint32_t a)
{
	switch (BPF_OP(insn->code)) {
	case BPF_JEQ:
		return a == insn->k;
	case BPF_JGT:
		return a > insn->k;
	case BPF_JGE:
		return a >= insn->k;
	case BPF_JSET:
		return (a & insn->k) != 0;
	}
	fail_msg("unexpected jump %#x", insn->code);
	return false;
}

static uint32_t run(const struct seccomp_program *p, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < p->n; pc++) {
		const struct sock_filter *insn = &p->insns[pc];

		switch (BPF_CLASS(insn->code)) {
		case BPF_LD:
			a = load(data, insn->k);
			break;
		case BPF_ALU:
			assert_int_equal(BPF_OP(insn->code), BPF_AND);
			a &= insn->k;
			break;
		case BPF_JMP:
			if (BPF_OP(insn->code) == BPF_JA)
				pc += insn->k;
			else
				pc += jump_taken(insn, a) ? insn->jt : insn->jf;
			break;
		case BPF_RET:
			return insn->k;
		default:
			fail_msg("unexpected instruction %#x", insn->code);
		}
	}
	fail_msg("ran off the end");
	return 0;
}

static uint32_t ask(const struct seccomp_program *p, uint32_t audit_arch, uint32_t nr, uint64_t a0,
		    uint64_t a1, uint64_t a2)
{
	struct seccomp_data data = { .nr = (int)nr, .arch = audit_arch, .args = { a0, a1, a2 } };

	return run(p, &data);
}

/* --- libseccomp as the oracle: one filter for one architecture --- */

struct arch {
	uint32_t audit, token;
	int late;
	bool is_32bit;
};

static const struct arch native = {
#if defined(__x86_64__)
	AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64, SECCOMP_NAME_X86_64, false
#else
	AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64, SECCOMP_NAME_AARCH64, false
#endif
};
static const struct arch i386 = { AUDIT_ARCH_I386, SCMP_ARCH_X86, SECCOMP_NAME_I386, true };

static scmp_filter_ctx oracle_new(const struct arch *arch, uint32_t default_action)
{
	scmp_filter_ctx ctx = seccomp_init(default_action);

	assert_non_null(ctx);
	if (arch->token != seccomp_arch_native()) {
		assert_int_equal(seccomp_arch_add(ctx, arch->token), 0);
		assert_int_equal(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	}
	return ctx;
}

static struct seccomp_program oracle_finish(scmp_filter_ctx ctx)
{
	struct seccomp_program p = { 0 };
	int fd = memfd_create("oracle", MFD_CLOEXEC);
	off_t size;

	assert_true(fd >= 0);
	assert_int_equal(seccomp_export_bpf(ctx, fd), 0);
	seccomp_release(ctx);
	size = lseek(fd, 0, SEEK_END);
	p.n = (uint16_t)((size_t)size / sizeof(struct sock_filter));
	p.insns = xmalloc((size_t)size);
	assert_int_equal(pread(fd, p.insns, (size_t)size, 0), size);
	(void)close(fd);
	return p;
}

static int number_of(const struct arch *arch, const char *name)
{
	for (size_t i = 0; i < SECCOMP_N_LATE_NAMES; i++)
		if (seccomp_late_names[i].archs & arch->late &&
		    strcmp(seccomp_late_names[i].name, name) == 0)
			return seccomp_late_names[i].nr;
	return seccomp_syscall_resolve_name_arch(arch->token, name);
}

/*
 * libseccomp wants the number (or its pseudo number) of the native architecture
 * and translates. What it has no name for it takes natively only.
 */
static bool oracle_knows(const struct arch *arch, const char *name)
{
	return !arch->is_32bit || seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

static void oracle_add(scmp_filter_ctx ctx, const struct arch *arch, uint32_t action,
		       const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);
	int ret;

	if (!oracle_knows(arch, name))
		return;
	if (nr == __NR_SCMP_ERROR)
		nr = number_of(arch, name);
	if (nr == __NR_SCMP_ERROR)
		return;
	ret = seccomp_rule_add(ctx, action, nr, 0);
	if (ret != 0 && ret != -EACCES) /* the default already */
		fail_msg("libseccomp refuses '%s': %d", name, ret);
}

static bool is_listed(const struct arch *arch, int nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(seccomp_allowed); i++)
		if (number_of(arch, seccomp_allowed[i]) == nr)
			return true;
	for (size_t i = 0; arch->is_32bit && i < ARRAY_SIZE(seccomp_allowed_compat); i++)
		if (number_of(arch, seccomp_allowed_compat[i]) == nr)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(seccomp_conditional); i++)
		if (number_of(arch, seccomp_conditional[i].name) == nr)
			return true;
	return false;
}

/* The default profile without its rules about arguments; their calls keep ENOSYS. */
static struct seccomp_program oracle_default(const struct arch *arch, uint64_t caps)
{
	scmp_filter_ctx ctx = oracle_new(arch, SCMP_ACT_ERRNO(ENOSYS));

	for (size_t i = 0; arch->is_32bit && i < ARRAY_SIZE(seccomp_allowed_compat); i++)
		oracle_add(ctx, arch, SCMP_ACT_ALLOW, seccomp_allowed_compat[i]);
	for (size_t i = 0; i < ARRAY_SIZE(seccomp_allowed); i++)
		oracle_add(ctx, arch, SCMP_ACT_ALLOW, seccomp_allowed[i]);
	for (size_t i = 0; i < ARRAY_SIZE(seccomp_conditional); i++) {
		const struct seccomp_conditional *c = &seccomp_conditional[i];
		enum seccomp_rule rule = !c->caps || caps & c->caps ? c->rule : c->without;

		if (rule == SECCOMP_RULE_ALLOW)
			oracle_add(ctx, arch, SCMP_ACT_ALLOW, c->name);
		else if (rule == SECCOMP_RULE_REFUSE)
			oracle_add(ctx, arch, SCMP_ACT_ERRNO(EPERM), c->name);
	}
	for (int nr = 0; nr <= SECCOMP_LAST_REVIEWED; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(arch->token, nr);

		if (name && !is_listed(arch, nr))
			oracle_add(ctx, arch, SCMP_ACT_ERRNO(EPERM), name);
		free(name);
	}
	return oracle_finish(ctx);
}

/* Numbers that libseccomp cannot express for 32-bit calls. */
static bool oracle_is_blind(const struct arch *arch, uint32_t nr)
{
	for (size_t i = 0; i < SECCOMP_N_LATE_NAMES; i++)
		if (seccomp_late_names[i].nr == nr &&
		    !oracle_knows(arch, seccomp_late_names[i].name))
			return true;
	return false;
}

static enum seccomp_rule rule_of(const struct arch *arch, uint32_t nr, uint64_t caps)
{
	for (size_t i = 0; i < ARRAY_SIZE(seccomp_conditional); i++) {
		const struct seccomp_conditional *c = &seccomp_conditional[i];

		if (number_of(arch, c->name) == (int)nr)
			return !c->caps || caps & c->caps ? c->rule : c->without;
	}
	return SECCOMP_RULE_ALLOW;
}

static void compare_default(const struct arch *arch, uint64_t caps)
{
	autoprogram struct seccomp_program ours = { 0 }, oracle = oracle_default(arch, caps);

	assert_int_equal(seccomp_default(caps, SECCOMP_COMPAT, &ours), 0);
	for (uint32_t nr = 0; nr < N_NUMBERS; nr++) {
		uint32_t got = ask(&ours, arch->audit, nr, 0, 0, 0);
		uint32_t want = ask(&oracle, arch->audit, nr, 0, 0, 0);

		if (rule_of(arch, nr, caps) >= SECCOMP_RULE_SOCKET || oracle_is_blind(arch, nr))
			continue;
		if (got != want)
			fail_msg("system call %u of %#x with caps %#llx: %#x, libseccomp %#x", nr,
				 arch->audit, (unsigned long long)caps, got, want);
	}
}

/* --- the default profile --- */

static void default_profile_answers_as_libseccomp_for_any_capabilities(void **state)
{
	(void)state;
	compare_default(&native, 0);
	compare_default(&native, CAPABILITY_DEFAULT);
	compare_default(&native, CAPABILITY_ALL);
	for (int n = 0; n <= CAP_LAST_CAP; n++)
		compare_default(&native, CAPABILITY_BIT(n));
}

static void default_profile_answers_as_libseccomp_for_32_bit_calls(void **state)
{
	(void)state;
	if (seccomp_default_n_compat == 0)
		skip();
	compare_default(&i386, CAPABILITY_DEFAULT);
	compare_default(&i386, CAPABILITY_ALL);
}

static void default_profile_allows_at_most_280_system_calls(void **state)
{
	autoprogram struct seccomp_program p = { 0 };
	int allowed = 0;

	(void)state;
	assert_int_equal(seccomp_default(CAPABILITY_DEFAULT, 0, &p), 0);
	for (uint32_t nr = 0; nr < N_NUMBERS; nr++) {
		uint32_t plain = ask(&p, native.audit, nr, 0, 0, 0);
		uint32_t family = ask(&p, native.audit, nr, AF_UNIX, 0, 0);

		allowed += plain == ALLOW || family == ALLOW;
	}
	print_message("allowed system calls: %d, instructions: %d\n", allowed, p.n);
	assert_in_range(allowed, 250, 280);
}

/* A rule about arguments against libseccomp's: same default, same tests. */
static void compare_rule(const char *name, uint64_t caps, scmp_filter_ctx ctx)
{
	static const uint64_t values[] = { 0,
					   1,
					   2,
					   8,
					   9,
					   10,
					   15,
					   16,
					   17,
					   31,
					   38,
					   40,
					   0x11,
					   0x80,
					   0x12f,
					   0x200,
					   0x20000,
					   0x20008,
					   0x5401,
					   0x5412,
					   0x541c,
					   0x2000000,
					   0x10000000,
					   0x40000000,
					   0x7e020000,
					   0x01200011,
					   0xffffffff,
					   1ULL << 32,
					   (1ULL << 32) | 0x5412,
					   (1ULL << 32) | 38,
					   0xffffffff00000010,
					   UINT64_MAX };
	autoprogram struct seccomp_program ours = { 0 }, oracle = oracle_finish(ctx);
	uint32_t nr = (uint32_t)number_of(&native, name);

	assert_int_equal(seccomp_default(caps, 0, &ours), 0);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		for (size_t k = 0; k < ARRAY_SIZE(values); k++)
			for (uint64_t proto = 0; proto < 17; proto++) {
				uint64_t a = values[i], b = values[k];
				uint32_t got = ask(&ours, native.audit, nr, a, b, proto);
				uint32_t want = ask(&oracle, native.audit, nr, a, b, proto);

				if (got != want)
					fail_msg("%s(%#llx, %#llx, %#llx): %#x, libseccomp %#x",
						 name, (unsigned long long)a, (unsigned long long)b,
						 (unsigned long long)proto, got, want);
			}
}

static scmp_filter_ctx socket_oracle(const char *name)
{
	scmp_filter_ctx ctx = oracle_new(&native, SCMP_ACT_ERRNO(EAFNOSUPPORT));
	int nr = number_of(&native, name);

	assert_int_equal(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 1, INT_IS(0, AF_UNIX)), 0);
	assert_int_equal(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 1, INT_IS(0, AF_INET)), 0);
	assert_int_equal(seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 1, INT_IS(0, AF_INET6)), 0);
	return ctx;
}

static void sockets_are_of_four_families_and_netlink_of_routes(void **state)
{
	scmp_filter_ctx ctx;

	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "socketpair" : "socket";
		int nr = number_of(&native, name);

		ctx = socket_oracle(name);
		(void)seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 2, INT_IS(0, AF_NETLINK),
				       INT_IS(2, 0));
		compare_rule(name, CAPABILITY_DEFAULT, ctx);
	}
}

static void capabilities_open_packet_and_netlink_sockets(void **state)
{
	scmp_filter_ctx ctx = socket_oracle("socket");
	int nr = number_of(&native, "socket");

	(void)state;
	(void)seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 1, INT_IS(0, AF_NETLINK));
	compare_rule("socket", CAPABILITY_BIT(CAP_NET_ADMIN), ctx);
	ctx = socket_oracle("socket");
	(void)seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 2, INT_IS(0, AF_NETLINK), INT_IS(2, 0));
	(void)seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 1, INT_IS(0, AF_PACKET));
	compare_rule("socket", CAPABILITY_BIT(CAP_NET_RAW), ctx);
	ctx = socket_oracle("socket");
	(void)seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 2, INT_IS(0, AF_NETLINK), INT_IS(2, 0));
	(void)seccomp_rule_add(ctx, SCMP_ACT_ALLOW, nr, 2, INT_IS(0, AF_NETLINK), INT_IS(2, 9));
	compare_rule("socket", CAPABILITY_BIT(CAP_AUDIT_WRITE), ctx);
}

static void namespaces_are_not_made_by_clone_or_unshare(void **state)
{
	scmp_filter_ctx ctx = oracle_new(&native, SCMP_ACT_ERRNO(EPERM));

	(void)state;
	(void)seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
			       SCMP_A0(SCMP_CMP_MASKED_EQ, 0x7e020000, 0));
	compare_rule("clone", CAPABILITY_DEFAULT, ctx);
	ctx = oracle_new(&native, SCMP_ACT_ERRNO(EPERM));
	(void)seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(unshare), 1,
			       SCMP_A0(SCMP_CMP_MASKED_EQ, 0x7e020080, 0));
	compare_rule("unshare", CAPABILITY_DEFAULT, ctx);
}

static void personality_takes_known_values_only(void **state)
{
	static const uint32_t known[] = { 0, 8, 0x20000, 0x20008, 0xffffffff };
	scmp_filter_ctx ctx = oracle_new(&native, SCMP_ACT_ERRNO(EPERM));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		(void)seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(personality), 1,
				       INT_IS(0, known[i]));
	compare_rule("personality", CAPABILITY_DEFAULT, ctx);
}

static void ioctl_cannot_type_into_a_terminal(void **state)
{
	scmp_filter_ctx ctx = oracle_new(&native, SCMP_ACT_ALLOW);

	(void)state;
	(void)seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1, INT_IS(1, TIOCSTI));
	(void)seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
			       INT_IS(1, TIOCLINUX));
	compare_rule("ioctl", CAPABILITY_DEFAULT, ctx);
}

static void x32_and_unknown_numbers_do_not_exist(void **state)
{
	static const uint32_t odd[] = { 600,	    1023,	1024,	    0x3fffffff,
					0x40000000, 0x400001ff, 0x4fffffff, 0x7fffffff,
					0x80000000, 0xc0000001, 0xffffffff };
	autoprogram struct seccomp_program p = { 0 };

	(void)state;
	assert_int_equal(seccomp_default(CAPABILITY_ALL, SECCOMP_COMPAT, &p), 0);
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
		assert_int_equal(ask(&p, native.audit, odd[i], 0, 0, 0), FAILS(ENOSYS));
	for (uint32_t nr = 0x40000000; nr < 0x40000000 + N_NUMBERS; nr++)
		assert_int_equal(ask(&p, native.audit, nr, 0, 0, 0), FAILS(ENOSYS));
}

static void other_architectures_kill_unless_asked_for(void **state)
{
	autoprogram struct seccomp_program plain = { 0 }, compat = { 0 };

	(void)state;
	assert_int_equal(seccomp_default(CAPABILITY_ALL, 0, &plain), 0);
	assert_int_equal(seccomp_default(CAPABILITY_ALL, SECCOMP_COMPAT, &compat), 0);
	for (uint32_t nr = 0; nr < N_NUMBERS; nr++) {
		assert_int_equal(ask(&plain, AUDIT_ARCH_I386, nr, 1, 1, 1),
				 SECCOMP_RET_KILL_PROCESS);
		assert_int_equal(ask(&compat, AUDIT_ARCH_ARM, nr, 1, 1, 1),
				 SECCOMP_RET_KILL_PROCESS);
	}
	if (seccomp_default_n_compat)
		assert_int_equal(ask(&compat, AUDIT_ARCH_I386, 102, 1, 0, 0), ALLOW);
}

static void default_profile_is_made_in_microseconds(void **state)
{
	struct timespec from, to;
	int64_t best_ns = INT64_MAX;

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct seccomp_program p;
		int64_t ns;

		clock_gettime(CLOCK_MONOTONIC, &from);
		(void)seccomp_default(CAPABILITY_DEFAULT, 0, &p);
		clock_gettime(CLOCK_MONOTONIC, &to);
		seccomp_done(&p);
		ns = (to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec;
		best_ns = ns < best_ns ? ns : best_ns;
	}
	print_message("default program made in %lld ns\n", (long long)best_ns);
	assert_in_range(best_ns, 1, 1000000); /* 100 us promised; room for sanitizers */
}

/* --- profiles --- */

static struct seccomp_program from_text(const char *text, uint64_t caps)
{
	autojson struct json *v = NULL;
	struct seccomp_program p = { 0 };
	struct error err = { 0 };

	v = json_parse(text, strlen(text), &err);
	if (!v)
		fail_msg("%s", err.msg);
	if (seccomp_from_profile(v, caps, &p, &err) < 0)
		fail_msg("%s", err.msg);
	return p;
}

/* Small, with what docker's own profile uses. */
static const char docker_profile[] =
	"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 1,"
	" \"archMap\": [{\"architecture\": \"SCMP_ARCH_X86_64\","
	"  \"subArchitectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]}],"
	" \"syscalls\": ["
	"  {\"names\": [\"read\", \"write\", \"no_such_call\", \"mseal\"],"
	"   \"action\": \"SCMP_ACT_ALLOW\"},"
	"  {\"names\": [\"ptrace\"], \"action\": \"SCMP_ACT_ALLOW\","
	"   \"includes\": {\"minKernel\": \"4.8\"}},"
	"  {\"names\": [\"getpid\"], \"action\": \"SCMP_ACT_ALLOW\","
	"   \"includes\": {\"minKernel\": \"99.0\"}},"
	"  {\"names\": [\"personality\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\":"
	"   [{\"index\": 0, \"value\": 8, \"op\": \"SCMP_CMP_EQ\"}]},"
	"  {\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 22, \"args\":"
	"   [{\"index\": 0, \"value\": 16, \"op\": \"SCMP_CMP_EQ\"},"
	"    {\"index\": 2, \"value\": 9, \"op\": \"SCMP_CMP_EQ\"}],"
	"   \"excludes\": {\"caps\": [\"CAP_AUDIT_WRITE\"]}},"
	"  {\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\":"
	"   [{\"index\": 2, \"value\": 9, \"op\": \"SCMP_CMP_NE\"}]},"
	"  {\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\","
	"   \"includes\": {\"caps\": [\"CAP_AUDIT_WRITE\"]}},"
	"  {\"names\": [\"clone\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\":"
	"   [{\"index\": 0, \"value\": 2114060288, \"valueTwo\": 0,"
	"     \"op\": \"SCMP_CMP_MASKED_EQ\"}],"
	"   \"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\"], \"arches\": [\"s390\"]}},"
	"  {\"names\": [\"clone\", \"bpf\"], \"action\": \"SCMP_ACT_ALLOW\","
	"   \"includes\": {\"caps\": [\"CAP_SYS_ADMIN\", \"CAP_BPF\"]}},"
	"  {\"names\": [\"clone3\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 38,"
	"   \"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}},"
	"  {\"names\": [\"sync_file_range2\"], \"action\": \"SCMP_ACT_ALLOW\","
	"   \"includes\": {\"arches\": [\"ppc64le\"]}},"
	"  {\"names\": [\"times\"], \"action\": \"SCMP_ACT_ALLOW\","
	"   \"includes\": {\"arches\": [\"amd64\", \"arm64\"]}}"
	" ]}";

static uint32_t by_name(const struct seccomp_program *p, const char *name, uint64_t a0, uint64_t a2)
{
	return ask(p, native.audit, (uint32_t)number_of(&native, name), a0, 0, a2);
}

static void sockets_for_device_events_are_for_systemd(void **state)
{
	struct seccomp_program p;

	(void)state;
	assert_int_equal(seccomp_default(CAPABILITY_DEFAULT, SECCOMP_UEVENTS, &p), 0);
	assert_int_equal(by_name(&p, "socket", AF_NETLINK, 15), SECCOMP_RET_ALLOW);
	assert_int_equal(by_name(&p, "socket", AF_NETLINK, 0), SECCOMP_RET_ALLOW);
	assert_int_not_equal(by_name(&p, "socket", AF_NETLINK, 9), SECCOMP_RET_ALLOW);
	assert_int_not_equal(by_name(&p, "mount", 0, 0), SECCOMP_RET_ALLOW);
	seccomp_done(&p);
}

static void profile_follows_docker(void **state)
{
	autoprogram struct seccomp_program p = from_text(docker_profile, CAPABILITY_DEFAULT);

	(void)state;
	assert_int_equal(by_name(&p, "read", 0, 0), ALLOW);
	assert_int_equal(by_name(&p, "mseal", 0, 0), ALLOW);
	assert_int_equal(by_name(&p, "mount", 0, 0), FAILS(EPERM));
	assert_int_equal(by_name(&p, "ptrace", 0, 0), ALLOW);
	assert_int_equal(by_name(&p, "getpid", 0, 0), FAILS(EPERM));
	assert_int_equal(by_name(&p, "personality", 8, 0), ALLOW);
	assert_int_equal(by_name(&p, "personality", 9, 0), FAILS(EPERM));
	assert_int_equal(by_name(&p, "personality", 1ULL << 32 | 8, 0), FAILS(EPERM));
	assert_int_equal(by_name(&p, "socket", 16, 9), FAILS(EINVAL));
	assert_int_equal(by_name(&p, "socket", 16, 0), ALLOW);
	assert_int_equal(by_name(&p, "socket", 2, 9), FAILS(EPERM));
	assert_int_equal(by_name(&p, "clone", 17, 0), ALLOW);
	assert_int_equal(by_name(&p, "clone", CLONE_NEWUSER, 0), FAILS(EPERM));
	assert_int_equal(by_name(&p, "bpf", 0, 0), FAILS(EPERM));
	assert_int_equal(by_name(&p, "clone3", 0, 0), FAILS(ENOSYS));
	assert_int_equal(by_name(&p, "times", 0, 0), ALLOW);
}

static void profile_depends_on_capabilities(void **state)
{
	uint64_t admin = CAPABILITY_BIT(CAP_SYS_ADMIN);
	autoprogram struct seccomp_program some = from_text(docker_profile, admin);
	autoprogram struct seccomp_program all = from_text(docker_profile, CAPABILITY_ALL);

	(void)state;
	/* includes.caps wants all of them */
	assert_int_equal(by_name(&some, "bpf", 0, 0), FAILS(EPERM));
	assert_int_equal(by_name(&some, "clone", 17, 0), FAILS(EPERM));
	assert_int_equal(by_name(&some, "clone3", 0, 0), FAILS(EPERM));
	assert_int_equal(by_name(&all, "bpf", 0, 0), ALLOW);
	assert_int_equal(by_name(&all, "clone", CLONE_NEWUSER, 0), ALLOW);
	assert_int_equal(by_name(&all, "socket", 16, 9), ALLOW);
}

static void profile_answers_enosys_to_what_it_does_not_know(void **state)
{
	autoprogram struct seccomp_program p = from_text(docker_profile, 0);
	autoprogram struct seccomp_program open =
		from_text("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": "
			  "[{\"names\": [\"getpid\"], \"action\": \"SCMP_ACT_KILL_PROCESS\"}]}",
			  0);
	autoprogram struct seccomp_program last =
		from_text("{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": "
			  "[{\"names\": [\"mseal\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": "
			  "[{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]}]}",
			  0);
	uint32_t mseal = (uint32_t)number_of(&native, "mseal");

	(void)state;
	assert_int_equal(ask(&last, native.audit, mseal, 1, 0, 0), ALLOW);
	assert_int_equal(ask(&last, native.audit, mseal, 2, 0, 0), FAILS(EPERM));
	assert_int_equal(ask(&last, native.audit, mseal + 1, 1, 0, 0), FAILS(ENOSYS));
	assert_int_equal(ask(&p, native.audit, mseal - 1, 0, 0, 0), FAILS(EPERM));
	assert_int_equal(ask(&p, native.audit, mseal + 1, 0, 0, 0), FAILS(ENOSYS));
	assert_int_equal(ask(&p, native.audit, 5000, 0, 0, 0), FAILS(ENOSYS));
	assert_int_equal(ask(&open, native.audit, 5000, 0, 0, 0), ALLOW);
	assert_int_equal(by_name(&open, "getpid", 0, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(by_name(&open, "getppid", 0, 0), ALLOW);
	if (native.audit != AUDIT_ARCH_X86_64)
		return;
	assert_int_equal(ask(&open, native.audit, 0x40000000, 0, 0, 0), FAILS(ENOSYS));
	assert_int_equal(ask(&open, AUDIT_ARCH_I386, 20, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
	assert_int_equal(ask(&p, AUDIT_ARCH_I386, 3, 0, 0, 0), ALLOW);
	assert_int_equal(ask(&p, AUDIT_ARCH_I386, 359, 16, 0, 9), FAILS(EINVAL));
}

static void every_action_is_known(void **state)
{
	static const struct {
		const char *name;
		uint32_t action;
	} actions[] = {
		{ "KILL", SECCOMP_RET_KILL_THREAD },
		{ "KILL_THREAD", SECCOMP_RET_KILL_THREAD },
		{ "KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
		{ "TRAP", SECCOMP_RET_TRAP },
		{ "ERRNO", FAILS(13) },
		{ "TRACE", SECCOMP_RET_TRACE | 13 },
		{ "NOTIFY", SECCOMP_RET_USER_NOTIF },
		{ "LOG", SECCOMP_RET_LOG },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		autofree char *text = xasprintf(
			"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": "
			"[\"SECCOMP_FILTER_FLAG_LOG\"], \"syscalls\": [{\"names\": [\"getpid\"], "
			"\"action\": \"SCMP_ACT_%s\"%s}]}",
			actions[i].name,
			actions[i].action & SECCOMP_RET_DATA ? ", \"errnoRet\": 13" : "");
		autoprogram struct seccomp_program p = from_text(text, 0);
		bool notify = actions[i].action == SECCOMP_RET_USER_NOTIF;

		assert_int_equal(by_name(&p, "getpid", 0, 0), actions[i].action);
		assert_int_equal(by_name(&p, "getppid", 0, 0), ALLOW);
		assert_true(p.flags & SECCOMP_FILTER_FLAG_LOG);
		assert_int_equal(!!(p.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER), notify);
	}
}

static uint32_t flags_of(const char *members, const char *action)
{
	autofree char *text = xasprintf("{\"defaultAction\": \"SCMP_ACT_ALLOW\"%s, \"syscalls\": "
					"[{\"names\": [\"getpid\"], \"action\": \"SCMP_ACT_%s\"}]}",
					members, action);
	autoprogram struct seccomp_program p = from_text(text, 0);

	return p.flags;
}

static void flags_are_spec_allow_unless_given(void **state)
{
	(void)state;
	assert_int_equal(flags_of("", "ERRNO"), SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	assert_int_equal(flags_of(", \"flags\": null", "ERRNO"), SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	assert_int_equal(flags_of(", \"flags\": []", "ERRNO"), 0);
	assert_int_equal(flags_of(", \"flags\": [\"SECCOMP_FILTER_FLAG_TSYNC\"]", "ERRNO"), 0);
}

/* The kernel answers EINVAL to it without a listener. */
static void killable_wait_goes_with_a_listener_only(void **state)
{
	static const char flag[] = ", \"flags\": [\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]";

	(void)state;
	assert_int_equal(flags_of(flag, "ERRNO"), 0);
	assert_int_equal(flags_of(flag, "NOTIFY"), SECCOMP_FILTER_FLAG_NEW_LISTENER | 1U << 5);
}

static void every_known_flag_and_architecture_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; seccomp_known_flag(i); i++) {
		autofree char *member = xasprintf(", \"flags\": [\"%s\"]", seccomp_known_flag(i));

		(void)flags_of(member, "NOTIFY");
	}
	assert_true(seccomp_flag_is_supported(0)); /* TSYNC, as old as filters */
	for (size_t i = 0; seccomp_known_arch(i); i++) {
		autofree char *member = xasprintf(", \"architectures\": [\"%s\"]",
						  seccomp_known_arch(i));

		(void)flags_of(member, "ERRNO");
	}
}

static void entries_compete_as_in_libseccomp(void **state)
{
	autoprogram struct seccomp_program p = from_text(
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": ["
		"{\"names\": [\"getpid\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\":"
		" [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]},"
		"{\"names\": [\"getpid\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 5},"
		"{\"names\": [\"getpid\"], \"action\": \"SCMP_ACT_ALLOW\"},"
		"{\"names\": [\"getppid\"], \"action\": \"SCMP_ACT_ALLOW\"},"
		"{\"names\": [\"getppid\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 1},"
		"{\"name\": \"getuid\", \"action\": \"SCMP_ACT_ALLOW\", \"args\":"
		" [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"},"
		"  {\"index\": 0, \"value\": 3, \"op\": \"SCMP_CMP_EQ\"}]}]}",
		0);

	(void)state;
	assert_int_equal(by_name(&p, "getpid", 1, 0), FAILS(5));
	assert_int_equal(by_name(&p, "getpid", 2, 0), FAILS(5));
	assert_int_equal(by_name(&p, "getppid", 0, 0), ALLOW);
	assert_int_equal(by_name(&p, "getuid", 1, 0), ALLOW);
	assert_int_equal(by_name(&p, "getuid", 2, 0), FAILS(EPERM));
	assert_int_equal(by_name(&p, "getuid", 3, 0), ALLOW);
}

/* --- random profiles, against libseccomp and against plain arithmetic --- */

#define MAX_RULES 3
#define MAX_TESTS 3

static const char *const op_names[] = {
	[SCMP_CMP_NE] = "NE",
	[SCMP_CMP_LT] = "LT",
	[SCMP_CMP_LE] = "LE",
	[SCMP_CMP_EQ] = "EQ",
	[SCMP_CMP_GE] = "GE",
	[SCMP_CMP_GT] = "GT",
	[SCMP_CMP_MASKED_EQ] = "MASKED_EQ",
};

struct call {
	const char *name;
	unsigned int n_rules, n_tests[MAX_RULES], error[MAX_RULES];
	struct scmp_arg_cmp tests[MAX_RULES][MAX_TESTS];
};

static uint64_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

/* Near each other, and either half equal often. */
static uint64_t random_value(uint64_t *seed, bool is_32bit)
{
	static const uint64_t values[] = { 0,
					   1,
					   2,
					   5,
					   0x7fffffff,
					   0x80000000,
					   0xfffffffe,
					   0xffffffff,
					   1ULL << 32,
					   1ULL << 32 | 1,
					   5ULL << 32 | 5,
					   2ULL << 32 | 0xffffffff,
					   1ULL << 63,
					   0xffffffffULL << 32,
					   UINT64_MAX };

	return values[next_random(seed) % (is_32bit ? 8 : ARRAY_SIZE(values))];
}

static struct call random_call(uint64_t *seed, const char *name, bool is_32bit)
{
	struct call c = { .name = name, .n_rules = 1 + next_random(seed) % MAX_RULES };

	for (unsigned int r = 0; r < c.n_rules; r++) {
		c.n_tests[r] = 1 + next_random(seed) % MAX_TESTS;
		c.error[r] = 20 + next_random(seed) % 3;
		for (unsigned int t = 0; t < c.n_tests[r]; t++) {
			struct scmp_arg_cmp *cmp = &c.tests[r][t];

			*cmp = (struct scmp_arg_cmp){ .arg = t };
			cmp->op = (enum scmp_compare)(1 + next_random(seed) % 7);
			cmp->datum_a = random_value(seed, is_32bit);
			if (cmp->op == SCMP_CMP_MASKED_EQ)
				cmp->datum_b = random_value(seed, is_32bit) & cmp->datum_a;
		}
	}
	return c;
}

static void print_call(struct str *json, const struct call *c)
{
	for (unsigned int r = 0; r < c->n_rules; r++) {
		str_printf(json, ",{\"names\": [\"%s\"], \"action\": \"SCMP_ACT_ERRNO\", ",
			   c->name);
		str_printf(json, "\"errnoRet\": %u, \"args\": [", c->error[r]);
		for (unsigned int t = 0; t < c->n_tests[r]; t++) {
			const struct scmp_arg_cmp *cmp = &c->tests[r][t];

			str_printf(json, "%s{\"index\": %u, \"op\": \"SCMP_CMP_%s\", ",
				   t ? "," : "", cmp->arg, op_names[cmp->op]);
			str_printf(json, "\"value\": %llu, \"valueTwo\": %llu}",
				   (unsigned long long)cmp->datum_a,
				   (unsigned long long)cmp->datum_b);
		}
		str_puts(json, "]}");
	}
}

static bool holds(const struct scmp_arg_cmp *cmp, uint64_t arg)
{
	switch (cmp->op) {
	case SCMP_CMP_NE:
		return arg != cmp->datum_a;
	case SCMP_CMP_LT:
		return arg < cmp->datum_a;
	case SCMP_CMP_LE:
		return arg <= cmp->datum_a;
	case SCMP_CMP_EQ:
		return arg == cmp->datum_a;
	case SCMP_CMP_GE:
		return arg >= cmp->datum_a;
	case SCMP_CMP_GT:
		return arg > cmp->datum_a;
	default:
		return (arg & cmp->datum_a) == cmp->datum_b;
	}
}

static uint32_t expect(const struct call *c, const uint64_t *args)
{
	for (unsigned int r = 0; r < c->n_rules; r++) {
		bool all = true;

		for (unsigned int t = 0; t < c->n_tests[r]; t++)
			all = all && holds(&c->tests[r][t], args[c->tests[r][t].arg]);
		if (all)
			return FAILS(c->error[r]);
	}
	return ALLOW;
}

static struct seccomp_program program_of(const struct call *calls, size_t n)
{
	autostr struct str json = { 0 };

	str_puts(&json, "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": "
			"[\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\"], \"syscalls\": "
			"[{\"names\": [], \"action\": \"SCMP_ACT_ALLOW\"}");
	for (size_t i = 0; i < n; i++)
		print_call(&json, &calls[i]);
	str_puts(&json, "]}");
	return from_text(json.data, 0);
}

/* Names with a number of their own on both architectures. */
static const char *const random_names[] = {
	"read",	  "write", "open",   "close",  "lseek",	  "mprotect", "brk",	"ioctl",
	"access", "pipe",  "dup",    "getpid", "fork",	  "kill",     "umask",	"chmod",
	"mount",  "uname", "fsync",  "rename", "mkdir",	  "getuid",   "statfs", "times",
	"statx",  "rseq",  "splice", "clone3", "openat2", "futex",
};

static void compare_random(const struct arch *arch, const struct seccomp_program *p,
			   const struct call *calls, size_t n, uint64_t *seed)
{
	for (size_t i = 0; i < n * 200; i++) {
		const struct call *c = &calls[i % n];
		uint32_t nr = (uint32_t)number_of(arch, c->name), got;
		uint64_t args[3];

		for (size_t k = 0; k < 3; k++)
			args[k] = random_value(seed, arch->is_32bit);
		got = ask(p, arch->audit, nr, args[0], args[1], args[2]);
		if (got != expect(c, args))
			fail_msg("%s(%#llx, %#llx, %#llx): %#x instead of %#x", c->name,
				 (unsigned long long)args[0], (unsigned long long)args[1],
				 (unsigned long long)args[2], got, expect(c, args));
	}
}

static void random_profiles_do_what_their_arithmetic_says(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 100; round++) {
		bool is_32bit = seccomp_default_n_compat && round % 2;
		size_t n = 1 + next_random(&seed) % ARRAY_SIZE(random_names);
		struct call calls[ARRAY_SIZE(random_names)];
		struct seccomp_program p;

		for (size_t i = 0; i < n; i++)
			calls[i] = random_call(&seed, random_names[i], is_32bit);
		p = program_of(calls, n);
		compare_random(is_32bit ? &i386 : &native, &p, calls, n, &seed);
		seccomp_done(&p);
	}
}

/* libseccomp orders overlapping rules in its own way, so one action per call. */
static void compare_with_oracle(const struct call *c, const struct arch *arch, uint64_t *seed)
{
	autoprogram struct seccomp_program ours = program_of(c, 1), oracle = { 0 };
	scmp_filter_ctx ctx = oracle_new(arch, SCMP_ACT_ALLOW);
	uint32_t nr = (uint32_t)number_of(arch, c->name);

	for (unsigned int r = 0; r < c->n_rules; r++) {
		int ret = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(c->error[r]),
						 number_of(&native, c->name), c->n_tests[r],
						 c->tests[r]);

		assert_true(ret == 0 || ret == -EEXIST);
	}
	oracle = oracle_finish(ctx);
	for (int i = 0; i < 200; i++) {
		uint64_t a = random_value(seed, arch->is_32bit);
		uint64_t b = random_value(seed, arch->is_32bit);
		uint64_t d = random_value(seed, arch->is_32bit);

		assert_int_equal(ask(&ours, arch->audit, nr, a, b, d),
				 ask(&oracle, arch->audit, nr, a, b, d));
	}
}

static void random_rules_answer_as_libseccomp(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 400; round++) {
		bool is_32bit = seccomp_default_n_compat && round % 2;
		const char *name = random_names[next_random(&seed) % ARRAY_SIZE(random_names)];
		struct call c = random_call(&seed, name, is_32bit);

		c.n_rules = 1;
		compare_with_oracle(&c, is_32bit ? &i386 : &native, &seed);
	}
}

/* Rules of three and of five instructions make the left half of the tree any length. */
static void jumps_reach_over_rules_of_any_length(void **state)
{
	(void)state;
	for (int i = 0; i < 100 * 5; i++) {
		autostr struct str text = { 0 };
		struct seccomp_program p;

		str_puts(&text,
			 "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": "
			 "[\"getpid\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 7}");
		for (int k = 0; k < i / 5 + i % 5; k++) {
			str_puts(&text, ",{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ERRNO\", "
					"\"args\": [{\"index\": 0, ");
			if (k < i / 5)
				str_printf(&text,
					   "\"op\": \"SCMP_CMP_MASKED_EQ\", \"value\": "
					   "4294967295, \"valueTwo\": %d}]}",
					   k + 1);
			else
				str_printf(&text, "\"op\": \"SCMP_CMP_EQ\", \"value\": %d}]}",
					   k + 1);
		}
		str_puts(&text, "]}");
		p = from_text(text.data, 0);
		assert_int_equal(by_name(&p, "read", 0, 0), ALLOW);
		if (i)
			assert_int_equal(by_name(&p, "read", 1, 0), FAILS(EPERM));
		assert_int_equal(by_name(&p, "getpid", 0, 0), FAILS(7));
		assert_int_equal(by_name(&p, "getppid", 0, 0), ALLOW);
		seccomp_done(&p);
	}
}

/* --- what is refused --- */

static void malformed_profiles_are_refused_with_the_place(void **state)
{
#define HEAD "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": ["
#define ARGS HEAD "{\"names\": [\"getpid\"], \"action\": \"SCMP_ACT_KILL\", \"args\": ["
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "[]", "not an object" },
		{ "{}", "defaultAction: missing" },
		{ "{\"defaultAction\": \"SCMP_ACT_HUG\"}", "unknown value 'SCMP_ACT_HUG'" },
		{ "{\"defaultAction\": \"SCMP_ACT_NOTIFY\"}", "cannot be SCMP_ACT_NOTIFY" },
		{ "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 70000}",
		  "not an error number" },
		{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"vax\"]}",
		  "architectures: unknown value 'vax'" },
		{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": [\"X\\u001b\"]}",
		  "flags: unknown value" },
		{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": 1}", "not a list" },
		{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_VAX\"]}",
		  "architectures: unknown value 'SCMP_ARCH_VAX'" },
		{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": {}}", "flags: not a list" },
		{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"defaultErrnoRet\": 1}",
		  "defaultAction: 'SCMP_ACT_ALLOW' takes no errno" },
		{ HEAD
		  "{\"names\": [\"getpid\"], \"action\": \"SCMP_ACT_TRAP\", \"errnoRet\": 1}]}",
		  "syscalls[0]: 'SCMP_ACT_TRAP' takes no errno" },
		{ HEAD "7]}", "syscalls[0]: not an object" },
		{ HEAD "{\"names\": [\"getpid\"]}]}", "syscalls[0]: missing" },
		{ HEAD "{\"names\": [3], \"action\": \"SCMP_ACT_KILL\"}]}",
		  "syscalls[0]: missing" },
		{ HEAD "{\"action\": \"SCMP_ACT_KILL\"}]}", "syscalls[0]: missing" },
		{ HEAD "{\"names\": [\"write\"], \"action\": \"SCMP_ACT_NOTIFY\"}]}",
		  "SCMP_ACT_NOTIFY cannot be used for the write syscall" },
		{ HEAD "{\"names\": [], \"action\": \"SCMP_ACT_KILL\", \"args\": \"x\"}]}",
		  "'args' is not a list" },
		{ HEAD "{\"names\": [], \"action\": \"SCMP_ACT_KILL\", \"includes\": "
		       "{\"caps\": \"CAP_BPF\"}}]}",
		  "'caps' is not a list" },
		{ ARGS "{\"index\": 6, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]}]}",
		  "args[0]: a system call has 6 arguments" },
		{ ARGS "{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_SO\"}]}]}",
		  "'SCMP_CMP_SO'" },
		{ ARGS "{\"index\": 0, \"value\": -1, \"op\": \"SCMP_CMP_EQ\"}]}]}", "64 bits" },
		{ ARGS "{\"index\": 0, \"op\": \"SCMP_CMP_EQ\"}]}]}", "64 bits" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct seccomp_program p = { 0 };
		struct error err = { 0 };
		struct json *v = json_parse(cases[i].text, strlen(cases[i].text), &err);

		assert_non_null(v);
		assert_int_equal(seccomp_from_profile(v, 0, &p, &err), -EBADMSG);
		if (!strstr(err.msg, cases[i].message) || strchr(err.msg, '\033'))
			fail_msg("case %zu: '%s'", i, err.msg);
		assert_null(p.insns);
		json_free(v);
	}
}

static void profile_longer_than_the_kernel_takes_is_refused(void **state)
{
	autostr struct str text = { 0 };
	autojson struct json *v = NULL;
	struct seccomp_program p = { 0 };
	struct error err = { 0 };

	(void)state;
	str_puts(&text, HEAD "{\"names\": [], \"action\": \"SCMP_ACT_ALLOW\"}");
	for (int i = 0; i < 2000; i++)
		str_printf(&text,
			   ",{\"names\": [\"getpid\"], \"action\": \"SCMP_ACT_KILL\", "
			   "\"args\": [{\"index\": 0, \"value\": %d, "
			   "\"op\": \"SCMP_CMP_EQ\"}]}",
			   i);
	str_puts(&text, "]}");
	v = json_parse(text.data, text.len, &err);
	assert_non_null(v);
	assert_int_equal(seccomp_from_profile(v, 0, &p, &err), -E2BIG);
	assert_null(p.insns);
}

/* --- in the kernel --- */

static int confined_child(void)
{
	struct seccomp_program p = { 0 };
	struct sys_clone_args args = { .exit_signal = SIGCHLD };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    seccomp_default(CAPABILITY_DEFAULT, 0, &p) < 0 || seccomp_apply(&p) != 0)
		return 1;
	if (socket(AF_ALG, SOCK_SEQPACKET, 0) >= 0 || errno != EAFNOSUPPORT)
		return 2;
	if (unshare(CLONE_NEWUSER) == 0 || errno != EPERM)
		return 3;
	if (sys_clone3(&args) >= 0 || errno != ENOSYS)
		return 4;
	if (socket(AF_UNIX, SOCK_STREAM, 0) < 0)
		return 5;
	if (prctl(PR_GET_SECCOMP) != SECCOMP_MODE_FILTER)
		return 6;
	return 0;
}

static void kernel_enforces_the_default_profile(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0)
		_exit(confined_child());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_profile_answers_as_libseccomp_for_any_capabilities),
		cmocka_unit_test(default_profile_answers_as_libseccomp_for_32_bit_calls),
		cmocka_unit_test(default_profile_allows_at_most_280_system_calls),
		cmocka_unit_test(sockets_are_of_four_families_and_netlink_of_routes),
		cmocka_unit_test(capabilities_open_packet_and_netlink_sockets),
		cmocka_unit_test(sockets_for_device_events_are_for_systemd),
		cmocka_unit_test(namespaces_are_not_made_by_clone_or_unshare),
		cmocka_unit_test(personality_takes_known_values_only),
		cmocka_unit_test(ioctl_cannot_type_into_a_terminal),
		cmocka_unit_test(x32_and_unknown_numbers_do_not_exist),
		cmocka_unit_test(other_architectures_kill_unless_asked_for),
		cmocka_unit_test(default_profile_is_made_in_microseconds),
		cmocka_unit_test(profile_follows_docker),
		cmocka_unit_test(profile_depends_on_capabilities),
		cmocka_unit_test(profile_answers_enosys_to_what_it_does_not_know),
		cmocka_unit_test(every_action_is_known),
		cmocka_unit_test(flags_are_spec_allow_unless_given),
		cmocka_unit_test(killable_wait_goes_with_a_listener_only),
		cmocka_unit_test(every_known_flag_and_architecture_is_taken),
		cmocka_unit_test(entries_compete_as_in_libseccomp),
		cmocka_unit_test(random_profiles_do_what_their_arithmetic_says),
		cmocka_unit_test(random_rules_answer_as_libseccomp),
		cmocka_unit_test(jumps_reach_over_rules_of_any_length),
		cmocka_unit_test(malformed_profiles_are_refused_with_the_place),
		cmocka_unit_test(profile_longer_than_the_kernel_takes_is_refused),
		cmocka_unit_test(kernel_enforces_the_default_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
