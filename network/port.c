// SPDX-License-Identifier: Apache-2.0
/*
 * network/port.c - Published ports: --publish SPEC, and whether a port is free
 *
 *   [[HOST-IP:][HOST-PORT[-LAST]]:]PORT[-LAST][/tcp|/udp]
 */
#include "network/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

/* Chosen ports come from the upper part of Linux' default ip_local_port_range. */
#define CHOICE_FIRST 32768
#define CHOICE_LAST  60999
#define CHOICE_TRIES 64

struct port_range {
	uint16_t first, last;
};

/** network_protocol_name() - "tcp" or "udp" */
const char *network_protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_UDP ? "udp" : "tcp";
}

/** network_protocol_parse() - IPPROTO_TCP or IPPROTO_UDP, in any case; else -EINVAL */
int network_protocol_parse(const char *name)
{
	if (!strcasecmp(name, "tcp"))
		return IPPROTO_TCP;
	if (!strcasecmp(name, "udp"))
		return IPPROTO_UDP;
	return -EINVAL;
}

/** network_ports_have() - Whether that port of the container is published, wherever */
bool network_ports_have(const struct network_ports *ports, const struct network_port *port)
{
	for (size_t i = 0; i < ports->n; i++)
		if (ports->items[i].protocol == port->protocol &&
		    ports->items[i].container_port == port->container_port)
			return true;
	return false;
}

/** network_ports_add() - Append a port */
void network_ports_add(struct network_ports *ports, const struct network_port *port)
{
	/* Grows at the powers of two. */
	if ((ports->n & (ports->n - 1)) == 0)
		ports->items = xrealloc(ports->items,
					(ports->n ? ports->n * 2 : 1) * sizeof(*ports->items));
	ports->items[ports->n++] = *port;
}

/** network_ports_done() - Release the contents of @ports */
void network_ports_done(struct network_ports *ports)
{
	int saved = errno;

	free(ports->items);
	*ports = (struct network_ports){ 0 };
	errno = saved;
}

