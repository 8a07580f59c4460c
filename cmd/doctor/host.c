// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/doctor/host.c - Network, store, other programs, for tare doctor
 *
 * The network is made as for a first container, in a network namespace that a
 * child has to itself and that goes with it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/netfilter.h>
#include <linux/netlink.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/str.h"
#include "cmd/command.h"
#include "cmd/doctor/doctor.h"
#include "cmd/units.h"
#include "network/address.h"
#include "network/bridge.h"
#include "network/firewall.h"
#include "network/link.h"
#include "network/netlink.h"
#include "network/nftables.h"
#include "network/port.h"

#define WANTED_FILES   524288 /* the hard limit that containers get, see runtime/rlimit */
#define LITTLE_SPACE   (UINT64_C(256) << 20)
#define SYSCTL_FORWARD "/proc/sys/net/ipv4/ip_forward"

/* Of file systems on which a store is met; linux/magic.h does not have them all. */
#define XFS_MAGIC  0x58465342
#define ZFS_MAGIC  0x2fc12fc1
#define NFS_MAGIC  0x6969
#define FUSE_MAGIC 0x65735546

/* ---- network ------------------------------------------------------------- */

static int try_veth(int fd, int bridge)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	autobatch struct netlink_batch b = { 0 };
	autoclose int netns = openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	link_put_veth(&b, &(struct link_veth){ .host_name = "doctor0",
					       .peer_name = "doctor1",
					       .bridge_ifindex = bridge,
					       .netns_fd = netns,
					       .peer_mac = mac });
	return netlink_send(fd, &b, NULL);
}

static int try_port(int nft)
{
	const struct network_port port = { .protocol = IPPROTO_TCP,
					   .host_port = 8080,
					   .container_port = 80 };
	size_t failed;

	return nftables_publish(nft, &port, 1, (struct in_addr){ htonl(0x0a570002) }, &failed);
}

static void try_in_child(int results[DOCTOR_NETWORK_STEPS])
{
	struct error err = { 0 };
	struct address_prefix subnet;
	int rtnl, nft, bridge;

	results[DOCTOR_NETNS] = unshare(CLONE_NEWNET) < 0 ? -errno : 0;
	if (results[DOCTOR_NETNS] < 0)
		return;
	bridge = bridge_choose_subnet(&subnet, &err);
	if (bridge == 0)
		bridge = bridge_setup(&subnet, &err);
	results[DOCTOR_BRIDGE] = bridge < 0 ? bridge : 0;
	rtnl = netlink_open(NETLINK_ROUTE);
	results[DOCTOR_VETH] = rtnl < 0 || bridge < 0 ? -ENOLINK : try_veth(rtnl, bridge);
	nft = netlink_open(NETLINK_NETFILTER);
	results[DOCTOR_NFTABLES] = nft < 0 ? nft : nftables_setup(nft, BRIDGE_NAME, &subnet);
	if (results[DOCTOR_NFTABLES] >= 0)
		results[DOCTOR_PORTS] = try_port(nft);
}

