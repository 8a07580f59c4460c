// SPDX-License-Identifier: Apache-2.0
/*
 * network/device.c - Devices of the host that move into a container (linux.netDevices)
 *
 * Theory of operation (runtime-spec config-linux.md, "Network Devices"):
 * A move takes a device down and its addresses away, so those are read first
 * and added again afterwards: of any family, if permanent and of global scope.
 * Whether the name is free in the container is looked up before the move,
 * because the kernel sees a conflict only when it has moved the device already.
 * A device whose move fails half-way returns to the host. One that is moved
 * stays until the namespace dies, which is the kernel's business.
 */
#include "network/device.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/rtnetlink.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/json.h"
#include "base/str.h"
#include "network/link.h"
#include "network/netlink.h"
#include "network/netns.h"

#define DEVICES_MAX   256
#define ADDRESSES_MAX 1024

/* linux/if_addr.h: flags that say how somebody wanted an address, not what became of it. */
#define ADDRESS_FLAGS_KEPT (IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_HOMEADDRESS)

/* An address as the kernel told it: what is needed to add it again. */
struct device_address {
	struct ifaddrmsg head;
	uint32_t flags;
	uint8_t local[16], peer[16], broadcast[16];
	size_t local_len, peer_len, broadcast_len;
};

struct device_addresses {
	int ifindex;
	struct device_address *items;
	size_t n;
};

static void addresses_done(struct device_addresses *a)
{
	free(a->items);
}

#define autoaddresses __attribute__((cleanup(addresses_done)))

/* --- config.json ------------------------------------------------------------- */

/* dev_valid_name() of the kernel; a template has one "%d". */
static bool is_name(const char *name, bool may_be_template)
{
	const char *percent = strchr(name, '%');

	if (!*name || strlen(name) >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (const char *p = name; *p; p++)
		if (*p == '/' || *p == ':' || isspace((unsigned char)*p))
			return false;
	if (!percent)
		return true;
	return may_be_template && percent[1] == 'd' && !strchr(percent + 1, '%');
}

static int add(struct device_list *list, const char *host_name, const struct json *v,
	       struct error *err)
{
	autofree char *shown = str_escape(host_name);
	const struct json *given = json_get(v, "name");
	const char *name = host_name;

	if (!is_name(host_name, false))
		return error_set(err, EBADMSG,
				 "linux.netDevices: '%.64s' is not a name of a network device",
				 shown);
	if (json_kind_of(v) != JSON_MAP)
		return error_set(err, EBADMSG, "linux.netDevices.%s: not an object", shown);
	if (json_is_given(given))
		name = json_text(given);
	if (name && !*name)
		name = host_name;
	if (!name || !is_name(name, true))
		return error_set(err, EBADMSG,
				 "linux.netDevices.%s.name: not a name of a network device", shown);
	list->items[list->n].host_name = xstrdup(host_name);
	list->items[list->n++].name = xstrdup(name);
	return 0;
}

/**
 * device_parse() - Read linux.netDevices
 * @list:		Zeroed; device_done() releases it, also after a failure
 * @net_devices:	The object; NULL: no devices
 *
 * That devices need a network namespace of the container's own is for the caller to see.
 *
 * Return: 0, or -EBADMSG with the field's name in the message
 */
int device_parse(struct device_list *list, const struct json *net_devices, struct error *err)
{
	const struct json *v;
	const char *name;

	if (!json_is_given(net_devices))
		return 0;
	if (json_kind_of(net_devices) != JSON_MAP)
		return error_set(err, EBADMSG, "linux.netDevices: not an object");
	if (json_count(net_devices) > DEVICES_MAX)
		return error_set(err, EBADMSG, "linux.netDevices: more than %d", DEVICES_MAX);
	list->items = xcalloc(json_count(net_devices), sizeof(*list->items));
	for (void *it = NULL; json_next(net_devices, &it, &name, &v);)
		if (add(list, name, v, err) < 0)
			return -EBADMSG;
	return 0;
}

/** device_done() - Release a list; it moves nothing then */
void device_done(struct device_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		free(list->items[i].host_name);
		free(list->items[i].name);
	}
	free(list->items);
	*list = (struct device_list){ 0 };
}

/* --- addresses --------------------------------------------------------------- */

static size_t copy_attribute(const struct netlink_answer *answer, uint16_t attr, uint8_t out[16])
{
	struct netlink_answer found;

	if (!netlink_find(answer, sizeof(struct ifaddrmsg), attr, &found) || found.len > 16)
		return 0;
	memcpy(out, found.payload, found.len);
	return found.len;
}

static int keep_address(void *arg, const struct netlink_answer *answer)
{
	const struct ifaddrmsg *head = answer->payload;
	struct device_addresses *all = arg;
	struct device_address *a;
	struct netlink_answer flags;

	if (answer->type != RTM_NEWADDR || answer->len < sizeof(*head) ||
	    (int)head->ifa_index != all->ifindex || !(head->ifa_flags & IFA_F_PERMANENT) ||
	    head->ifa_scope != RT_SCOPE_UNIVERSE)
		return 0;
	if (all->n == ADDRESSES_MAX)
		return -E2BIG;
	all->items = xrealloc(all->items, (all->n + 1) * sizeof(*all->items));
	a = &all->items[all->n++];
	*a = (struct device_address){ .head = *head, .flags = head->ifa_flags };
	if (netlink_find(answer, sizeof(*head), IFA_FLAGS, &flags) && flags.len == sizeof(a->flags))
		memcpy(&a->flags, flags.payload, sizeof(a->flags));
	a->local_len = copy_attribute(answer, IFA_LOCAL, a->local);
	a->peer_len = copy_attribute(answer, IFA_ADDRESS, a->peer);
	a->broadcast_len = copy_attribute(answer, IFA_BROADCAST, a->broadcast);
	return 0;
}

