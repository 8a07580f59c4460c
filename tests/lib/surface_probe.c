// SPDX-License-Identifier: Apache-2.0
/*
 * surface_probe.c - How much of the kernel a container can reach
 *
 * Static, without dependencies: copied into a root and run there. It tries
 * what ordinary programs do not need, each probe in a child of its own, with
 * arguments that do no harm where they are let through. Prints
 *
 *	open NAME		for every probe that got past all barriers
 *	probes N open M
 *
 * A system call is open unless it fails with EPERM, EACCES or ENOSYS or kills
 * the caller. An address family is open unless it does not exist. A file is
 * open if it can be read and is not empty, or can be opened for writing; what
 * covers a masked path, a null device or an empty directory, does not count.
 *
 * Other tests use it for what a small root has no program for:
 *	surface_probe euid	print the effective user ID, for setuid files
 *	surface_probe ping	ask 127.0.0.1 for an echo, without a raw socket
 *
 * Build: cc -static -O1 -o surface_probe surface_probe.c
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Neither readable nor writable memory: a call that is let in fails with EFAULT. */
#define BAD 1L

/* System calls by number where headers may lack them; the same on every architecture. */
struct call {
	const char *name;
	long nr;
	long args[5];
};

static const struct call calls[] = {
	{ "io_uring_setup", 425, { 1, BAD } },
	{ "io_uring_enter", 426, { -1 } },
	{ "io_uring_register", 427, { -1 } },
	{ "open_tree", 428, { -1, BAD } },
	{ "move_mount", 429, { -1, BAD, -1, BAD } },
	{ "fsopen", 430, { BAD } },
	{ "fsconfig", 431, { -1 } },
	{ "fsmount", 432, { -1 } },
	{ "fspick", 433, { -1, BAD } },
	{ "clone3", 435, { BAD, 88 } },
	{ "pidfd_getfd", 438, { -1, 0, 0 } },
	{ "process_madvise", 440, { -1, BAD, 1, 4 } },
	{ "mount_setattr", 442, { -1, BAD, 0, BAD, 32 } },
	{ "quotactl_fd", 443, { -1 } },
	{ "memfd_secret", 447, { 0 } },
	{ "process_mrelease", 448, { -1 } },
	{ "set_mempolicy_home_node", 450, { 0 } },
	{ "cachestat", 451, { -1, BAD, BAD } },
	{ "map_shadow_stack", 453, { 0, 4096, 0 } },
	{ "futex_requeue", 456, { BAD } },
	{ "statmount", 457, { BAD } },
	{ "listmount", 458, { BAD } },
	{ "lsm_get_self_attr", 459, { 100, BAD, BAD } },
	{ "lsm_list_modules", 461, { BAD, BAD } },
	{ "open_tree_attr", 467, { -1, BAD } },
	{ "file_setattr", 469, { -1, BAD, BAD, 24 } },
	{ "mount", SYS_mount, { BAD, BAD, BAD } },
	{ "umount2", SYS_umount2, { BAD } },
	{ "pivot_root", SYS_pivot_root, { BAD, BAD } },
	{ "setns", SYS_setns, { -1 } },
	{ "bpf", SYS_bpf, { 0, BAD, 48 } },
	{ "perf_event_open", SYS_perf_event_open, { BAD, 0, -1, -1 } },
	{ "userfaultfd", SYS_userfaultfd, { 0 } },
	{ "userfaultfd_user_mode", SYS_userfaultfd, { 1 } },
	{ "keyctl", SYS_keyctl, { 0, -3 } },
	{ "add_key", SYS_add_key, { BAD, BAD, BAD } },
	{ "request_key", SYS_request_key, { BAD, BAD, BAD } },
	{ "kexec_load", SYS_kexec_load, { 0, 0, 0, -1 } },
	{ "kexec_file_load", SYS_kexec_file_load, { -1, -1, 0, 0, -1 } },
	{ "reboot", SYS_reboot, { 0 } },
	{ "init_module", SYS_init_module, { BAD, 1, BAD } },
	{ "finit_module", SYS_finit_module, { -1, BAD } },
	{ "delete_module", SYS_delete_module, { BAD } },
	{ "swapon", SYS_swapon, { BAD } },
	{ "swapoff", SYS_swapoff, { BAD } },
	{ "acct", SYS_acct, { BAD } },
	{ "quotactl", SYS_quotactl, { 0x800002 << 8, BAD } },
	{ "syslog", SYS_syslog, { 3, BAD, 1 } },
	{ "settimeofday", SYS_settimeofday, { BAD } },
	{ "clock_settime", SYS_clock_settime, { 0, BAD } },
	{ "adjtimex", SYS_adjtimex, { BAD } },
	{ "clock_adjtime", SYS_clock_adjtime, { 0, BAD } },
	{ "sethostname", SYS_sethostname, { BAD, -1 } },
	{ "setdomainname", SYS_setdomainname, { BAD, -1 } },
	{ "open_by_handle_at", SYS_open_by_handle_at, { -1, BAD } },
	{ "name_to_handle_at", SYS_name_to_handle_at, { -1, BAD, BAD } },
	{ "fanotify_init", SYS_fanotify_init, { 0x200 } },
	{ "fanotify_mark", SYS_fanotify_mark, { -1 } },
	{ "kcmp", SYS_kcmp, { 0, 0, 0 } },
	{ "ptrace", SYS_ptrace, { 0x4206, -1 } },
	{ "process_vm_readv", SYS_process_vm_readv, { 0, BAD, 1, BAD, 1 } },
	{ "process_vm_writev", SYS_process_vm_writev, { 0, BAD, 1, BAD, 1 } },
	{ "get_mempolicy", SYS_get_mempolicy, { BAD } },
	{ "set_mempolicy", SYS_set_mempolicy, { -1 } },
	{ "mbind", SYS_mbind, { BAD, 4096, -1 } },
	{ "migrate_pages", SYS_migrate_pages, { 0, 1, BAD, BAD } },
	{ "move_pages", SYS_move_pages, { 0, 1, BAD } },
	{ "remap_file_pages", SYS_remap_file_pages, { BAD } },
	{ "vmsplice", SYS_vmsplice, { -1 } },
	{ "tee", SYS_tee, { -1, -1 } },
	{ "get_robust_list", SYS_get_robust_list, { 0, BAD, BAD } },
	{ "io_setup", SYS_io_setup, { 1, BAD } },
	{ "vhangup", SYS_vhangup, { 0 } },
	{ "personality(READ_IMPLIES_EXEC)", SYS_personality, { 0x0400000 } },
	{ "unshare(mnt)", SYS_unshare, { CLONE_NEWNS } },
	{ "unshare(user)", SYS_unshare, { CLONE_NEWUSER } },
	{ "unshare(net)", SYS_unshare, { CLONE_NEWNET } },
	{ "unshare(pid)", SYS_unshare, { CLONE_NEWPID } },
	{ "unshare(ipc)", SYS_unshare, { CLONE_NEWIPC } },
	{ "unshare(uts)", SYS_unshare, { CLONE_NEWUTS } },
	{ "unshare(cgroup)", SYS_unshare, { 0x02000000 } },
	{ "unshare(time)", SYS_unshare, { 0x80 } },
#ifdef __x86_64__
	{ "modify_ldt", SYS_modify_ldt, { 0, BAD, 16 } },
	{ "iopl", SYS_iopl, { 3 } },
	{ "ioperm", SYS_ioperm, { 0x80, 1, 1 } },
	{ "uselib", SYS_uselib, { BAD } },
	{ "ustat", SYS_ustat, { 0, BAD } },
	{ "sysfs", SYS_sysfs, { 3 } },
	{ "_sysctl", SYS__sysctl, { BAD } },
	{ "x32 getpid", 0x40000000L | SYS_getpid, { 0 } },
#endif
};

