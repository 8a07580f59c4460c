// SPDX-License-Identifier: Apache-2.0
/*
 * image/confine.c - Giving up everything that unpacking does not need
 *
 * The process that parses an archive keeps the privileges that making files
 * takes (owners, devices, attributes), and nothing to use them on: it can write
 * to one directory, start no program, open no socket, and grow only so far. A
 * bug in a parser stays in there.
 *
 * Landlock (5.13) is used as far as the kernel has it; the system call filter
 * does not depend on it.
 */
#include "image/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sys.h"

/* linux/landlock.h, by ABI; older headers lack the later ones. */
#define LANDLOCK_VERSION_FLAG (1U << 0)
#define LANDLOCK_PATH_BENEATH 1
#define LANDLOCK_EXECUTE      (1ULL << 0)
#define LANDLOCK_READ_FILE    (1ULL << 2)
#define LANDLOCK_READ_DIR     (1ULL << 3)
#define LANDLOCK_FS_ABI1      ((1ULL << 13) - 1)
#define LANDLOCK_FS_REFER     (1ULL << 13) /* ABI 2: links between directories */
#define LANDLOCK_FS_TRUNCATE  (1ULL << 14) /* ABI 3 */
#define LANDLOCK_FS_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#define LANDLOCK_NET_ABI4     3ULL	   /* bind and connect TCP */
#define LANDLOCK_SCOPE_ABI6   3ULL	   /* abstract sockets, signals */

struct landlock_ruleset {
	uint64_t fs, net, scoped;
};

struct landlock_beneath {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

#if defined(__x86_64__)
#define CONFINE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CONFINE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define CONFINE_ARCH AUDIT_ARCH_RISCV64
#endif

/* What unpacking never does, and what somebody in its place would like to do. */
static const uint32_t denied[] = {
	SYS_execve,
	SYS_execveat,
	SYS_socket,
	SYS_connect,
	SYS_bind,
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_setns,
	SYS_unshare,
	SYS_open_by_handle_at,
	SYS_bpf,
	SYS_perf_event_open,
	SYS_keyctl,
	SYS_add_key,
	SYS_request_key,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_reboot,
	SYS_swapon,
	SYS_swapoff,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_userfaultfd,
	SYS_acct,
	SYS_quotactl,
	SYS_syslog,
	425 /* io_uring_setup */,
	428 /* open_tree */,
	429 /* move_mount */,
	430 /* fsopen */,
	434 /* pidfd_open */,
	438 /* pidfd_getfd */,
	442 /* mount_setattr */,
};

static uint64_t handled_fs(int abi)
{
	uint64_t fs = LANDLOCK_FS_ABI1;

	if (abi >= 2)
		fs |= LANDLOCK_FS_REFER;
	if (abi >= 3)
		fs |= LANDLOCK_FS_TRUNCATE;
	if (abi >= 5)
		fs |= LANDLOCK_FS_IOCTL_DEV;
	return fs;
}

static int allow(int ruleset, int fd, uint64_t access, struct error *err)
{
	struct landlock_beneath rule = { .access = access, .fd = fd };

	if (sys_landlock_add_rule(ruleset, LANDLOCK_PATH_BENEATH, &rule, 0) < 0)
		return error_sys(err, errno, "confine the loader: add a Landlock rule");
	return 0;
}

static int confine_files(const struct confine_plan *plan, struct error *err)
{
	const uint64_t reading = LANDLOCK_READ_FILE | LANDLOCK_READ_DIR;
	struct landlock_ruleset attr = { 0 };
	autoclose int ruleset = -1;
	int abi, r;

	abi = sys_landlock_create_ruleset(NULL, 0, LANDLOCK_VERSION_FLAG);
	if (abi <= 0) {
		log_debug("image: no Landlock here, the loader may reach other files");
		return 0;
	}
	attr.fs = handled_fs(abi);
	attr.net = abi >= 4 ? LANDLOCK_NET_ABI4 : 0;
	attr.scoped = abi >= 6 ? LANDLOCK_SCOPE_ABI6 : 0;
	ruleset = sys_landlock_create_ruleset(&attr,
					      abi >= 6	 ? sizeof(attr)
					      : abi >= 4 ? 2 * sizeof(uint64_t)
							 : sizeof(uint64_t),
					      0);
	if (ruleset < 0)
		return error_sys(err, errno, "confine the loader: make a Landlock ruleset");
	r = plan->write_fd < 0 ? 0
			       : allow(ruleset, plan->write_fd, attr.fs & ~LANDLOCK_EXECUTE, err);
	for (size_t i = 0; r == 0 && i < plan->n_read_fds; i++)
		if (plan->read_fds[i] >= 0)
			r = allow(ruleset, plan->read_fds[i], reading, err);
	if (r < 0)
		return r;
	if (sys_landlock_restrict_self(ruleset, 0) < 0)
		return error_sys(err, errno, "confine the loader: Landlock");
	return 0;
}

static int confine_calls(struct error *err)
{
#ifdef CONFINE_ARCH
	enum { N = sizeof(denied) / sizeof(denied[0]) };
	struct sock_filter code[N + 6];
	struct sock_fprog program = { .filter = code };
	size_t n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, arch));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CONFINE_ARCH, 1, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < N; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, denied[i],
							 (uint8_t)(N - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	program.len = (unsigned short)n;
	if (sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return error_sys(err, errno, "confine the loader: system call filter");
#endif
	(void)err;
	return 0;
}

static void limit(int resource, uint64_t to)
{
	struct rlimit now, want = { to, to };

	if (getrlimit(resource, &now) == 0 && now.rlim_max < to)
		want.rlim_cur = want.rlim_max = now.rlim_max;
	/* Lowering one's own limits cannot fail. */
	(void)setrlimit(resource, &want);
}

/**
 * confine_self() - Give up everything but work in one directory; for good
 *
 * Open descriptors keep working.
 */
int confine_self(const struct confine_plan *plan, struct error *err)
{
	int r;

	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, 4096);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow memory is all of the address space */
	limit(RLIMIT_AS, plan->max_memory_bytes);
#endif
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_sys(err, errno, "confine the loader: no_new_privs");
	r = confine_files(plan, err);
	return r < 0 ? r : confine_calls(err);
}
