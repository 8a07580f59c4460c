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
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "network/netlink.h"

struct search {
	struct firewall_chain *found;
	bool is_found;
};

struct mention {
	const struct firewall_chain *chain;
	const char *bridge;
	bool is_found;
};

static void put_dump(struct netlink_batch *b, uint8_t type, uint8_t family)
{
	struct nfgenmsg header = { .nfgen_family = family, .version = NFNETLINK_V0 };

	netlink_begin(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), NLM_F_DUMP, &header,
		      sizeof(header));
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

static bool copy_text(const struct netlink_answer *in, uint16_t attr, char *out, size_t size)
{
	struct netlink_answer found;

	if (!netlink_find(in, sizeof(struct nfgenmsg), attr, &found))
		return false;
	snprintf(out, size, "%.*s", (int)found.len, (const char *)found.payload);
	return true;
}

static int look_at_chain(void *arg, const struct netlink_answer *answer)
{
	struct search *search = arg;
	struct firewall_chain *chain = search->found;
	const struct nfgenmsg *header = answer->payload;
	struct netlink_answer hook;

	if (answer->len < sizeof(*header) ||
	    !netlink_find(answer, sizeof(*header), NFTA_CHAIN_HOOK, &hook) ||
	    !is_number(&hook, 0, NFTA_HOOK_HOOKNUM, NF_INET_FORWARD) ||
	    !is_number(answer, sizeof(*header), NFTA_CHAIN_POLICY, NF_DROP) ||
	    !copy_text(answer, NFTA_CHAIN_TABLE, chain->table, sizeof(chain->table)) ||
	    !copy_text(answer, NFTA_CHAIN_NAME, chain->name, sizeof(chain->name)))
		return 0;
	chain->family = header->nfgen_family;
	search->is_found = true;
	return 1;
}

/* A rule compares the name of an interface with bytes that hold it. */
static int look_at_rule(void *arg, const struct netlink_answer *answer)
{
	struct mention *mention = arg;
	char table[sizeof(mention->chain->table)];

	mention->is_found = copy_text(answer, NFTA_RULE_TABLE, table, sizeof(table)) &&
			    !strcmp(table, mention->chain->table) &&
			    memmem(answer->payload, answer->len, mention->bridge,
				   strlen(mention->bridge));
	return mention->is_found;
}

static int find_in_family(int fd, uint8_t family, const char *bridge, struct firewall_chain *found)
{
	struct search search = { .found = found };
	struct mention mention = { .chain = found, .bridge = bridge };
	autobatch struct netlink_batch chains = { 0 }, rules = { 0 };
	int r;

	put_dump(&chains, NFT_MSG_GETCHAIN, family);
	r = netlink_dump(fd, &chains, look_at_chain, &search);
	if (r < 0 || !search.is_found)
		return r < 0 ? r : 0;
	put_dump(&rules, NFT_MSG_GETRULE, family);
	r = netlink_dump(fd, &rules, look_at_rule, &mention);
	return r < 0 ? r : !mention.is_found;
}

/**
 * firewall_find_drop() - A chain of another's that drops what is forwarded by default
 * @fd:		NETLINK_NETFILTER socket of the host's network namespace
 * @bridge:	Our bridge: a table that has a rule about it has been thought of
 *
 * Those of iptables' older kind, which are not nftables', cannot be seen.
 *
 * Return: 1 with @found filled in, 0, or -errno
 */
int firewall_find_drop(int fd, const char *bridge, struct firewall_chain *found)
{
	int r = find_in_family(fd, NFPROTO_IPV4, bridge, found);

	return r ? r : find_in_family(fd, NFPROTO_INET, bridge, found);
}

/** firewall_is_iptables() - Whether iptables has made it, and is to be used to change it */
bool firewall_is_iptables(const struct firewall_chain *chain)
{
	return chain->family == NFPROTO_IPV4 && !strcmp(chain->table, "filter") &&
	       !strcmp(chain->name, "FORWARD");
}