static bool is_closed(int error)
{
	return error == EPERM || error == EACCES || error == ENOSYS;
}

static bool call_is_open(const struct call *c)
{
	const long *a = c->args;

	return syscall(c->nr, a[0], a[1], a[2], a[3], a[4]) >= 0 || !is_closed(errno);
}

/* User namespaces by clone; the child, if any, must not go on as a second probe. */
static bool clone_is_open(long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

#ifdef __x86_64__
/* Number 20 of i386 is getpid; a 64-bit program can ask for it as well. */
static bool int80_is_open(void)
{
	long result = 20;

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	return result > 0;
}
#endif

/* --- sockets --- */

static bool family_is_open(int family)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (socket(family, types[i], 0) >= 0 ||
		    (errno != EAFNOSUPPORT && !is_closed(errno)))
			return true;
	return false;
}

static bool protocol_is_open(int family, int type, int protocol)
{
	return socket(family, type, protocol) >= 0;
}

/* --- terminals --- */

static bool ioctl_is_open(unsigned long request, long arg)
{
	int ptmx = open("/dev/ptmx", O_RDWR | O_NOCTTY), tty;

	if (ptmx < 0)
		return false;
	tty = ioctl(ptmx, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	(void)setsid();
	if (tty < 0 || ioctl(tty, TIOCSCTTY, 0) < 0)
		return false;
	return ioctl(tty, request, &arg) == 0 || !is_closed(errno);
}

/* --- files --- */

static const char *const readable[] = {
	"/proc/kcore",
	"/proc/kmsg",
	"/proc/keys",
	"/proc/key-users",
	"/proc/timer_list",
	"/proc/sched_debug",
	"/proc/schedstat",
	"/proc/slabinfo",
	"/proc/vmallocinfo",
	"/proc/pagetypeinfo",
	"/proc/kpageflags",
	"/proc/kpagecount",
	"/proc/kpagecgroup",
	"/proc/iomem",
	"/proc/ioports",
	"/proc/interrupts",
	"/proc/config.gz",
	"/proc/modules",
	"/proc/kallsyms",
	"/proc/latency_stats",
	"/proc/mtrr",
	"/proc/acpi",
	"/proc/asound",
	"/proc/scsi",
	"/proc/cmdline",
	"/proc/buddyinfo",
	"/proc/zoneinfo",
	"/proc/diskstats",
	"/proc/partitions",
	"/proc/swaps",
	"/proc/crypto",
	"/proc/locks",
	"/sys/firmware",
	"/sys/kernel/debug",
	"/sys/kernel/tracing",
	"/sys/kernel/security",
	"/sys/kernel/slab",
	"/sys/kernel/notes",
	"/sys/kernel/vmcoreinfo",
	"/sys/kernel/boot_params",
	"/sys/kernel/btf/vmlinux",
	"/sys/module",
	"/sys/class/powercap",
	"/sys/devices/virtual/powercap",
	"/sys/devices/virtual/dmi",
	"/sys/class/dmi/id/board_serial",
	"/sys/fs/selinux",
	"/sys/fs/bpf",
	"/sys/fs/pstore",
	"/sys/kernel/uevent_seqnum",
};

static const char *const writable[] = {
	"/proc/sysrq-trigger",
	"/proc/sys/kernel/core_pattern",
	"/proc/sys/kernel/modprobe",
	"/proc/sys/kernel/hotplug",
	"/proc/sys/kernel/panic",
	"/proc/sys/kernel/hostname",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/vm/drop_caches",
	"/proc/sys/vm/overcommit_memory",
	"/proc/sys/net/ipv4/ip_forward",
	"/proc/sys/fs/binfmt_misc/register",
	"/proc/sys/fs/file-max",
	"/proc/irq/default_smp_affinity",
	"/proc/mtrr",
	"/proc/fs/nfsd",
	"/proc/bus/pci/devices",
	"/sys/kernel/uevent_helper",
	"/sys/power/state",
	"/sys/kernel/mm/ksm/run",
	"/sys/kernel/mm/transparent_hugepage/enabled",
	"/sys/fs/cgroup/cgroup.procs",
	"/sys/fs/cgroup/memory/memory.limit_in_bytes",
	"/sys/kernel/profiling",
	"/sys/module/kernel/parameters/panic",
	"/sys/class/net/lo/mtu",
	"/sys/block/vda/uevent",
};

static const char *const devices[] = {
	"/dev/mem",	  "/dev/kmem",	      "/dev/port",	   "/dev/kvm",
	"/dev/fuse",	  "/dev/cuse",	      "/dev/loop-control", "/dev/loop0",
	"/dev/net/tun",	  "/dev/vhost-net",   "/dev/vhost-vsock",  "/dev/kmsg",
	"/dev/cpu/0/msr", "/dev/hpet",	      "/dev/nvram",	   "/dev/rtc0",
	"/dev/snapshot",  "/dev/userfaultfd", "/dev/input/event0", "/dev/dri/card0",
	"/dev/sda",	  "/dev/vda",	      "/dev/nvme0n1",	   "/dev/mapper/control",
	"/dev/uinput",	  "/dev/vfio/vfio",   "/dev/hwrng",	   "/dev/btrfs-control",
	"/dev/rfkill",	  "/dev/udmabuf",     "/dev/autofs",	   "/dev/tty0",
	"/dev/ttyS0",	  "/dev/vcs",	      "/dev/fb0",	   "/dev/snd/seq",
	"/dev/watchdog",  "/dev/ppp",
};

static bool directory_has_entries(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir)))
		found = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	if (dir)
		(void)closedir(dir);
	return found;
}

