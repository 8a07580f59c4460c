// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/seccomp_default.c - The program of the default profile
 *
 * The profile itself is gen/seccomp_default.h; at build time it became a table
 * of numbers, so a start looks up no names and a program takes some ten
 * microseconds. What its rules mean for arguments is here.
 *
 * Entries to the kernel other than the native one:
 * - x32 numbers answer ENOSYS, like every number above the last.
 * - The 32-bit entry (i386) kills the process unless SECCOMP_COMPAT is given:
 *   socketcall passes its arguments in memory, where no filter can look, so
 *   the address families would be open to every 64-bit program by int 0x80.
 *   An image of that architecture needs it and gets it. Killing, not ENOSYS:
 *   a 32-bit program that cannot even exit would spin.
 */
#include "runtime/seccomp.h"

#include <assert.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/sys.h"
#include "runtime/filter.h"
#include "runtime/gen/seccomp_ranges.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define CAP(name)     (UINT64_C(1) << CAP_##name)

#define REFUSED (SECCOMP_RET_ERRNO | EPERM)
#define NOSYS	(SECCOMP_RET_ERRNO | ENOSYS)

/* What the kernel takes as int is compared as int, else the upper half goes around it. */
#define INT_IS(n, v)                                                                 \
	{                                                                            \
		.arg = (n), .op = FILTER_MASKED_EQ, .value = (v), .mask = UINT32_MAX \
	}
#define BITS_UNSET(n, bits)                                                    \
	{                                                                      \
		.arg = (n), .op = FILTER_MASKED_EQ, .value = 0, .mask = (bits) \
	}
#define RULE(test_array, act)                                                             \
	{                                                                                 \
		.tests = (test_array), .n_tests = ARRAY_SIZE(test_array), .action = (act) \
	}

static const struct filter_test family_unix[] = { INT_IS(0, AF_UNIX) };
static const struct filter_test family_inet[] = { INT_IS(0, AF_INET) };
static const struct filter_test family_inet6[] = { INT_IS(0, AF_INET6) };
static const struct filter_test family_packet[] = { INT_IS(0, AF_PACKET) };
static const struct filter_test netlink_route[] = { INT_IS(0, AF_NETLINK),
						    INT_IS(2, 0 /* NETLINK_ROUTE */) };
static const struct filter_test netlink_audit[] = { INT_IS(0, AF_NETLINK),
						    INT_IS(2, 9 /* NETLINK_AUDIT */) };
static const struct filter_test netlink_uevent[] = { INT_IS(0, AF_NETLINK),
						     INT_IS(2, 15 /* NETLINK_KOBJECT_UEVENT */) };
static const struct filter_test netlink_any[] = { INT_IS(0, AF_NETLINK) };

/* Address families, those for everybody first; the others need one of the capabilities. */
static const struct socket_rule {
	uint64_t caps;
	struct filter_rule rule;
} socket_rules[] = {
	{ 0, RULE(family_unix, SECCOMP_RET_ALLOW) },
	{ 0, RULE(family_inet, SECCOMP_RET_ALLOW) },
	{ 0, RULE(family_inet6, SECCOMP_RET_ALLOW) },
	{ 0, RULE(netlink_route, SECCOMP_RET_ALLOW) },
	{ CAP(AUDIT_CONTROL) | CAP(AUDIT_READ) | CAP(AUDIT_WRITE),
	  RULE(netlink_audit, SECCOMP_RET_ALLOW) },
	{ CAP(NET_ADMIN) | CAP(SYS_ADMIN), RULE(netlink_any, SECCOMP_RET_ALLOW) },
	{ CAP(NET_RAW), RULE(family_packet, SECCOMP_RET_ALLOW) },
};

static const struct filter_rule uevent_rule = RULE(netlink_uevent, SECCOMP_RET_ALLOW);

/* CLONE_NEWTIME is one of clone's signal bits and a flag of unshare only. */
#define CLONE_NEW_ANY                                                                  \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

static const struct filter_test clone_flags[] = { BITS_UNSET(0, CLONE_NEW_ANY) };
static const struct filter_test unshare_flags[] = { BITS_UNSET(0, CLONE_NEW_ANY | CLONE_NEWTIME) };
static const struct filter_rule clone_rules[] = { RULE(clone_flags, SECCOMP_RET_ALLOW) };
static const struct filter_rule unshare_rules[] = { RULE(unshare_flags, SECCOMP_RET_ALLOW) };

