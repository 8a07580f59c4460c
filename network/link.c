// SPDX-License-Identifier: Apache-2.0
/*
 * network/link.c - Network devices: bridge, veth pair, up and gone
 */
#include "network/link.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>

#include "network/netlink.h"

#define MAC_BYTES 6

/**
 * link_put_bridge() - Make a bridge that is up
 * @mac:	Fixed: otherwise it changes with the ports and neighbours go stale
 *
 * Spanning tree is off by default, so ports forward at once.
 */
void link_put_bridge(struct netlink_batch *b, const char *name, const uint8_t *mac)
{
	struct ifinfomsg ifi = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	size_t info;

	netlink_begin(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof(ifi));
	netlink_put_text(b, IFLA_IFNAME, name);
	netlink_put(b, IFLA_ADDRESS, mac, MAC_BYTES);
	info = netlink_nest(b, IFLA_LINKINFO);
	netlink_put_text(b, IFLA_INFO_KIND, "bridge");
	netlink_nest_end(b, info);
}

/* One queue each way: by default there is one per CPU, and shrinking waits for RCU twice. */
static void put_queues(struct netlink_batch *b)
{
	netlink_put_u32(b, IFLA_NUM_TX_QUEUES, 1);
	netlink_put_u32(b, IFLA_NUM_RX_QUEUES, 1);
}

/**
 * link_put_veth() - Make a pair, its peer in another namespace, its host end up on a bridge
 *
 * One request does it all: moving the peer afterwards costs twenty times as
 * much. The peer cannot be brought up here (veth_open() wants both ends).
 */
void link_put_veth(struct netlink_batch *b, const struct link_veth *veth)
{
	struct ifinfomsg host = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct ifinfomsg peer = { 0 };
	size_t info, data, nest;

	netlink_begin(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &host, sizeof(host));
	netlink_put_text(b, IFLA_IFNAME, veth->host_name);
	netlink_put_u32(b, IFLA_MASTER, (uint32_t)veth->bridge_ifindex);
	put_queues(b);
	info = netlink_nest(b, IFLA_LINKINFO);
	netlink_put_text(b, IFLA_INFO_KIND, "veth");
	data = netlink_nest(b, IFLA_INFO_DATA);
	nest = netlink_nest(b, VETH_INFO_PEER);
	netlink_put_header(b, &peer, sizeof(peer));
	netlink_put_text(b, IFLA_IFNAME, veth->peer_name);
	netlink_put_u32(b, IFLA_NET_NS_FD, (uint32_t)veth->netns_fd);
	netlink_put(b, IFLA_ADDRESS, veth->peer_mac, MAC_BYTES);
	put_queues(b);
	netlink_nest_end(b, nest);
	netlink_nest_end(b, data);
	netlink_nest_end(b, info);
}

/**
 * link_put_hairpin() - Let a bridge port send frames back to where they came from
 *
 * With br_netfilter loaded a container's packets to its own published port are
 * redirected while they are still bridged, and would be dropped.
 */
void link_put_hairpin(struct netlink_batch *b, const char *name)
{
	struct ifinfomsg ifi = { 0 };
	size_t info, data;

	netlink_begin(b, RTM_NEWLINK, 0, &ifi, sizeof(ifi));
	netlink_put_text(b, IFLA_IFNAME, name);
	info = netlink_nest(b, IFLA_LINKINFO);
	netlink_put_text(b, IFLA_INFO_SLAVE_KIND, "bridge");
	data = netlink_nest(b, IFLA_INFO_SLAVE_DATA);
	netlink_put_u8(b, IFLA_BRPORT_MODE, 1);
	netlink_nest_end(b, data);
	netlink_nest_end(b, info);
}

/** link_put_up() - Bring a device up */
void link_put_up(struct netlink_batch *b, int ifindex)
{
	struct ifinfomsg ifi = { .ifi_index = ifindex, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	netlink_begin(b, RTM_NEWLINK, 0, &ifi, sizeof(ifi));
}

/** link_index() - Interface index of a device; -ENODEV when there is none */
int link_index(int fd, const char *name)
{
	struct ifreq ifr = { 0 };

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	return ioctl(fd, SIOCGIFINDEX, &ifr) < 0 ? -errno : ifr.ifr_ifindex;
}

/**
 * link_settle_carrier() - Make a device's new carrier count at once
 *
 * The kernel leaves it to a worker (linkwatch) to activate the queue and the
 * bridge port; until then packets are lost, and a lost ARP request stalls the
 * first connection for a second. ETHTOOL_GLINK runs linkwatch for the device.
 */
int link_settle_carrier(int fd, const char *name)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GLINK };
	struct ifreq ifr = { 0 };

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	ifr.ifr_data = (void *)&value;
	return ioctl(fd, SIOCETHTOOL, &ifr) < 0 ? -errno : 0;
}
