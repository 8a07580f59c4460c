// SPDX-License-Identifier: Apache-2.0
/*
 * network/conntrack.c - Make the kernel forget flows that go the wrong way
 *
 * Redirection is decided by the first packet of a flow, and a UDP flow lasts
 * for as long as somebody keeps sending: a syslog client goes on talking to
 * the container that had the port before, or to nobody. So flows to a port
 * are forgotten whenever it changes hands.
 */
#include "network/conntrack.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>

#include "base/cleanup.h"
#include "network/netlink.h"
#include "network/port.h"

/* Which fields of CTA_TUPLE_ORIG a dump compares (kernel, nf_internals.h; Linux 5.8). */
#define FILTER_PROTO_NUM (1U << 3)

/* What fits a socket buffer in one go; the rest is met by its clients' next pause. */
#define FORGET_MAX 512

struct flow_search {
	const struct network_port *ports;
	size_t n;
	struct netlink_batch deletions;
};

/* Ports of other machines are none of our business: can we bind to the address? */
static bool is_local_address(struct in_addr address)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = address };
	autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0;
}

static bool is_ours(const struct flow_search *search, struct in_addr dst, uint16_t dst_port)
{
	for (size_t i = 0; i < search->n; i++) {
		const struct network_port *p = &search->ports[i];

		if (p->protocol != IPPROTO_UDP || p->host_port != dst_port)
			continue;
		if (p->host_ip.s_addr == htonl(INADDR_ANY) ? is_local_address(dst)
							   : p->host_ip.s_addr == dst.s_addr)
			return true;
	}
	return false;
}

static bool find_bytes(const struct netlink_answer *in, uint16_t nest, uint16_t attr, void *out,
		       size_t len)
{
	struct netlink_answer outer, found;

	if (!netlink_find(in, 0, nest, &outer) || !netlink_find(&outer, 0, attr, &found) ||
	    found.len < len)
		return false;
	memcpy(out, found.payload, len);
	return true;
}

static int collect_flow(void *arg, const struct netlink_answer *answer)
{
	struct flow_search *search = arg;
	struct netlink_answer tuple, id;
	struct in_addr dst;
	uint16_t dst_port;
	uint8_t protocol;

	if (!netlink_find(answer, sizeof(struct nfgenmsg), CTA_TUPLE_ORIG, &tuple) ||
	    !netlink_find(answer, sizeof(struct nfgenmsg), CTA_ID, &id) ||
	    !find_bytes(&tuple, CTA_TUPLE_PROTO, CTA_PROTO_NUM, &protocol, 1) ||
	    !find_bytes(&tuple, CTA_TUPLE_PROTO, CTA_PROTO_DST_PORT, &dst_port, 2) ||
	    !find_bytes(&tuple, CTA_TUPLE_IP, CTA_IP_V4_DST, &dst, 4))
		return 0;
	if (protocol != IPPROTO_UDP || !is_ours(search, dst, ntohs(dst_port)))
		return 0;
	netlink_begin_netfilter(&search->deletions, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE, 0);
	netlink_put(&search->deletions, CTA_TUPLE_ORIG | NLA_F_NESTED, tuple.payload, tuple.len);
	netlink_put(&search->deletions, CTA_ID, id.payload, id.len);
	return search->deletions.n >= FORGET_MAX;
}

static void put_udp_dump(struct netlink_batch *b)
{
	size_t filter, tuple, protocol;

	netlink_begin_netfilter(b, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET, NLM_F_DUMP);
	tuple = netlink_nest(b, CTA_TUPLE_ORIG);
	protocol = netlink_nest(b, CTA_TUPLE_PROTO);
	netlink_put_u8(b, CTA_PROTO_NUM, IPPROTO_UDP);
	netlink_nest_end(b, protocol);
	netlink_nest_end(b, tuple);
	filter = netlink_nest(b, CTA_FILTER);
	netlink_put_u32(b, CTA_FILTER_ORIG_FLAGS, FILTER_PROTO_NUM);
	netlink_nest_end(b, filter);
}

/**
 * conntrack_forget_udp() - Forget the flows to those of @ports that are UDP
 * @fd:		NETLINK_NETFILTER socket of the host's network namespace
 *
 * What cannot be forgotten runs out by itself, 30 seconds after its last
 * packet, so failures are passed over.
 */
void conntrack_forget_udp(int fd, const struct network_port *ports, size_t n)
{
	struct flow_search search = { .ports = ports, .n = n };
	autobatch struct netlink_batch b = { 0 };
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any = any || ports[i].protocol == IPPROTO_UDP;
	if (!any)
		return;
	put_udp_dump(&b);
	(void)netlink_dump(fd, &b, collect_flow, &search);
	if (search.deletions.n)
		(void)netlink_send(fd, &search.deletions, NULL);
	netlink_batch_done(&search.deletions);
}
