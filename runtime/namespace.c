// SPDX-License-Identifier: Apache-2.0
/*
 * runtime/namespace.c - Namespaces that a container's first process is not cloned into
 *
 * Theory of operation:
 * A namespace to share belongs to some user namespace, and only who has rights
 * over that may enter. So the caller, who has them over all, enters first, the
 * child is born there, and the caller comes back. Two exceptions: the mount
 * namespace is entered by the child, as the caller still needs its own; and the
 * user namespace by a helper (runtime/container), as there is no way back. So it
 * is with all of them for root of a user namespace that has, as with podman when
 * a user calls it, the host's network, uts or ipc namespace: these are not its own.
 *
 * A new network namespace is made while the container's first process is busy, see
 * runtime/container, and received by it.
 *
 * A new time namespace is made here too: its clocks can be set only until the
 * first process is in it, so it is not for clone3() (time_namespaces(7)).
 */
#include "runtime/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/sys.h"
#include "runtime/plan.h"
#include "runtime/sync.h"

static const char *const own_files[CONFIG_NS_COUNT] = {
	[CONFIG_NS_USER] = "user", [CONFIG_NS_PID] = "pid",   [CONFIG_NS_NET] = "net",
	[CONFIG_NS_IPC] = "ipc",   [CONFIG_NS_UTS] = "uts",   [CONFIG_NS_CGROUP] = "cgroup",
	[CONFIG_NS_TIME] = "time", [CONFIG_NS_MOUNT] = "mnt",
};

static bool is_left_to_others(int ns)
{
	return ns == CONFIG_NS_USER || ns == CONFIG_NS_MOUNT;
}

static int open_one(const char *path, enum config_ns ns, struct error *err)
{
	autoclose int fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return error_sys(err, errno, "open the %s namespace '%s'", config_ns_name(ns),
				 path);
	if (ioctl(fd, NS_GET_NSTYPE) != (int)config_ns_flag(ns))
		return error_set(err, EINVAL, "open the %s namespace '%s': it is none",
				 config_ns_name(ns), path);
	return steal_fd(&fd);
}

/* The time namespace of our children is another file than our own. */
static int open_back(struct namespace_set *set, int ns, struct error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", own_files[ns]);
	set->back[ns] = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	return set->back[ns] < 0 ? error_sys(err, errno, "open '%s'", path) : 0;
}

/**
 * namespace_open() - Open all that the configuration names, before anything is created
 * @set:	namespace_close() releases it, also after a failure
 */
int namespace_open(struct namespace_set *set, const struct config *c, struct error *err)
{
	for (int i = 0; i < CONFIG_NS_COUNT; i++)
		set->there[i] = set->back[i] = -1;
	for (int i = 0; i < CONFIG_NS_COUNT; i++) {
		if (!c->join_paths[i])
			continue;
		set->there[i] = open_one(c->join_paths[i], (enum config_ns)i, err);
		if (set->there[i] < 0)
			return set->there[i];
	}
	if (c->join_net >= 0) {
		set->there[CONFIG_NS_NET] = fcntl(c->join_net, F_DUPFD_CLOEXEC, 3);
		if (set->there[CONFIG_NS_NET] < 0)
			return error_sys(err, errno, "copy the network namespace's descriptor");
	}
	return 0;
}

static bool is_entered(const struct namespace_set *set, const struct config *c, int ns)
{
	if (ns == CONFIG_NS_TIME && (c->namespaces & CLONE_NEWTIME))
		return true;
	return set->there[ns] >= 0 && !is_left_to_others(ns);
}

/** namespace_has_way_back() - Whether namespace_leave() may return from where _enter() goes */
bool namespace_has_way_back(const struct namespace_set *set, const struct config *c)
{
	for (int i = 0; i < CONFIG_NS_COUNT; i++) {
		autoclose int own = -1, owner = -1;
		struct error ignored;

		if (!is_entered(set, c, i))
			continue;
		own = namespace_open_of(getpid(), own_files[i], &ignored);
		owner = own < 0 ? -1 : ioctl(own, NS_GET_USERNS);
		if (owner < 0 && errno == EPERM) /* beyond our user namespace, ioctl_ns(2) */
			return false;
	}
	return true;
}

