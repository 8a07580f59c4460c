// SPDX-License-Identifier: Apache-2.0
/*
 * network/nftables.c - Our one table: masquerading, published ports, who may forward
 *
 * Theory of operation:
 * "table ip tare" is made once, whole, in one transaction; it exists or it
 * does not. A published port is one element of one of its two maps:
 *
 *   published	   l4proto . port		 -> container address . port
 *   published_at  address . l4proto . port	 -> the same, one host address only
 *
 * so a packet costs one hashed look-up however many ports there are, and a
 * port costs one message. The chains:
 *
 *   guard	   drops what a container sends to or from 127.0.0.0/8, before
 *		   conntrack: route_localnet on the bridge, which the host's own
 *		   connections to published ports need, would let it through
 *   prerouting,   redirect connections to published ports: from elsewhere and
 *   output	   from the host itself; nothing from elsewhere reaches 127/8
 *   postrouting   containers leave with the host's address; connections that
 *		   would be answered past us (a container to its own published
 *		   port, the host from 127.0.0.1) come from the bridge's address
 *   forward	   from elsewhere only published ports and answers get in
 *
 * No rule of anybody else is touched, and the policies accept.
 */
#include "network/nftables.h"

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

#include "network/address.h"
#include "network/netlink.h"
#include "network/port.h"
#include "network/rule.h"

#define TABLE	     "tare"
#define PUBLISHED    "published"
#define PUBLISHED_AT "published_at"

/* nft's own numbers of data types, by which it displays maps (nftables datatype.h). */
#define TYPE_ADDRESS  7U
#define TYPE_PROTOCOL 12U
#define TYPE_SERVICE  13U
#define TYPE_BITS     6 /* types of several fields: one after the other in so many bits each */

static const struct rule_field FIELD_SOURCE = { NFT_PAYLOAD_NETWORK_HEADER, 12, 4 };
static const struct rule_field FIELD_SOURCE_BYTE = { NFT_PAYLOAD_NETWORK_HEADER, 12, 1 };
static const struct rule_field FIELD_DESTINATION = { NFT_PAYLOAD_NETWORK_HEADER, 16, 4 };
static const struct rule_field FIELD_DESTINATION_BYTE = { NFT_PAYLOAD_NETWORK_HEADER, 16, 1 };
static const struct rule_field FIELD_DESTINATION_PORT = { NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2 };

static const uint8_t LOOPBACK_BYTE = 127;

/* A transaction needs to be framed; nothing in between counts unless all of it works. */
static void put_frame(struct netlink_batch *b, uint16_t type)
{
	struct nfgenmsg header = {
		.nfgen_family = AF_UNSPEC,
		.version = NFNETLINK_V0,
		.res_id = htons(NFNL_SUBSYS_NFTABLES),
	};

	netlink_begin(b, type, 0, &header, sizeof(header));
}

static void put_message(struct netlink_batch *b, uint8_t type, uint16_t flags)
{
	netlink_begin_netfilter(b, NFNL_SUBSYS_NFTABLES, type, flags);
}

struct base_chain {
	const char *name, *type;
	uint32_t hook;
	int32_t priority;
};

static const struct base_chain CHAINS[] = {
	{ "guard", "filter", NF_INET_PRE_ROUTING, -300 },    /* raw: before conntrack */
	{ "prerouting", "nat", NF_INET_PRE_ROUTING, -100 },  /* dstnat */
	{ "output", "nat", NF_INET_LOCAL_OUT, -100 },	     /* dstnat */
	{ "postrouting", "nat", NF_INET_POST_ROUTING, 100 }, /* srcnat */
	{ "forward", "filter", NF_INET_FORWARD, 0 },	     /* filter */
};