/* PER_LINUX, PER_LINUX32, either with UNAME26, and the question which one is set. */
static const struct filter_test per_linux[] = { INT_IS(0, 0) };
static const struct filter_test per_linux32[] = { INT_IS(0, 0x8) };
static const struct filter_test per_uname26[] = { INT_IS(0, 0x20000) };
static const struct filter_test per_uname26_32[] = { INT_IS(0, 0x20008) };
static const struct filter_test per_query[] = { INT_IS(0, UINT32_MAX) };
static const struct filter_rule personality_rules[] = {
	RULE(per_linux, SECCOMP_RET_ALLOW),   RULE(per_linux32, SECCOMP_RET_ALLOW),
	RULE(per_uname26, SECCOMP_RET_ALLOW), RULE(per_uname26_32, SECCOMP_RET_ALLOW),
	RULE(per_query, SECCOMP_RET_ALLOW),
};

static const struct filter_test tiocsti[] = { INT_IS(1, TIOCSTI) };
static const struct filter_test tioclinux[] = { INT_IS(1, TIOCLINUX) };
static const struct filter_rule ioctl_rules[] = {
	RULE(tiocsti, REFUSED),
	RULE(tioclinux, REFUSED),
};

/* The rules for sockets depend on the capabilities; they are written to @sockets. */
static struct filter_range default_range(const struct seccomp_range *r, uint64_t caps,
					 const struct filter_rule *sockets, size_t n_sockets)
{
	bool with = !r->caps || r->caps & caps;

	switch ((enum seccomp_rule)(with ? r->rule : r->without)) {
	case SECCOMP_RULE_NOSYS:
		return (struct filter_range){ r->first, NOSYS, NULL, 0 };
	case SECCOMP_RULE_REFUSE:
		return (struct filter_range){ r->first, REFUSED, NULL, 0 };
	case SECCOMP_RULE_ALLOW:
		return (struct filter_range){ r->first, SECCOMP_RET_ALLOW, NULL, 0 };
	case SECCOMP_RULE_SOCKET: /* what a kernel without the family says */
		return (struct filter_range){ r->first, SECCOMP_RET_ERRNO | EAFNOSUPPORT, sockets,
					      n_sockets };
	case SECCOMP_RULE_CLONE:
		return (struct filter_range){ r->first, REFUSED, clone_rules, 1 };
	case SECCOMP_RULE_UNSHARE:
		return (struct filter_range){ r->first, REFUSED, unshare_rules, 1 };
	case SECCOMP_RULE_PERSONALITY:
		return (struct filter_range){ r->first, REFUSED, personality_rules,
					      ARRAY_SIZE(personality_rules) };
	case SECCOMP_RULE_IOCTL:
		return (struct filter_range){ r->first, SECCOMP_RET_ALLOW, ioctl_rules,
					      ARRAY_SIZE(ioctl_rules) };
	}
	assert(!"rule of the generated table");
	return (struct filter_range){ r->first, REFUSED, NULL, 0 };
}

/**
 * seccomp_default() - The default profile
 * @caps:	The container's bounding set: some system calls come with a capability
 * @flags:	enum seccomp_flags
 * @out:	Program, for seccomp_done()
 *
 * Return: 0; the profile always fits
 */
int seccomp_default(uint64_t caps, unsigned int flags, struct seccomp_program *out)
{
	struct filter_rule sockets[ARRAY_SIZE(socket_rules) + 1];
	struct filter_arch compiled[2] = { 0 };
	bool compat = flags & SECCOMP_COMPAT && seccomp_default_n_compat;
	size_t n_archs = compat ? 2 : 1, n_sockets = 0;
	int ret;

	for (size_t i = 0; i < ARRAY_SIZE(socket_rules); i++)
		if (!socket_rules[i].caps || socket_rules[i].caps & caps)
			sockets[n_sockets++] = socket_rules[i].rule;
	if (flags & SECCOMP_UEVENTS)
		sockets[n_sockets++] = uevent_rule;
	for (size_t i = 0; i < n_archs; i++) {
		const struct seccomp_range *ranges = i ? seccomp_default_compat
						       : seccomp_default_native;
		size_t n = i ? seccomp_default_n_compat : seccomp_default_n_native;

		compiled[i].audit_arch = i ? FILTER_ARCH_COMPAT : FILTER_ARCH_NATIVE;
		compiled[i].is_32bit = i == 1;
		for (size_t k = 0; k < n; k++) {
			struct filter_range range = default_range(&ranges[k], caps, sockets,
								  n_sockets);

			filter_arch_add(&compiled[i], &range);
		}
	}
	*out = (struct seccomp_program){ 0 };
	ret = filter_compile(compiled, n_archs, SECCOMP_RET_KILL_PROCESS, &out->insns, &out->n);
	assert(ret == 0);
	for (size_t i = 0; i < n_archs; i++)
		filter_arch_done(&compiled[i]);
	return ret;
}
