// SPDX-License-Identifier: Apache-2.0
/*
 * network/firewall.c - Others' rules that keep our containers' packets from passing
 *
 * Docker, ufw and careful administrators have what is forwarded dropped unless a
 * rule of theirs accepts it. No table of ours can bring back what another one
 * drops, and theirs are not ours to change: it can only be found out, and said.
 */
#include "network/firewall.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "base/cleanup.h"
#include "network/iptables.h"
#include "network/netlink.h"

/* The chains that see what is forwarded, of which this many are passed over. */
struct search {
	struct firewall_chain *found;
	size_t skip;
	bool drops; /* is its policy */
};

/* What the rules of a chain's table say. */
struct reading {
	const struct firewall_chain *chain;
	const char *bridge;
	bool drops, is_about_us;
};

static void put_dump(struct netlink_batch *b, uint8_t type)
{
	struct nfgenmsg header = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 };

	netlink_begin(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), NLM_F_DUMP, &header,
		      sizeof(header));
}

static const char *name_kind(const struct netlink_answer *answer)
{
	const struct nfgenmsg *header = answer->payload;

	if (answer->len < sizeof(*header))
		return NULL;
	return header->nfgen_family == NFPROTO_IPV4   ? "ip"
	       : header->nfgen_family == NFPROTO_INET ? "inet"
						      : NULL;
}

static bool is_number(const struct netlink_answer *in, size_t header, uint16_t attr, uint32_t value)
{
	struct netlink_answer found;
	uint32_t there;

	if (!netlink_find(in, header, attr, &found) || found.len < sizeof(there))
		return false;
	memcpy(&there, found.payload, sizeof(there));
	return there == htonl(value);
}

static bool is_text(const struct netlink_answer *in, size_t header, uint16_t attr, const char *text)
{
	struct netlink_answer found;

	return netlink_find(in, header, attr, &found) && found.len == strlen(text) + 1 &&
	       !memcmp(found.payload, text, found.len);
}

static bool copy_text(const struct netlink_answer *in, uint16_t attr, char out[NFT_NAME_MAXLEN])
{
	struct netlink_answer found;

	if (!netlink_find(in, sizeof(struct nfgenmsg), attr, &found))
		return false;
	snprintf(out, NFT_NAME_MAXLEN, "%.*s", (int)found.len, (const char *)found.payload);
	return true;
}

static int look_at_chain(void *arg, const struct netlink_answer *answer)
{
	const size_t header = sizeof(struct nfgenmsg);
	struct search *search = arg;
	struct firewall_chain *chain = search->found;
	struct netlink_answer hook;

	chain->kind = name_kind(answer);
	if (!chain->kind || !netlink_find(answer, header, NFTA_CHAIN_HOOK, &hook) ||
	    !is_number(&hook, 0, NFTA_HOOK_HOOKNUM, NF_INET_FORWARD) ||
	    !copy_text(answer, NFTA_CHAIN_TABLE, chain->table) ||
	    !copy_text(answer, NFTA_CHAIN_NAME, chain->name))
		return 0;
	search->drops = is_number(answer, header, NFTA_CHAIN_POLICY, NF_DROP);
	return search->skip-- == 0;
}

/* "drop" of nft and iptables, "reject", and REJECT, which iptables-nft takes from the older one. */
static bool is_refusal(const struct netlink_answer *expression)
{
	struct netlink_answer data, value, verdict;

	if (is_text(expression, 0, NFTA_EXPR_NAME, "reject"))
		return true;
	if (!netlink_find(expression, 0, NFTA_EXPR_DATA, &data))
		return false;
	if (is_text(expression, 0, NFTA_EXPR_NAME, "target"))
		return is_text(&data, 0, NFTA_TARGET_NAME, "REJECT");
	return is_text(expression, 0, NFTA_EXPR_NAME, "immediate") &&
	       netlink_find(&data, 0, NFTA_IMMEDIATE_DATA, &value) &&
	       netlink_find(&value, 0, NFTA_DATA_VERDICT, &verdict) &&
	       is_number(&verdict, 0, NFTA_VERDICT_CODE, NF_DROP);
}

/* Whether a rule says no without a condition: nothing but counters and logs come before. */
static bool refuses_all(const struct netlink_answer *rule)
{
	struct netlink_answer rest, expression;
	const char *end, *next;

	if (!netlink_find(rule, sizeof(struct nfgenmsg), NFTA_RULE_EXPRESSIONS, &rest))
		return false;
	end = (const char *)rest.payload + rest.len;
	while (netlink_find(&rest, 0, NFTA_LIST_ELEM, &expression)) {
		if (is_refusal(&expression))
			return true;
		if (!is_text(&expression, 0, NFTA_EXPR_NAME, "counter") &&
		    !is_text(&expression, 0, NFTA_EXPR_NAME, "log"))
			return false;
		next = (const char *)expression.payload + NLMSG_ALIGN(expression.len);
		if (next >= end)
			return false;
		rest.payload = next;
		rest.len = (size_t)(end - next);
	}
	return false;
}

