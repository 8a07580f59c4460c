// SPDX-License-Identifier: Apache-2.0
/*
 * network/ipam.c - Address leases: one file per address, named after it
 *
 * The search for a free address starts at a hash of the id. So it takes one
 * system call however many addresses are leased, and an address that was
 * given back is not the next to be used again.
 */
#include "network/ipam.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/dir.h"
#include "base/error.h"
#include "base/file.h"
#include "base/str.h"
#include "network/address.h"

#define SUBNET_FILE "subnet"

/* A line per port, the longest being "udp 255.255.255.255 65535 65535". */
#define LEASE_MAX_BYTES (256 + NETWORK_PORTS_MAX * 36)

/* Filling a lease in takes microseconds. */
#define LEASE_BIRTH_SECONDS 60

/** ipam_gateway() - The bridge's own address: the first of the subnet */
struct in_addr ipam_gateway(const struct address_prefix *subnet)
{
	return (struct in_addr){ htonl(ntohl(subnet->base.s_addr) + 1) };
}

/** ipam_parse_subnet() - "10.87.0.0/16"; -EBADMSG unless it is a network of 8 to 28 bits */
int ipam_parse_subnet(const char *text, struct address_prefix *subnet)
{
	char address[INET_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	struct in_addr base;
	uint64_t len;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return -EBADMSG;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (inet_pton(AF_INET, address, &base) != 1 || str_parse_u64(slash + 1, 28, &len) < 0 ||
	    len < 8 || (base.s_addr & ~address_mask((int)len).s_addr))
		return -EBADMSG;
	*subnet = (struct address_prefix){ .base = base, .len = (int)len };
	return 0;
}

/** ipam_read_subnet() - The subnet chosen for this network; -ENOENT if none has been */
int ipam_read_subnet(int dir_fd, struct address_prefix *subnet, struct error *err)
{
	autoclose int fd = -1;
	char text[32];
	ssize_t n;

	fd = openat(dir_fd, SUBNET_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_sys(err, errno, "open '%s'", SUBNET_FILE);
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return error_sys(err, errno, "read '%s'", SUBNET_FILE);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (ipam_parse_subnet(text, subnet) < 0)
		return error_set(err, EBADMSG, "read '%s': '%s' is not a subnet", SUBNET_FILE,
				 text);
	return 0;
}

/** ipam_write_subnet() - Keep the choice */
int ipam_write_subnet(int dir_fd, const struct address_prefix *subnet, struct error *err)
{
	char address[INET_ADDRSTRLEN], text[32];
	int len;

	inet_ntop(AF_INET, &subnet->base, address, sizeof(address));
	len = snprintf(text, sizeof(text), "%s/%d\n", address, subnet->len);
	return file_replace_at(dir_fd, SUBNET_FILE, text, (size_t)len, 0600, 0, err);
}

/* FNV-1a */
static uint32_t hash_id(const char *id)
{
	uint32_t hash = 2166136261U;

	for (; *id; id++)
		hash = (hash ^ (unsigned char)*id) * 16777619U;
	return hash;
}

/**
 * ipam_take() - Lease a free address
 * @address:	The address
 *
 * Addresses that end in 0 or 255 are left out, as some software thinks of
 * classes still.
 *
 * Return: fd of the empty lease for ipam_fill(), or -errno
 */
int ipam_take(int dir_fd, const struct address_prefix *subnet, const char *id,
	      struct in_addr *address, struct error *err)
{
	uint32_t base = ntohl(subnet->base.s_addr);
	uint32_t size = (1U << (32 - subnet->len)) - 3; /* network, gateway, broadcast */
	uint32_t start = hash_id(id) % size;
	char name[INET_ADDRSTRLEN];
	int fd;

	for (uint32_t i = 0; i < size; i++) {
		uint32_t host = base + 2 + (start + i) % size;

		if ((host & 0xff) == 0 || (host & 0xff) == 0xff)
			continue;
		*address = (struct in_addr){ htonl(host) };
		inet_ntop(AF_INET, address, name, sizeof(name));
		fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return error_sys(err, errno, "lease address '%s'", name);
	}
	return error_set(err, ENOSPC, "lease an address: all are in use");
}

/** ipam_fill() - Write the owner and its ports into a lease */
int ipam_fill(int lease_fd, const char *id, const struct network_ports *ports, struct error *err)
{
	autostr struct str text = { 0 };
	char ip[INET_ADDRSTRLEN];
	ssize_t n;

	str_printf(&text, "%s\n", id);
	for (size_t i = 0; i < ports->n; i++) {
		const struct network_port *p = &ports->items[i];

		inet_ntop(AF_INET, &p->host_ip, ip, sizeof(ip));
		str_printf(&text, "%s %s %u %u\n", network_protocol_name(p->protocol), ip,
			   p->host_port, p->container_port);
	}
	n = pwrite(lease_fd, text.data, text.len, 0);
	if (n != (ssize_t)text.len)
		return error_sys(err, n < 0 ? errno : ENOSPC, "write address lease of '%s'", id);
	return 0;
}

static int parse_port_line(char *line, struct network_port *port)
{
	char *fields[4], *save = NULL;
	uint64_t host_port, container_port;
	int protocol;

	for (size_t i = 0; i < 4; i++) {
		fields[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!fields[i])
			return -EBADMSG;
	}
	protocol = network_protocol_parse(fields[0]);
	if (protocol < 0 || inet_pton(AF_INET, fields[1], &port->host_ip) != 1 ||
	    str_parse_u64(fields[2], UINT16_MAX, &host_port) < 0 ||
	    str_parse_u64(fields[3], UINT16_MAX, &container_port) < 0)
		return -EBADMSG;
	port->protocol = (uint8_t)protocol;
	port->host_port = (uint16_t)host_port;
	port->container_port = (uint16_t)container_port;
	return 0;
}

/** ipam_read() - Read a lease; -ENOENT if the address is free */
int ipam_read(int dir_fd, const char *address, struct ipam_lease *lease, struct error *err)
{
	autoipam struct ipam_lease l = { 0 };
	autofree char *text = NULL;
	struct network_port port;
	char *line, *save = NULL;
	size_t len;
	int r;

	if (inet_pton(AF_INET, address, &l.address) != 1)
		return error_set(err, EINVAL, "read address lease: '%s' is not an address",
				 address);
	r = file_read_at(dir_fd, address, LEASE_MAX_BYTES, &text, &len, err);
	if (r < 0)
		return r;
	line = strtok_r(text, "\n", &save);
	l.id = xstrdup(line ? line : "");
	while (line && (line = strtok_r(NULL, "\n", &save))) {
		if (parse_port_line(line, &port) < 0)
			return error_set(err, EBADMSG,
					 "read address lease '%s': '%s' is not a port", address,
					 line);
		network_ports_add(&l.ports, &port);
	}
	*lease = l;
	l = (struct ipam_lease){ 0 };
	return 0;
}

/** ipam_give_back() - Free an address; 0 also if it was free */
int ipam_give_back(int dir_fd, const char *address, struct error *err)
{
	if (unlinkat(dir_fd, address, 0) < 0 && errno != ENOENT)
		return error_sys(err, errno, "give back address '%s'", address);
	return 0;
}

/** ipam_lease_done() - Release the contents of @lease */
void ipam_lease_done(struct ipam_lease *lease)
{
	int saved = errno;

	free(lease->id);
	network_ports_done(&lease->ports);
	*lease = (struct ipam_lease){ 0 };
	errno = saved;
}

/**
 * ipam_each() - Walk the leases
 * @each:	Non-zero ends the walk and is returned; may give the lease back
 *
 * Leases that come or go meanwhile may be missed, those that cannot be read
 * are passed over.
 */
int ipam_each(int dir_fd, int (*each)(void *arg, const struct ipam_lease *lease), void *arg,
	      struct error *err)
{
	autodir DIR *dir = dir_open(dir_fd, ".", 0);
	struct error ignored;
	struct in_addr address;
	const struct dirent *e;
	int r = 0;

	if (!dir)
		return error_sys(err, errno, "open the address leases");
	while (r == 0 && (e = dir_next(dir))) {
		autoipam struct ipam_lease lease = { 0 };

		if (inet_pton(AF_INET, e->d_name, &address) == 1 &&
		    ipam_read(dir_fd, e->d_name, &lease, &ignored) == 0)
			r = each(arg, &lease);
	}
	return r;
}

/** ipam_is_abandoned() - Whether the maker of a still empty lease must have died over it */
bool ipam_is_abandoned(int dir_fd, const char *address)
{
	struct timespec now;
	struct stat st;

	if (fstatat(dir_fd, address, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_size > 0)
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec - st.st_mtim.tv_sec > LEASE_BIRTH_SECONDS;
}
