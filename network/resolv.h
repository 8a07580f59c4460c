/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network/resolv.h - What a container finds in /etc/resolv.conf and /etc/hosts
 */
#ifndef NETWORK_RESOLV_H
#define NETWORK_RESOLV_H

#include <stdbool.h>

#include "base/str.h"

struct error;

/* --dns, --dns-search, --dns-option; what is empty is taken from the host. */
struct network_dns {
	struct strlist servers, search, options;
};

struct network_hosts {
	const char *address; /* the container's, or NULL */
	const char *hostname;
	const char *name;	     /* a second name for the address, or NULL */
	const char *gateway;	     /* what host-gateway stands for, or NULL */
	const struct strlist *extra; /* --add-host NAME:ADDRESS, or NULL */
};

char *network_read_host_resolv_conf(bool own_netns);
char *network_resolv_conf(const char *host_text, bool own_netns, const struct network_dns *dns);
int network_check_dns(const struct network_dns *dns, struct error *err);
int network_hosts_file(const struct network_hosts *hosts, char **text, struct error *err);

#endif
