/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/firewall.h - Others' rules that keep our containers' packets from passing
 */
#ifndef NETWORK_FIREWALL_H
#define NETWORK_FIREWALL_H

#include <stddef.h>
#include <stdint.h>

#include <linux/netfilter/nf_tables.h>

/* A chain that drops what none of its rules accepts. */
struct firewall_chain {
	const char *kind; /* "ip", "inet": nftables' family; or "iptables-legacy" */
	char table[NFT_NAME_MAXLEN], name[NFT_NAME_MAXLEN];
};

int firewall_find_drop(const char *bridge, struct firewall_chain *found);
int firewall_find_in_nftables(int fd, const char *bridge, struct firewall_chain *found);
void firewall_print_remedy(const struct firewall_chain *chain, const char *bridge, char *out,
			   size_t size);

#endif
