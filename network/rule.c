// SPDX-License-Identifier: Apache-2.0
/*
 * network/rule.c - The expressions an nftables rule is made of
 *
 * Every expression is NFTA_LIST_ELEM { NFTA_EXPR_NAME, NFTA_EXPR_DATA { ... } };
 * numbers are in network order, data is as it is in the packet.
 */
#include "network/rule.h"

#include <sys/socket.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "network/netlink.h"

struct expression {
	size_t element, data;
};

static struct expression expression_begin(struct rule *r, const char *name)
{
	struct expression e;

	e.element = netlink_nest(r->batch, NFTA_LIST_ELEM);
	netlink_put_text(r->batch, NFTA_EXPR_NAME, name);
	e.data = netlink_nest(r->batch, NFTA_EXPR_DATA);
	return e;
}

static void expression_end(struct rule *r, struct expression e)
{
	netlink_nest_end(r->batch, e.data);
	netlink_nest_end(r->batch, e.element);
}

static void put_data(struct rule *r, uint16_t attr, const void *data, size_t len)
{
	size_t nest = netlink_nest(r->batch, attr);

	netlink_put(r->batch, NFTA_DATA_VALUE, data, len);
	netlink_nest_end(r->batch, nest);
}

/** rule_begin() - Append a rule to a chain; rule_end() completes it */
void rule_begin(struct rule *r, struct netlink_batch *b, const char *table, const char *chain)
{
	netlink_begin_netfilter(b, NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWRULE,
				NLM_F_CREATE | NLM_F_APPEND);
	netlink_put_text(b, NFTA_RULE_TABLE, table);
	netlink_put_text(b, NFTA_RULE_CHAIN, chain);
	r->batch = b;
	r->expressions = netlink_nest(b, NFTA_RULE_EXPRESSIONS);
}

/** rule_end() - Complete a rule */
void rule_end(struct rule *r)
{
	netlink_nest_end(r->batch, r->expressions);
}

/** rule_load_meta() - Load an interface name, the layer 4 protocol, ... */
void rule_load_meta(struct rule *r, enum nft_meta_keys key, uint32_t reg)
{
	struct expression e = expression_begin(r, "meta");

	netlink_put_be32(r->batch, NFTA_META_KEY, key);
	netlink_put_be32(r->batch, NFTA_META_DREG, reg);
	expression_end(r, e);
}

/** rule_load_ct() - Load the state or status bits of the packet's connection */
void rule_load_ct(struct rule *r, enum nft_ct_keys key)
{
	struct expression e = expression_begin(r, "ct");

	netlink_put_be32(r->batch, NFTA_CT_KEY, key);
	netlink_put_be32(r->batch, NFTA_CT_DREG, NFT_REG_1);
	expression_end(r, e);
}

/** rule_load_field() - Load bytes of the packet */
void rule_load_field(struct rule *r, struct rule_field field, uint32_t reg)
{
	struct expression e = expression_begin(r, "payload");

	netlink_put_be32(r->batch, NFTA_PAYLOAD_DREG, reg);
	netlink_put_be32(r->batch, NFTA_PAYLOAD_BASE, field.base);
	netlink_put_be32(r->batch, NFTA_PAYLOAD_OFFSET, field.offset);
	netlink_put_be32(r->batch, NFTA_PAYLOAD_LEN, field.len);
	expression_end(r, e);
}

/** rule_load_destination_type() - Load what the routing says the destination is (RTN_LOCAL, ...) */
void rule_load_destination_type(struct rule *r)
{
	struct expression e = expression_begin(r, "fib");

	netlink_put_be32(r->batch, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
	netlink_put_be32(r->batch, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	netlink_put_be32(r->batch, NFTA_FIB_DREG, NFT_REG_1);
	expression_end(r, e);
}

/** rule_mask() - Keep only the bits of @mask in register 1; @len at most 4 */
void rule_mask(struct rule *r, const void *mask, size_t len)
{
	static const uint8_t none[4];
	struct expression e = expression_begin(r, "bitwise");

	netlink_put_be32(r->batch, NFTA_BITWISE_SREG, NFT_REG_1);
	netlink_put_be32(r->batch, NFTA_BITWISE_DREG, NFT_REG_1);
	netlink_put_be32(r->batch, NFTA_BITWISE_LEN, (uint32_t)len);
	put_data(r, NFTA_BITWISE_MASK, mask, len);
	put_data(r, NFTA_BITWISE_XOR, none, len);
	expression_end(r, e);
}

/** rule_compare() - Go on only if register 1 compares so to @data */
void rule_compare(struct rule *r, enum nft_cmp_ops op, const void *data, size_t len)
{
	struct expression e = expression_begin(r, "cmp");

	netlink_put_be32(r->batch, NFTA_CMP_SREG, NFT_REG_1);
	netlink_put_be32(r->batch, NFTA_CMP_OP, op);
	put_data(r, NFTA_CMP_DATA, data, len);
	expression_end(r, e);
}

/** rule_look_up() - Replace the key from register 1 on by what @map has for it, or end the rule */
void rule_look_up(struct rule *r, const char *map)
{
	struct expression e = expression_begin(r, "lookup");

	netlink_put_text(r->batch, NFTA_LOOKUP_SET, map);
	netlink_put_be32(r->batch, NFTA_LOOKUP_SREG, NFT_REG_1);
	netlink_put_be32(r->batch, NFTA_LOOKUP_DREG, NFT_REG_1);
	expression_end(r, e);
}

/** rule_dnat() - Redirect to the address in register 1, the port in the 32-bit register after it */
void rule_dnat(struct rule *r)
{
	struct expression e = expression_begin(r, "nat");

	netlink_put_be32(r->batch, NFTA_NAT_TYPE, NFT_NAT_DNAT);
	netlink_put_be32(r->batch, NFTA_NAT_FAMILY, NFPROTO_IPV4);
	netlink_put_be32(r->batch, NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
	netlink_put_be32(r->batch, NFTA_NAT_REG_PROTO_MIN, NFT_REG32_01);
	expression_end(r, e);
}

/** rule_masquerade() - Take the address of the outgoing interface as source */
void rule_masquerade(struct rule *r)
{
	expression_end(r, expression_begin(r, "masq"));
}

/** rule_verdict() - End with NF_DROP, NF_ACCEPT, NFT_RETURN */
void rule_verdict(struct rule *r, int32_t verdict)
{
	struct expression e = expression_begin(r, "immediate");
	size_t data, nest;

	netlink_put_be32(r->batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = netlink_nest(r->batch, NFTA_IMMEDIATE_DATA);
	nest = netlink_nest(r->batch, NFTA_DATA_VERDICT);
	netlink_put_be32(r->batch, NFTA_VERDICT_CODE, (uint32_t)verdict);
	netlink_nest_end(r->batch, nest);
	netlink_nest_end(r->batch, data);
	expression_end(r, e);
}
