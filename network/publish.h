/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/publish.h - Take host ports for a container, and say who has them otherwise
 */
#ifndef NETWORK_PUBLISH_H
#define NETWORK_PUBLISH_H

#include <netinet/in.h>

struct error;
struct network_port;
struct network_ports;

/* For whom: an open lease and where its ports are to lead. */
struct publish {
	int dir_fd, lease_fd; /* all leases, and this one */
	int nft_fd;
	const char *id;
	struct in_addr address;
};

int publish_ports(const struct publish *p, const struct network_port *wanted,
		  struct network_ports *ports, struct error *err);

#endif
