/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/sys.h - System calls and constants that libc lacks
 *
 * Thin: libc's convention, -1 and errno. Nothing else in the tree calls
 * syscall(). Every name states the kernel it appeared in; features are probed
 * where they are used, never inferred from a version.
 */
#ifndef BASE_SYS_H
#define BASE_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#define SYS_CLONE_INTO_CGROUP 0x200000000ULL /* Linux 5.7 */

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/* linux/mount.h, repeated because it cannot be included beside sys/mount.h everywhere. */
#define SYS_OPEN_TREE_CLONE	     1
#define SYS_OPEN_TREE_CLOEXEC	     O_CLOEXEC
#define SYS_MOVE_MOUNT_F_EMPTY_PATH  0x00000004
#define SYS_MOVE_MOUNT_T_EMPTY_PATH  0x00000040
#define SYS_FSOPEN_CLOEXEC	     0x00000001
#define SYS_FSMOUNT_CLOEXEC	     0x00000001
#define SYS_FSCONFIG_SET_FLAG	     0
#define SYS_FSCONFIG_SET_STRING	     1
#define SYS_FSCONFIG_SET_FD	     5
#define SYS_FSCONFIG_CMD_CREATE	     6
#define SYS_FSCONFIG_CMD_CREATE_EXCL 8 /* Linux 6.6 */
#define SYS_MOUNT_ATTR_RDONLY	     0x00000001
#define SYS_MOUNT_ATTR_NOSUID	     0x00000002
#define SYS_MOUNT_ATTR_NODEV	     0x00000004
#define SYS_MOUNT_ATTR_NOEXEC	     0x00000008
#define SYS_MOUNT_ATTR__ATIME	     0x00000070
#define SYS_MOUNT_ATTR_RELATIME	     0x00000000
#define SYS_MOUNT_ATTR_NOATIME	     0x00000010
#define SYS_MOUNT_ATTR_STRICTATIME   0x00000020
#define SYS_MOUNT_ATTR_NODIRATIME    0x00000080
#define SYS_MOUNT_ATTR_IDMAP	     0x00100000
#define SYS_MOUNT_ATTR_NOSYMFOLLOW   0x00200000
#define SYS_CLOSE_RANGE_CLOEXEC	     (1U << 2)

/* clone3(2), Linux 5.7 layout (with cgroup). */
struct sys_clone_args {
	uint64_t flags;
	uint64_t pidfd;
	uint64_t child_tid;
	uint64_t parent_tid;
	uint64_t exit_signal;
	uint64_t stack;
	uint64_t stack_size;
	uint64_t tls;
	uint64_t set_tid;
	uint64_t set_tid_size;
	uint64_t cgroup;
};

/* mount_setattr(2), Linux 5.12. */
struct sys_mount_attr {
	uint64_t attr_set;
	uint64_t attr_clr;
	uint64_t propagation;
	uint64_t userns_fd;
};

/* sched_setattr(2), Linux 5.3 layout (with utilization clamps). */
struct sys_sched_attr {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
	uint32_t util_min;
	uint32_t util_max;
};

/* linux/ioprio.h, which old headers lack. */
#define SYS_IOPRIO_WHO_PROCESS 1
#define SYS_IOPRIO_CLASS_SHIFT 13

static inline pid_t sys_clone3(struct sys_clone_args *args)
{
	return (pid_t)syscall(435, args, sizeof(*args));
}

/*
 * clone3() as vfork(2): the child runs in our memory and on our stack, while we are held until it
 * has become another program or has ended. To be called by a function that does nothing else but
 * call one in the child that never returns; inline, because to return would spoil our stack.
 * Elsewhere, and where an instrumented stack would be spoilt, a child with a memory of its own.
 */
static inline __attribute__((always_inline)) pid_t sys_vfork3(struct sys_clone_args *args)
{
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
	long r;

	args->flags |= CLONE_VM | CLONE_VFORK;
	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(435L), "D"(args), "S"(sizeof(*args))
			 : "rcx", "r11", "memory");
	if (r < 0)
		errno = (int)-r;
	return r < 0 ? -1 : (pid_t)r;
#else
	return sys_clone3(args);
#endif
}

static inline int sys_openat2(int dirfd, const char *path, struct open_how *how)
{
	return (int)syscall(437, dirfd, path, how, sizeof(*how));
}

static inline int sys_open_tree(int dirfd, const char *path, unsigned int flags)
{
	return (int)syscall(428, dirfd, path, flags);
}

static inline int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to,
				 unsigned int flags)
{
	return (int)syscall(429, from_fd, from, to_fd, to, flags);
}