static int look_at_rule(void *arg, const struct netlink_answer *answer)
{
	const size_t header = sizeof(struct nfgenmsg);
	struct reading *reading = arg;
	const struct firewall_chain *chain = reading->chain;
	const char *kind = name_kind(answer);

	if (!kind || strcmp(kind, chain->kind) ||
	    !is_text(answer, header, NFTA_RULE_TABLE, chain->table))
		return 0;
	/* A rule compares the name of an interface with bytes that hold it. */
	if (memmem(answer->payload, answer->len, reading->bridge, strlen(reading->bridge)))
		reading->is_about_us = true;
	if (is_text(answer, header, NFTA_RULE_CHAIN, chain->name) && refuses_all(answer))
		reading->drops = true;
	return 0;
}

#define LETS_THROUGH 2

/* 1: it is in @found; 0: there are not that many; LETS_THROUGH; or -errno. */
static int try_chain(int fd, size_t number, const char *bridge, struct firewall_chain *found)
{
	struct search search = { .found = found, .skip = number };
	struct reading reading = { .chain = found, .bridge = bridge };
	autobatch struct netlink_batch chains = { 0 }, rules = { 0 };
	int r;

	put_dump(&chains, NFT_MSG_GETCHAIN);
	r = netlink_dump(fd, &chains, look_at_chain, &search);
	if (r <= 0)
		return r;
	reading.drops = search.drops;
	put_dump(&rules, NFT_MSG_GETRULE);
	r = netlink_dump(fd, &rules, look_at_rule, &reading);
	if (r < 0)
		return r;
	return reading.drops && !reading.is_about_us ? 1 : LETS_THROUGH;
}

/**
 * firewall_find_in_nftables() - The same for nftables alone
 * @fd:		NETLINK_NETFILTER socket
 */
int firewall_find_in_nftables(int fd, const char *bridge, struct firewall_chain *found)
{
	size_t number = 0;
	int r;

	do
		r = try_chain(fd, number++, bridge, found);
	while (r == LETS_THROUGH);
	return r;
}

/**
 * firewall_find_drop() - A chain of another's that drops what is forwarded by default
 * @bridge:	Our bridge: a table that has a rule about it has been thought of
 *
 * Return: 1 with @found filled in, 0, or -errno
 */
int firewall_find_drop(const char *bridge, struct firewall_chain *found)
{
	autoclose int fd = netlink_open(NETLINK_NETFILTER);
	int r = fd < 0 ? fd : firewall_find_in_nftables(fd, bridge, found);

	if (r)
		return r;
	r = iptables_drops_forwarded(bridge);
	if (r == 1)
		*found = (struct firewall_chain){ "iptables-legacy", "filter", "FORWARD" };
	return r;
}

/* Others have chosen it, and somebody may paste it into a shell. */
static bool is_word(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789_.-")] == '\0';
}

static const char *iptables_name(const char *kind)
{
	return strcmp(kind, "ip") ? kind : "iptables";
}

/**
 * firewall_print_remedy() - The commands by which a chain lets packets of our bridge through
 * @out:	Empty if there is no name for them that a shell would leave alone, or no room
 */
void firewall_print_remedy(const struct firewall_chain *chain, const char *bridge, char *out,
			   size_t size)
{
	const char *kind = chain->kind, *table = chain->table, *name = chain->name;
	int n;

	if (!strcmp(table, "firewalld")) /* makes its rules anew, and may be the only one to */
		n = snprintf(out, size,
			     "firewall-cmd --permanent --zone=trusted --add-interface=%s; "
			     "firewall-cmd --reload",
			     bridge);
	else if (!strcmp(table, "filter") && !strcmp(name, "FORWARD") && strcmp(kind, "inet"))
		n = snprintf(out, size,
			     "%s -I FORWARD -i %s -j ACCEPT; %s -I FORWARD -o %s -j ACCEPT",
			     iptables_name(kind), bridge, iptables_name(kind), bridge);
	else
		n = snprintf(out, size,
			     "nft insert rule %s %s %s iifname %s accept; "
			     "nft insert rule %s %s %s oifname %s accept",
			     kind, table, name, bridge, kind, table, name, bridge);
	if (n < 0 || (size_t)n >= size || !is_word(table) || !is_word(name))
		out[0] = '\0';
}
