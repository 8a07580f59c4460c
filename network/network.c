// SPDX-License-Identifier: Apache-2.0
/*
 * network/network.c - A network namespace in, connectivity out
 *
 * Theory of operation:
 * There is no daemon, so what exists is looked for, not remembered. A start
 * takes its lease (a file, created exclusively), then sees with one ioctl and
 * one netlink request that the bridge and the nftables table are there. Only
 * if something is missing does it take the lock (flock of RUNROOT/networks)
 * and make everything anew, which may be repeated any time; a table that was
 * missing (say, after "nft flush ruleset") gets the ports of all leases back.
 *
 * Ports are written to the lease before they are published, so that after a
 * crash whoever finds the lease can take them out: network_release_stale().
 * The lease goes last. The veth pair dies with the container's netns; its
 * host end may outlive it by some 30 ms, under a name made from the id.
 */
#include "network/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "network/address.h"
#include "network/bridge.h"
#include "network/conntrack.h"
#include "network/ipam.h"
#include "network/link.h"
#include "network/netlink.h"
#include "network/netns.h"
#include "network/nftables.h"
#include "network/publish.h"

#define NETWORKS_DIR   "networks"
#define BRIDGE_DIR     "bridge"
#define CONTAINER_END  "eth0"
#define LOOPBACK_INDEX 1 /* the first device of every namespace */

/* Attempts at a veth name that is not in use. */
#define VETH_TRIES 8

/* The default network as one command sees it. */
struct network {
	int run_fd;
	int dir_fd; /* RUNROOT/networks/bridge */
	int nft_fd;
	struct address_prefix subnet;
};

static void network_done(struct network *net)
{
	cleanup_close(&net->dir_fd);
	cleanup_close(&net->nft_fd);
}
#define autonetwork __attribute__((cleanup(network_done)))

/** network_lease_done() - Release the contents of @lease (not the lease itself) */
void network_lease_done(struct network_lease *lease)
{
	network_ports_done(&lease->ports);
}

static int open_nftables(struct network *net, struct error *err)
{
	if (net->nft_fd >= 0)
		return 0;
	net->nft_fd = netlink_open(NETLINK_NETFILTER);
	if (net->nft_fd < 0)
		return error_sys(err, -net->nft_fd, "open a netfilter socket");
	return 0;
}