static int make_clocks(struct namespace_set *set, const struct config *c, struct error *err)
{
	int r = open_back(set, CONFIG_NS_TIME, err);

	if (r < 0)
		return r;
	if (unshare(CLONE_NEWTIME) < 0)
		return error_sys(err, errno, "make a time namespace");
	r = c->time_offsets ? file_write_at(AT_FDCWD, "/proc/self/timens_offsets", c->time_offsets)
			    : 0;
	return r < 0 ? error_sys(err, -r, "set linux.timeOffsets") : 0;
}

/** namespace_enter() - Be, or have our children, where the container's are to be born */
int namespace_enter(struct namespace_set *set, const struct config *c, struct error *err)
{
	for (int i = 0; i < CONFIG_NS_COUNT; i++) {
		if (set->there[i] < 0 || is_left_to_others(i))
			continue;
		if (open_back(set, i, err) < 0)
			return -err->code;
		if (setns(set->there[i], (int)config_ns_flag((enum config_ns)i)) < 0)
			return error_sys(err, errno, "enter the %s namespace to share",
					 config_ns_name((enum config_ns)i));
	}
	return c->namespaces & CLONE_NEWTIME ? make_clocks(set, c, err) : 0;
}

/** namespace_leave() - Back to where namespace_enter() began */
int namespace_leave(struct namespace_set *set, struct error *err)
{
	int r = 0;

	for (int i = 0; i < CONFIG_NS_COUNT; i++)
		if (set->back[i] >= 0 &&
		    setns(set->back[i], (int)config_ns_flag((enum config_ns)i)) < 0)
			r = error_sys(err, errno, "return to our %s namespace",
				      config_ns_name((enum config_ns)i));
	return r;
}

/** namespace_close() - Close whatever is open */
void namespace_close(struct namespace_set *set)
{
	for (int i = 0; i < CONFIG_NS_COUNT; i++) {
		cleanup_close(&set->there[i]);
		cleanup_close(&set->back[i]);
	}
}

/* A new network namespace begins with lo down; runc and crun hand it over up. */
static int raise_loopback(struct error *err)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 && errno == EAFNOSUPPORT) /* a kernel without IPv4 */
		return 0;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		return error_sys(err, errno, "bring up 'lo'");
	return 0;
}

/**
 * namespace_receive_net() - In init: be in the new network namespace, if there is to be one
 *
 * To be called before anything depends on it; waits for the parent, which has had
 * time. A bundle's 'lo' comes up at once: nobody else sees to that.
 */
int namespace_receive_net(struct rootfs *fs, const struct init_plan *plan, struct error *err)
{
	autoclose int fd = -1;

	if (fs->in_netns || !(plan->config->namespaces & CLONE_NEWNET))
		return 0;
	if (!sync_await(plan->sync_fd, SYNC_NETWORK, &fd, err) || fd < 0)
		return error_set(err, ECHILD, "receive the network namespace: nobody sent it");
	if (setns(fd, CLONE_NEWNET) < 0)
		return error_sys(err, errno, "enter the network namespace");
	fs->in_netns = true;
	return plan->config->root == CONFIG_ROOT_BUNDLE ? raise_loopback(err) : 0;
}

/** namespace_open_of() - A process's namespace, by its name in /proc/PID/ns: an fd, or -errno */
int namespace_open_of(pid_t pid, const char *name, struct error *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? error_sys(err, errno, "open '%s'", path) : fd;
}

/**
 * namespace_run_apart() - Run a function that enters namespaces from which there is no way back
 * @fn:		Returns 0; what it found out is in @arg, as memory and descriptors are ours
 * @stack:	Of its process, @size bytes, aligned as malloc() does
 */
int namespace_run_apart(int (*fn)(void *), void *arg, void *stack, size_t size, struct error *err)
{
	pid_t pid = clone(fn, (char *)stack + size, CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD,
			  arg);

	if (pid < 0)
		return error_sys(err, errno, "create a helper that enters namespaces");
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}