static inline int sys_fsopen(const char *fstype, unsigned int flags)
{
	return (int)syscall(430, fstype, flags);
}

static inline int sys_fsconfig(int fd, unsigned int cmd, const char *key, const void *value,
			       int aux)
{
	return (int)syscall(431, fd, cmd, key, value, aux);
}

static inline int sys_fsmount(int fd, unsigned int flags, unsigned int attrs)
{
	return (int)syscall(432, fd, flags, attrs);
}

static inline int sys_mount_setattr(int dirfd, const char *path, unsigned int flags,
				    struct sys_mount_attr *attr)
{
	return (int)syscall(442, dirfd, path, flags, attr, sizeof(*attr));
}

static inline int sys_pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)syscall(434, pid, flags);
}

static inline int sys_pidfd_send_signal(int pidfd, int sig, siginfo_t *info, unsigned int flags)
{
	return (int)syscall(424, pidfd, sig, info, flags);
}

/* Linux 5.6; wants the right to trace that process. */
static inline int sys_pidfd_getfd(int pidfd, int target_fd)
{
	return (int)syscall(438, pidfd, target_fd, 0);
}

static inline int sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return (int)syscall(436, first, last, flags);
}

/* Without a timeout or a signal mask: poll(2), but in fewer pages of libc (runtime/footprint.c). */
static inline int sys_ppoll(struct pollfd *fds, unsigned int n, const struct timespec *timeout)
{
	return (int)syscall(SYS_ppoll, fds, n, timeout, NULL, 0);
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static inline int sys_seccomp(unsigned int operation, unsigned int flags, void *args)
{
	return (int)syscall(SYS_seccomp, operation, flags, args);
}

static inline int sys_capset(void *header, const void *data)
{
	return (int)syscall(SYS_capset, header, data);
}

static inline int sys_capget(void *header, void *data)
{
	return (int)syscall(SYS_capget, header, data);
}

static inline int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[],
			       int flags)
{
	return (int)syscall(SYS_execveat, dirfd, path, argv, envp, flags);
}

static inline int sys_renameat2(int from_fd, const char *from, int to_fd, const char *to,
				unsigned int flags)
{
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

static inline long sys_keyctl_join_session(const char *name)
{
	return syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, name, 0, 0, 0);
}

/*
 * The default for any signal: libc keeps the first real-time ones to itself, and refuses. The
 * kernel's struct is all zeros then, whatever members it has; sigset_t has 64 bits there.
 */
static inline int sys_sigaction_default(int sig)
{
	const uint64_t fresh[4] = { 0 };

	return (int)syscall(SYS_rt_sigaction, sig, fresh, NULL, sizeof(uint64_t));
}

/* The raw calls: libc's versions change every thread and may look at libc state. */
static inline int sys_setgroups(size_t n, const gid_t *groups)
{
	return (int)syscall(SYS_setgroups, n, groups);
}

static inline int sys_setresuid(uid_t uid)
{
	return (int)syscall(SYS_setresuid, uid, uid, uid);
}

static inline int sys_setresgid(gid_t gid)
{
	return (int)syscall(SYS_setresgid, gid, gid, gid);
}

static inline int sys_sched_setattr(pid_t pid, const struct sys_sched_attr *attr)
{
	return (int)syscall(SYS_sched_setattr, pid, attr, 0);
}

/* @priority: class << SYS_IOPRIO_CLASS_SHIFT | level, linux/ioprio.h */
static inline int sys_ioprio_set(int which, int who, unsigned int priority)
{
	return (int)syscall(SYS_ioprio_set, which, who, priority);
}

static inline int sys_ioprio_get(int which, int who)
{
	return (int)syscall(SYS_ioprio_get, which, who);
}

/* @n_bits: the kernel looks at one less (get_nodes() in mm/mempolicy.c) */
static inline int sys_set_mempolicy(unsigned int mode, const unsigned long *nodes,
				    unsigned long n_bits)
{
	return (int)syscall(SYS_set_mempolicy, mode, nodes, n_bits);
}

static inline int sys_get_mempolicy(int *mode, unsigned long *nodes, unsigned long n_bits)
{
	return (int)syscall(SYS_get_mempolicy, mode, nodes, n_bits, NULL, 0);
}

static inline int sys_landlock_create_ruleset(const void *attr, size_t size, unsigned int flags)
{
	return (int)syscall(444, attr, size, flags);
}

static inline int sys_landlock_add_rule(int fd, int type, const void *attr, unsigned int flags)
{
	return (int)syscall(445, fd, type, attr, flags);
}

static inline int sys_landlock_restrict_self(int fd, unsigned int flags)
{
	return (int)syscall(446, fd, flags);
}

#endif