static bool read_is_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	char byte;

	if (fd < 0 || fstat(fd, &st) < 0 || S_ISCHR(st.st_mode))
		return false;
	if (S_ISDIR(st.st_mode))
		return directory_has_entries(path);
	return read(fd, &byte, 1) == 1;
}

static bool write_is_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && !S_ISCHR(st.st_mode);
}

static bool device_is_open(const char *path)
{
	struct stat st;
	bool missing = stat(path, &st) < 0;

	return !missing && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) &&
	       (open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) >= 0 || !is_closed(errno));
}

static bool mknod_is_open(mode_t type, dev_t dev)
{
	static const char path[] = "/tmp/.surface_probe";
	bool made, opened;

	(void)unlink(path);
	made = mknod(path, type | 0600, dev) == 0;
	opened = made && open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) >= 0;
	(void)unlink(path);
	return opened;
}

/* --- the run --- */

static int probes, opened;

/* Whether this process is the child that is to try. */
static bool begin(void)
{
	(void)fflush(stdout);
	return fork() == 0;
}

static void end(const char *name)
{
	int status = 0;

	(void)wait(&status);
	probes++;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 1) {
		opened++;
		(void)printf("open %s\n", name);
	}
}

/* EXPRESSION is true where the surface is open; it runs in the child. */
#define PROBE(name, expression)              \
	do {                                 \
		if (begin()) {               \
			(void)alarm(5);      \
			_exit((expression)); \
		}                            \
		end(name);                   \
	} while (0)

