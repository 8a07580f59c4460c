/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/iptables.h - The older kind of iptables, which is not nftables'
 */
#ifndef NETWORK_IPTABLES_H
#define NETWORK_IPTABLES_H

#include <stdbool.h>
#include <stddef.h>

int iptables_drops_forwarded(const char *bridge);
bool iptables_chain_drops(const char *entries, size_t size, size_t first, size_t last);

#endif