static int read_addresses(int fd, int ifindex, struct device_addresses *out)
{
	autobatch struct netlink_batch b = { 0 };
	struct ifaddrmsg any = { .ifa_family = AF_UNSPEC };

	out->ifindex = ifindex;
	netlink_begin(&b, RTM_GETADDR, NLM_F_DUMP, &any, sizeof(any));
	return netlink_dump(fd, &b, keep_address, out);
}

static void put_address(struct netlink_batch *b, int ifindex, const struct device_address *a)
{
	struct ifaddrmsg head = a->head;

	head.ifa_index = (uint32_t)ifindex;
	head.ifa_flags = 0;
	netlink_begin(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
	if (a->local_len)
		netlink_put(b, IFA_LOCAL, a->local, a->local_len);
	if (a->peer_len)
		netlink_put(b, IFA_ADDRESS, a->peer, a->peer_len);
	if (a->broadcast_len)
		netlink_put(b, IFA_BROADCAST, a->broadcast, a->broadcast_len);
	netlink_put_u32(b, IFA_FLAGS, a->flags & ADDRESS_FLAGS_KEPT);
}

/* --- the move ---------------------------------------------------------------- */

/* Move and rename in one request: a name of the host may be taken over there. */
static int transfer(int fd, int ifindex, const char *name, int netns_fd)
{
	struct ifinfomsg ifi = { .ifi_index = ifindex, .ifi_change = IFF_UP };
	autobatch struct netlink_batch b = { 0 };

	netlink_begin(&b, RTM_NEWLINK, 0, &ifi, sizeof(ifi));
	netlink_put_text(&b, IFLA_IFNAME, name);
	netlink_put_u32(&b, IFLA_NET_NS_FD, (uint32_t)netns_fd);
	return netlink_send(fd, &b, NULL);
}

/* The final name, the addresses, and up. */
static int settle(int fd, int ifindex, const char *name, const struct device_addresses *addresses)
{
	struct ifinfomsg ifi = { .ifi_index = ifindex };
	autobatch struct netlink_batch b = { 0 };

	netlink_begin(&b, RTM_NEWLINK, 0, &ifi, sizeof(ifi));
	netlink_put_text(&b, IFLA_IFNAME, name);
	for (size_t i = 0; i < addresses->n; i++)
		put_address(&b, ifindex, &addresses->items[i]);
	link_put_up(&b, ifindex);
	return netlink_send(fd, &b, NULL);
}

struct device_places {
	int host_fd, container_fd;	 /* netlink sockets */
	int host_netns, container_netns; /* namespaces */
};

/*
 * With a template the device travels under a name that nobody has: which one the kernel made of
 * the template could not be told afterwards, as the index may change, too.
 */
static int move_device(const struct device_places *at, const struct device_move *d, int ifindex,
		       const struct device_addresses *addresses)
{
	bool is_template = strchr(d->name, '%');
	char travel[IFNAMSIZ];
	int moved, r;

	if (is_template)
		snprintf(travel, sizeof(travel), "tare-%x", (unsigned int)ifindex);
	else
		snprintf(travel, sizeof(travel), "%s", d->name);
	if (link_index(at->container_fd, travel) >= 0)
		return -EEXIST;
	r = transfer(at->host_fd, ifindex, travel, at->container_netns);
	if (r < 0)
		return r;
	moved = link_index(at->container_fd, travel);
	if (moved < 0)
		return moved;
	r = settle(at->container_fd, moved, d->name, addresses);
	if (r < 0 && transfer(at->container_fd, moved, d->host_name, at->host_netns) == 0) {
		moved = link_index(at->host_fd, d->host_name);
		(void)settle(at->host_fd, moved, d->host_name, addresses); /* r says what failed */
	}
	return r;
}

static int move_one(const struct device_places *at, const struct device_move *d, struct error *err)
{
	autoaddresses struct device_addresses addresses = { 0 };
	int ifindex, r;

	ifindex = link_index(at->host_fd, d->host_name);
	if (ifindex < 0)
		return error_sys(err, -ifindex, "linux.netDevices: find device '%s'", d->host_name);
	r = read_addresses(at->host_fd, ifindex, &addresses);
	if (r < 0)
		return error_sys(err, -r, "linux.netDevices: read the addresses of '%s'",
				 d->host_name);
	r = move_device(at, d, ifindex, &addresses);
	if (r < 0)
		return error_sys(err, -r, "linux.netDevices: move '%s' into the container as '%s'",
				 d->host_name, d->name);
	return 0;
}

/**
 * device_move_all() - Move the devices of a list into a network namespace
 * @netns_fd:	The container's; the process must have a single thread (netns.c)
 *
 * Return: 0 or -errno; -EEXIST if a name is taken there
 */
int device_move_all(const struct device_list *list, int netns_fd, struct error *err)
{
	struct device_places at = { .container_netns = netns_fd };
	autoclose int host_netns = -1, host_fd = -1, container_fd = -1;
	int r = 0;

	if (!list->n)
		return 0;
	host_netns = openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (host_netns < 0)
		return error_sys(err, errno, "open '/proc/self/ns/net'");
	host_fd = netlink_open(NETLINK_ROUTE);
	if (host_fd < 0)
		return error_sys(err, -host_fd, "open a netlink socket");
	container_fd = netns_open_netlink(netns_fd, NETLINK_ROUTE, err);
	if (container_fd < 0)
		return container_fd;
	at.host_netns = host_netns;
	at.host_fd = host_fd;
	at.container_fd = container_fd;
	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = move_one(&at, &list->items[i], err);
	return r;
}
