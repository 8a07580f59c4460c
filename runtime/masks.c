// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/masks.c - Kernel files that a container must not see or change
 */
#include "runtime/masks.h"

#include <stddef.h>

/*
 * What docker and podman hide, together, and what they leave open for no
 * container's good: the layout and use of physical memory, side channels that
 * measure neighbours (energy, timers, interrupts), keys of other users, the
 * host's serial numbers, and interfaces meant for its administrator.
 */
const char *const masks_hidden[] = {
	/* memory and its allocators: addresses help an exploit along */
	"/proc/kcore",
	"/proc/kpagecgroup",
	"/proc/kpagecount",
	"/proc/kpageflags",
	"/proc/pagetypeinfo",
	"/proc/slabinfo",
	"/proc/vmallocinfo",
	"/proc/iomem",
	"/proc/ioports",
	"/proc/kallsyms",
	"/proc/modules",
	"/sys/kernel/slab",
	"/sys/kernel/notes",
	"/sys/kernel/vmcoreinfo",
	"/sys/kernel/boot_params",
	"/sys/kernel/btf",
	"/sys/module",

	/* timers, scheduling and energy: what the neighbours are doing */
	"/proc/interrupts",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/schedstat",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/devices/virtual/powercap",
	"/sys/class/powercap",

	/* keys and logs */
	"/proc/keys",
	"/proc/key-users",
	"/proc/kmsg",

	/* hardware, firmware and how the host was built and booted */
	"/proc/acpi",
	"/proc/asound",
	"/proc/config.gz",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/devices/virtual/dmi",
	"/sys/class/dmi",
	NULL,
};

/*
 * Tracing, security modules, pinned BPF objects: file systems of their own, which
 * the host mounts in its /sys. In a sysfs of the container's these are empty.
 */
const char *const masks_host_mounts[] = {
	"/sys/kernel/debug",
	"/sys/kernel/tracing",
	"/sys/kernel/security",
	"/sys/fs/selinux",
	"/sys/fs/bpf",
	"/sys/fs/pstore",
	NULL,
};

/*
 * Read by ordinary programs (sysctls above all), written by administrators. A
 * sysctl of the container's own namespaces is set before these are covered.
 */
const char *const masks_read_only[] = {
	"/proc/bus",	       "/proc/fs", "/proc/irq", "/proc/sys", "/proc/mtrr",
	"/proc/sysrq-trigger", NULL,
};
