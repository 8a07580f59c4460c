/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/firewall.h - Others' rules that keep our containers' packets from passing
 */
#ifndef NETWORK_FIREWALL_H
#define NETWORK_FIREWALL_H

#include <stdbool.h>
#include <stdint.h>

/* A chain that drops what none of its rules accepts. */
struct firewall_chain {
	uint8_t family; /* NFPROTO_IPV4 or NFPROTO_INET */
	char table[64], name[64];
};

int firewall_find_drop(int fd, const char *bridge, struct firewall_chain *found);
bool firewall_is_iptables(const struct firewall_chain *chain);

#endif
