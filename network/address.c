// SPDX-License-Identifier: Apache-2.0
/*
 * network/address.c - IPv4 addresses of devices, and routes
 */
#include "network/address.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/rtnetlink.h>

#include "network/netlink.h"

/** address_mask() - Netmask of a prefix of @len bits */
struct in_addr address_mask(int len)
{
	return (struct in_addr){ htonl(len ? ~0U << (32 - len) : 0) };
}

/**
 * address_to_mac() - The MAC address that goes with an address
 *
 * Derived, so that an address used again finds the neighbours' entries right.
 * 02 marks it as locally administered.
 */
void address_to_mac(struct in_addr address, uint8_t mac[6])
{
	mac[0] = 0x02;
	mac[1] = 0x54;
	memcpy(mac + 2, &address, sizeof(address));
}

/** address_put() - Give a device an address; -EEXIST when it has it */
void address_put(struct netlink_batch *b, int ifindex, struct in_addr address, int len)
{
	struct ifaddrmsg ifa = {
		.ifa_family = AF_INET,
		.ifa_prefixlen = (uint8_t)len,
		.ifa_index = (uint32_t)ifindex,
	};

	netlink_begin(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &ifa, sizeof(ifa));
	netlink_put(b, IFA_LOCAL, &address, sizeof(address));
	netlink_put(b, IFA_ADDRESS, &address, sizeof(address));
}

/** address_put_default_route() - Route everything through @gateway */
void address_put_default_route(struct netlink_batch *b, int ifindex, struct in_addr gateway)
{
	struct rtmsg rtm = {
		.rtm_family = AF_INET,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};

	netlink_begin(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &rtm, sizeof(rtm));
	netlink_put(b, RTA_GATEWAY, &gateway, sizeof(gateway));
	netlink_put_u32(b, RTA_OIF, (uint32_t)ifindex);
}

/** address_of_link() - First address of a device; -ENODEV or -EADDRNOTAVAIL without one */
int address_of_link(int fd, const char *name, struct in_addr *address)
{
	struct ifreq ifr = { 0 };
	struct sockaddr_in sin;

	strncpy(ifr.ifr_name, name, IFNAMSIZ - 1);
	ifr.ifr_addr.sa_family = AF_INET;
	if (ioctl(fd, SIOCGIFADDR, &ifr) < 0)
		return -errno;
	memcpy(&sin, &ifr.ifr_addr, sizeof(sin));
	*address = sin.sin_addr;
	return 0;
}

/*
 * No private network is wider than 10.0.0.0/8. What is, leads to the world: a VPN that takes all
 * traffic has 0.0.0.0/1 and 128.0.0.0/1 in place of a default route.
 */
#define WORLD_BELOW 8

struct overlap_search {
	const struct address_prefix *prefix;
	int except_ifindex;
};

static int route_overlaps(void *arg, const struct netlink_answer *answer)
{
	const struct overlap_search *search = arg;
	const struct rtmsg *rtm = answer->payload;
	struct netlink_answer found;
	uint32_t dst, oif, mask;

	if (answer->type != RTM_NEWROUTE || answer->len < sizeof(*rtm) ||
	    rtm->rtm_dst_len < WORLD_BELOW || rtm->rtm_dst_len > 32)
		return 0;
	if (!netlink_find(answer, sizeof(*rtm), RTA_DST, &found) || found.len != sizeof(dst))
		return 0;
	memcpy(&dst, found.payload, sizeof(dst));
	if (netlink_find(answer, sizeof(*rtm), RTA_OIF, &found) && found.len == sizeof(oif)) {
		memcpy(&oif, found.payload, sizeof(oif));
		if ((int)oif == search->except_ifindex)
			return 0;
	}
	mask = address_mask(rtm->rtm_dst_len < search->prefix->len ? rtm->rtm_dst_len
								   : search->prefix->len)
		       .s_addr;
	return (dst & mask) == (search->prefix->base.s_addr & mask);
}

/**
 * address_is_routed() - Whether the host sends part of a prefix somewhere already
 * @fd:			NETLINK_ROUTE socket
 * @except_ifindex:	Routes through this device do not count, 0 for none
 *
 * All tables count, default routes and those of VPNs that stand for one do not.
 *
 * Return: 1, 0 or -errno
 */
int address_is_routed(int fd, const struct address_prefix *prefix, int except_ifindex)
{
	struct overlap_search search = { .prefix = prefix, .except_ifindex = except_ifindex };
	autobatch struct netlink_batch b = { 0 };
	struct rtmsg rtm = { .rtm_family = AF_INET };

	netlink_begin(&b, RTM_GETROUTE, NLM_F_DUMP, &rtm, sizeof(rtm));
	return netlink_dump(fd, &b, route_overlaps, &search);
}