/** doctor_network_try() - The steps of a first container's network, where nobody sees them */
void doctor_network_try(int results[DOCTOR_NETWORK_STEPS])
{
	const size_t size = DOCTOR_NETWORK_STEPS * sizeof(*results);
	int fds[2];
	pid_t pid;

	for (int i = 0; i < DOCTOR_NETWORK_STEPS; i++)
		results[i] = -ECHILD;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		try_in_child(results);
		(void)write(fds[1], results, size);
		_exit(0);
	}
	(void)close(fds[1]);
	if (pid > 0 && read(fds[0], results, size) != (ssize_t)size)
		results[DOCTOR_NETNS] = -EIO;
	(void)close(fds[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void say_network(const struct doctor *d, enum doctor_network_step step, const char *doing,
			const char *type, struct doctor_finding *f)
{
	if (d->network[DOCTOR_NETNS] < 0) {
		doctor_no(f, -d->network[DOCTOR_NETNS], "make a network namespace to try it in");
	} else if (d->network[step] < 0) {
		doctor_no(f, -d->network[step], "%s", doing);
		if (!*f->type)
			doctor_type(f, "%s", type);
	} else {
		doctor_yes(f, NULL);
	}
}

static void look_bridge(const struct doctor *d, const struct doctor_feature *feature,
			struct doctor_finding *f)
{
	(void)feature;
	say_network(d, DOCTOR_BRIDGE, "make one", "modprobe bridge; or --network host", f);
}

static void look_veth(const struct doctor *d, const struct doctor_feature *feature,
		      struct doctor_finding *f)
{
	(void)feature;
	say_network(d, DOCTOR_VETH, "make a pair", "modprobe veth; or --network host", f);
}

static void look_nat(const struct doctor *d, const struct doctor_feature *feature,
		     struct doctor_finding *f)
{
	(void)feature;
	say_network(d, DOCTOR_NFTABLES, "make tare's table",
		    "modprobe -a nf_tables nft_chain_nat nft_masq nft_ct nft_fib_inet; or "
		    "--network host",
		    f);
}

static void look_ports(const struct doctor *d, const struct doctor_feature *feature,
		       struct doctor_finding *f)
{
	(void)feature;
	say_network(d, DOCTOR_PORTS, "publish one", "--network host", f);
}

/* tare switches it on with its bridge, if it may. */
static void look_forward(const struct doctor *d, const struct doctor_feature *feature,
			 struct doctor_finding *f)
{
	autofree char *text = NULL;
	struct error err = { 0 };
	size_t len;
	int r;

	(void)d;
	(void)feature;
	r = file_read_at(AT_FDCWD, SYSCTL_FORWARD, 16, &text, &len, &err);
	if (r == 0 && *text == '1') {
		doctor_yes(f, "it is on");
	} else if (r == 0 && faccessat(AT_FDCWD, SYSCTL_FORWARD, W_OK, AT_EACCESS) == 0) {
		doctor_yes(f, "the first container with a network switches it on");
	} else {
		doctor_no(f, r < 0 ? -r : errno, "it is off, and '%s' cannot be written",
			  SYSCTL_FORWARD);
		doctor_type(f, "sysctl -w net.ipv4.ip_forward=1 (on the host)");
	}
}

/* Not tried as the steps above: it is the host's own rules that count. */
static void look_firewall(const struct doctor *d, const struct doctor_feature *feature,
			  struct doctor_finding *f)
{
	struct firewall_chain chain;
	int r = firewall_find_drop(BRIDGE_NAME, &chain);

	(void)d;
	(void)feature;
	if (r < 0) {
		doctor_no(f, -r, "read the rules of nftables and iptables");
	} else if (r == 0) {
		doctor_yes(f, NULL);
	} else {
		doctor_no(f, 0, "chain '%s' of table '%s %s' drops what no rule there accepts",
			  chain.name, chain.kind, chain.table);
		firewall_print_remedy(&chain, BRIDGE_NAME, f->type, sizeof(f->type));
	}
}

/* ---- the store ----------------------------------------------------------- */

static const struct {
	unsigned long magic;
	const char *name;
	const char *problem; /* NULL: none */
} filesystems[] = {
	{ EXT4_SUPER_MAGIC, "ext4", NULL },
	{ XFS_MAGIC, "xfs", NULL },
	{ BTRFS_SUPER_MAGIC, "btrfs", NULL },
	{ TMPFS_MAGIC, "tmpfs", NULL },
	{ F2FS_SUPER_MAGIC, "f2fs", NULL },
	{ ZFS_MAGIC, "zfs", NULL },
	{ OVERLAYFS_SUPER_MAGIC, "overlay", "no overlay can be written on top of one" },
	{ NFS_MAGIC, "nfs", "no overlay can be written on it" },
	{ FUSE_MAGIC, "fuse", "no overlay can be written on it" },
	{ MSDOS_SUPER_MAGIC, "vfat", "it has no owners and no links" },
};

static void look_store(const struct doctor *d, const struct doctor_feature *feature,
		       struct doctor_finding *f)
{
	const char *name = "another file system", *problem = NULL;
	char space[UNITS_TEXT_MAX];
	struct statfs fs;
	uint64_t bytes;

	(void)feature;
	if (d->store_err.code || fstatfs(d->ctx->store.root_fd, &fs) < 0) {
		doctor_no(f, 0, "%s", d->store_err.code ? d->store_err.msg : strerror(errno));
		doctor_type(f, "tare --root DIR, or export TARE_ROOT=DIR");
		return;
	}
	for (size_t i = 0; i < sizeof(filesystems) / sizeof(*filesystems); i++) {
		if ((unsigned long)fs.f_type != filesystems[i].magic)
			continue;
		name = filesystems[i].name;
		problem = filesystems[i].problem;
	}
	bytes = (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize;
	units_print_binary(space, bytes);
	if (problem) {
		doctor_no(f, 0, "'%s' is on %s: %s", d->ctx->root, name, problem);
		doctor_type(f, "tare --root DIR on another file system; or -v /var/lib/tare for "
			       "the container that this is");
	} else if (bytes < LITTLE_SPACE) {
		doctor_no(f, 0, "'%s' on %s has only %s left", d->ctx->root, name, space);
		doctor_type(f, "tare system prune; or tare --root DIR");
	} else {
		doctor_yes(f, "'%s' on %s, %s free", d->ctx->root, name, space);
	}
}

/* ---- other programs ------------------------------------------------------ */

static char *find_program(const char *name)
{
	autostrlist struct strlist dirs = { 0 };
	const char *path = getenv("PATH");

	strlist_split(&dirs, path ? path : "/usr/sbin:/usr/bin:/sbin:/bin", ':');
	for (size_t i = 0; i < dirs.n; i++) {
		autofree char *file = xasprintf("%s/%s", dirs.items[i], name);

		if (faccessat(AT_FDCWD, file, X_OK, AT_EACCESS) == 0)
			return steal_ptr(&file);
	}
	return NULL;
}

static void look_criu(const struct doctor *d, const struct doctor_feature *feature,
		      struct doctor_finding *f)
{
	autofree char *program = find_program("criu");

	(void)d;
	(void)feature;
	if (program) {
		doctor_yes(f, "'%s'", program);
		return;
	}
	doctor_no(f, 0, "it is not installed");
	doctor_type(f, "apt-get install criu");
}

static void look_systemd(const struct doctor *d, const struct doctor_feature *feature,
			 struct doctor_finding *f)
{
	struct stat st;

	(void)d;
	(void)feature;
	if (fstatat(AT_FDCWD, "/run/systemd/system", &st, 0) < 0)
		doctor_no(f, 0, "this machine was not booted with it");
	else if (fstatat(AT_FDCWD, "/run/dbus/system_bus_socket", &st, 0) < 0 &&
		 fstatat(AT_FDCWD, "/run/systemd/private", &st, 0) < 0)
		doctor_no(f, 0, "there is no bus to reach it by");
	else
		doctor_yes(f, NULL);
}

static void look_files(const struct doctor *d, const struct doctor_feature *feature,
		       struct doctor_finding *f)
{
	struct rlimit limit;

	(void)d;
	(void)feature;
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
		doctor_no(f, errno, "read the limit");
	} else if (limit.rlim_max < WANTED_FILES) {
		doctor_no(f, 0, "this shell allows %" PRIu64 " at most", (uint64_t)limit.rlim_max);
		doctor_type(f, "ulimit -Hn %d (LimitNOFILE= in a unit of systemd)", WANTED_FILES);
	} else {
		doctor_yes(f, NULL);
	}
}

const struct doctor_feature doctor_host[] = {
	{ "store", "a place for images and containers", "nothing can be kept or run", true,
	  look_store },
	{ "bridge", "a bridge for containers", "containers need --network host or none", true,
	  look_bridge },
	{ "veth", "pairs of network devices", "containers need --network host or none", true,
	  look_veth },
	{ "nft", "NAT by nftables", "containers need --network host or none", true, look_nat },
	{ "ip_forward", "packets between interfaces are passed on",
	  "containers do not reach beyond the host", true, look_forward },
	{ "firewall", "no other firewall drops what is passed on",
	  "containers do not reach beyond the host, nor others their ports", false, look_firewall },
	{ "ports", "published ports", "-p is refused", false, look_ports },
	{ "files", "524288 open files for a container", "containers may open fewer", false,
	  look_files },
	{ "criu", "CRIU", "tare oci checkpoint and restore", false, look_criu },
	{ "systemd", "cgroups made by systemd", "tare-oci has no --systemd-cgroup", false,
	  look_systemd },
	{ 0 },
};
