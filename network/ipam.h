/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/ipam.h - Address leases: one file per address, named after it
 *
 *   subnet	  "10.87.0.0/16"
 *   10.87.3.14	  the id, then a line per port: "tcp 0.0.0.0 8080 80"
 *
 * A lease exists from its creation with O_EXCL. An empty one belongs to
 * somebody who is just about to fill it in, or died in between.
 */
#ifndef NETWORK_IPAM_H
#define NETWORK_IPAM_H

#include <netinet/in.h>
#include <stdbool.h>

#include "network/port.h"

struct address_prefix;
struct error;

struct ipam_lease {
	struct in_addr address;
	char *id; /* "" while it is being filled in */
	struct network_ports ports;
};

struct in_addr ipam_gateway(const struct address_prefix *subnet);

int ipam_parse_subnet(const char *text, struct address_prefix *subnet);
int ipam_read_subnet(int dir_fd, struct address_prefix *subnet, struct error *err);
int ipam_write_subnet(int dir_fd, const struct address_prefix *subnet, struct error *err);

int ipam_take(int dir_fd, const struct address_prefix *subnet, const char *id,
	      struct in_addr *address, struct error *err);
int ipam_fill(int lease_fd, const char *id, const struct network_ports *ports, struct error *err);
int ipam_read(int dir_fd, const char *address, struct ipam_lease *lease, struct error *err);
int ipam_give_back(int dir_fd, const char *address, struct error *err);
void ipam_lease_done(struct ipam_lease *lease);
#define autoipam __attribute__((cleanup(ipam_lease_done)))

int ipam_each(int dir_fd, int (*each)(void *arg, const struct ipam_lease *lease), void *arg,
	      struct error *err);
bool ipam_is_abandoned(int dir_fd, const char *address);

#endif
