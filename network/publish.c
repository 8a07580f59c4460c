// SPDX-License-Identifier: Apache-2.0
/*
 * network/publish.c - Take host ports for a container, and say who has them otherwise
 *
 * A port is tried by bind(), which finds processes of the host, and taken by
 * adding it to the map, which finds other containers. The lease names the
 * ports before they are taken, so that a crash in between leaves none behind
 * that nobody knows of.
 */
#include "network/publish.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "network/ipam.h"
#include "network/nftables.h"
#include "network/port.h"

/* Attempts at host ports that nobody else takes meanwhile. */
#define PUBLISH_TRIES 16

struct port_search {
	const struct network_port *port;
	const char *self; /* id whose lease names the port as well */
	char *owner;	  /* id, once found */
};

static int match_port(void *arg, const struct ipam_lease *lease)
{
	struct port_search *search = arg;

	if (!strcmp(lease->id, search->self))
		return 0;
	for (size_t i = 0; i < lease->ports.n; i++) {
		const struct network_port *p = &lease->ports.items[i];

		if (p->protocol == search->port->protocol &&
		    p->host_port == search->port->host_port &&
		    p->host_ip.s_addr == search->port->host_ip.s_addr) {
			search->owner = xstrdup(lease->id);
			return 1;
		}
	}
	return 0;
}

static int report_taken(const struct publish *p, const struct network_port *port, struct error *err)
{
	const char *protocol = network_protocol_name(port->protocol);
	struct port_search search = { .port = port, .self = p->id };
	autofree char *owner = NULL;
	struct error ignored;

	(void)ipam_each(p->dir_fd, match_port, &search, &ignored);
	owner = search.owner;
	if (owner)
		return error_set(err, EEXIST,
				 "publish port '%u/%s': already published by container '%.12s'",
				 port->host_port, protocol, owner);
	error_set(err, EEXIST, "publish port '%u/%s': already published", port->host_port,
		  protocol);
	return error_hint(err, "'nft list map ip tare published' shows where it leads");
}

static int choose_ports(struct network_ports *ports, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < ports->n && r == 0; i++)
		if (ports->items[i].host_port == 0)
			r = network_port_choose(&ports->items[i], err);
	return r;
}

static int probe_ports(const struct network_ports *ports, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < ports->n && r == 0; i++)
		if (ports->items[i].host_port)
			r = network_port_probe(&ports->items[i], err);
	return r;
}

/* 0, or which port somebody else has (-EEXIST, without a message), or failure. */
static int try_ports(const struct publish *p, struct network_ports *ports, size_t *taken,
		     struct error *err)
{
	int r;

	r = choose_ports(ports, err);
	if (r == 0)
		r = ipam_fill(p->lease_fd, p->id, ports, err);
	if (r < 0)
		return r;
	r = nftables_publish(p->nft_fd, ports->items, ports->n, p->address, taken);
	if (r == 0 || r == -EEXIST)
		return r;
	error_sys(err, -r, "publish port '%u/%s'", ports->items[*taken].host_port,
		  network_protocol_name(ports->items[*taken].protocol));
	if (r == -ENOENT)
		error_hint(err, "somebody else's nftables table 'ip tare' is in the way: "
				"nft delete table ip tare");
	return r;
}

/**
 * publish_ports() - Write the lease and take its ports, all or none
 * @wanted:	As asked for; host port 0 leaves the choice to us
 * @ports:	A copy of @wanted; gets the chosen ports
 *
 * Return: 0, -EEXIST (another container has one), -EADDRINUSE (a process of the
 * host has), -EADDRNOTAVAIL (not an address of the host), -errno
 */
int publish_ports(const struct publish *p, const struct network_port *wanted,
		  struct network_ports *ports, struct error *err)
{
	size_t taken = 0;
	int r;

	r = probe_ports(ports, err);
	if (r < 0)
		return r;
	for (int i = 0; i < PUBLISH_TRIES; i++) {
		r = try_ports(p, ports, &taken, err);
		if (r != -EEXIST)
			return r;
		if (wanted[taken].host_port)
			return report_taken(p, &ports->items[taken], err);
		ports->items[taken].host_port = 0;
	}
	return error_set(err, EADDRINUSE, "choose a host port: others took all that were tried");
}
