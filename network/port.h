/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/port.h - Published ports: --publish SPEC, and whether a port is free
 */
#ifndef NETWORK_PORT_H
#define NETWORK_PORT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* One container publishes at most this many. */
#define NETWORK_PORTS_MAX 8192

struct network_port {
	uint8_t protocol;	/* IPPROTO_TCP or IPPROTO_UDP */
	struct in_addr host_ip; /* INADDR_ANY: every address of the host */
	uint16_t host_port;	/* 0: one is chosen */
	uint16_t container_port;
};

/* { 0 } is empty. */
struct network_ports {
	struct network_port *items;
	size_t n;
};

int network_port_parse(const char *spec, struct network_ports *ports, struct error *err);
bool network_ports_have(const struct network_ports *ports, const struct network_port *port);
void network_ports_add(struct network_ports *ports, const struct network_port *port);
void network_ports_done(struct network_ports *ports);
#define autoports __attribute__((cleanup(network_ports_done)))

const char *network_protocol_name(uint8_t protocol); /* "tcp", "udp" */
int network_protocol_parse(const char *name);	     /* IPPROTO_*, or -EINVAL */

int network_port_probe(const struct network_port *port, struct error *err);
int network_port_choose(struct network_port *port, struct error *err);

#endif
