/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/network.h - A network namespace in, connectivity out
 *
 * The default network: bridge tare0, one nftables table "ip tare", addresses
 * leased as files below RUNROOT/networks/bridge. Containers are opaque ids
 * here. In the order of a container's life:
 *
 *   network_prepare()	before clone: lease, bridge and table, ports taken
 *   network_attach()	once its netns exists: veth, address, routes
 *   network_forget_flows()  when the payload runs and nobody waits
 *   network_release()	after its end: ports and lease given back
 *
 * A netns that dies takes its veth along, so nothing else is to be undone.
 */
#ifndef NETWORK_NETWORK_H
#define NETWORK_NETWORK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "network/port.h"

struct error;

struct network_lease {
	struct in_addr address, gateway;
	int prefix; /* length, for both */
	uint8_t mac[6];
	char address_text[16], gateway_text[16], mac_text[18];
	char host_ifname[16]; /* final after network_attach() */
	int bridge_ifindex;
	struct network_ports ports; /* host ports all chosen */
};

int network_prepare(int run_fd, const char *id, const struct network_port *ports, size_t n,
		    struct network_lease *lease, struct error *err);
int network_attach(struct network_lease *lease, int netns_fd, struct error *err);
void network_forget_flows(const struct network_lease *lease);
int network_release(int run_fd, const char *address_text, const char *id, struct error *err);
int network_release_quickly(int run_fd, const char *address_text, const char *id, int *linger_fd,
			    struct error *err);
void network_lease_done(struct network_lease *lease);
#define autolease __attribute__((cleanup(network_lease_done)))

int network_release_stale(int run_fd, bool (*is_alive)(void *arg, const char *id), void *arg,
			  struct error *err);

int network_loopback_up(int netns_fd, struct error *err);

#endif
