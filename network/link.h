/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/link.h - Network devices: bridge, veth pair, up and gone
 *
 * link_put_*() add a request to a batch, the others act at once. Any socket
 * of the wanted network namespace serves as fd.
 */
#ifndef NETWORK_LINK_H
#define NETWORK_LINK_H

#include <stdint.h>

struct netlink_batch;

struct link_veth {
	const char *host_name, *peer_name;
	int bridge_ifindex; /* the host end joins it */
	int netns_fd;	    /* the peer is born in there */
	const uint8_t *peer_mac;
};

void link_put_bridge(struct netlink_batch *b, const char *name, const uint8_t *mac);
void link_put_veth(struct netlink_batch *b, const struct link_veth *veth);
void link_put_hairpin(struct netlink_batch *b, const char *name);
void link_put_up(struct netlink_batch *b, int ifindex);

int link_index(int fd, const char *name);
int link_settle_carrier(int fd, const char *name);

#endif
