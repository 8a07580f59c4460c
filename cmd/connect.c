// SPDX-License-Identifier: Apache-2.0
/*
 * cmd/connect.c - Which network a container gets, and the files that tell it so
 */
#include "cmd/connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "cmd/command.h"
#include "cmd/reclaim.h"
#include "cmd/settings.h"
#include "cmd/target.h"
#include "network/netns.h"
#include "network/resolv.h"
#include "runtime/config.h"
#include "runtime/container.h"
#include "runtime/process.h"
#include "runtime/record.h"

#define HOSTS_MAX_BYTES (16U << 20) /* those that block advertisements have 5 MB */

/* ---- modes -------------------------------------------------------------- */

static int prepare_bridge(struct connection *n, struct error *err)
{
	return network_prepare(n->ctx->store.run_fd, n->record->id, n->settings->ports.items,
			       n->settings->ports.n, &n->lease, err);
}

static int use_bridge(struct connection *n, struct error *err)
{
	int r = prepare_bridge(n, err);

	/* Who holds the port may have died without giving it back. */
	if (r == -EEXIST) {
		reclaim_sweep(n->ctx);
		r = prepare_bridge(n, err);
	}
	if (r < 0)
		return r;
	n->has_lease = true;
	n->config->namespaces |= CLONE_NEWNET;
	n->config->net_sysctls = true;
	str_replace(&n->record->ip, n->lease.address_text);
	str_replace(&n->record->mac, n->lease.mac_text);
	return 0;
}

static int use_none(struct connection *n, struct error *err)
{
	(void)err;
	n->config->namespaces |= CLONE_NEWNET;
	n->config->net_sysctls = true;
	return 0;
}

static int use_host(struct connection *n, struct error *err)
{
	(void)n;
	(void)err;
	return 0;
}

static int use_container(struct connection *n, struct error *err)
{
	const char *operand = n->settings->network + strlen("container:");
	autorecord struct record other = { 0 };
	char path[64];
	autoclose int pidfd = -1;
	int r;

	record_init(&other);
	r = target_find(n->ctx, operand, &other, err);
	if (r < 0)
		return error_wrap(err, "share the network of '%s'", operand);
	if (other.status != RECORD_RUNNING && other.status != RECORD_PAUSED)
		return error_set(err, ESRCH, "share the network of '%s': it is %s", operand,
				 record_status_name(other.status));
	snprintf(path, sizeof(path), "/proc/%d/ns/net", other.pid);
	n->config->join_net = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (n->config->join_net < 0)
		return error_sys(err, errno, "open the network namespace of '%s'", operand);
	/* It is alive, so what was opened was not that of another process by its number. */
	pidfd = process_open(other.pid, other.pid_start, err);
	if (pidfd < 0)
		return error_wrap(err, "share the network of '%s'", operand);
	str_replace(&n->record->ip, other.ip);
	return 0;
}

static int use_path(struct connection *n, struct error *err)
{
	int fd = netns_open_path(n->settings->network + strlen("ns:"), err);

	if (fd < 0)
		return fd;
	n->config->join_net = fd;
	return 0;
}

#define DEFAULT_MODE "bridge"

static const struct mode {
	const char *name;
	bool is_prefix, has_own; /* network namespace, not somebody else's */
	int (*use)(struct connection *n, struct error *err);
} modes[] = {
	{ "bridge", false, true, use_bridge },
	{ "default", false, true, use_bridge },
	{ "none", false, true, use_none },
	{ "host", false, false, use_host },
	{ "container:", true, false, use_container },
	{ "ns:", true, false, use_path },
};

static const struct mode *find_mode(const char *network)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (modes[i].is_prefix ? str_starts(network, modes[i].name)
				       : !strcmp(network, modes[i].name))
			return &modes[i];
	return NULL;
}

/** connect_has_own_netns() - Whether --network gives it a namespace alone; NULL: the default */
bool connect_has_own_netns(const char *network)
{
	const struct mode *mode = find_mode(network ? network : DEFAULT_MODE);

	return mode && mode->has_own;
}

static int choose_mode(struct connection *n, struct error *err)
{
	const char *network = n->settings->network ? n->settings->network : DEFAULT_MODE;
	const struct mode *mode = find_mode(network);

	str_replace(&n->record->network, network);
	if (mode)
		return mode->use(n, err);
	error_set(err, EINVAL, "network '%s' is not known", network);
	return error_hint(err, "choose bridge, none, host, container:NAME or ns:PATH");
}

/* ---- what lists show ---------------------------------------------------- */

static struct record_port *add_port(struct record *r)
{
	r->ports = xrealloc(r->ports, (r->n_ports + 1) * sizeof(*r->ports));
	r->ports[r->n_ports] = (struct record_port){ .host_port = 0 };
	return &r->ports[r->n_ports++];
}

