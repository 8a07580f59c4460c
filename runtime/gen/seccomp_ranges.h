/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/gen/seccomp_ranges.h - The generated tables: default profile, names; late names
 */
#ifndef RUNTIME_GEN_SECCOMP_RANGES_H
#define RUNTIME_GEN_SECCOMP_RANGES_H

#include <stddef.h>
#include <stdint.h>

/* What the default profile does with a system call. */
enum seccomp_rule {
	SECCOMP_RULE_NOSYS,  /* ENOSYS: as on a kernel that lacks it, libc has a way around */
	SECCOMP_RULE_REFUSE, /* EPERM */
	SECCOMP_RULE_ALLOW,
	SECCOMP_RULE_SOCKET,	  /* four address families, more with capabilities */
	SECCOMP_RULE_CLONE,	  /* no new namespaces */
	SECCOMP_RULE_UNSHARE,	  /* likewise */
	SECCOMP_RULE_PERSONALITY, /* execution domains that programs are known to ask for */
	SECCOMP_RULE_IOCTL,	  /* no typing into the terminal */
};

/* From number first up to the next range's. */
struct seccomp_range {
	uint16_t first;
	uint8_t rule;	 /* enum seccomp_rule */
	uint8_t without; /* the rule when none of caps is held; equals rule if caps is 0 */
	uint64_t caps;
};

extern const struct seccomp_range seccomp_default_native[];
extern const size_t seccomp_default_n_native;
extern const struct seccomp_range seccomp_default_compat[];
extern const size_t seccomp_default_n_compat; /* 0: this machine has no 32-bit entry */

/* All names there are, in the order of strcmp(), and the numbers here; -1: not here. */
struct seccomp_name {
	const char *name;
	int16_t native, compat;
};

extern const struct seccomp_name seccomp_names[];
extern const size_t seccomp_n_names;

enum seccomp_name_archs {
	SECCOMP_NAME_X86_64 = 1 << 0,
	SECCOMP_NAME_I386 = 1 << 1,
	SECCOMP_NAME_AARCH64 = 1 << 2,
	SECCOMP_NAME_ANY = ~0,
};

/*
 * Names that the libseccomp of the oldest supported distribution (2.5.4) does
 * not resolve: system calls added since, and the direct socket and System V
 * IPC calls of i386, for which it answers a pseudo number of its own. From
 * Linux 6.18, arch/x86/entry/syscalls/ and scripts/syscall.tbl. For the program
 * that makes the tables, and its tests.
 */
static const struct seccomp_late_name {
	const char *name;
	uint16_t nr;
	int archs;
} seccomp_late_names[] = {
	{ "uretprobe", 335, SECCOMP_NAME_X86_64 },
	{ "uprobe", 336, SECCOMP_NAME_X86_64 },
	{ "recvmmsg", 337, SECCOMP_NAME_I386 },
	{ "sendmmsg", 345, SECCOMP_NAME_I386 },
	{ "socket", 359, SECCOMP_NAME_I386 },
	{ "socketpair", 360, SECCOMP_NAME_I386 },
	{ "bind", 361, SECCOMP_NAME_I386 },
	{ "connect", 362, SECCOMP_NAME_I386 },
	{ "listen", 363, SECCOMP_NAME_I386 },
	{ "accept4", 364, SECCOMP_NAME_I386 },
	{ "getsockopt", 365, SECCOMP_NAME_I386 },
	{ "setsockopt", 366, SECCOMP_NAME_I386 },
	{ "getsockname", 367, SECCOMP_NAME_I386 },
	{ "getpeername", 368, SECCOMP_NAME_I386 },
	{ "sendto", 369, SECCOMP_NAME_I386 },
	{ "sendmsg", 370, SECCOMP_NAME_I386 },
	{ "recvfrom", 371, SECCOMP_NAME_I386 },
	{ "recvmsg", 372, SECCOMP_NAME_I386 },
	{ "shutdown", 373, SECCOMP_NAME_I386 },
	{ "semget", 393, SECCOMP_NAME_I386 },
	{ "semctl", 394, SECCOMP_NAME_I386 },
	{ "shmget", 395, SECCOMP_NAME_I386 },
	{ "shmctl", 396, SECCOMP_NAME_I386 },
	{ "shmat", 397, SECCOMP_NAME_I386 },
	{ "shmdt", 398, SECCOMP_NAME_I386 },
	{ "msgget", 399, SECCOMP_NAME_I386 },
	{ "msgsnd", 400, SECCOMP_NAME_I386 },
	{ "msgrcv", 401, SECCOMP_NAME_I386 },
	{ "msgctl", 402, SECCOMP_NAME_I386 },
	{ "semtimedop_time64", 420, SECCOMP_NAME_I386 },
	{ "cachestat", 451, SECCOMP_NAME_ANY },
	{ "fchmodat2", 452, SECCOMP_NAME_ANY },
	{ "map_shadow_stack", 453, SECCOMP_NAME_ANY },
	{ "futex_wake", 454, SECCOMP_NAME_ANY },
	{ "futex_wait", 455, SECCOMP_NAME_ANY },
	{ "futex_requeue", 456, SECCOMP_NAME_ANY },
	{ "statmount", 457, SECCOMP_NAME_ANY },
	{ "listmount", 458, SECCOMP_NAME_ANY },
	{ "lsm_get_self_attr", 459, SECCOMP_NAME_ANY },
	{ "lsm_set_self_attr", 460, SECCOMP_NAME_ANY },
	{ "lsm_list_modules", 461, SECCOMP_NAME_ANY },
	{ "mseal", 462, SECCOMP_NAME_ANY },
	{ "setxattrat", 463, SECCOMP_NAME_ANY },
	{ "getxattrat", 464, SECCOMP_NAME_ANY },
	{ "listxattrat", 465, SECCOMP_NAME_ANY },
	{ "removexattrat", 466, SECCOMP_NAME_ANY },
	{ "open_tree_attr", 467, SECCOMP_NAME_ANY },
	{ "file_getattr", 468, SECCOMP_NAME_ANY },
	{ "file_setattr", 469, SECCOMP_NAME_ANY },
};

#define SECCOMP_N_LATE_NAMES (sizeof(seccomp_late_names) / sizeof(seccomp_late_names[0]))

#endif
