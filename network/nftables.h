/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/nftables.h - Our one table: masquerading, published ports, who may forward
 *
 * fd is a NETLINK_NETFILTER socket of the host's network namespace.
 */
#ifndef NETWORK_NFTABLES_H
#define NETWORK_NFTABLES_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

struct address_prefix;
struct netlink_batch;
struct network_port;

/* Elements of one transaction; its acknowledgement must fit a socket buffer when all fail. */
#define NFTABLES_BATCH_PORTS 128

void nftables_put_table(struct netlink_batch *b, const char *bridge,
			const struct address_prefix *subnet);
void nftables_put_ports(struct netlink_batch *b, const struct network_port *ports, size_t n,
			const struct in_addr *address);

int nftables_setup(int fd, const char *bridge, const struct address_prefix *subnet);
int nftables_is_set_up(int fd);
int nftables_publish(int fd, const struct network_port *ports, size_t n, struct in_addr address,
		     size_t *failed);
int nftables_unpublish(int fd, const struct network_port *ports, size_t n);

#endif