static void record_published(struct record *r, const struct network_port *port)
{
	struct record_port *p = add_port(r);

	snprintf(p->protocol, sizeof(p->protocol), "%s", network_protocol_name(port->protocol));
	(void)inet_ntop(AF_INET, &port->host_ip, p->host_ip, sizeof(p->host_ip));
	p->host_port = port->host_port;
	p->container_port = port->container_port;
}

/* "80/tcp" of the image, unless it is published anyway. */
static void record_exposed(struct record *r, const char *text)
{
	const char *slash = strchr(text, '/');
	const char *protocol = slash ? slash + 1 : "tcp";
	struct record_port *p;
	long port = strtol(text, NULL, 10);

	if (port < 1 || port > 65535)
		return;
	for (size_t i = 0; i < r->n_ports; i++)
		if (r->ports[i].container_port == port && !strcmp(r->ports[i].protocol, protocol))
			return;
	p = add_port(r);
	snprintf(p->protocol, sizeof(p->protocol), "%s", protocol);
	p->container_port = (uint16_t)port;
}

static void record_ports(struct connection *n)
{
	free(n->record->ports);
	n->record->ports = NULL;
	n->record->n_ports = 0;
	for (size_t i = 0; n->has_lease && i < n->lease.ports.n; i++)
		record_published(n->record, &n->lease.ports.items[i]);
	for (size_t i = 0; i < n->settings->exposed.n; i++)
		record_exposed(n->record, n->settings->exposed.items[i]);
}

/* ---- generated files ---------------------------------------------------- */

static void add_file(struct connection *n, const char *name, const char *target, char *content)
{
	struct config *c = n->config;

	for (size_t i = 0; i < c->n_mounts; i++) {
		if (!strcmp(c->mounts[i].target, target)) { /* the user brings his own */
			free(content);
			return;
		}
	}
	c->files = xrealloc(c->files, (c->n_files + 1) * sizeof(*c->files));
	c->files[c->n_files++] = (struct config_file){ name, target, content };
}

static int make_hosts(struct connection *n, bool own_netns, char **text, struct error *err)
{
	struct network_hosts hosts = {
		.address = *n->record->ip ? n->record->ip : NULL,
		.hostname = n->config->hostname,
		.gateway = n->has_lease ? n->lease.gateway_text : NULL,
		.extra = &n->settings->extra_hosts,
	};
	size_t len;
	int r = -ENOENT;

	/* On the host's network the host's names are the right ones; it may have no such file. */
	if (!own_netns && !n->settings->extra_hosts.n)
		r = file_read_at(AT_FDCWD, "/etc/hosts", HOSTS_MAX_BYTES, text, &len, err);
	if (r != -ENOENT)
		return r;
	return network_hosts_file(&hosts, text, err);
}

static int make_files(struct connection *n, struct error *err)
{
	bool own_netns = n->config->namespaces & CLONE_NEWNET || n->config->join_net >= 0;
	const struct network_dns dns = {
		.servers = n->settings->dns,
		.search = n->settings->dns_search,
		.options = n->settings->dns_options,
	};
	autofree char *host = network_read_host_resolv_conf(own_netns);
	char *hosts = NULL;
	int r;

	r = network_check_dns(&dns, err);
	if (r == 0)
		r = make_hosts(n, own_netns, &hosts, err);
	if (r < 0)
		return r;
	add_file(n, "hosts", "/etc/hosts", hosts);
	add_file(n, "hostname", "/etc/hostname", xasprintf("%s\n", n->config->hostname));
	add_file(n, "resolv.conf", "/etc/resolv.conf", network_resolv_conf(host, own_netns, &dns));
	return 0;
}

/**
 * connect_prepare() - Choose and reserve the network, before the container exists
 *
 * Takes an address and the published ports; connect_release() gives them back.
 */
int connect_prepare(struct connection *n, struct error *err)
{
	int r = choose_mode(n, err);

	if (r < 0)
		return r;
	record_ports(n);
	return make_files(n, err);
}

/** connect_attach() - Wire the network, while the container builds its root */
int connect_attach(struct connection *n, struct container *ct, struct error *err)
{
	int netns;

	if (!(n->config->namespaces & CLONE_NEWNET))
		return 0;
	netns = container_netns(ct, err);
	if (netns < 0)
		return netns;
	return n->has_lease ? network_attach(&n->lease, netns, err)
			    : network_loopback_up(netns, err);
}

/** connect_started() - The container's program runs: do what nobody should have waited for */
void connect_started(const struct connection *n)
{
	/* Or a client that never pauses keeps sending to whom the port belonged before. */
	if (n->has_lease)
		network_forget_flows(&n->lease);
}

/** connect_release() - Give address and ports back; the devices die with the namespace */
void connect_release(struct connection *n)
{
	struct error ignored;

	if (n->has_lease)
		(void)network_release_quickly(n->ctx->store.run_fd, n->lease.address_text,
					      n->record->id, &n->linger_fd,
					      &ignored); /* what stays, the next sweep takes */
	network_lease_done(&n->lease);
	n->has_lease = false;
}