static int open_dir(struct network *net, struct error *err)
{
	cleanup_close(&net->dir_fd);
	net->dir_fd = openat(net->run_fd, NETWORKS_DIR "/" BRIDGE_DIR,
			     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return net->dir_fd < 0 ? error_sys(err, errno, "open the address leases") : 0;
}

static int lock_networks(int run_fd, struct error *err)
{
	autoclose int fd = -1;
	int r;

	fd = file_open_dir(run_fd, NETWORKS_DIR, 0700, err);
	if (fd < 0)
		return fd;
	r = file_lock(fd, LOCK_EX);
	if (r < 0)
		return error_sys(err, -r, "lock the networks");
	return steal_fd(&fd);
}

static int publish_lease(void *arg, const struct ipam_lease *lease)
{
	const struct network *net = arg;
	size_t failed;

	/* One that fails must not cost the others theirs. */
	(void)nftables_publish(net->nft_fd, lease->ports.items, lease->ports.n, lease->address,
			       &failed);
	return 0;
}

static int setup_table(struct network *net, struct error *err)
{
	int r;

	r = open_nftables(net, err);
	if (r < 0)
		return r;
	r = nftables_setup(net->nft_fd, BRIDGE_NAME, &net->subnet);
	if (r < 0) {
		error_sys(err, -r, "make nftables table 'tare'");
		return r == -EOPNOTSUPP || r == -EINVAL
			       ? error_hint(err, "the kernel lacks nf_tables with nat support")
			       : r;
	}
	return r == 1 ? ipam_each(net->dir_fd, publish_lease, net, err) : 0;
}

/* The slow path: whatever is missing is made. Returns the bridge's index. */
static int setup(struct network *net, struct error *err)
{
	autoclose int lock_fd = -1;
	int r, ifindex;

	lock_fd = lock_networks(net->run_fd, err);
	if (lock_fd < 0)
		return lock_fd;
	cleanup_close(&net->dir_fd);
	net->dir_fd = file_open_dir(lock_fd, BRIDGE_DIR, 0700, err);
	if (net->dir_fd < 0)
		return net->dir_fd;
	r = ipam_read_subnet(net->dir_fd, &net->subnet, err);
	if (r == -ENOENT) {
		r = bridge_choose_subnet(&net->subnet, err);
		if (r == 0)
			r = ipam_write_subnet(net->dir_fd, &net->subnet, err);
	}
	if (r < 0)
		return r;
	ifindex = bridge_setup(&net->subnet, err);
	if (ifindex < 0)
		return ifindex;
	r = setup_table(net, err);
	return r < 0 ? r : ifindex;
}

/* Leases an address; *@ifindex is that of the bridge, or 0 if nothing says that it exists. */
static int take_address(struct network *net, const char *id, struct network_lease *lease,
			struct error *err)
{
	int r, fd = -ENOENT;

	r = open_dir(net, err);
	if (r == 0)
		r = ipam_read_subnet(net->dir_fd, &net->subnet, err);
	if (r == 0)
		fd = ipam_take(net->dir_fd, &net->subnet, id, &lease->address, err);
	else if (r != -ENOENT)
		return r;
	if (fd != -ENOENT)
		return fd;
	/* The very first time, or after a restart of the machine, perhaps just now. */
	r = setup(net, err);
	if (r < 0)
		return r;
	return ipam_take(net->dir_fd, &net->subnet, id, &lease->address, err);
}

/* Sees that bridge and table exist; returns the bridge's index. */
static int check_presence(struct network *net, struct error *err)
{
	int r, ifindex;

	r = open_nftables(net, err);
	if (r < 0)
		return r;
	ifindex = link_index(net->nft_fd, BRIDGE_NAME);
	if (ifindex > 0 && nftables_is_set_up(net->nft_fd) == 1)
		return ifindex;
	return setup(net, err);
}

static void describe_lease(const struct network *net, const char *id, struct network_lease *lease)
{
	uint8_t *m = lease->mac;

	lease->prefix = net->subnet.len;
	lease->gateway = ipam_gateway(&net->subnet);
	address_to_mac(lease->address, lease->mac);
	inet_ntop(AF_INET, &lease->address, lease->address_text, sizeof(lease->address_text));
	inet_ntop(AF_INET, &lease->gateway, lease->gateway_text, sizeof(lease->gateway_text));
	snprintf(lease->mac_text, sizeof(lease->mac_text), "%02x:%02x:%02x:%02x:%02x:%02x", m[0],
		 m[1], m[2], m[3], m[4], m[5]);
	snprintf(lease->host_ifname, sizeof(lease->host_ifname), "tare%.10s", id);
}

/**
 * network_prepare() - Lease an address and take the ports, making the network if need be
 * @run_fd:	RUNROOT
 * @id:		The container's, opaque; its first ten characters name the veth
 * @ports:	To be published; a port on one host address goes before the same
 *		port on all of them
 * @lease:	Filled in; release the contents with network_lease_done() and
 *		the lease with network_release()
 *
 * The bridge is made in the caller's network namespace. On failure nothing is
 * leased or published.
 *
 * Return: 0, -EEXIST (port published by another container), -EADDRINUSE (by a
 * process of the host), -EADDRNOTAVAIL, -ENOSPC (no address free), -errno
 */
int network_prepare(int run_fd, const char *id, const struct network_port *ports, size_t n,
		    struct network_lease *lease, struct error *err)
{
	autonetwork struct network net = { .run_fd = run_fd, .dir_fd = -1, .nft_fd = -1 };
	autolease struct network_lease l = { 0 };
	autoclose int lease_fd = -1;
	struct error ignored;
	int r;

	for (size_t i = 0; i < n; i++)
		network_ports_add(&l.ports, &ports[i]);
	lease_fd = take_address(&net, id, &l, err);
	if (lease_fd < 0)
		return error_wrap(err, "prepare the network of '%.12s'", id);
	describe_lease(&net, id, &l);
	r = check_presence(&net, err);
	if (r >= 0) {
		l.bridge_ifindex = r;
		r = publish_ports(&(struct publish){ .dir_fd = net.dir_fd,
						     .lease_fd = lease_fd,
						     .nft_fd = net.nft_fd,
						     .id = id,
						     .address = l.address },
				  ports, &l.ports, err);
	}
	if (r < 0) {
		(void)ipam_give_back(net.dir_fd, l.address_text, &ignored);
		return r;
	}
	*lease = l;
	l.ports = (struct network_ports){ 0 };
	return 0;
}

/* Makes the pair. A name may linger from the container's previous run: then another is tried. */
static int make_veth(int fd, struct network_lease *lease, int netns_fd, struct error *err)
{
	struct link_veth veth = {
		.host_name = lease->host_ifname,
		.peer_name = CONTAINER_END,
		.bridge_ifindex = lease->bridge_ifindex,
		.netns_fd = netns_fd,
		.peer_mac = lease->mac,
	};
	size_t len = strlen(lease->host_ifname);
	int r = -EEXIST;

	for (int i = 0; i < VETH_TRIES && r == -EEXIST; i++) {
		autobatch struct netlink_batch b = { 0 };

		if (i)
			snprintf(lease->host_ifname + len, sizeof(lease->host_ifname) - len, "%c",
				 'a' + i);
		link_put_veth(&b, &veth);
		if (lease->ports.n)
			link_put_hairpin(&b, lease->host_ifname);
		r = netlink_send(fd, &b, NULL);
	}
	if (r == 0)
		return 0;
	error_sys(err, -r, "make veth pair '%s' on bridge '%s'", lease->host_ifname, BRIDGE_NAME);
	return r == -EOPNOTSUPP
		       ? error_hint(err, "the kernel lacks veth support, or this is no bridge: "
					 "ip -d link show " BRIDGE_NAME)
		       : r;
}

static int configure_container(int fd, const struct network_lease *lease, struct error *err)
{
	autobatch struct netlink_batch b = { 0 };
	int r, ifindex;

	ifindex = link_index(fd, CONTAINER_END);
	if (ifindex < 0)
		return error_sys(err, -ifindex, "find '%s' in the container", CONTAINER_END);
	link_put_up(&b, LOOPBACK_INDEX);
	address_put(&b, ifindex, lease->address, lease->prefix);
	link_put_up(&b, ifindex);
	address_put_default_route(&b, ifindex, lease->gateway);
	r = netlink_send(fd, &b, NULL);
	if (r < 0)
		return error_sys(err, -r, "configure '%s' in the container", CONTAINER_END);
	return 0;
}

/**
 * network_attach() - Connect a namespace to the bridge
 * @lease:	Of network_prepare(); host_ifname is updated
 * @netns_fd:	The container's new network namespace
 *
 * The process must have a single thread: it visits the namespace. Nothing is
 * to be undone on failure but the lease, the pair goes with the namespace.
 */
int network_attach(struct network_lease *lease, int netns_fd, struct error *err)
{
	autoclose int inside = -1;
	autoclose int fd = -1;
	int r;

	fd = netlink_open(NETLINK_ROUTE);
	if (fd < 0)
		return error_sys(err, -fd, "open a netlink socket");
	r = make_veth(fd, lease, netns_fd, err);
	if (r < 0)
		return r;
	inside = netns_open_netlink(netns_fd, NETLINK_ROUTE, err);
	if (inside < 0)
		return inside;
	r = configure_container(inside, lease, err);
	if (r < 0)
		return r;
	/* Without it the link works as well, a little later. */
	(void)link_settle_carrier(fd, lease->host_ifname);
	return 0;
}

/**
 * network_forget_flows() - Let UDP clients that never pause find the container
 * @lease:	Of a container that is connected
 *
 * For when nobody waits, the payload running already: it walks the kernel's
 * table of connections, which takes milliseconds. Without UDP ports it does
 * nothing; without it such clients go on talking to whom they talked to.
 */
void network_forget_flows(const struct network_lease *lease)
{
	autoclose int fd = -1;

	fd = netlink_open(NETLINK_NETFILTER);
	if (fd >= 0)
		conntrack_forget_udp(fd, lease->ports.items, lease->ports.n);
}

/*
 * Closing a netfilter socket waits until the kernel has disposed of what was
 * deleted anywhere lately: a grace period, some 10 ms. Hence @linger_fd below.
 */
static int release_lease(struct network *net, const struct ipam_lease *lease, struct error *err)
{
	char address[INET_ADDRSTRLEN];
	int r;

	if (lease->ports.n) {
		r = open_nftables(net, err);
		if (r < 0)
			return r;
		r = nftables_unpublish(net->nft_fd, lease->ports.items, lease->ports.n);
		if (r < 0)
			return error_sys(err, -r, "withdraw the ports of '%.12s'", lease->id);
		conntrack_forget_udp(net->nft_fd, lease->ports.items, lease->ports.n);
	}
	inet_ntop(AF_INET, &lease->address, address, sizeof(address));
	return ipam_give_back(net->dir_fd, address, err);
}

/**
 * network_release_quickly() - network_release() that leaves the waiting to the caller
 * @linger_fd:	Gets a socket to be closed where nobody waits for it (closing takes
 *		some 10 ms once ports were withdrawn, and so does exit), or -1
 *
 * All is released when this returns, only the kernel's clean-up goes on.
 */
int network_release_quickly(int run_fd, const char *address_text, const char *id, int *linger_fd,
			    struct error *err)
{
	autonetwork struct network net = { .run_fd = run_fd, .dir_fd = -1, .nft_fd = -1 };
	autoipam struct ipam_lease lease = { 0 };
	int r;

	*linger_fd = -1;
	if (!*address_text)
		return 0;
	r = open_dir(&net, err);
	if (r == 0)
		r = ipam_read(net.dir_fd, address_text, &lease, err);
	if (r == -ENOENT || (r == 0 && strcmp(lease.id, id) != 0))
		return 0;
	if (r == 0)
		r = release_lease(&net, &lease, err);
	*linger_fd = steal_fd(&net.nft_fd);
	return r;
}

/**
 * network_release() - Withdraw a container's ports and give its address back
 * @address_text:	Of the lease; "" for none
 * @id:			Whose it must be: an address that is another's by now is left alone
 *
 * Return: 0, also if there is nothing left to release
 */
int network_release(int run_fd, const char *address_text, const char *id, struct error *err)
{
	autoclose int linger_fd = -1;

	return network_release_quickly(run_fd, address_text, id, &linger_fd, err);
}

struct stale_search {
	struct network *net;
	bool (*is_alive)(void *arg, const char *id);
	void *arg;
	struct error *err;
};

static int release_if_stale(void *arg, const struct ipam_lease *lease)
{
	const struct stale_search *search = arg;
	char address[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &lease->address, address, sizeof(address));
	if (*lease->id ? search->is_alive(search->arg, lease->id)
		       : !ipam_is_abandoned(search->net->dir_fd, address))
		return 0;
	return release_lease(search->net, lease, search->err);
}

/**
 * network_release_stale() - Release what crashed commands left behind
 * @is_alive:	Whether a container of this id exists or is being created
 */
int network_release_stale(int run_fd, bool (*is_alive)(void *arg, const char *id), void *arg,
			  struct error *err)
{
	autonetwork struct network net = { .run_fd = run_fd, .dir_fd = -1, .nft_fd = -1 };
	struct stale_search search = { &net, is_alive, arg, err };
	autoclose int lock_fd = -1;
	int r;

	r = open_dir(&net, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	/* Two at once might take a lease away that is new under the same address. */
	lock_fd = lock_networks(run_fd, err);
	if (lock_fd < 0)
		return lock_fd;
	return ipam_each(net.dir_fd, release_if_stale, &search, err);
}

/** network_loopback_up() - All that --network none has: lo */
int network_loopback_up(int netns_fd, struct error *err)
{
	autobatch struct netlink_batch b = { 0 };
	autoclose int fd = -1;
	int r;

	fd = netns_open_netlink(netns_fd, NETLINK_ROUTE, err);
	if (fd < 0)
		return fd;
	link_put_up(&b, LOOPBACK_INDEX);
	r = netlink_send(fd, &b, NULL);
	return r < 0 ? error_sys(err, -r, "bring up 'lo' in the container") : 0;
}