static int parse_range(char *text, uint16_t min, struct port_range *range)
{
	char *dash = strchr(text, '-');
	uint64_t first, last;

	if (dash)
		*dash = '\0';
	if (str_parse_u64(text, UINT16_MAX, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && str_parse_u64(dash + 1, UINT16_MAX, &last) < 0)
		return -EINVAL;
	if (first < min || last < first || (dash && first == 0))
		return -EINVAL;
	*range = (struct port_range){ (uint16_t)first, (uint16_t)last };
	return 0;
}

static int parse_host_ip(const char *spec, const char *text, struct in_addr *ip, struct error *err)
{
	if (!*text) {
		ip->s_addr = htonl(INADDR_ANY);
		return 0;
	}
	if (inet_pton(AF_INET, text, ip) != 1)
		return error_set(err, EINVAL, "publish '%s': '%s' is not an IPv4 address", spec,
				 text);
	return 0;
}

static int split_protocol(const char *spec, char *text, uint8_t *protocol, struct error *err)
{
	char *slash = strrchr(text, '/');
	int number;

	*protocol = IPPROTO_TCP;
	if (!slash)
		return 0;
	*slash = '\0';
	number = network_protocol_parse(slash + 1);
	if (number < 0)
		return error_set(err, EINVAL, "publish '%s': protocol '%s' is neither tcp nor udp",
				 spec, slash + 1);
	*protocol = (uint8_t)number;
	return 0;
}

/* Cuts @text at its colons from the right: container, host port, host address; others stay. */
static int split_fields(const char *spec, char *text, char *fields[3], struct error *err)
{
	char *colon;

	if (strchr(text, '['))
		return error_set(err, EOPNOTSUPP,
				 "publish '%s': only IPv4 addresses can be published on", spec);
	colon = strrchr(text, ':');
	fields[2] = colon ? colon + 1 : text;
	if (!colon)
		return 0;
	*colon = '\0';
	fields[1] = text;
	colon = strrchr(text, ':');
	if (!colon)
		return 0;
	*colon = '\0';
	fields[1] = colon + 1;
	fields[0] = text;
	return 0;
}

static int parse_ranges(const char *spec, char *fields[3], struct port_range *host,
			struct port_range *container, struct error *err)
{
	if (parse_range(fields[2], 1, container) < 0)
		return error_set(err, EINVAL,
				 "publish '%s': bad container port, expected 1 to 65535", spec);
	if (!*fields[1])
		return 0;
	if (strchr(fields[1], '.')) {
		error_set(err, EINVAL, "publish '%s': '%s' is not a port", spec, fields[1]);
		return error_hint(err, "ADDRESS::PORT publishes a port on one address of the host");
	}
	if (parse_range(fields[1], 0, host) < 0)
		return error_set(err, EINVAL, "publish '%s': bad host port, expected 0 to 65535",
				 spec);
	if (host->first && host->last - host->first != container->last - container->first)
		return error_set(err, EINVAL, "publish '%s': %d host ports for %d container ports",
				 spec, host->last - host->first + 1,
				 container->last - container->first + 1);
	return 0;
}

/**
 * network_port_parse() - Parse a --publish SPEC
 * @ports:	The ports it stands for are appended; untouched on failure
 *
 * Return: 0, or -EINVAL, -EOPNOTSUPP (IPv6), -E2BIG
 */
int network_port_parse(const char *spec, struct network_ports *ports, struct error *err)
{
	autofree char *text = xstrdup(spec);
	struct port_range host = { 0 }, container = { 0 };
	struct network_port port = { 0 };
	char none[1] = "";
	char *fields[3] = { none, none, none };
	int r;

	r = split_protocol(spec, text, &port.protocol, err);
	if (r == 0)
		r = split_fields(spec, text, fields, err);
	if (r == 0)
		r = parse_host_ip(spec, fields[0], &port.host_ip, err);
	if (r == 0)
		r = parse_ranges(spec, fields, &host, &container, err);
	if (r < 0)
		return r;
	if (ports->n + (size_t)(container.last - container.first) >= NETWORK_PORTS_MAX)
		return error_set(err, E2BIG, "publish '%s': more than %d ports", spec,
				 NETWORK_PORTS_MAX);
	for (int i = 0; i <= container.last - container.first; i++) {
		port.container_port = (uint16_t)(container.first + i);
		port.host_port = host.first ? (uint16_t)(host.first + i) : 0;
		network_ports_add(ports, &port);
	}
	return 0;
}

/* 0 if no process of the host listens on it, else -errno of bind(). */
static int try_bind(const struct network_port *port)
{
	int type = port->protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM;
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port->host_port),
		.sin_addr = port->host_ip,
	};
	autoclose int fd = -1;
	int on = 1;

	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Else connections in TIME_WAIT count; listeners do either way. */
	if (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	return bind(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0 ? -errno : 0;
}

/**
 * network_port_probe() - Check that no process of the host has a port
 *
 * Its traffic would be redirected away from it without a word.
 *
 * Return: 0, -EADDRINUSE, -EADDRNOTAVAIL (not an address of this host), -errno
 */
int network_port_probe(const struct network_port *port, struct error *err)
{
	const char *protocol = network_protocol_name(port->protocol);
	char ip[INET_ADDRSTRLEN];
	int r;

	r = try_bind(port);
	if (r == 0)
		return 0;
	inet_ntop(AF_INET, &port->host_ip, ip, sizeof(ip));
	if (r == -EADDRNOTAVAIL)
		return error_set(err, EADDRNOTAVAIL,
				 "publish port '%s:%u/%s': the host has no such address", ip,
				 port->host_port, protocol);
	if (r != -EADDRINUSE)
		return error_sys(err, -r, "publish port '%s:%u/%s'", ip, port->host_port, protocol);
	error_set(err, EADDRINUSE, "publish port '%s:%u/%s': address already in use", ip,
		  port->host_port, protocol);
	return error_hint(err, "a process of this host has that port: 'ss -lnp' shows which");
}

/**
 * network_port_choose() - Set @port->host_port to one that no process of the host has
 *
 * Return: 0, -EADDRINUSE if none was found, -EADDRNOTAVAIL, -errno
 */
int network_port_choose(struct network_port *port, struct error *err)
{
	uint16_t random;
	int r;

	for (int i = 0; i < CHOICE_TRIES; i++) {
		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return error_sys(err, errno, "choose a host port");
		port->host_port =
			(uint16_t)(CHOICE_FIRST + random % (CHOICE_LAST - CHOICE_FIRST + 1));
		r = try_bind(port);
		if (r == 0)
			return 0;
		if (r != -EADDRINUSE)
			return network_port_probe(port, err);
	}
	return error_set(err, EADDRINUSE, "choose a host port: %d tries found none free",
			 CHOICE_TRIES);
}