static void probe_numbers(void)
{
	static const int flags[] = { CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWNET,
				     CLONE_NEWPID,  CLONE_NEWIPC, CLONE_NEWUTS };
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		PROBE(calls[i].name, call_is_open(&calls[i]));
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		(void)snprintf(name, sizeof(name), "clone(%#x)", (unsigned int)flags[i]);
		PROBE(name, clone_is_open(flags[i]));
	}
#ifdef __x86_64__
	PROBE("int80 getpid", int80_is_open());
#endif
}

static void probe_sockets(void)
{
	static const struct {
		const char *name;
		int family, type, protocol;
	} protocols[] = {
		{ "raw icmp", AF_INET, SOCK_RAW, 1 },
		{ "raw ip", AF_INET, SOCK_RAW, 255 },
		{ "raw icmp6", AF_INET6, SOCK_RAW, 58 },
		{ "sctp", AF_INET, SOCK_STREAM, 132 },
		{ "dccp", AF_INET, 6, 33 },
		{ "udplite", AF_INET, SOCK_DGRAM, 136 },
		{ "l2tp", AF_INET, SOCK_DGRAM, 115 },
	};
	char name[64];

	for (int family = 3; family < 46; family++) {
		if (family == AF_INET6 || family == AF_NETLINK)
			continue;
		(void)snprintf(name, sizeof(name), "socket family %d", family);
		PROBE(name, family_is_open(family));
	}
	for (int protocol = 1; protocol < 23; protocol++) {
		(void)snprintf(name, sizeof(name), "netlink %d", protocol);
		PROBE(name, protocol_is_open(AF_NETLINK, SOCK_RAW, protocol));
	}
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		PROBE(protocols[i].name, protocol_is_open(protocols[i].family, protocols[i].type,
							  protocols[i].protocol));
}

static void probe_files(void)
{
	char name[128];

	for (size_t i = 0; i < ARRAY_SIZE(readable); i++)
		PROBE(readable[i], read_is_open(readable[i]));
	for (size_t i = 0; i < ARRAY_SIZE(writable); i++) {
		(void)snprintf(name, sizeof(name), "write %s", writable[i]);
		PROBE(name, write_is_open(writable[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		PROBE(devices[i], device_is_open(devices[i]));
	PROBE("mknod mem", mknod_is_open(S_IFCHR, makedev(1, 1)));
	PROBE("mknod sda", mknod_is_open(S_IFBLK, makedev(8, 0)));
	PROBE("mknod loop0", mknod_is_open(S_IFBLK, makedev(7, 0)));
}

static void probe_terminal(void)
{
	PROBE("TIOCSTI", ioctl_is_open(TIOCSTI, 'x'));
	PROBE("TIOCLINUX", ioctl_is_open(TIOCLINUX, 6));
	PROBE("TIOCSTI, upper half set", ioctl_is_open(TIOCSTI | 1UL << 32, 'x'));
}

static int ping(void)
{
	const struct sockaddr_in self = { .sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const unsigned char request[8] = { 8 }; /* echo; the kernel fills in the rest */
	unsigned char reply[64];
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);

	(void)alarm(5);
	if (fd < 0 ||
	    sendto(fd, request, sizeof(request), 0, (const struct sockaddr *)&self, sizeof(self)) <
		    0 ||
	    recv(fd, reply, sizeof(reply), 0) < 8) {
		perror("ping");
		return 1;
	}
	return reply[0] == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "euid") == 0)
		return printf("%u\n", geteuid()) < 0;
	if (argc == 2 && strcmp(argv[1], "ping") == 0)
		return ping();
	probe_numbers();
	probe_sockets();
	probe_terminal();
	probe_files();
	(void)printf("probes %d open %d\n", probes, opened);
	return 0;
}
