/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/address.h - IPv4 addresses of devices, and routes
 */
#ifndef NETWORK_ADDRESS_H
#define NETWORK_ADDRESS_H

#include <netinet/in.h>
#include <stdint.h>

struct netlink_batch;

struct address_prefix {
	struct in_addr base;
	int len;
};

struct in_addr address_mask(int len);
void address_to_mac(struct in_addr address, uint8_t mac[6]);

void address_put(struct netlink_batch *b, int ifindex, struct in_addr address, int len);
void address_put_default_route(struct netlink_batch *b, int ifindex, struct in_addr gateway);

int address_of_link(int fd, const char *name, struct in_addr *address);
int address_is_routed(int fd, const struct address_prefix *prefix, int except_ifindex);

#endif