static void put_chain(struct netlink_batch *b, const struct base_chain *chain)
{
	size_t hook;

	put_message(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	netlink_put_text(b, NFTA_CHAIN_TABLE, TABLE);
	netlink_put_text(b, NFTA_CHAIN_NAME, chain->name);
	hook = netlink_nest(b, NFTA_CHAIN_HOOK);
	netlink_put_be32(b, NFTA_HOOK_HOOKNUM, chain->hook);
	netlink_put_be32(b, NFTA_HOOK_PRIORITY, (uint32_t)chain->priority);
	netlink_nest_end(b, hook);
	netlink_put_be32(b, NFTA_CHAIN_POLICY, NF_ACCEPT);
	netlink_put_text(b, NFTA_CHAIN_TYPE, chain->type);
}

static void put_map(struct netlink_batch *b, const char *name, uint32_t key_type, uint32_t key_len,
		    uint32_t id)
{
	put_message(b, NFT_MSG_NEWSET, NLM_F_CREATE);
	netlink_put_text(b, NFTA_SET_TABLE, TABLE);
	netlink_put_text(b, NFTA_SET_NAME, name);
	netlink_put_be32(b, NFTA_SET_FLAGS, NFT_SET_MAP);
	netlink_put_be32(b, NFTA_SET_KEY_TYPE, key_type);
	netlink_put_be32(b, NFTA_SET_KEY_LEN, key_len);
	netlink_put_be32(b, NFTA_SET_DATA_TYPE, TYPE_ADDRESS << TYPE_BITS | TYPE_SERVICE);
	netlink_put_be32(b, NFTA_SET_DATA_LEN, 8);
	netlink_put_be32(b, NFTA_SET_ID, id);
}

static void match_interface(struct rule *r, enum nft_meta_keys key, enum nft_cmp_ops op,
			    const char *name)
{
	char padded[IFNAMSIZ] = { 0 };

	strncpy(padded, name, IFNAMSIZ - 1);
	rule_load_meta(r, key, NFT_REG_1);
	rule_compare(r, op, padded, sizeof(padded));
}

static void match_loopback(struct rule *r, struct rule_field first_byte)
{
	rule_load_field(r, first_byte, NFT_REG_1);
	rule_compare(r, NFT_CMP_EQ, &LOOPBACK_BYTE, 1);
}

static void match_connection(struct rule *r, enum nft_ct_keys key, uint32_t bits)
{
	static const uint32_t none;

	rule_load_ct(r, key);
	rule_mask(r, &bits, sizeof(bits));
	rule_compare(r, NFT_CMP_NEQ, &none, sizeof(none));
}

static void put_guard_rules(struct netlink_batch *b, const char *bridge)
{
	const struct rule_field fields[] = { FIELD_DESTINATION_BYTE, FIELD_SOURCE_BYTE };
	struct rule r;

	for (size_t i = 0; i < 2; i++) {
		rule_begin(&r, b, TABLE, "guard");
		match_interface(&r, NFT_META_IIFNAME, NFT_CMP_EQ, bridge);
		match_loopback(&r, fields[i]);
		rule_verdict(&r, NF_DROP);
		rule_end(&r);
	}
}

static void put_redirect_rules(struct netlink_batch *b, const char *chain)
{
	const uint32_t local = RTN_LOCAL;
	struct rule r;

	rule_begin(&r, b, TABLE, chain);
	rule_load_field(&r, FIELD_DESTINATION, NFT_REG_1);
	rule_load_meta(&r, NFT_META_L4PROTO, NFT_REG32_01);
	rule_load_field(&r, FIELD_DESTINATION_PORT, NFT_REG32_02);
	rule_look_up(&r, PUBLISHED_AT);
	rule_dnat(&r);
	rule_end(&r);

	rule_begin(&r, b, TABLE, chain);
	rule_load_destination_type(&r);
	rule_compare(&r, NFT_CMP_EQ, &local, sizeof(local));
	rule_load_meta(&r, NFT_META_L4PROTO, NFT_REG_1);
	rule_load_field(&r, FIELD_DESTINATION_PORT, NFT_REG32_01);
	rule_look_up(&r, PUBLISHED);
	rule_dnat(&r);
	rule_end(&r);
}

static void put_loopback_stays_rule(struct netlink_batch *b)
{
	struct rule r;

	rule_begin(&r, b, TABLE, "prerouting");
	match_loopback(&r, FIELD_DESTINATION_BYTE);
	rule_verdict(&r, NFT_RETURN);
	rule_end(&r);
}

static void match_source_in(struct rule *r, const struct address_prefix *subnet)
{
	struct in_addr mask = address_mask(subnet->len);

	rule_load_field(r, FIELD_SOURCE, NFT_REG_1);
	rule_mask(r, &mask, sizeof(mask));
	rule_compare(r, NFT_CMP_EQ, &subnet->base, sizeof(subnet->base));
}

static void put_masquerade_rules(struct netlink_batch *b, const char *bridge,
				 const struct address_prefix *subnet)
{
	struct rule r;

	rule_begin(&r, b, TABLE, "postrouting");
	match_source_in(&r, subnet);
	match_interface(&r, NFT_META_OIFNAME, NFT_CMP_NEQ, bridge);
	rule_masquerade(&r);
	rule_end(&r);

	/* Not by incoming interface: with br_netfilter there is none at this point. */
	rule_begin(&r, b, TABLE, "postrouting");
	match_source_in(&r, subnet);
	match_interface(&r, NFT_META_OIFNAME, NFT_CMP_EQ, bridge);
	match_connection(&r, NFT_CT_STATUS, IPS_DST_NAT);
	rule_masquerade(&r);
	rule_end(&r);

	rule_begin(&r, b, TABLE, "postrouting");
	match_interface(&r, NFT_META_OIFNAME, NFT_CMP_EQ, bridge);
	match_loopback(&r, FIELD_SOURCE_BYTE);
	rule_masquerade(&r);
	rule_end(&r);
}

static void put_forward_rules(struct netlink_batch *b, const char *bridge)
{
	const uint32_t answers = NF_CT_STATE_BIT(IP_CT_ESTABLISHED) |
				 NF_CT_STATE_BIT(IP_CT_RELATED);
	struct rule r;

	rule_begin(&r, b, TABLE, "forward");
	match_interface(&r, NFT_META_OIFNAME, NFT_CMP_NEQ, bridge);
	rule_verdict(&r, NFT_RETURN);
	rule_end(&r);

	rule_begin(&r, b, TABLE, "forward");
	match_interface(&r, NFT_META_IIFNAME, NFT_CMP_EQ, bridge);
	rule_verdict(&r, NFT_RETURN);
	rule_end(&r);

	rule_begin(&r, b, TABLE, "forward");
	match_connection(&r, NFT_CT_STATE, answers);
	rule_verdict(&r, NFT_RETURN);
	rule_end(&r);

	rule_begin(&r, b, TABLE, "forward");
	match_connection(&r, NFT_CT_STATUS, IPS_DST_NAT);
	rule_verdict(&r, NFT_RETURN);
	rule_end(&r);

	rule_begin(&r, b, TABLE, "forward");
	rule_verdict(&r, NF_DROP);
	rule_end(&r);
}

/**
 * nftables_put_table() - The whole table as one transaction
 * @bridge:	The bridge's name; rules go by name, so it may be made anew
 */
void nftables_put_table(struct netlink_batch *b, const char *bridge,
			const struct address_prefix *subnet)
{
	put_frame(b, NFNL_MSG_BATCH_BEGIN);
	put_message(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL);
	netlink_put_text(b, NFTA_TABLE_NAME, TABLE);
	for (size_t i = 0; i < sizeof(CHAINS) / sizeof(CHAINS[0]); i++)
		put_chain(b, &CHAINS[i]);
	put_map(b, PUBLISHED, TYPE_PROTOCOL << TYPE_BITS | TYPE_SERVICE, 8, 1);
	put_map(b, PUBLISHED_AT,
		TYPE_ADDRESS << 2 * TYPE_BITS | TYPE_PROTOCOL << TYPE_BITS | TYPE_SERVICE, 12, 2);
	put_guard_rules(b, bridge);
	put_loopback_stays_rule(b);
	put_redirect_rules(b, "prerouting");
	put_redirect_rules(b, "output");
	put_masquerade_rules(b, bridge, subnet);
	put_forward_rules(b, bridge);
	put_frame(b, NFNL_MSG_BATCH_END);
}

/**
 * nftables_setup() - Make the table unless it exists
 *
 * Return: 1 if it was made, 0 if it was there, or -errno
 */
int nftables_setup(int fd, const char *bridge, const struct address_prefix *subnet)
{
	autobatch struct netlink_batch b = { 0 };
	int r;

	nftables_put_table(&b, bridge, subnet);
	r = netlink_send(fd, &b, NULL);
	return r == -EEXIST ? 0 : r < 0 ? r : 1;
}

/** nftables_is_set_up() - Whether the table exists: 1, 0 or -errno */
int nftables_is_set_up(int fd)
{
	autobatch struct netlink_batch b = { 0 };
	int r;

	put_message(&b, NFT_MSG_GETTABLE, 0);
	netlink_put_text(&b, NFTA_TABLE_NAME, TABLE);
	r = netlink_send(fd, &b, NULL);
	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

static void put_port(struct netlink_batch *b, const struct network_port *port,
		     const struct in_addr *address)
{
	/* Each field is padded to four bytes. */
	uint8_t key[12] = { 0 }, value[8] = { 0 }, *k = key;
	uint16_t host_port = htons(port->host_port), to_port = htons(port->container_port);
	bool one_address = port->host_ip.s_addr != htonl(INADDR_ANY);
	size_t list, element, nest;

	if (one_address) {
		memcpy(k, &port->host_ip, 4);
		k += 4;
	}
	k[0] = port->protocol;
	memcpy(k + 4, &host_port, 2);

	put_message(b, address ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
		    address ? NLM_F_CREATE : 0);
	netlink_put_text(b, NFTA_SET_ELEM_LIST_TABLE, TABLE);
	netlink_put_text(b, NFTA_SET_ELEM_LIST_SET, one_address ? PUBLISHED_AT : PUBLISHED);
	list = netlink_nest(b, NFTA_SET_ELEM_LIST_ELEMENTS);
	element = netlink_nest(b, NFTA_LIST_ELEM);
	nest = netlink_nest(b, NFTA_SET_ELEM_KEY);
	netlink_put(b, NFTA_DATA_VALUE, key, (size_t)(k + 8 - key));
	netlink_nest_end(b, nest);
	if (address) {
		memcpy(value, address, 4);
		memcpy(value + 4, &to_port, 2);
		nest = netlink_nest(b, NFTA_SET_ELEM_DATA);
		netlink_put(b, NFTA_DATA_VALUE, value, sizeof(value));
		netlink_nest_end(b, nest);
	}
	netlink_nest_end(b, element);
	netlink_nest_end(b, list);
}

/**
 * nftables_put_ports() - Ports as one transaction, @ports[i] in message i + 2
 * @address:	Where they lead, or NULL to take the ports out
 */
void nftables_put_ports(struct netlink_batch *b, const struct network_port *ports, size_t n,
			const struct in_addr *address)
{
	put_frame(b, NFNL_MSG_BATCH_BEGIN);
	for (size_t i = 0; i < n; i++)
		put_port(b, &ports[i], address);
	put_frame(b, NFNL_MSG_BATCH_END);
}

static int change_ports(int fd, const struct network_port *ports, size_t n,
			const struct in_addr *address, size_t *failed)
{
	autobatch struct netlink_batch b = { 0 };
	uint32_t message = 0;
	int r;

	nftables_put_ports(&b, ports, n, address);
	r = netlink_send(fd, &b, &message);
	if (r < 0 && failed)
		*failed = message >= 2 && message - 2 < n ? message - 2 : 0;
	return r;
}

/**
 * nftables_publish() - Publish ports, all or none
 * @ports:	With their host ports
 * @address:	The container's
 * @failed:	Which of them failed, on failure
 *
 * To publish the same again succeeds.
 *
 * Return: 0, -EEXIST if a port leads elsewhere already, -ENOENT if the table is
 * missing, or -errno
 */
int nftables_publish(int fd, const struct network_port *ports, size_t n, struct in_addr address,
		     size_t *failed)
{
	int r;

	for (size_t done = 0, part; done < n; done += part) {
		part = n - done < NFTABLES_BATCH_PORTS ? n - done : NFTABLES_BATCH_PORTS;
		r = change_ports(fd, ports + done, part, &address, failed);
		if (r < 0) {
			*failed += done;
			(void)nftables_unpublish(fd, ports, done);
			/* Kernels differ in what they call it. */
			return r == -EBUSY ? -EEXIST : r;
		}
	}
	return 0;
}

/** nftables_unpublish() - Take ports out; those that are not in are fine */
int nftables_unpublish(int fd, const struct network_port *ports, size_t n)
{
	int r, first = 0;

	for (size_t done = 0, part; done < n; done += part) {
		part = n - done < NFTABLES_BATCH_PORTS ? n - done : NFTABLES_BATCH_PORTS;
		r = change_ports(fd, ports + done, part, NULL, NULL);
		/* One that is missing spoils its transaction; before 6.3 there is no "destroy". */
		if (r == -ENOENT && part > 1) {
			for (size_t i = 0; i < part; i++)
				(void)change_ports(fd, ports + done + i, 1, NULL, NULL);
			r = 0;
		}
		if (r < 0 && r != -ENOENT && first == 0)
			first = r;
	}
	return first;
}
