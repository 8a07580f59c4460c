// SPDX-License-Identifier: Apache-2.0
/*
 * network/bridge.c - The host's side of the default network, made when missing
 *
 * Everything here may be repeated, and is when part of it has disappeared.
 * Callers hold the lock of network.c.
 */
#include "network/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "network/address.h"
#include "network/ipam.h"
#include "network/link.h"
#include "network/netlink.h"

#define SYSCTL_FORWARD "/proc/sys/net/ipv4/ip_forward"

/* Private, and rarely met: the first that the host does not route yet is taken. */
static const char *const SUBNETS[] = {
	"10.87.0.0/16", "10.187.0.0/16", "10.213.0.0/16", "172.29.0.0/16", "192.168.187.0/24",
};

/* A bridge that another RUNROOT made has an address already: then its subnet is ours too. */
static bool bridge_has_gateway(int fd, const struct address_prefix *subnet)
{
	struct in_addr address;

	return address_of_link(fd, BRIDGE_NAME, &address) == 0 &&
	       address.s_addr == ipam_gateway(subnet).s_addr;
}

/* Whoever names one knows the host's routes. */
static int parse_choice(const char *text, struct address_prefix *subnet, struct error *err)
{
	if (ipam_parse_subnet(text, subnet) == 0)
		return 0;
	error_set(err, EINVAL, "choose a subnet for '%s': TARE_SUBNET '%s' is none", BRIDGE_NAME,
		  text);
	return error_hint(err, "its first address and 8 to 28 bits, as in 10.99.0.0/16");
}

/**
 * bridge_choose_subnet() - TARE_SUBNET, or the first of a few that the host does not route elsewhere
 *
 * Return: 0, -EINVAL if TARE_SUBNET is none, -EADDRINUSE if all are taken, or -errno
 */
int bridge_choose_subnet(struct address_prefix *subnet, struct error *err)
{
	const char *choice = getenv("TARE_SUBNET");
	struct address_prefix candidates[sizeof(SUBNETS) / sizeof(SUBNETS[0])];
	size_t n = sizeof(SUBNETS) / sizeof(SUBNETS[0]);
	autoclose int fd = -1;
	int r, ifindex;

	if (choice && *choice)
		return parse_choice(choice, subnet, err);
	fd = netlink_open(NETLINK_ROUTE);
	if (fd < 0)
		return error_sys(err, -fd, "open a netlink socket");
	for (size_t i = 0; i < n; i++) {
		if (ipam_parse_subnet(SUBNETS[i], &candidates[i]) < 0)
			abort();
		if (bridge_has_gateway(fd, &candidates[i])) {
			*subnet = candidates[i];
			return 0;
		}
	}
	ifindex = link_index(fd, BRIDGE_NAME);
	for (size_t i = 0; i < n; i++) {
		r = address_is_routed(fd, &candidates[i], ifindex > 0 ? ifindex : 0);
		if (r < 0)
			return error_sys(err, -r, "read the host's routes");
		if (r == 0) {
			*subnet = candidates[i];
			return 0;
		}
	}
	error_set(err, EADDRINUSE, "choose a subnet for '%s': the host routes them all elsewhere",
		  BRIDGE_NAME);
	return error_hint(err, "TARE_SUBNET=10.99.0.0/16 would choose one by hand; "
			       "'--network host' and '--network none' need none");
}

static int set_sysctl(const char *path, const char *value, struct error *err)
{
	int r = file_write_at(AT_FDCWD, path, value);

	if (r < 0)
		error_sys(err, -r, "write '%s' to '%s'", value, path);
	if (r == -EROFS)
		error_hint(err, "so it is in a container without --privileged; "
				"'--network host' and '--network none' do without");
	return r < 0 ? r : 0;
}

/* Left alone when it is on: writing it resets other settings of every device. */
static int enable_forwarding(struct error *err)
{
	autofree char *text = NULL;
	size_t len;
	int r;

	r = file_read_at(AT_FDCWD, SYSCTL_FORWARD, 16, &text, &len, err);
	if (r < 0)
		return r;
	return text[0] == '1' ? 0 : set_sysctl(SYSCTL_FORWARD, "1", err);
}

static int set_sysctls(struct error *err)
{
	struct error ignored;
	int r;

	r = enable_forwarding(err);
	/* Lets the host's own connections from 127.0.0.1 be redirected to a container. */
	if (r == 0)
		r = set_sysctl("/proc/sys/net/ipv4/conf/" BRIDGE_NAME "/route_localnet", "1", err);
	/*
	 * The network is IPv4 only. With an IPv6 address the host would take
	 * router advertisements from containers. Missing if the kernel has none.
	 */
	(void)set_sysctl("/proc/sys/net/ipv6/conf/" BRIDGE_NAME "/disable_ipv6", "1", &ignored);
	return r;
}

static int make_device(int fd, struct in_addr gateway, struct error *err)
{
	autobatch struct netlink_batch b = { 0 };
	uint8_t mac[6];
	int r;

	address_to_mac(gateway, mac);
	link_put_bridge(&b, BRIDGE_NAME, mac);
	r = netlink_send(fd, &b, NULL);
	if (r < 0 && r != -EEXIST) {
		error_sys(err, -r, "make bridge '%s'", BRIDGE_NAME);
		return r == -EOPNOTSUPP ? error_hint(err, "the kernel lacks bridge support") : r;
	}
	return link_index(fd, BRIDGE_NAME);
}

/**
 * bridge_setup() - Make the bridge, or complete it
 *
 * Return: its interface index, or -errno
 */
int bridge_setup(const struct address_prefix *subnet, struct error *err)
{
	autobatch struct netlink_batch b = { 0 };
	struct in_addr gateway = ipam_gateway(subnet);
	autoclose int fd = -1;
	int r, ifindex;

	fd = netlink_open(NETLINK_ROUTE);
	if (fd < 0)
		return error_sys(err, -fd, "open a netlink socket");
	ifindex = link_index(fd, BRIDGE_NAME);
	if (ifindex < 0)
		ifindex = make_device(fd, gateway, err);
	if (ifindex < 0)
		return ifindex;
	r = set_sysctls(err);
	if (r < 0)
		return r;
	link_put_up(&b, ifindex);
	address_put(&b, ifindex, gateway, subnet->len);
	r = netlink_send(fd, &b, NULL);
	if (r < 0 && r != -EEXIST)
		return error_sys(err, -r, "configure bridge '%s'", BRIDGE_NAME);
	return ifindex;
}
